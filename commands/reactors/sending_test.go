package reactors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/commands"
	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/notification"
	"services.example/portal/infra/codec"
)

// told is a world in which somebody was to be told something.
func told(t *testing.T, applicant string) (*world, codec.Envelope) {
	t.Helper()
	w := newWorld(t)
	w.applied(applicant)
	event := w.happened(stream, applicant, application.TakenIntoWork{Executor: dauren})
	done(t, w.reactor.React(t.Context(), event))
	return w, event
}

var inWorkSMS = sent{To: "+77009100001", Text: "№2065-15-11-18 өтініміңіз жұмысқа алынды."}

// without leaves out the ids, which are looked at elsewhere.
func without(list []sent) []sent {
	list = slices.Clone(list)
	for i := range list {
		list[i].ID = ""
	}
	return list
}

func TestANoticeIsSentOnce(t *testing.T) {
	t.Parallel()
	w, event := told(t, nurai)
	for range 3 {
		done(t, w.send(notification.SMS))
		done(t, w.send(notification.Email))
		w.restart()
		w.react(event)
	}
	got := w.gateways.delivered()
	if diff := cmp.Diff([]sent{inWorkSMS}, without(got)); diff != "" {
		t.Fatalf("sent (-want +got):\n%s", diff)
	}
	if id := notification.ID(event.ID, nurai, notification.SMS); got[0].ID != id || w.gateways.times[id] != 1 {
		t.Errorf("given %d times as %s, want once as %s", w.gateways.times[got[0].ID], got[0].ID, id)
	}
}

func TestAGatewayThatIsDownForDays(t *testing.T) {
	t.Parallel()
	w, _ := told(t, samat)
	tries := map[notification.Channel]int{}
	w.gateways.answers(func(channel notification.Channel, _ sent) error {
		tries[channel]++
		return errDown
	})
	for range 2*24*60 + 17 { // more than two days, looked at every minute
		done(t, w.send(notification.SMS))
		done(t, w.send(notification.Email))
		w.clock.pass(time.Minute)
	}
	// After 1, 5, 15 and 60 minutes, then every three hours.
	if diff := cmp.Diff(map[notification.Channel]int{notification.SMS: 20, notification.Email: 20}, tries); diff != "" {
		t.Errorf("tries (-want +got):\n%s", diff)
	}
	w.gateways.answers(nil)
	w.clock.pass(3 * time.Hour)
	w.restart()
	done(t, w.send(notification.SMS))
	done(t, w.send(notification.Email))
	if got := w.gateways.delivered(); len(got) != 2 {
		t.Errorf("delivered %v", got)
	}
	if diff := cmp.Diff([]notification.Status{notification.StatusSent, notification.StatusSent}, w.statuses()); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}

func TestWhatAGatewayWillNeverTakeIsGivenUp(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		answer error
		want   notification.Status
	}{
		{"refused for good", fmt.Errorf("sending: %w", refusal{permanent: true}), notification.StatusFailed},
		{"refused for now", fmt.Errorf("sending: %w", refusal{}), notification.StatusPostponed},
		{"no answer", context.DeadlineExceeded, notification.StatusPostponed},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w, _ := told(t, nurai)
			w.gateways.answers(func(notification.Channel, sent) error { return test.answer })
			done(t, w.send(notification.SMS))
			if diff := cmp.Diff([]notification.Status{test.want}, w.statuses()); diff != "" {
				t.Errorf("statuses (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnErasedRecipientIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	for _, keyAlone := range []bool{false, true} {
		w, _ := told(t, nurai)
		if !keyAlone {
			w.happened("account-"+nurai, nurai, account.Erased{})
		}
		done(t, w.keys.Destroy(t.Context(), nurai))
		w.restart()
		done(t, w.send(notification.SMS))
		if got := w.gateways.delivered(); len(got) > 0 {
			t.Errorf("delivered %v", got)
		}
		if diff := cmp.Diff([]notification.Status{notification.StatusFailed}, w.statuses()); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
	}
}

func TestAClockThatIsSetNeitherLosesNorRepeats(t *testing.T) {
	t.Parallel()
	for _, jump := range []time.Duration{-365 * 24 * time.Hour, -time.Hour, time.Hour, 365 * 24 * time.Hour} {
		t.Run(jump.String(), func(t *testing.T) {
			t.Parallel()
			w, event := told(t, nurai)
			w.clock.pass(jump) // between asking and the first try
			w.gateways.answers(func(notification.Channel, sent) error { return errDown })
			done(t, w.send(notification.SMS))
			w.gateways.answers(nil)
			w.clock.pass(-jump) // between the first try and the next
			for range 3 * 60 {  // the longest that it takes
				done(t, w.send(notification.SMS))
				w.clock.pass(time.Minute)
			}
			w.clock.pass(jump)
			w.react(event)
			done(t, w.send(notification.SMS))
			if diff := cmp.Diff([]sent{inWorkSMS}, without(w.gateways.delivered())); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]notification.Status{notification.StatusSent}, w.statuses()); diff != "" {
				t.Errorf("statuses (-want +got):\n%s", diff)
			}
		})
	}
}

func TestASlowSMSGatewayDoesNotHoldUpEmail(t *testing.T) {
	t.Parallel()
	w, _ := told(t, samat)
	slow := make(chan struct{})
	w.gateways.answers(func(channel notification.Channel, _ sent) error {
		if channel == notification.SMS {
			<-slow
		}
		return nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	for _, task := range Sending(w.notices, w, w.clock.Now) {
		go func() { ended <- task.Run(ctx, always) }()
	}
	until(t, "the e-mail is sent", func() bool { return len(w.gateways.delivered()) == 1 })
	if got := w.gateways.delivered(); got[0].To != "02@applicant.example" {
		t.Errorf("delivered %v", got)
	}
	close(slow)
	until(t, "the SMS is sent", func() bool { return len(w.gateways.delivered()) == 2 })
	cancel()
	for range 2 {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	}
}

func TestWhoMayNotSendDoesNot(t *testing.T) {
	t.Parallel()
	w, _ := told(t, nurai)
	s := &sending{use: w.notices, outstanding: w, now: w.clock.Now, channel: notification.SMS}
	if _, err := s.pass(t.Context(), func() bool { return false }); !errors.Is(err, commands.ErrMayNot) {
		t.Errorf("error %v", err)
	}
	if got := w.gateways.delivered(); len(got) > 0 {
		t.Errorf("delivered %v", got)
	}
	if diff := cmp.Diff([]notification.Status{notification.StatusRequested}, w.statuses()); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}

var errKilled = errors.New("killed")

// A process is killed at every step in turn: before and after every append, before and after the gateway has the message.
// The next process brings the notice to its end, and whoever counts by id counts one.
func TestAProcessKilledAtAnyStepSendsOneNotice(t *testing.T) {
	t.Parallel()
	for _, downAtFirst := range []bool{false, true} {
		for kill := 1; ; kill++ {
			w := newWorld(t)
			w.applied(samat)
			event := w.happened(stream, samat, application.TakenIntoWork{Executor: dauren})
			var step atomic.Int64
			at := func() error {
				if step.Add(1) >= int64(kill) {
					return errKilled // and so is everything after it
				}
				return nil
			}
			down := downAtFirst
			gateway := func(killed func() error) func(notification.Channel, sent) error {
				return func(notification.Channel, sent) error {
					if err := killed(); err != nil {
						panic(err) // nothing is recorded of it
					}
					if down {
						return errDown
					}
					return nil
				}
			}
			w.log.set(func(string) error { return at() }, func(string) error { return at() })
			w.gateways.answers(gateway(at))
			w.gateways.after = func(sent) error {
				if err := at(); err != nil {
					panic(err)
				}
				return nil
			}
			life(w, event)
			survived := step.Load() < int64(kill)

			w.log.set(nil, nil)
			w.gateways.after = nil
			w.gateways.answers(gateway(func() error { return nil }))
			for range 2 {
				w.restart()
				life(w, event)
				down = false
				w.clock.pass(notification.LongestWait)
			}
			life(w, event)
			if got := w.gateways.delivered(); len(got) != 2 {
				t.Errorf("killed at step %d: delivered %v", kill, got)
			}
			want := []notification.Status{notification.StatusSent, notification.StatusSent}
			if diff := cmp.Diff(want, w.statuses()); diff != "" {
				t.Errorf("killed at step %d (-want +got):\n%s", kill, diff)
			}
			if survived {
				t.Logf("%d steps, down at first: %t", kill-1, downAtFirst)
				break
			}
		}
	}
}

// life is what a process does with an event, until it is killed.
func life(w *world, event codec.Envelope) {
	defer func() { _ = recover() }()
	if w.reactor.React(w.t.Context(), event) != nil {
		return
	}
	for _, channel := range []notification.Channel{notification.SMS, notification.Email} {
		ids, err := w.Due(w.t.Context(), channel, w.clock.Now(), sendBatch)
		done(w.t, err)
		for _, id := range ids {
			if w.notices.Send(w.t.Context(), id, always) != nil {
				return
			}
		}
	}
}

func TestTwoProcessesThatSendAtOnceRecordOneSending(t *testing.T) {
	t.Parallel()
	w, event := told(t, nurai)
	id := notification.ID(event.ID, nurai, notification.SMS)
	both := make(chan struct{})
	var inside atomic.Int64
	w.gateways.answers(func(notification.Channel, sent) error { // one was frozen, the other has taken over
		if inside.Add(1) == 2 {
			close(both)
		}
		<-both
		return nil
	})
	first := w.notices
	w.restart()
	ended := make(chan error, 2)
	for _, process := range []*commands.Notices{first, w.notices} {
		go func() { ended <- process.Send(t.Context(), id, always) }()
	}
	for range 2 {
		done(t, <-ended)
	}
	if got := w.gateways.delivered(); len(got) != 1 || w.gateways.times[id] != 2 {
		t.Errorf("given %d times, of which the gateway delivered %d", w.gateways.times[id], len(got))
	}
	if diff := cmp.Diff([]notification.Status{notification.StatusSent}, w.statuses()); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}

func TestDeliveryReports(t *testing.T) {
	t.Parallel()
	w, event := told(t, nurai)
	id := notification.ID(event.ID, nurai, notification.SMS)
	w.gateways.ref = func(string) string { return "g-17" }
	done(t, w.send(notification.SMS))
	for _, ref := range []string{"g-17", id, "g-17"} {
		done(t, w.notices.Report(t.Context(), commands.DeliveryReport{Ref: ref, Delivered: true}))
	}
	done(t, w.notices.Report(t.Context(), commands.DeliveryReport{Ref: "g-17", Reason: "smpp-expired"}))
	if diff := cmp.Diff([]notification.Status{notification.StatusDelivered}, w.statuses()); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}

func TestAReportThatComesBeforeTheSendingIsRecorded(t *testing.T) {
	t.Parallel()
	w, _ := told(t, nurai)
	reported := make(chan error, 1)
	w.gateways.ref = func(string) string {
		go func() {
			reported <- w.notices.Report(t.Context(), commands.DeliveryReport{Ref: "g-17", Reason: "smpp-rejected"})
		}()
		return "g-17"
	}
	done(t, w.send(notification.SMS))
	done(t, <-reported)
	if diff := cmp.Diff([]notification.Status{notification.StatusFailed}, w.statuses()); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}
