package projections_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/pubsub"
	"services.example/portal/infra/pubsub/pubsubtest"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/readstore/pebblestore"
	"services.example/portal/projections"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counted is a document that remembers everything that happened to it, so that a lost, repeated or misplaced event
// shows.
type counted struct {
	ID     string  `bson:"id"`
	Owner  string  `bson:"owner"` // the stream of its first event
	Values []int64 `bson:"values"`
}

// note is the only event of these tests: a value for a document. Values below zero have meanings.
type note struct {
	Document string `json:"document"`
	Value    int64  `json:"value"`
}

const (
	removes = -1
	panics  = -2
	clears  = -3 // all documents of the stream, whichever is named
)

func counter(name string, version int, streams ...string) projections.ReadModel[counted] {
	return projections.ReadModel[counted]{
		Name: name, Version: version, Streams: streams,
		Indexes: []readstore.Index{
			{Name: "by_id", Fields: []readstore.Field{{Path: "id"}}},
			{Name: "by_owner", Fields: []readstore.Field{{Path: "owner"}}},
		},
		Keys: func(event codec.Envelope) []string {
			if event.Event.(note).Value == clears {
				return nil
			}
			return []string{event.Event.(note).Document}
		},
		Reach: func(event codec.Envelope) *projections.Selection {
			if event.Event.(note).Value != clears {
				return nil
			}
			return &projections.Selection{Index: "by_owner", Prefix: []any{event.Stream}}
		},
		Matches: func(doc *counted, event codec.Envelope) bool { return doc.Owner == event.Stream },
		Fold: func(doc *counted, id string, event codec.Envelope) *counted {
			value := event.Event.(note).Value
			switch value {
			case removes:
				return nil
			case clears:
				doc.Values = []int64{clears}
				return doc
			}
			if doc == nil {
				doc = &counted{ID: id, Owner: event.Stream}
			}
			doc.Values = append(doc.Values, value)
			return doc
		},
	}
}

// clumsy is a counter that cannot bear the value panics until it is mended.
func clumsy(name string, mended *atomic.Bool, streams ...string) projections.ReadModel[counted] {
	model := counter(name, 1, streams...)
	fold := model.Fold
	model.Fold = func(doc *counted, id string, event codec.Envelope) *counted {
		if event.Event.(note).Value == panics && !mended.Load() {
			panic("the value is one that a fold of a test cannot bear")
		}
		return fold(doc, id, event)
	}
	return model
}

type decoder struct{}

func (decoder) Decode(_ context.Context, recorded eventstore.Recorded) (codec.Envelope, error) {
	out := codec.Envelope{
		Stream: recorded.Stream, Revision: recorded.Revision, Position: recorded.Position, Type: recorded.Type,
	}
	if recorded.Type != "test.noted.v1" {
		return out, &codec.UnknownTypeError{Stream: recorded.Stream, Revision: recorded.Revision, Type: recorded.Type}
	}
	var n note
	if err := json.Unmarshal(recorded.Data, &n); err != nil {
		return out, errors.New("broken event")
	}
	out.Event = n
	return out, nil
}

// fixture is an engine over a log and a read store in memory.
type fixture struct {
	*projections.Engine
	log   *pubsubtest.Log
	reads *faultyReads
}

// faultyReads is a read store whose commits can be made to fail.
type faultyReads struct {
	readstore.Store
	refuse atomic.Pointer[func(readstore.Batch) error]
}

func (f *faultyReads) Commit(ctx context.Context, batch readstore.Batch) error {
	if refuse := f.refuse.Load(); refuse != nil {
		if err := (*refuse)(batch); err != nil {
			return err
		}
	}
	return f.Store.Commit(ctx, batch)
}

func (f *faultyReads) fail(refuse func(readstore.Batch) error) { f.refuse.Store(&refuse) }

func stores(t *testing.T) (*pubsubtest.Log, *faultyReads) {
	t.Helper()
	reads, err := pebblestore.Open("reads", pebblestore.Options{InMemory: true, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := reads.Close(); err != nil {
			t.Error(err)
		}
	})
	return pubsubtest.NewLog(), &faultyReads{Store: reads}
}

func config(log eventstore.Store, reads readstore.Store, models ...projections.Projection) projections.Config {
	quick := pubsub.Backoff{Min: time.Millisecond, Max: 5 * time.Millisecond}
	return projections.Config{
		Events: log, Reads: reads, Decoder: decoder{}, Projections: models,
		Logger: slog.New(slog.DiscardHandler), Redelivery: quick, Reconnect: quick,
		LiveBatch: 16, CatchUpBatch: 64, CacheDocuments: 50,
	}
}

func start(t *testing.T, config projections.Config) *projections.Engine {
	t.Helper()
	engine, err := projections.New(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	return engine
}

func given(t *testing.T, models ...projections.Projection) fixture {
	t.Helper()
	log, reads := stores(t)
	return fixture{Engine: start(t, config(log, reads, models...)), log: log, reads: reads}
}

// noted appends a note and returns its position.
func noted(t *testing.T, log *pubsubtest.Log, stream, document string, value int64) eventstore.Position {
	t.Helper()
	return appended(t, log, stream, noteOf(t, document, value))
}

func noteOf(t *testing.T, document string, value int64) eventstore.Event {
	t.Helper()
	data, err := json.Marshal(note{Document: document, Value: value})
	if err != nil {
		t.Fatal(err)
	}
	return eventstore.Event{ID: uuid.New(), Type: "test.noted.v1", JSON: true, Data: data}
}

// appended appends events at once and returns the position of the last.
func appended(t *testing.T, log *pubsubtest.Log, stream string, events ...eventstore.Event) eventstore.Position {
	t.Helper()
	at, err := log.Append(t.Context(), stream, eventstore.Any, events...)
	if err != nil {
		t.Fatal(err)
	}
	return at.Position
}

// sees waits until the read model has reached the position, then compares the document.
func (f fixture) sees(t *testing.T, name string, at eventstore.Position, document string, want ...int64) {
	t.Helper()
	await(t, f.Engine, name, at)
	got := f.values(t, name, document)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s of %s (-want +got):\n%s", document, name, diff)
	}
}

func await(t *testing.T, engine *projections.Engine, name string, at eventstore.Position) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := engine.Await(ctx, name, at); err != nil {
		t.Fatal(err)
	}
}

func (f fixture) values(t *testing.T, name, document string) []int64 {
	t.Helper()
	collection, err := f.Directory().Serving(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	found, err := f.reads.Get(t.Context(), collection, document)
	if errors.Is(err, readstore.ErrNotFound) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	var doc counted
	if err := found.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	return doc.Values
}

func (f fixture) caughtUp(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := f.CaughtUp(ctx); err != nil {
		t.Fatal(err)
	}
}

func (f fixture) status(t *testing.T, name string) projections.Status {
	t.Helper()
	statuses, err := f.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statuses {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no status of %s", name)
	return projections.Status{}
}

// until waits for a condition.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for start := time.Now(); !condition(); <-look.C {
		if time.Since(start) > 20*time.Second {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func sequence(n int64) []int64 {
	values := make([]int64, n)
	for i := range values {
		values[i] = int64(i)
	}
	return values
}

func TestEventsBecomeDocumentsInOrder(t *testing.T) {
	f := given(t, counter("first", 1, "a-").Projection(), counter("second", 1, "a-", "b-").Projection())
	noted(t, f.log, "a-1", "x", 0)
	noted(t, f.log, "b-1", "x", 1)
	at := noted(t, f.log, "a-1", "x", 2)
	f.sees(t, "first", at, "x", 0, 2)
	f.sees(t, "second", at, "x", 0, 1, 2)
}

func TestADocumentCanEndAndBeginAgain(t *testing.T) {
	f := given(t, counter("first", 1, "a-").Projection())
	at := noted(t, f.log, "a-1", "x", 7)
	f.sees(t, "first", at, "x", 7)
	at = noted(t, f.log, "a-1", "x", removes)
	f.sees(t, "first", at, "x")
	at = noted(t, f.log, "a-1", "x", 8)
	f.sees(t, "first", at, "x", 8)
}

func TestAReadModelReachesPositionsOfStreamsThatItDoesNotFold(t *testing.T) {
	f := given(t, counter("first", 1, "a-").Projection())
	noted(t, f.log, "a-1", "x", 0)
	at := noted(t, f.log, "other-1", "x", 1)
	f.sees(t, "first", at, "x", 0)
}

func TestAProjectionThatIsFarBehindCatchesUpAndJoinsTheLiveOnes(t *testing.T) {
	log, reads := stores(t)
	for i := range int64(5000) {
		noted(t, log, "a-1", fmt.Sprint("d", i%100), i/100)
	}
	f := fixture{Engine: start(t, config(log, reads, counter("first", 1, "a-").Projection())), log: log, reads: reads}
	f.caughtUp(t)
	if s := f.status(t, "first"); s.State != projections.Live || s.LagEvents != 0 {
		t.Errorf("state %s with a lag of %d events", s.State, s.LagEvents)
	}
	for i := range 100 {
		f.sees(t, "first", eventstore.Position{}, fmt.Sprint("d", i), sequence(50)...)
	}
	at := noted(t, log, "a-1", "d0", 50)
	f.sees(t, "first", at, "d0", sequence(51)...)
}

func TestProjectingGoesOnWhereItStoppedAfterARestart(t *testing.T) {
	log, reads := stores(t)
	model := counter("first", 1, "a-").Projection()
	var n int64
	for range 4 {
		f := fixture{Engine: start(t, config(log, reads, model)), log: log, reads: reads}
		var at eventstore.Position
		for range 700 {
			at = noted(t, log, "a-1", "x", n)
			n++
		}
		f.sees(t, "first", at, "x", sequence(n)...)
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		for range 2000 { // while nobody looks
			noted(t, log, "a-1", "x", n)
			n++
		}
	}
}

func TestCatchingUpWhileEventsKeepComingLosesNothing(t *testing.T) {
	log, reads := stores(t)
	for i := range int64(3000) {
		noted(t, log, "a-1", "x", i)
	}
	f := fixture{Engine: start(t, config(log, reads, counter("first", 1, "a-").Projection())), log: log, reads: reads}
	var at eventstore.Position
	for i := range int64(3000) {
		at = noted(t, log, "a-1", "x", 3000+i)
	}
	f.sees(t, "first", at, "x", sequence(6000)...)
	f.caughtUp(t)
}

func TestAPanicStopsOneProjectionAndRestartLetsItGoOn(t *testing.T) {
	var mended atomic.Bool
	f := given(t, counter("sound", 1, "a-").Projection(), clumsy("clumsy", &mended, "a-").Projection())
	f.sees(t, "clumsy", noted(t, f.log, "a-1", "x", 1), "x", 1)
	at := noted(t, f.log, "a-1", "x", panics)
	at2 := noted(t, f.log, "a-1", "x", 2)
	f.sees(t, "sound", at2, "x", 1, panics, 2)
	until(t, "the projection has stopped", func() bool { return f.status(t, "clumsy").State == projections.Stopped })
	s := f.status(t, "clumsy")
	if want := "folding of event 2/2, test.noted.v1: panic"; s.LastError != want {
		t.Errorf("last error is %q, want %q", s.LastError, want)
	}
	if s.LagEvents != 2 || !s.Position.Before(at) {
		t.Errorf("stopped at %s with a lag of %d events", s.Position, s.LagEvents)
	}
	mended.Store(true)
	if err := f.Restart("clumsy"); err != nil {
		t.Fatal(err)
	}
	f.sees(t, "clumsy", at2, "x", 1, panics, 2)
	f.caughtUp(t)
}

func TestAPanicWhileCatchingUpStopsOnlyOneProjection(t *testing.T) {
	log, reads := stores(t)
	var mended atomic.Bool
	for i := range int64(4000) {
		value := i
		if i == 2000 {
			value = panics
		}
		noted(t, log, "a-1", fmt.Sprint("d", i), value)
	}
	f := fixture{Engine: start(t, config(log, reads,
		counter("sound", 1, "a-").Projection(), clumsy("clumsy", &mended, "a-").Projection())), log: log, reads: reads}
	f.sees(t, "sound", eventstore.Position{Commit: 4000, Prepare: 4000}, "d3999", 3999)
	f.stopsBefore(t, "clumsy", eventstore.Position{Commit: 2001, Prepare: 2001})
	for i := range int64(2000) {
		if diff := cmp.Diff([]int64{i}, f.values(t, "clumsy", fmt.Sprint("d", i))); diff != "" {
			t.Errorf("document d%d (-want +got):\n%s", i, diff)
		}
	}
	if got := f.values(t, "clumsy", "d2001"); got != nil {
		t.Errorf("what lies after the event is folded: %v", got)
	}
}

// stopsBefore waits until a projection has stopped, and compares where: directly before an event.
func (f fixture) stopsBefore(t *testing.T, name string, event eventstore.Position) {
	t.Helper()
	until(t, name+" has stopped", func() bool { return f.status(t, name).State == projections.Stopped })
	want := eventstore.Position{Commit: event.Commit - 1, Prepare: event.Prepare - 1}
	if got := f.status(t, name).Position; got != want {
		t.Errorf("%s has stopped at %s, want %s", name, got, want)
	}
}

// A batch that holds an event which cannot be folded is lost as a whole, which nobody may notice.
func TestAProjectionThatStopsHasFoldedWhatComesBefore(t *testing.T) {
	values := func(values ...int64) []eventstore.Event {
		var events []eventstore.Event
		for _, value := range values {
			events = append(events, noteOf(t, "x", value))
		}
		return events
	}
	broken := eventstore.Event{ID: uuid.New(), Type: "test.noted.v1", Data: []byte("{")}
	t.Run("a panic", func(t *testing.T) {
		var mended atomic.Bool
		f := given(t, counter("sound", 1, "a-").Projection(), clumsy("clumsy", &mended, "a-").Projection())
		at := appended(t, f.log, "a-1", values(1, 2, panics, 3)...)
		f.sees(t, "sound", at, "x", 1, 2, panics, 3)
		f.stopsBefore(t, "clumsy", eventstore.Position{Commit: at.Commit - 1, Prepare: at.Prepare - 1})
		f.sees(t, "clumsy", eventstore.Position{Commit: at.Commit - 2, Prepare: at.Prepare - 2}, "x", 1, 2)
		mended.Store(true)
		if err := f.Restart("clumsy"); err != nil {
			t.Fatal(err)
		}
		f.sees(t, "clumsy", at, "x", 1, 2, panics, 3)
	})
	t.Run("an event that cannot be read", func(t *testing.T) {
		f := given(t, counter("first", 1, "a-").Projection())
		at := appended(t, f.log, "a-1", append(values(1, 2), broken)...)
		f.stopsBefore(t, "first", at)
		f.sees(t, "first", eventstore.Position{Commit: at.Commit - 1, Prepare: at.Prepare - 1}, "x", 1, 2)
	})
	t.Run("while the read store is away", func(t *testing.T) {
		f := given(t, counter("first", 1, "a-").Projection())
		f.caughtUp(t)
		var refused atomic.Int64
		f.reads.fail(func(readstore.Batch) error {
			if refused.Add(1) > 3 {
				return nil
			}
			return readstore.ErrUnavailable
		})
		at := appended(t, f.log, "a-1", append(values(1, 2), broken)...)
		f.stopsBefore(t, "first", at)
		f.sees(t, "first", eventstore.Position{Commit: at.Commit - 1, Prepare: at.Prepare - 1}, "x", 1, 2)
	})
}

func TestUnknownEventsAreSkippedAndCounted(t *testing.T) {
	f := given(t, counter("first", 1, "a-").Projection(), counter("second", 1, "b-").Projection())
	appended(t, f.log, "a-1", eventstore.Event{ID: uuid.New(), Type: "test.invented-later.v1"})
	at := noted(t, f.log, "a-1", "x", 1)
	f.sees(t, "first", at, "x", 1)
	await(t, f.Engine, "second", at)
	if got := f.status(t, "first").SkippedUnknown; got != 1 {
		t.Errorf("skipped %d unknown events, want 1", got)
	}
	if got := f.status(t, "second").SkippedUnknown; got != 0 {
		t.Errorf("a projection of other streams skipped %d unknown events", got)
	}
}

func TestAnEventThatNobodyCaresForIsNotEvenDecoded(t *testing.T) {
	careless, careful := counter("careless", 1, "a-"), counter("careful", 1, "b-")
	careless.Ignores = []string{"test.noted.v1"}
	f := given(t, careless.Projection(), careful.Projection())
	broken := eventstore.Event{ID: uuid.New(), Type: "test.noted.v1", Data: []byte("{")}
	appended(t, f.log, "a-1", broken)
	appended(t, f.log, "a-1", eventstore.Event{ID: uuid.New(), Type: "test.invented-later.v1"})
	at := appended(t, f.log, "b-1", broken)
	await(t, f.Engine, "careless", at)
	until(t, "the other projection has stopped", func() bool { return f.status(t, "careful").State == projections.Stopped })
	if s := f.status(t, "careless"); s.State != projections.Live || s.SkippedUnknown != 1 {
		t.Errorf("state %s, %d unknown events, want live with 1", s.State, s.SkippedUnknown)
	}
}

func TestAnEventThatCannotBeReadStopsWhoFoldsIt(t *testing.T) {
	f := given(t, counter("first", 1, "a-").Projection(), counter("second", 1, "b-").Projection())
	appended(t, f.log, "a-1", eventstore.Event{ID: uuid.New(), Type: "test.noted.v1", Data: []byte("{")})
	at := noted(t, f.log, "b-1", "x", 1)
	f.sees(t, "second", at, "x", 1)
	until(t, "the projection has stopped", func() bool { return f.status(t, "first").State == projections.Stopped })
	if s := f.status(t, "first"); s.LastError != "broken event" {
		t.Errorf("state %s, last error %q", s.State, s.LastError)
	}
}

func TestADamagedDocumentStopsItsProjection(t *testing.T) {
	f := given(t, counter("first", 1, "a-").Projection())
	at := noted(t, f.log, "a-1", "x", 1)
	f.sees(t, "first", at, "x", 1)
	if err := f.Close(); err != nil { // an engine that runs has the document in memory and would put it right
		t.Fatal(err)
	}
	broken := readstore.Write{
		Collection: "first@1", ID: "x", Seen: eventstore.Position{Commit: 1, Prepare: 2},
		Body: bsonOf(t, struct {
			Values string `bson:"values"`
		}{"not a list"}),
	}
	if err := f.reads.Store.Commit(t.Context(), readstore.Batch{Writes: []readstore.Write{broken}}); err != nil {
		t.Fatal(err)
	}
	noted(t, f.log, "a-1", "x", 2)
	f.Engine = start(t, config(f.log, f.reads, counter("first", 1, "a-").Projection()))
	until(t, "the projection has stopped", func() bool { return f.status(t, "first").State == projections.Stopped })
	if want, got := "a document of first@1, seen 1/2, cannot be decoded", f.status(t, "first").LastError; got != want {
		t.Errorf("last error is %q, want %q", got, want)
	}
}

func TestAStoreThatIsAwayForAWhileIsWaitedFor(t *testing.T) {
	f := given(t, counter("first", 1, "a-").Projection())
	var refused atomic.Int32
	f.reads.fail(func(readstore.Batch) error {
		if refused.Add(1) <= 5 {
			return readstore.ErrUnavailable
		}
		return nil
	})
	f.sees(t, "first", noted(t, f.log, "a-1", "x", 0), "x", 0)
	f.log.SetDown(true)
	f.log.SetDown(false)
	f.sees(t, "first", noted(t, f.log, "a-1", "x", 1), "x", 0, 1)
	if got := refused.Load(); got < 6 {
		t.Errorf("the store was asked %d times", got)
	}
}

func TestACommitOfUnknownOutcomeIsNotFoldedTwice(t *testing.T) {
	f := given(t, counter("first", 1, "a-").Projection(), counter("second", 1, "a-").Projection())
	var once atomic.Bool
	f.reads.fail(func(batch readstore.Batch) error {
		if len(batch.Writes) > 0 && once.CompareAndSwap(false, true) {
			if err := f.reads.Store.Commit(context.Background(), batch); err != nil { //nolint:usetesting // it is the engine's commit
				return err
			}
			return readstore.ErrUnavailable
		}
		return nil
	})
	var at eventstore.Position
	for i := range int64(50) {
		at = noted(t, f.log, "a-1", "x", i)
	}
	f.sees(t, "first", at, "x", sequence(50)...)
	f.sees(t, "second", at, "x", sequence(50)...)
}

func TestADocumentThatTheStoreRefusesStopsOneProjection(t *testing.T) {
	f := given(t, counter("first", 1, "a-").Projection(), counter("second", 1, "a-").Projection())
	f.reads.fail(func(batch readstore.Batch) error {
		for _, write := range batch.Writes {
			if strings.HasPrefix(write.Collection, "first") {
				return errors.New("the document is too large")
			}
		}
		return nil
	})
	at := noted(t, f.log, "a-1", "x", 0)
	f.sees(t, "second", at, "x", 0)
	until(t, "the projection has stopped", func() bool { return f.status(t, "first").State == projections.Stopped })
}

// A document that an event leaves unchanged is not written, live as in a rebuild.
func TestADocumentThatStaysAsItIsIsNotWritten(t *testing.T) {
	model := counter("first", 1, "a-")
	model.Changes = func(doc *counted, event codec.Envelope) bool {
		return !slices.Contains(doc.Values, event.Event.(note).Value)
	}
	f := given(t, model.Projection())
	f.caughtUp(t)
	at := noted(t, f.log, "a-1", "x", 1)
	f.sees(t, "first", at, "x", 1)
	f.sees(t, "first", noted(t, f.log, "a-1", "x", 1), "x", 1)
	f.written(t, "first", "x", at)
	at = noted(t, f.log, "a-1", "x", 2)
	f.sees(t, "first", at, "x", 1, 2)
	last := noted(t, f.log, "a-1", "x", 1)
	f.sees(t, "first", last, "x", 1, 2)
	rebuild(t, f.Engine)
	f.sees(t, "first", last, "x", 1, 2)
	f.written(t, "first", "x", at)
}

// written looks at which event a document was written for.
func (f fixture) written(t *testing.T, name, document string, want eventstore.Position) {
	t.Helper()
	collection, err := f.Directory().Serving(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	found, err := f.reads.Get(t.Context(), collection, document)
	if err != nil {
		t.Fatal(err)
	}
	if found.Seen != want {
		t.Errorf("%s of %s was written for the event %s, want %s", document, name, found.Seen, want)
	}
}
