package notification_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"services.example/portal/domain/notification"
	"services.example/portal/domain/problem"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

var asked = notification.Requested{
	Recipient: "somebody", Channel: notification.SMS, Kind: "message", ApplicationID: "an application", Language: "kk",
	Text: "Жаңа хабарлама", At: noon,
}

func TestWhatACommandBringsAbout(t *testing.T) {
	t.Parallel()
	postponed := notification.Postponed{Attempt: 1, Reason: "unreachable", NextAt: noon.Add(time.Minute), At: noon}
	sent := notification.Sent{Attempt: 1, Ref: "r-1", At: noon}
	delivered, failed := notification.Delivered{At: noon}, notification.Failed{Reason: "refused", At: noon}
	resumed := notification.Resumed{At: noon}
	fault := notification.RecordFault{Attempt: 1, Reason: "unreachable", At: noon}
	type events = []notification.Event
	for _, test := range []struct {
		name    string
		history events
		command notification.Command
		want    events
	}{
		{"asked for", nil, notification.Request(asked), events{asked}},
		{"asked for twice", events{asked}, notification.Request(asked), nil},
		{"asked for with other words", events{asked, sent}, notification.Request{
			Recipient: "somebody", Channel: notification.SMS, Kind: "message", Text: "Басқа", At: noon,
		}, nil},

		{"taken over", events{asked}, notification.RecordSent{Ref: "r-1", At: noon}, events{sent}},
		{"taken over after a fault", events{asked, postponed}, notification.RecordSent{At: noon}, events{
			notification.Sent{Attempt: 2, At: noon},
		}},
		{"taken over twice", events{asked, sent}, notification.RecordSent{Ref: "r-2", At: noon}, nil},
		{"taken over after all", events{asked, failed}, notification.RecordSent{Ref: "r-2", At: noon}, nil},

		{"not taken over now", events{asked}, fault, events{postponed}},
		{"a fault that is recorded", events{asked, postponed}, fault, nil},
		{"a fault of somebody who was late", events{asked, sent}, fault, nil},
		{"never to be taken over", events{asked}, notification.RecordFault{
			Attempt: 1, Reason: "refused", Permanent: true, At: noon,
		}, events{failed}},

		{"arrived", events{asked, sent}, notification.RecordDelivery{At: noon}, events{delivered}},
		{"arrived twice", events{asked, sent, delivered}, notification.RecordDelivery{At: noon}, nil},
		{"arrived before it was sent", events{asked}, notification.RecordDelivery{At: noon}, nil},
		{"lost", events{asked, sent}, notification.RecordLoss{Reason: "refused", At: noon}, events{failed}},
		{"lost after its arrival", events{asked, sent, delivered}, notification.RecordLoss{Reason: "refused", At: noon}, nil},
		{"given up, tried again", events{asked, postponed, failed}, notification.Resume{At: noon}, events{resumed}},
		{"postponed, tried again at once", events{asked, postponed}, notification.Resume{At: noon}, events{resumed}},
		{"lost, tried again", events{asked, sent, failed}, notification.Resume{At: noon}, events{resumed}},
		{"to be tried at once anyway", events{asked}, notification.Resume{At: noon}, nil},
		{"tried again twice", events{asked, failed, resumed}, notification.Resume{At: noon}, nil},
		{"taken over in the end", events{asked, failed, resumed}, notification.RecordSent{Ref: "r-2", At: noon}, events{
			notification.Sent{Attempt: 2, Ref: "r-2", At: noon},
		}},
		{"a fault before it was given up", events{asked, failed, resumed}, fault, nil},
		{"a fault after that", events{asked, failed, resumed}, notification.RecordFault{Attempt: 2, Reason: "late", At: noon}, events{
			notification.Postponed{Attempt: 2, Reason: "late", NextAt: noon.Add(time.Minute), At: noon},
		}},
		{"arrived after its loss", events{asked, sent, failed}, notification.RecordDelivery{At: noon}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := notification.Decide(fold(test.history...), test.command)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatNobodyMayAsk(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		command notification.Command
	}{
		{"a notice to nobody", notification.Request{Channel: notification.SMS, Kind: "message", Text: "x"}},
		{"a notice without words", notification.Request{Recipient: "x", Channel: notification.SMS, Kind: "message"}},
		{"a notice of no kind", notification.Request{Recipient: "x", Channel: notification.SMS, Text: "x"}},
		{"a notice by an unknown channel", notification.Request{Recipient: "x", Channel: "pigeon", Kind: "message", Text: "x"}},
		{"a report on what nobody asked for", notification.RecordSent{}},
		{"nothing", nil},
	} {
		if events, err := notification.Decide(notification.State{}, test.command); err == nil {
			t.Errorf("%s: events %v", test.name, events)
		}
	}
}

func TestWhatWasSentIsNotSentAgain(t *testing.T) {
	t.Parallel()
	sent := []notification.Event{asked, notification.Sent{At: noon}}
	for _, history := range [][]notification.Event{sent, append(sent, notification.Delivered{At: noon})} {
		events, err := notification.Decide(fold(history...), notification.Resume{At: noon})
		if !problem.Has(err, "already-sent") || len(events) > 0 {
			t.Errorf("events %v, %v", events, err)
		}
	}
}

func TestAGatewayOutOfOrderIsTriedForThreeDays(t *testing.T) {
	t.Parallel()
	s, now := fold(asked), noon
	var waits []time.Duration
	for attempt := 1; s.Pending(); attempt++ {
		events, err := notification.Decide(s, notification.RecordFault{Attempt: attempt, Reason: "unreachable", At: now})
		if err != nil {
			t.Fatal(err)
		}
		s = notification.Evolve(s, events[0])
		if s.Pending() {
			waits = append(waits, s.NextAt.Sub(now))
			now = s.NextAt
		}
	}
	first := []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 3 * time.Hour}
	if diff := cmp.Diff(first, waits[:6]); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
	if tried := now.Sub(noon); tried < 72*time.Hour || tried > 75*time.Hour || s.Status != notification.StatusFailed {
		t.Errorf("%s after %v and %d waits", s.Status, tried, len(waits))
	}
}

func TestAClockThatIsSetDoesNotLoseANotice(t *testing.T) {
	t.Parallel()
	later := noon.AddDate(1, 0, 0)
	postponed := notification.Postponed{Attempt: 1, NextAt: later.Add(time.Minute), At: later}
	s := fold(asked, postponed)
	for _, test := range []struct {
		name string
		s    notification.State
		now  time.Time
		want bool
	}{
		{"a first try", fold(asked), noon, true},
		{"a first try, the clock set back", fold(asked), noon.AddDate(-1, 0, 0), true},
		{"before the next try", s, later, false},
		{"at the next try", s, later.Add(time.Minute), true},
		{"the clock set back by a year", s, noon, true},
		{"the clock set ahead by a year", s, later.AddDate(1, 0, 0), true},
		{"sent", fold(asked, notification.Sent{At: noon}), later, false},
	} {
		if got := test.s.Due(test.now); got != test.want {
			t.Errorf("%s: due %t, want %t", test.name, got, test.want)
		}
	}
}

func TestOneCauseGivesOneIDForEachRecipientAndChannel(t *testing.T) {
	t.Parallel()
	cause, other := uuid.New(), uuid.New()
	ids := map[string]string{}
	for name, id := range map[string]string{
		"a notice":          notification.ID(cause, "a", notification.SMS),
		"another cause":     notification.ID(other, "a", notification.SMS),
		"another recipient": notification.ID(cause, "b", notification.SMS),
		"another channel":   notification.ID(cause, "a", notification.Email),
	} {
		if same, taken := ids[id]; taken {
			t.Errorf("%s has the id of %s", name, same)
		}
		ids[id] = name
	}
	if _, again := ids[notification.ID(cause, "a", notification.SMS)]; !again {
		t.Error("the id of a notice changes")
	}
}

// Whatever is asked in whatever order: a notice is sent at most once until it is taken up again, the same command again
// changes nothing, and an end is an end for everything but that.
func TestANoticeIsSentAtMostOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, sent, allowed := notification.State{}, 0, 1
		for range rapid.IntRange(1, 60).Draw(t, "commands") {
			command := anyCommand(s).Draw(t, "command")
			events, err := notification.Decide(s, command)
			if err != nil {
				if s.Status != "" && !problem.Has(err, "already-sent") {
					t.Fatalf("%T refused in %s: %v", command, s.Status, err)
				}
				continue
			}
			ended := s.Status == notification.StatusDelivered || s.Status == notification.StatusFailed
			_, resumes := command.(notification.Resume)
			if ended && len(events) > 0 && (!resumes || s.Status == notification.StatusDelivered) {
				t.Fatalf("%T of a notice that was %s gave %v", command, s.Status, events)
			}
			if resumes {
				allowed += len(events)
			}
			for _, event := range events {
				if _, ok := event.(notification.Sent); ok {
					sent++
				}
				s = notification.Evolve(s, event)
			}
			if again, err := notification.Decide(s, command); err != nil || len(again) > 0 {
				t.Fatalf("%T again gave %v, %v", command, again, err)
			}
		}
		if sent > allowed {
			t.Fatalf("sent %d times, asked for %d times", sent, allowed)
		}
	})
}

func anyCommand(s notification.State) *rapid.Generator[notification.Command] {
	return rapid.SampledFrom([]notification.Command{
		notification.Request(asked),
		notification.RecordSent{Ref: "r", At: noon},
		notification.RecordFault{Attempt: s.Attempts, Reason: "late", At: noon},
		notification.RecordFault{Attempt: s.Attempts + 1, Reason: "unreachable", At: noon},
		notification.RecordFault{Attempt: s.Attempts + 1, Reason: "refused", Permanent: true, At: noon},
		notification.RecordDelivery{At: noon},
		notification.Resume{At: noon},
		notification.RecordLoss{Reason: "lost", At: noon},
	})
}

func fold(events ...notification.Event) notification.State {
	var s notification.State
	for _, e := range events {
		s = notification.Evolve(s, e)
	}
	return s
}
