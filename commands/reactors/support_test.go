package reactors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"services.example/portal/commands"
	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/notification"
	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/aggregates"
	"services.example/portal/infra/codec/codectest"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
	"services.example/portal/infra/readstore/pebblestore"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	goleak.VerifyTestMain(m)
}

// world is a log with people, a service and an application in it, the use cases of notices, gateways, and a clock that
// stands still until it is moved.
type world struct {
	t        *testing.T
	clock    *clock
	log      *faulty
	reads    *pebblestore.Store
	keys     *codectest.Keys
	codec    *codec.Codec
	gateways *gateways
	deps     commands.Deps
	notices  *commands.Notices
	reactor  Reactor
}

const (
	applicationID = "7d1f3b0a-5c67-4f54-9a0e-0a4a5b1d2c11"
	serviceID     = "0c9d9a55-8a3b-4a1c-8f1e-3b8a3a6f9b21"

	nurai    = "5b4bb7cc-8cf3-51ff-9d55-11b0de4f0d01" // an applicant who wants SMS, in Kazakh
	samat    = "5b4bb7cc-8cf3-51ff-9d55-11b0de4f0d02" // one who wants both, in Russian
	dauren   = "5b4bb7cc-8cf3-51ff-9d55-11b0de4f0d03" // an executor
	gulim    = "5b4bb7cc-8cf3-51ff-9d55-11b0de4f0d04" // another
	nobodyID = "5b4bb7cc-8cf3-51ff-9d55-11b0de4f0d05"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{at: noon}, keys: codectest.NewKeys(), gateways: newGateways()}
	log, err := pebblelog.Open("log", pebblelog.Options{FS: vfs.NewMem(), Logger: slog.Default(), Clock: w.clock.Now})
	done(t, err)
	w.log = &faulty{Store: log}
	t.Cleanup(func() { done(t, log.Close()) })
	w.reads, err = pebblestore.Open("reads", pebblestore.Options{InMemory: true, SweepEvery: -1, Logger: slog.Default()})
	done(t, err)
	t.Cleanup(func() { done(t, w.reads.Close()) })
	w.codec, err = codec.New(w.keys, aggregates.All()...)
	done(t, err)
	w.deps = commands.Deps{
		Events: w.log, Codec: w.codec, Keys: w.keys, Messages: w.gateways, Now: w.clock.Now, Notified: w,
		SiteURL: "https://portal.example",
	}
	w.restart()
	w.people()
	return w
}

// restart forgets everything that is only in memory.
func (w *world) restart() {
	w.t.Helper()
	c, err := commands.New(w.deps)
	done(w.t, err)
	w.notices = c.Notices
	w.reactor = Notices(w.notices, w.log, w.codec, w.deps.SiteURL)
}

func (w *world) people() {
	w.t.Helper()
	for _, id := range []string{nurai, samat, dauren, gulim} {
		done(w.t, w.keys.Create(w.t.Context(), id))
	}
	applicant := func(id, phone string, l text.Language, by ...account.Channel) {
		w.happened("account-"+id, id, account.RegistrationStarted{
			RegistrationID: "r", Kind: account.Individual, Email: id[len(id)-2:] + "@applicant.example", Phone: phone,
			NotifyBy: by, Language: l,
		}, account.RegistrationConfirmed{RegistrationID: "r"})
	}
	applicant(nurai, "+77009100001", text.Kazakh, account.SMS)
	applicant(samat, "+77009100002", text.Russian, account.SMS, account.Email)
	for _, id := range []string{dauren, gulim} {
		w.happened("account-"+id, id, account.StaffAccountCreated{
			Email: id[len(id)-2:] + "@provider.example", Roles: []account.Role{account.Executor},
			NotifyBy: []account.Channel{account.SMS}, Language: text.Kazakh,
		})
	}
	content := service.Content{}
	content.Passport.Name = text.Text{KK: "Кеңес беру", RU: "Консультация", EN: "Advice"}
	w.happened("service-"+serviceID, "", service.Revised{Version: 1, Content: content}, service.Published{Version: 1})
}

// applied gives somebody an application.
func (w *world) applied(applicant string) {
	w.t.Helper()
	w.happened("application-"+applicationID, applicant, application.DraftStarted{
		Applicant: applicant, ServiceID: serviceID, ServiceVersion: 1, Number: "2065-15-11-18",
	})
}

// happened appends events to a stream, and returns the last of them as it is read back.
func (w *world) happened(stream, subject string, events ...any) codec.Envelope {
	w.t.Helper()
	return w.happenedBy("", stream, subject, events...)
}

func (w *world) happenedBy(actor, stream, subject string, events ...any) codec.Envelope {
	w.t.Helper()
	for _, event := range events {
		id := uuid.New()
		meta := codec.Metadata{CommandID: id, Subject: subject, Actor: actor}
		encoded, err := w.codec.Encode(w.t.Context(), stream, id, meta, event)
		done(w.t, err)
		_, err = w.log.Store.Append(w.t.Context(), stream, eventstore.Any, encoded)
		done(w.t, err)
	}
	read := eventstore.StreamRead{From: eventstore.End, Backwards: true, Limit: 1}
	for recorded, err := range w.log.ReadStream(w.t.Context(), stream, read) {
		done(w.t, err)
		envelope, err := w.codec.Decode(w.t.Context(), recorded)
		done(w.t, err)
		return envelope
	}
	w.t.Fatal("nothing was appended")
	return codec.Envelope{}
}

// react lets the notices' reactor react to an event, twice.
func (w *world) react(event codec.Envelope) {
	w.t.Helper()
	for range 2 {
		done(w.t, w.reactor.React(w.t.Context(), event))
	}
}

// asked are the notices that were asked for, in the order of the log.
func (w *world) asked() []notification.Requested {
	w.t.Helper()
	var all []notification.Requested
	for recorded, err := range w.log.Store.ReadAll(w.t.Context(), eventstore.AllRead{Filter: eventstore.Filter{Streams: []string{"notification-"}}}) {
		done(w.t, err)
		envelope, err := w.codec.Decode(w.t.Context(), recorded)
		done(w.t, err)
		if e, ok := envelope.Event.(notification.Requested); ok {
			all = append(all, e)
		}
	}
	return all
}

// states are the notices by their ids.
func (w *world) states(ctx context.Context) (map[string]notification.State, error) {
	states := map[string]notification.State{}
	for recorded, err := range w.log.Store.ReadAll(ctx, eventstore.AllRead{Filter: eventstore.Filter{Streams: []string{"notification-"}}}) {
		if err != nil {
			return nil, err
		}
		envelope, err := w.codec.Decode(ctx, recorded)
		if err != nil {
			return nil, err
		}
		id := strings.TrimPrefix(recorded.Stream, "notification-")
		if e, ok := envelope.Event.(notification.Event); ok {
			states[id] = notification.Evolve(states[id], e)
		}
	}
	return states, nil
}

// Due is what the read model of notices would say.
func (w *world) Due(ctx context.Context, channel notification.Channel, now time.Time, _ int) ([]string, error) {
	states, err := w.states(ctx)
	var ids []string
	for id, s := range states {
		if s.Channel == channel && s.Due(now) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, err
}

// ByRef is what the read model of notices would say.
func (w *world) ByRef(ctx context.Context, ref string) (string, error) {
	states, err := w.states(ctx)
	for id, s := range states {
		if s.Ref == ref {
			return id, err
		}
	}
	return "", err
}

// statuses are what became of all notices, sorted.
func (w *world) statuses() []notification.Status {
	w.t.Helper()
	states, err := w.states(w.t.Context())
	done(w.t, err)
	var list []notification.Status
	for _, s := range states {
		list = append(list, s.Status)
	}
	slices.Sort(list)
	return list
}

func always() bool { return true }

// send sends once what is due by a channel.
func (w *world) send(channel notification.Channel) error {
	w.t.Helper()
	s := &sending{use: w.notices, outstanding: w, now: w.clock.Now, channel: channel}
	_, err := s.pass(w.t.Context(), always)
	return err
}

// faulty is a store that can be made to fail before or after an append.
type faulty struct {
	eventstore.Store

	mu     sync.Mutex
	before func(stream string) error
	after  func(stream string) error
}

func (f *faulty) set(before, after func(stream string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before, f.after = before, after
}

func (f *faulty) Append(
	ctx context.Context, stream string, expected eventstore.Expected, events ...eventstore.Event,
) (eventstore.Appended, error) {
	f.mu.Lock()
	before, after := f.before, f.after
	f.mu.Unlock()
	if before != nil {
		if err := before(stream); err != nil {
			return eventstore.Appended{}, err
		}
	}
	appended, err := f.Store.Append(ctx, stream, expected, events...)
	if err == nil && after != nil {
		if err := after(stream); err != nil {
			return eventstore.Appended{}, err
		}
	}
	return appended, err
}

// sent is a message as a gateway sees it.
type sent struct{ ID, To, Subject, Text string }

// gateways keep what they are given, count how often, and answer as they are told.
type gateways struct {
	mu     sync.Mutex
	taken  []sent
	times  map[string]int // by id: how often a message was given
	answer func(channel notification.Channel, s sent) error
	after  func(s sent) error // once it has the message
	ref    func(id string) string
}

func newGateways() *gateways { return &gateways{times: map[string]int{}} }

func (g *gateways) SMS(ctx context.Context, id, phone, words string) (string, error) {
	return g.take(ctx, notification.SMS, sent{ID: id, To: phone, Text: words})
}

func (g *gateways) Email(ctx context.Context, id, address, subject, words string) (string, error) {
	return g.take(ctx, notification.Email, sent{ID: id, To: address, Subject: subject, Text: words})
}

func (g *gateways) take(ctx context.Context, channel notification.Channel, s sent) (string, error) {
	g.mu.Lock()
	answer := g.answer
	g.mu.Unlock()
	if answer != nil {
		if err := answer(channel, s); err != nil {
			return "", err
		}
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.times[s.ID]++; g.times[s.ID] == 1 { // as a gateway does that knows the id
		g.taken = append(g.taken, s)
	}
	if g.after != nil {
		if err := g.after(s); err != nil {
			return "", err
		}
	}
	if g.ref != nil {
		return g.ref(s.ID), nil
	}
	return "", nil
}

func (g *gateways) answers(answer func(notification.Channel, sent) error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answer = answer
}

// delivered are the messages that people got, sorted by whom they went to.
func (g *gateways) delivered() []sent {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := slices.Clone(g.taken)
	slices.SortFunc(list, func(a, b sent) int { return cmp.Or(cmp.Compare(a.To, b.To), cmp.Compare(a.ID, b.ID)) })
	return list
}

// refusal is a gateway's no.
type refusal struct{ permanent bool }

func (r refusal) Error() string   { return fmt.Sprintf("refused, permanently: %t", r.permanent) }
func (r refusal) Permanent() bool { return r.permanent }
func (r refusal) Reason() string  { return "refused" }

var errDown = errors.New("connection refused")

// clock is a clock that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func done(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// until waits for a condition.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for !is() {
		select {
		case <-again.C:
		case <-deadline.C:
			t.Fatal("it never came about that ", what)
		}
	}
}
