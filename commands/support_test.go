package commands

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/domain/application"
	"services.example/portal/domain/catalogue"
	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/aggregates"
	"services.example/portal/infra/codec/codectest"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/readstore/pebblestore"
	"services.example/portal/infra/session"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

// world is the write side on real stores in memory, with a clock that stands still until it is moved.
type world struct {
	*Commands
	t        *testing.T
	clock    *clock
	events   *faultyStore
	entries  *faultyEntries
	outbox   *outbox
	files    *files
	sessions *session.Store
	deps     Deps
}

func newWorld(t *testing.T) *world {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	now := &clock{at: time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)}
	log, err := pebblelog.Open("log", pebblelog.Options{FS: vfs.NewMem(), Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { noIDTwice(t, log) })
	reads, err := pebblestore.Open("reads", pebblestore.Options{InMemory: true, Now: now.Now, SweepEvery: -1, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := reads.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := reads.Declare(t.Context(), session.Collection, ChallengeCollection, httpapi.IdempotencyCollection, MachineUseCollection); err != nil {
		t.Fatal(err)
	}
	keys := codectest.NewKeys()
	events, err := codec.New(keys, aggregates.All()...)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, clock: now, events: &faultyStore{Store: log}, entries: &faultyEntries{Entries: reads},
		outbox: &outbox{}, files: &files{}, sessions: session.New(reads, now.Now, true),
	}
	w.deps = Deps{
		Events: w.events, Codec: events, Keys: keys, Entries: w.entries, Sessions: w.sessions, Files: w.files,
		Messages: w.outbox, Secrets: Secrets{Pepper: []byte("pepper"), Codes: []byte("codes")},
		Limits: Limits{CodesPerHour: 20}, Now: now.Now, SiteURL: "https://portal.example",
	}
	w.Commands = w.process()
	return w
}

// process starts the write side once more on the same stores, with nothing in its memory.
func (w *world) process() *Commands {
	w.t.Helper()
	c, err := New(w.deps)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// restart forgets everything that is only in memory.
func (w *world) restart() { w.Commands = w.process() }

// by is a command that somebody gives once.
func by(actor string) Request {
	req := NewRequest("applicant")
	req.Actor, req.Session = actor, "session of "+actor
	return req
}

// keyed is a command that somebody gives under an Idempotency-Key.
func keyed(actor, key, body string) Request {
	req := by(actor)
	req.CommandID = uuid.NewSHA1(uuid.NameSpaceOID, []byte(actor+"\x00"+key))
	sum := sha256.Sum256([]byte(body))
	req.BodyHash = hex.EncodeToString(sum[:])
	return req
}

// history returns the events of a stream.
func (w *world) history(stream string) []any {
	w.t.Helper()
	var events []any
	for recorded, err := range w.events.Store.ReadStream(w.t.Context(), stream, eventstore.StreamRead{}) {
		var missing *eventstore.NotFoundError
		if errors.As(err, &missing) {
			return nil
		}
		if err != nil {
			w.t.Fatal(err)
		}
		envelope, err := w.deps.Codec.Decode(w.t.Context(), recorded)
		if err != nil {
			w.t.Fatal(err)
		}
		events = append(events, envelope.Event)
	}
	return events
}

// end is where the whole log ends.
func (w *world) end() eventstore.Position {
	w.t.Helper()
	head, err := eventstore.Head(w.t.Context(), w.events.Store)
	if err != nil {
		w.t.Fatal(err)
	}
	return head
}

// since returns the events of the whole log after a position.
func (w *world) since(position eventstore.Position) []any {
	w.t.Helper()
	var events []any
	for recorded, err := range w.events.Store.ReadAll(w.t.Context(), eventstore.AllRead{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		if !position.Before(recorded.Position) {
			continue
		}
		envelope, err := w.deps.Codec.Decode(w.t.Context(), recorded)
		if err != nil {
			w.t.Fatal(err)
		}
		events = append(events, envelope.Event)
	}
	return events
}

// happened expects these events, and no others, since a position.
func (w *world) happened(since eventstore.Position, want ...any) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.since(since)); diff != "" {
		w.t.Errorf("events (-want +got):\n%s", diff)
	}
}

// append writes events of which the use cases have no command yet.
func (w *world) append(stream, subject string, events ...any) {
	w.t.Helper()
	for _, event := range events {
		id := uuid.New()
		encoded, err := w.deps.Codec.Encode(w.t.Context(), stream, id, codec.Metadata{CommandID: id, Subject: subject}, event)
		if err != nil {
			w.t.Fatal(err)
		}
		if _, err := w.events.Store.Append(w.t.Context(), stream, eventstore.Any, encoded); err != nil {
			w.t.Fatal(err)
		}
	}
}

// refused expects a problem with this code.
func refused(t *testing.T, err error, code string) {
	t.Helper()
	if !problem.Has(err, code) {
		t.Errorf("answered %v, want the problem %s", err, code)
	}
}

// done expects no error.
func done(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

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

// outbox keeps what would have gone to people.
type outbox struct {
	mu     sync.Mutex
	sent   []message
	broken error
}

type message struct{ To, Text string }

func (o *outbox) SMS(_ context.Context, _, phone, words string) (string, error) {
	return "", o.send(message{To: phone, Text: words})
}

func (o *outbox) Email(_ context.Context, _, address, subject, words string) (string, error) {
	return "", o.send(message{To: address, Text: subject + "\n" + words})
}

// fail makes every message fail; nil lets them go again.
func (o *outbox) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.broken = err
}

func (o *outbox) send(m message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.broken != nil {
		return o.broken
	}
	o.sent = append(o.sent, m)
	return nil
}

func (o *outbox) count(to string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for _, m := range o.sent {
		if m.To == to {
			n++
		}
	}
	return n
}

var (
	codeIn  = regexp.MustCompile(`\b[0-9]{4}\b`)
	tokenIn = regexp.MustCompile(`token=(\S+)`)
)

// last returns the last message to somebody.
func (o *outbox) last(t *testing.T, to string) string {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range slices.Backward(o.sent) {
		if m.To == to {
			return m.Text
		}
	}
	t.Fatalf("nothing was sent to %s", to)
	return ""
}

// code returns the code in the last message to somebody.
func (o *outbox) code(t *testing.T, to string) string {
	t.Helper()
	return codeIn.FindString(o.last(t, to))
}

// wrong returns n different codes that are not this one.
func wrong(code string, n int) []string {
	var codes []string
	for i := 0; len(codes) < n; i++ {
		if other := fmt.Sprintf("%04d", i); other != code {
			codes = append(codes, other)
		}
	}
	return codes
}

// files keeps files in memory and takes what begins as a PDF for one.
type files struct {
	mu       sync.Mutex
	kept     int
	subjects []string // under whose keys the files lie
	contents map[string][]byte
}

func (f *files) Open(_ context.Context, subject, sha256 string) (io.ReadCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	content, found := f.contents[subject+"/"+sha256]
	if !found {
		return nil, problem.New(problem.NotFound, "file-not-found")
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

func (f *files) Put(_ context.Context, subject string, r io.Reader, limit int64) (StoredFile, error) {
	content, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return StoredFile{}, err
	}
	if int64(len(content)) > limit {
		return StoredFile{}, problem.New(problem.TooLarge, "file-too-large")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kept++
	f.subjects = append(f.subjects, subject)
	sum := sha256.Sum256(content)
	stored := StoredFile{SHA256: hex.EncodeToString(sum[:]), MIME: "application/octet-stream", Size: int64(len(content))}
	if bytes.HasPrefix(content, []byte("%PDF")) {
		stored.MIME = "application/pdf"
	}
	if f.contents == nil {
		f.contents = map[string][]byte{}
	}
	f.contents[subject+"/"+stored.SHA256] = content
	return stored, nil
}

// faultyStore is an event store that can fail before or after an append, or have something done in between.
type faultyStore struct {
	eventstore.Store
	mu            sync.Mutex
	before, after func(stream string) error
	appends       int
}

// fail makes every append run these first and last; nil takes them away.
func (s *faultyStore) fail(before, after func(stream string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after, s.appends = before, after, 0
}

func (s *faultyStore) Append(
	ctx context.Context, stream string, expected eventstore.Expected, events ...eventstore.Event,
) (eventstore.Appended, error) {
	s.mu.Lock()
	before, after := s.before, s.after
	s.appends++
	s.mu.Unlock()
	if before != nil {
		if err := before(stream); err != nil {
			return eventstore.Appended{}, err
		}
	}
	appended, err := s.Store.Append(ctx, stream, expected, events...)
	if err == nil && after != nil {
		err = after(stream)
	}
	if err != nil {
		return eventstore.Appended{}, err
	}
	return appended, nil
}

// once gives an error the first time, and does nothing after.
func once(err error) func(string) error {
	var first sync.Once
	return func(string) error {
		var now error
		first.Do(func() { now = err })
		return now
	}
}

// faultyEntries is a store of entries that can fail.
type faultyEntries struct {
	readstore.Entries
	mu   sync.Mutex
	down error
}

func (e *faultyEntries) fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.down = err
}

func (e *faultyEntries) Entry(ctx context.Context, collection, id string) (readstore.Entry, error) {
	e.mu.Lock()
	down := e.down
	e.mu.Unlock()
	if down != nil {
		return readstore.Entry{}, down
	}
	return e.Entries.Entry(ctx, collection, id)
}

// person is somebody who registers.
type person struct {
	Registration
	login string
}

func dana(n int) person {
	return person{login: identitytest.IIN(n), Registration: Registration{
		Kind: "individual", IIN: identitytest.IIN(n), LastName: "Самұрық", FirstName: "Дана",
		Email: fmt.Sprintf("dana%d@example.kz", n), Phone: identitytest.Phone(n), Password: "Kok-tobe-2026",
		NotifyBy: []string{"sms"}, Language: "kk",
	}}
}

// enrol makes an active account.
func (w *world) enrol(p person) string {
	w.t.Helper()
	id, err := w.Accounts.EnrolApplicant(w.t.Context(), by(""), p.Registration)
	done(w.t, err)
	return id
}

const (
	adviceID   = "11111111-1111-4111-8111-111111111111"
	providerID = "22222222-2222-4222-8222-222222222222"
	categoryID = "33333333-3333-4333-8333-333333333333"
	calendarID = "44444444-4444-4444-8444-444444444444"
)

func words(s string) text.Text { return text.Text{KK: s + " (kk)", RU: s + " (ru)", EN: s + " (en)"} }

// field is a schema of one text that must be there.
func field(name, prefill string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"type":"object","properties":{%q:{"title":{"kk":"а","ru":"б","en":"c"},"type":"string",
		"maxLength":100,"x-prefill":%q,"examples":["x"]}},"required":[%q],"additionalProperties":false}`, name, prefill, name))
}

// advice is a service with two forms, a document and a question.
func advice() service.Content {
	return service.Content{
		Passport: service.Passport{
			Name: words("advice"), Description: words("description"), Conditions: words("conditions"),
			Recipients: words("recipients"), Result: words("result"), Kind: service.Consultation,
			Term:       service.Term{Days: 15, Kind: service.WorkingDays},
			CategoryID: categoryID, ProviderID: providerID, Contacts: service.Contacts{Phones: []string{"1432"}},
		},
		Steps: []service.Step{
			{ID: "person", Kind: service.FormStep, Title: words("person"), Required: true, Schema: field("name", "/lastName")},
			{ID: "company", Kind: service.FormStep, Title: words("company"), Required: true, Schema: field("name", "/organization")},
			{
				ID: "papers", Kind: service.DocumentStep, Title: words("papers"), Required: true,
				Schema: json.RawMessage(`{"type":"object","additionalProperties":false}`),
			},
			{ID: "question", Kind: service.QuestionStep, Title: words("question"), Required: true, Schema: field("text", "/nothing")},
		},
		Files: service.FileRules{MaxFileBytes: 1000, MaxTotalBytes: 1500, Types: []string{"application/pdf"}},
		Workflow: service.Workflow{
			ID:         "consultation",
			Signatures: []service.SignatureRule{{Document: "act", Signers: []string{"provider", "applicant"}, By: "eds"}},
		},
	}
}

// withCatalogue publishes the service advice.
func (w *world) withCatalogue() *world {
	w.t.Helper()
	ctx, c := w.t.Context(), w.Catalogue
	_, err := c.DefineCategories(ctx, NewRequest("system"), []catalogue.Category{{ID: categoryID, Slug: "legal", Name: words("legal")}})
	done(w.t, err)
	_, err = c.DefineCalendar(ctx, NewRequest("system"), calendarID, []string{"2026-12-16"}, nil)
	done(w.t, err)
	_, err = c.DescribeProvider(ctx, NewRequest("system"), providerID, catalogue.Provider{
		Name: words("chamber"), ShortName: words("chamber"), Contacts: service.Contacts{Phones: []string{"1432"}}, CalendarID: calendarID,
	})
	done(w.t, err)
	_, err = c.PublishService(ctx, NewRequest("system"), adviceID, advice())
	done(w.t, err)
	return w
}

// start opens a draft of somebody's.
func (w *world) start(actor string) Application {
	w.t.Helper()
	a, err := w.Applications.StartApplication(w.t.Context(), by(actor), adviceID)
	done(w.t, err)
	return a
}

func pdf(content string) io.Reader { return bytes.NewReader([]byte("%PDF-1.4 " + content)) }

// fill puts everything into a draft that it needs to be sent.
func (w *world) fill(actor, id string) {
	w.t.Helper()
	for step, data := range map[string]string{"person": `{"name":"Дана"}`, "company": `{"name":"Қиял"}`, "question": `{"text":"Қалай?"}`} {
		_, err := w.Applications.SaveStep(w.t.Context(), by(actor), id, step, json.RawMessage(data))
		done(w.t, err)
	}
	_, _, err := w.Applications.AttachFile(w.t.Context(), by(actor), id, "papers", "құжат.pdf", pdf("x"))
	done(w.t, err)
}

// stateOf folds an application anew.
func (w *world) stateOf(id string) application.State {
	w.t.Helper()
	var s application.State
	for _, event := range w.history("application-" + id) {
		s = application.Evolve(s, event.(application.Event))
	}
	return s
}

// position reads a position that was written as text.
func (w *world) position(text string) eventstore.Position {
	w.t.Helper()
	position, err := eventstore.ParsePosition(text)
	done(w.t, err)
	return position
}

// noIDTwice: ids follow from commands, and a store may take an event for a repetition of another with its id.
func noIDTwice(t *testing.T, log eventstore.Store) {
	t.Helper()
	seen := map[uuid.UUID]string{}
	for recorded, err := range log.ReadAll(context.WithoutCancel(t.Context()), eventstore.AllRead{}) {
		if err != nil {
			t.Error(err)
			return
		}
		if earlier := seen[recorded.ID]; earlier != "" {
			t.Errorf("%s in %s has the id of %s", recorded.Type, recorded.Stream, earlier)
		}
		seen[recorded.ID] = recorded.Type + " in " + recorded.Stream
	}
}
