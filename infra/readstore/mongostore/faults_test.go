package mongostore_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/readstore/mongostore"
	"services.example/portal/infra/readstore/mongostore/mongotest"
)

// patience is how much later than its context a call may end.
const patience = 500 * time.Millisecond

// openThrough opens a store whose connections go through a proxy, in a database of its own.
func openThrough(t *testing.T) (*proxy, *mongostore.Store) {
	t.Helper()
	return openThroughIn(t, mongotest.Database(t))
}

func openThroughIn(t *testing.T, database string) (*proxy, *mongostore.Store) {
	t.Helper()
	p, url := startProxy(t, mongotest.Need(t).URL)
	o := mongostore.Options{Database: database}
	store, err := mongostore.Open(url, o)
	noError(t, err)
	t.Cleanup(func() {
		p.set(refusing) // what is cut needs not be waited for
		noError(t, store.Close())
	})
	noError(t, store.Declare(t.Context(),
		readstore.Collection{Name: "c", Indexes: byN}, readstore.Collection{Name: "codes", Expires: true}))
	return p, store
}

// calls are one call of each kind.
func calls(store *mongostore.Store) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"Ping":        store.Ping,
		"Declare":     func(ctx context.Context) error { return store.Declare(ctx, readstore.Collection{Name: "d"}) },
		"Collections": func(ctx context.Context) error { return second(store.Collections(ctx)) },
		"Drop":        func(ctx context.Context) error { return store.Drop(ctx, "c") },
		"Get":         func(ctx context.Context) error { return second(store.Get(ctx, "c", "x")) },
		"View": func(ctx context.Context) error {
			return store.View(ctx, "c", "x", func(readstore.Document) error { return nil })
		},
		"GetMany": func(ctx context.Context) error { return second(store.GetMany(ctx, "c", []string{"x", "y"})) },
		"List": func(ctx context.Context) error {
			return second(store.List(ctx, "c", readstore.Query{Index: "n", Limit: 1}))
		},
		"Commit":      func(ctx context.Context) error { return store.Commit(ctx, step(0, 1)) },
		"Checkpoint":  func(ctx context.Context) error { return second(store.Checkpoint(ctx, "p")) },
		"Forget":      func(ctx context.Context) error { return store.ForgetCheckpoint(ctx, "p") },
		"Entry":       func(ctx context.Context) error { return second(store.Entry(ctx, "codes", "x")) },
		"PutEntry":    func(ctx context.Context) error { return second(store.PutEntry(ctx, "codes", code())) },
		"RemoveEntry": func(ctx context.Context) error { return store.RemoveEntry(ctx, "codes", "x", 0) },
		"Maintain":    store.Maintain,
	}
}

func second[T any](_ T, err error) error { return err }

func code() readstore.Entry {
	return readstore.Entry{ID: "x", Expires: time.Now().Add(time.Hour), Body: body(bson.D{{Key: "n", Value: 1}})}
}

func TestCallsWithoutAServerEndWithTheirContext(t *testing.T) {
	for name, mode := range map[string]int32{"connections are refused": refusing, "nothing is answered": silent} {
		t.Run(name, func(t *testing.T) {
			p, store := openThrough(t)
			p.set(mode)
			for name, call := range calls(store) {
				const allowed = 100 * time.Millisecond
				ctx, cancel := context.WithTimeout(t.Context(), allowed)
				start := time.Now()
				err := call(ctx)
				cancel()
				if took := time.Since(start); took > allowed+patience {
					t.Errorf("%s took %s", name, took)
				}
				if !errors.Is(err, readstore.ErrUnavailable) {
					t.Errorf("%s: got error %v, want %v", name, err, readstore.ErrUnavailable)
				}
			}
			p.set(passing)
			noError(t, store.Commit(t.Context(), step(0, 1))) // healed
		})
	}
}

func TestAnOutcomeThatNobodyKnowsIsUnavailableAndCanBeRepeated(t *testing.T) {
	p, store := openThrough(t)
	ctx := t.Context()
	noError(t, store.Commit(ctx, step(0, 1)))
	p.set(deaf)
	short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	isUnavailable(t, store.Commit(short, step(1, 2)))
	p.set(refusing)
	p.set(passing)

	err := store.Commit(ctx, step(1, 2))
	var elsewhere *readstore.CheckpointError
	if err != nil && !errors.As(err, &elsewhere) {
		t.Fatalf("got error %v, want none or a CheckpointError", err)
	}
	at, err := store.Checkpoint(ctx, "p")
	noError(t, err)
	equal(t, at, position(2))
	equal(t, idsIn(t, store), []string{"1", "2"})
}

func TestNothingAcknowledgedIsLostWhenTheServerIsKilled(t *testing.T) {
	binary := os.Getenv(mongotest.FerretVariable)
	if binary == "" {
		t.Skipf("only a server that the test starts can be killed: set %s", mongotest.FerretVariable)
	}
	dir, address := t.TempDir(), freeAddress(t)
	start := func() *mongotest.Ferret {
		process, err := mongotest.StartFerret(dir, address)
		noError(t, err)
		t.Cleanup(process.Stop)
		return process
	}
	store, err := mongostore.Open("mongodb://"+address+"/portal", mongostore.Options{})
	noError(t, err)
	t.Cleanup(func() { noError(t, store.Close()) })

	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	isUnavailable(t, store.Declare(short, readstore.Collection{Name: "c", Indexes: byN})) // not there yet
	process := start()
	noError(t, store.Declare(t.Context(), readstore.Collection{Name: "c", Indexes: byN}))

	const steps, kills = 30, 3
	killed := make(chan struct{})
	for n := range steps {
		if n%(steps/kills) == steps/kills/2 {
			go func() { // at some moment of the commits that follow
				process.Stop()
				close(killed)
			}()
		}
		for err := errors.New("not tried yet"); err != nil; {
			select {
			case <-killed:
				process, killed = start(), make(chan struct{})
			default:
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			err = store.Commit(ctx, step(n, n+1))
			cancel()
			var elsewhere *readstore.CheckpointError
			if errors.As(err, &elsewhere) && elsewhere.Stored == position(n+1) {
				break // it had taken effect
			}
			if err != nil && !errors.Is(err, readstore.ErrUnavailable) {
				t.Fatalf("got error %v, want %v", err, readstore.ErrUnavailable)
			}
		}
	}
	at, err := store.Checkpoint(t.Context(), "p")
	noError(t, err)
	equal(t, at, position(steps))
	var want []string
	for n := 1; n <= steps; n++ {
		want = append(want, strconv.Itoa(n))
	}
	equal(t, idsIn(t, store), want)
}

func TestAURLThatCannotBeUnderstoodIsNotQuoted(t *testing.T) {
	for _, url := range []string{
		"mongodb://portal:hushhush@:70000", "http://portal:hushhush@host", "mongodb://portal:hushhush@host/?directConnection=hushhush",
		"mongodb://portal:hushhush@one,two/?directConnection=true",
	} {
		_, err := mongostore.Open(url, mongostore.Options{})
		var invalid *readstore.InvalidError
		if !errors.As(err, &invalid) || strings.Contains(err.Error(), "hushhush") {
			t.Errorf("got error %v, want an InvalidError that keeps the password", err)
		}
	}
}

// step is a batch with one document that moves the checkpoint of p.
func step(from, to int) readstore.Batch {
	return readstore.Batch{
		Writes:   []readstore.Write{put("c", strconv.Itoa(to), to, bson.D{{Key: "n", Value: to}})},
		Advances: []readstore.Advance{{Projection: "p", From: position(from), To: position(to)}},
	}
}

var byN = []readstore.Index{{Name: "n", Fields: []readstore.Field{{Path: "n"}}}}

func position(n int) eventstore.Position {
	return eventstore.Position{Commit: uint64(n), Prepare: uint64(n)}
}

func put(collection, id string, seen int, fields bson.D) readstore.Write {
	return readstore.Write{Collection: collection, ID: id, Seen: position(seen), Body: body(fields)}
}

func body(fields bson.D) bson.Raw {
	raw, err := bson.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return raw
}

// idsIn lists the ids of collection c by its index n.
func idsIn(t *testing.T, store *mongostore.Store) []string {
	t.Helper()
	return idsBy(t, store, "n")
}

func idsBy(t *testing.T, store *mongostore.Store, index string) []string {
	t.Helper()
	page, err := store.List(t.Context(), "c", readstore.Query{Index: index, Limit: readstore.MaxLimit})
	noError(t, err)
	ids := []string{}
	for _, document := range page.Documents {
		ids = append(ids, document.ID)
	}
	return ids
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
}

func isUnavailable(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, readstore.ErrUnavailable) {
		t.Fatalf("got error %v, want %v", err, readstore.ErrUnavailable)
	}
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("differs (-want +got):\n%s", diff)
	}
}
