package reactors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"services.example/portal/commands"
	"services.example/portal/domain/application"
	"services.example/portal/domain/webhook"
	"services.example/portal/infra/codec/aggregates"
	"services.example/portal/infra/feed"
)

// receiver is another system.
type receiver struct {
	mu     sync.Mutex
	answer func(posted) (int, error) // nil: 204
	got    []posted                  // every request, also those that it refused
	taken  []posted
}

// posted is a request to a webhook.
type posted struct {
	Address, ID, Stamp string
	Signatures         []string
	Body               string
}

// Post implements Poster.
func (r *receiver) Post(_ context.Context, address string, header map[string]string, body []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := posted{address, header["webhook-id"], header["webhook-timestamp"], strings.Fields(header["webhook-signature"]), string(body)}
	r.got = append(r.got, p)
	if r.answer != nil {
		if status, err := r.answer(p); err != nil || status >= 300 {
			return status, err
		}
	}
	r.taken = append(r.taken, p)
	return 204, nil
}

func (r *receiver) answers(answer func(posted) (int, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func (r *receiver) tried() []posted {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// revisions lists the revisions of the events that were taken, request after request.
func (r *receiver) revisions(t *testing.T) []int64 {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	list := []int64{}
	for _, p := range r.taken {
		var body struct{ Events []struct{ Revision int64 } }
		done(t, json.Unmarshal([]byte(p.Body), &body))
		for _, e := range body.Events {
			list = append(list, e.Revision)
		}
	}
	return list
}

// hookWorld is a world with a receiver and the task that delivers to it.
type hookWorld struct {
	*world
	use      *commands.Webhooks
	feed     *feed.Feed
	receiver *receiver
	secret   string
	hook     string
	measures *sdk.ManualReader
	meter    metric.Meter
}

func newHookWorld(t *testing.T) *hookWorld {
	t.Helper()
	w := &hookWorld{world: newWorld(t), receiver: &receiver{}, measures: sdk.NewManualReader()}
	w.meter = sdk.NewMeterProvider(sdk.WithReader(w.measures)).Meter("test")
	var err error
	w.feed, err = feed.New(w.codec, []byte(strings.Repeat("s", 32)), aggregates.All()...)
	done(t, err)
	done(t, w.reads.Declare(t.Context(), commands.DeliveryCollection))
	w.deps.Feed, w.deps.Entries = w.feed, w.reads
	w.open()
	made, err := w.use.Add(t.Context(), w.request(), commands.NewWebhook{
		Name: "statistics", URL: "https://receiver.example/in", Types: []string{"application.due-soon"},
	})
	done(t, err)
	w.hook, w.secret = made.ID, made.Secret
	return w
}

// open makes the use cases anew, as another process would.
func (w *hookWorld) open() {
	w.t.Helper()
	c, err := commands.New(w.deps)
	done(w.t, err)
	w.use = c.Webhooks
}

func (w *hookWorld) request() commands.Request {
	return commands.Request{CommandID: uuid.New(), Actor: dauren, Role: "admin"}
}

// deliver runs the task until what it returns is called.
func (w *hookWorld) deliver() (stop func()) {
	w.t.Helper()
	task, err := Webhooks(Hooks{
		Use: w.use, Events: w.log, Feed: w.feed, Post: w.receiver, Now: w.clock.Now, Look: time.Millisecond,
		Waits: []time.Duration{time.Minute, time.Hour}, Meter: w.meter,
	})
	done(w.t, err)
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- task.Run(ctx, always) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			w.t.Errorf("the task ended with %v", err)
		}
	})
	w.t.Cleanup(stop)
	return stop
}

// near makes applications come near their due dates: the events that the webhook is about.
func (w *hookWorld) near(times int) {
	w.t.Helper()
	for range times {
		w.happened("application-"+applicationID, nurai, application.DueSoon{DueAt: noon, At: noon})
	}
}

func (w *hookWorld) at() commands.Delivery {
	w.t.Helper()
	at, _, err := w.use.Deliveries().Read(w.t.Context(), w.hook)
	done(w.t, err)
	return at
}

func (w *hookWorld) status() webhook.Status {
	w.t.Helper()
	hooks, err := w.use.List(w.t.Context())
	done(w.t, err)
	return hooks[0].Status
}

// taken waits until so many events were taken, and tells whether each came once and in order.
func (w *hookWorld) taken(count int) {
	w.t.Helper()
	until(w.t, "the events are delivered", func() bool { return len(w.receiver.revisions(w.t)) >= count })
	until(w.t, "that is kept", func() bool { return w.at().Delivered == int64(count) && w.at().Pending == "" })
	got := w.receiver.revisions(w.t)
	if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != count || len(got) != count {
		w.t.Errorf("delivered %v, want %d events in order", got, count)
	}
}

func TestEventsAreDeliveredOnceInOrderAndSigned(t *testing.T) {
	w := newHookWorld(t)
	w.near(250)
	w.deliver()
	w.taken(250)
	w.near(1)
	w.taken(251)
	for _, p := range w.receiver.tried() {
		want := []string{sign(w.secret, p.ID, p.Stamp, []byte(p.Body))}
		if diff := cmp.Diff(want, p.Signatures); diff != "" || p.Stamp != "1795435200" || !strings.HasPrefix(p.ID, "msg_") {
			t.Errorf("%s at %s is signed (-want +got):\n%s", p.ID, p.Stamp, diff)
		}
		if strings.Contains(p.Body, nurai) || strings.Contains(p.Body, applicationID) {
			t.Errorf("the body names somebody: %s", p.Body)
		}
	}
}

// TestTheSignatureIsThatOfTheStandard uses the example that https://www.standardwebhooks.com gives.
func TestTheSignatureIsThatOfTheStandard(t *testing.T) {
	got := sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("signed %s, want %s", got, want)
	}
}

func TestWhatIsNotTakenIsSentAgainTheSameAndLater(t *testing.T) {
	w := newHookWorld(t)
	w.receiver.answers(func(posted) (int, error) { return 500, nil })
	w.near(3)
	w.deliver()
	until(t, "it was tried", func() bool { return w.at().Attempts == 1 })
	w.near(2) // wait for their turn
	w.clock.pass(time.Minute)
	until(t, "it was tried again", func() bool { return w.at().Attempts == 2 })
	w.receiver.answers(func(posted) (int, error) { return 0, errors.New("timeout") })
	w.clock.pass(time.Hour)
	until(t, "it was tried a third time", func() bool { return w.at().Attempts == 3 })
	if at := w.at(); at.Fault != "timeout" || !at.NextAt.Equal(w.clock.Now().Add(time.Hour)) || !at.Since.Equal(noon) {
		t.Errorf("kept %+v", at)
	}
	w.receiver.answers(nil)
	w.clock.pass(time.Hour)
	w.taken(5)
	tries := w.receiver.tried()
	for _, p := range tries[1:4] {
		if p.ID != tries[0].ID || p.Body != tries[0].Body || p.Stamp == tries[0].Stamp {
			t.Errorf("sent first %+v\nand then %+v", tries[0], p)
		}
	}
}

func TestAnotherProcessGoesOnWithTheSameRequest(t *testing.T) {
	w := newHookWorld(t)
	w.receiver.answers(func(posted) (int, error) { return 503, nil })
	w.near(3)
	stop := w.deliver()
	until(t, "it was tried", func() bool { return w.at().Attempts == 1 })
	stop()
	w.near(2)
	w.receiver.answers(nil)
	w.clock.pass(time.Minute)
	w.open()
	w.deliver()
	w.taken(5)
	tries := w.receiver.tried()
	if tries[0].ID != tries[1].ID || tries[0].Body != tries[1].Body {
		t.Errorf("sent first %+v\nand then %+v", tries[0], tries[1])
	}
}

func TestAReceiverThatIsGoneIsGivenUpAndGoesOnWhereItWas(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		tries  int
	}{
		{"it says so", 410, 1},
		{"it was out of order for days", 500, 122}, // at once, after a minute, and each hour for five days
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newHookWorld(t)
			w.receiver.answers(func(posted) (int, error) { return test.status, nil })
			w.near(2)
			w.deliver()
			until(t, "the webhook is suspended", func() bool {
				if at := w.at(); at.NextAt.After(w.clock.Now()) && at.Attempts < test.tries {
					w.clock.pass(at.NextAt.Sub(w.clock.Now()))
				}
				return w.status() == webhook.StatusStop
			})
			if tried := len(w.receiver.tried()); tried != test.tries {
				t.Errorf("tried %d times, want %d", tried, test.tries)
			}
			w.receiver.answers(nil)
			w.near(1)
			_, err := w.use.Resume(t.Context(), w.request(), w.hook)
			done(t, err)
			w.taken(3)
		})
	}
}

func TestAnAdministratorNeedNotWaitForTheNextTry(t *testing.T) {
	w := newHookWorld(t)
	w.receiver.answers(func(posted) (int, error) { return 500, nil })
	w.near(1)
	w.deliver()
	until(t, "it was tried", func() bool { return w.at().Attempts == 1 })
	w.receiver.answers(nil)
	_, err := w.use.Resume(t.Context(), w.request(), w.hook)
	done(t, err)
	w.taken(1)
}

// TestAnotherAddressIsTriedAtOnce, and given up no sooner than a new one, however long the former was out of order.
func TestAnotherAddressIsTriedAtOnce(t *testing.T) {
	w := newHookWorld(t)
	const moved = "https://moved.example/in"
	w.receiver.answers(func(posted) (int, error) { return 500, nil })
	w.near(1)
	w.deliver()
	for tries := 1; tries <= fewestTries; tries++ {
		until(t, "it was tried", func() bool { return w.at().Attempts == tries })
		if tries < fewestTries {
			w.clock.pass(29 * time.Hour)
		}
	}
	_, err := w.use.Change(t.Context(), w.request(), w.hook, moved, []string{"application.due-soon"})
	done(t, err)
	until(t, "the new address was tried", func() bool { return w.at().Attempts == 1 })
	if last := w.receiver.tried()[fewestTries]; last.Address != moved || w.status() != webhook.Active {
		t.Errorf("tried %s, and the webhook is %s", last.Address, w.status())
	}
	w.receiver.answers(nil)
	w.clock.pass(time.Minute)
	w.taken(1)
}

func TestForADayBothSecretsSign(t *testing.T) {
	w := newHookWorld(t)
	renewed, err := w.use.RenewSecret(t.Context(), w.request(), w.hook)
	done(t, err)
	w.deliver()
	w.near(1)
	w.taken(1)
	w.clock.pass(24 * time.Hour)
	w.near(1)
	w.taken(2)
	tries := w.receiver.tried()
	for i, secrets := range [][]string{{renewed.Secret, w.secret}, {renewed.Secret}} {
		want := []string{}
		for _, secret := range secrets {
			want = append(want, sign(secret, tries[i].ID, tries[i].Stamp, []byte(tries[i].Body)))
		}
		if diff := cmp.Diff(want, tries[i].Signatures); diff != "" {
			t.Errorf("request %d (-want +got):\n%s", i, diff)
		}
	}
}

func TestAWebhookThatIsPausedOrRemovedIsSentNothing(t *testing.T) {
	for name, stop := range map[string]func(w *hookWorld) error{
		"paused": func(w *hookWorld) error { _, err := w.use.Pause(w.t.Context(), w.request(), w.hook); return err },
		"removed": func(w *hookWorld) error {
			_, err := w.use.Remove(w.t.Context(), w.request(), w.hook)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newHookWorld(t)
			done(t, stop(w))
			_, err := w.use.Add(t.Context(), w.request(), commands.NewWebhook{
				Name: "other", URL: "https://other.example/in", Types: []string{"application.due-soon"},
			})
			done(t, err)
			w.near(1)
			w.deliver()
			until(t, "the other has it", func() bool { return len(w.receiver.tried()) > 0 })
			if got := w.receiver.tried()[0].Address; got != "https://other.example/in" {
				t.Errorf("sent to %s", got)
			}
		})
	}
}

func TestAWebhookWhosePlaceIsLostBeginsWhereItWasAdded(t *testing.T) {
	w := newHookWorld(t)
	w.near(2)
	stop := w.deliver()
	w.taken(2)
	stop()
	done(t, w.reads.RemoveEntry(t.Context(), commands.DeliveryCollection.Name, w.hook, 0))
	w.deliver()
	until(t, "it is delivered again", func() bool { return len(w.receiver.revisions(t)) >= 4 })
	got := w.receiver.revisions(t)
	if diff := cmp.Diff(got[:2], got[2:]); diff != "" {
		t.Errorf("delivered first and again: %s", diff)
	}
}

// measured lists what the instruments say, as lines of name, labels and value.
func (w *hookWorld) measured() []string {
	w.t.Helper()
	var data metricdata.ResourceMetrics
	done(w.t, w.measures.Collect(w.t.Context(), &data))
	lines := []string{}
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch points := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range points.DataPoints {
					lines = append(lines, fmt.Sprint(m.Name, " ", p.Attributes.Encoded(attribute.DefaultEncoder()), " ", p.Value))
				}
			case metricdata.Gauge[int64]:
				for _, p := range points.DataPoints {
					lines = append(lines, fmt.Sprint(m.Name, " ", p.Attributes.Encoded(attribute.DefaultEncoder()), " ", p.Value))
				}
			case metricdata.Gauge[float64]:
				for _, p := range points.DataPoints {
					lines = append(lines, fmt.Sprint(m.Name, " ", p.Attributes.Encoded(attribute.DefaultEncoder()), " ", p.Value > 0))
				}
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// TestOperatorsSeeHowWebhooksDo: what is not taken makes a webhook lag until it is taken; a process that does not deliver
// says nothing of lag.
func TestOperatorsSeeHowWebhooksDo(t *testing.T) {
	w := newHookWorld(t)
	w.receiver.answers(func(posted) (int, error) { return 500, nil })
	w.near(3)
	stop := w.deliver()
	until(t, "it was tried", func() bool { return w.at().Attempts == 1 })
	w.clock.pass(30 * time.Second)
	status := []string{"webhook.hooks status=active 1", "webhook.hooks status=paused 0", "webhook.hooks status=suspended 0"}
	failed := "webhook.requests outcome=failed,webhook=statistics 1"
	if diff := cmp.Diff(append(slices.Clone(status), "webhook.lag webhook=statistics true", failed), w.measured()); diff != "" {
		t.Errorf("while it is not taken (-want +got):\n%s", diff)
	}
	w.receiver.answers(nil)
	w.clock.pass(time.Minute)
	w.taken(3)
	taken := []string{"webhook.events webhook=statistics 3", failed, "webhook.requests outcome=taken,webhook=statistics 1"}
	want := slices.Concat(taken[:1], status, []string{"webhook.lag webhook=statistics false"}, taken[1:])
	if diff := cmp.Diff(want, w.measured()); diff != "" {
		t.Errorf("when it was taken (-want +got):\n%s", diff)
	}
	stop()
	if diff := cmp.Diff(taken, w.measured()); diff != "" {
		t.Errorf("when another process delivers (-want +got):\n%s", diff)
	}
}
