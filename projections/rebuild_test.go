package projections_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/pubsub/pubsubtest"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
)

func rebuild(t *testing.T, engine *projections.Engine, names ...string) []projections.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	reports, err := engine.Rebuild(ctx, names...)
	if err != nil {
		t.Fatal(err)
	}
	return reports
}

var withoutDuration = cmpopts.IgnoreFields(projections.Report{}, "Built", "Duration")

func collections(t *testing.T, reads readstore.Store) []string {
	t.Helper()
	names, err := reads.Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

func TestARebuildTakesOverAndKeepsTheGenerationBefore(t *testing.T) {
	f := given(t, counter("first", 1, "a-").Projection(), counter("second", 1, "a-").Projection())
	for i := range int64(300) {
		noted(t, f.log, "a-1", fmt.Sprint("d", i%10), i)
	}
	f.caughtUp(t)
	await(t, f.Engine, "first", eventstore.Position{Commit: 300, Prepare: 300})
	for generation := 2; generation <= 4; generation++ {
		want := []projections.Report{{
			Name: "first", Collection: fmt.Sprint("first@1.g", generation), Documents: 10, Compared: true, Events: 300,
		}}
		if diff := cmp.Diff(want, rebuild(t, f.Engine, "first"), withoutDuration); diff != "" {
			t.Errorf("report of generation %d (-want +got):\n%s", generation, diff)
		}
	}
	want := []string{"first@1.g3", "first@1.g4", "read_models", "second@1"}
	if diff := cmp.Diff(want, collections(t, f.reads)); diff != "" {
		t.Errorf("collections (-want +got):\n%s", diff)
	}
	at := noted(t, f.log, "a-1", "d0", 300)
	await(t, f.Engine, "first", at)
	if got := f.values(t, "first", "d0"); len(got) != 31 {
		t.Errorf("after the rebuilds the document has %d values, want 31", len(got))
	}
}

func TestARebuildNamesTheDocumentsThatDiffer(t *testing.T) {
	f := given(t, counter("first", 1, "a-").Projection())
	for _, document := range []string{"changed", "lost", "sound"} {
		noted(t, f.log, "a-1", document, 1)
	}
	await(t, f.Engine, "first", eventstore.Position{Commit: 3, Prepare: 3})
	later := eventstore.Position{Commit: 3, Prepare: 4}
	damage := readstore.Batch{Writes: []readstore.Write{
		{Collection: "first@1", ID: "changed", Seen: later, Body: bsonOf(t, counted{ID: "changed", Values: []int64{2}})},
		{Collection: "first@1", ID: "lost", Seen: later},
		{Collection: "first@1", ID: "invented", Seen: later, Body: bsonOf(t, counted{ID: "invented"})},
	}}
	if err := f.reads.Store.Commit(t.Context(), damage); err != nil {
		t.Fatal(err)
	}
	want := []projections.Report{{
		Name: "first", Collection: "first@1.g2", Documents: 3, Compared: true, Events: 3,
		Differences: []string{"changed", "invented", "lost"},
	}}
	if diff := cmp.Diff(want, rebuild(t, f.Engine, "first"), withoutDuration); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int64{1}, f.values(t, "first", "changed")); diff != "" {
		t.Errorf("the rebuilt document (-want +got):\n%s", diff)
	}
}

func TestARebuildUnderLoadFindsNoDifference(t *testing.T) {
	f := given(t, counter("first", 1, "a-").Projection(), counter("second", 1, "a-").Projection())
	ctx, stop := context.WithCancel(t.Context())
	written := make(chan int64)
	go func() {
		n := int64(0)
		tick := time.NewTicker(50 * time.Microsecond) // the load of this test
		defer tick.Stop()
		for ; ctx.Err() == nil || n < 3000; n++ {
			noted(t, f.log, "a-1", fmt.Sprint("d", n%7), n) //nolint:contextcheck // it writes until it is told to stop
			time.Sleep(50 * time.Microsecond)               //nolint:forbidigo // the load of this test
		}
		written <- n
	}()
	for range 3 {
		for _, report := range rebuild(t, f.Engine) {
			if !report.Compared || len(report.Differences) > 0 {
				t.Errorf("%s: compared %t, differences %v", report.Collection, report.Compared, report.Differences)
			}
		}
	}
	stop()
	n := <-written
	for _, name := range []string{"first", "second"} {
		await(t, f.Engine, name, eventstore.Position{Commit: uint64(n), Prepare: uint64(n)})
		seen := 0
		for i := range 7 {
			seen += len(f.values(t, name, fmt.Sprint("d", i)))
		}
		if int64(seen) != n {
			t.Errorf("%s has %d values of %d events", name, seen, n)
		}
	}
}

func TestARebuildThatIsGivenUpChangesNothing(t *testing.T) {
	var mended atomic.Bool
	mended.Store(true)
	f := given(t, clumsy("first", &mended, "a-").Projection())
	f.sees(t, "first", noted(t, f.log, "a-1", "x", panics), "x", panics)
	mended.Store(false)
	if _, err := f.Rebuild(t.Context(), "first"); err == nil {
		t.Error("a rebuild over an event that the projection cannot bear succeeded")
	}
	if diff := cmp.Diff([]string{"first@1", "read_models"}, collections(t, f.reads)); diff != "" {
		t.Errorf("collections (-want +got):\n%s", diff)
	}
	f.sees(t, "first", noted(t, f.log, "a-1", "x", 1), "x", panics, 1)
}

func TestOnlyKnownReadModelsAreRebuilt(t *testing.T) {
	f := given(t, counter("first", 1, "a-").Projection())
	if _, err := f.Rebuild(t.Context(), "unheard_of"); err == nil {
		t.Error("a read model that nobody knows was rebuilt")
	}
}

func TestAStoppedProjectionIsRebuiltWithoutComparing(t *testing.T) {
	var mended atomic.Bool
	f := given(t, clumsy("first", &mended, "a-").Projection())
	at := noted(t, f.log, "a-1", "x", panics)
	until(t, "the projection has stopped", func() bool { return f.status(t, "first").State == projections.Stopped })
	mended.Store(true)
	want := []projections.Report{{Name: "first", Collection: "first@1.g2", Documents: 1, Events: 1}}
	if diff := cmp.Diff(want, rebuild(t, f.Engine), withoutDuration); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	f.sees(t, "first", at, "x", panics)
}

// doubled is the counter in a version that writes every value twice.
func doubled(name string) projections.ReadModel[counted] {
	model := counter(name, 2, "a-")
	fold := model.Fold
	model.Fold = func(doc *counted, id string, event envelope) *counted { return fold(fold(doc, id, event), id, event) }
	return model
}

func TestANewVersionTakesOverOnceItHasCaughtUp(t *testing.T) {
	log, reads := stores(t)
	old := fixture{Engine: start(t, config(log, reads, counter("first", 1, "a-").Projection())), log: log, reads: reads}
	var at eventstore.Position
	for i := range int64(2000) {
		at = noted(t, log, "a-1", fmt.Sprint("d", i), i)
	}
	old.sees(t, "first", at, "d1999", 1999)
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	fresh := fixture{Engine: start(t, config(log, reads, doubled("first").Projection())), log: log, reads: reads}
	until(t, "the new version serves", func() bool {
		serving, err := fresh.Directory().Serving(t.Context(), "first")
		return err == nil && serving == "first@2"
	})
	fresh.sees(t, "first", at, "d1999", 1999, 1999)
	fresh.sees(t, "first", noted(t, log, "a-1", "d1999", 7), "d1999", 1999, 1999, 7, 7)
	if diff := cmp.Diff([]string{"first@1", "first@2", "read_models"}, collections(t, reads)); diff != "" {
		t.Errorf("collections (-want +got):\n%s", diff)
	}
	if err := fresh.Close(); err != nil {
		t.Fatal(err)
	}
	// Going back to the old binary works too, from where it had stopped.
	back := fixture{Engine: start(t, config(log, reads, counter("first", 1, "a-").Projection())), log: log, reads: reads}
	until(t, "the old version serves again", func() bool {
		serving, err := back.Directory().Serving(t.Context(), "first")
		return err == nil && serving == "first@1"
	})
	back.sees(t, "first", eventstore.Position{}, "d1999", 1999, 7)
}

func TestWaitingForAReadModelOfAnotherProcess(t *testing.T) {
	log, reads := stores(t)
	model := counter("first", 1, "a-").Projection()
	asker, err := projections.New(config(log, reads, model)) // never started
	if err != nil {
		t.Fatal(err)
	}
	directory := readstore.Collection{
		Name:    projections.DirectoryCollection,
		Indexes: []readstore.Index{{Name: "collection", Fields: []readstore.Field{{Path: "collection"}}}},
	}
	if err := reads.Declare(t.Context(), directory); err != nil {
		t.Fatal(err)
	}
	first := make(chan error, 1)
	go func() { first <- asker.Await(t.Context(), "first", eventstore.Position{}) }()
	early, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := asker.Await(early, "first", eventstore.Position{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for a read model that is not built yet ended with %v", err)
	}
	builder := fixture{Engine: start(t, config(log, reads, model)), log: log, reads: reads}
	if err := <-first; err != nil {
		t.Error(err)
	}
	builder.caughtUp(t)
	done := make(chan error, 1)
	go func() { done <- asker.Await(t.Context(), "first", eventstore.Position{Commit: 1, Prepare: 1}) }()
	noted(t, log, "a-1", "x", 1)
	if err := <-done; err != nil {
		t.Error(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer stop()
	if err := asker.Await(ctx, "first", eventstore.Position{Commit: 2, Prepare: 2}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for a position that does not come ended with %v", err)
	}
	if err := asker.Await(t.Context(), "unheard_of", eventstore.Position{}); !errors.Is(err, projections.ErrNotServing) {
		t.Errorf("waiting for a read model that nobody builds ended with %v", err)
	}
}

func TestAReadModelOfAnotherLogStopsUntilItIsRebuilt(t *testing.T) {
	log, reads := stores(t)
	model := counter("first", 1, "a-").Projection()
	f := fixture{Engine: start(t, config(log, reads, model)), log: log, reads: reads}
	noted(t, log, "a-1", "x", 1)
	f.sees(t, "first", noted(t, log, "a-1", "x", 2), "x", 1, 2)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	restored := pubsubtest.NewLog()
	at := noted(t, restored, "a-1", "x", 1)
	f = fixture{Engine: start(t, config(restored, reads, model)), log: restored, reads: reads}
	until(t, "the projection has stopped", func() bool { return f.status(t, "first").State == projections.Stopped })
	rebuild(t, f.Engine)
	f.sees(t, "first", at, "x", 1)
	f.sees(t, "first", noted(t, restored, "a-1", "x", 3), "x", 1, 3)
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	f := given(t, counter("first", 1, "a-").Projection())
	f.caughtUp(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := f.Await(ctx, "first", eventstore.Position{Commit: 1}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting ended with %v", err)
	}
}

func TestTwoEnginesOverOneStoreFoldEverythingOnce(t *testing.T) {
	log, reads := stores(t)
	model := counter("first", 1, "a-").Projection()
	one := fixture{Engine: start(t, config(log, reads, model)), log: log, reads: reads}
	start(t, config(log, reads, model))
	var at eventstore.Position
	for i := range int64(500) {
		at = noted(t, log, "a-1", "x", i)
	}
	one.sees(t, "first", at, "x", sequence(500)...)
}

func TestConfigurationsThatCannotWorkAreRefused(t *testing.T) {
	type hash struct {
		Values map[string]int `bson:"values"`
	}
	good := counter("first", 1, "a-")
	noName, noVersion, noStreams, noFold := good, good, good, good
	noName.Name, noVersion.Version, noStreams.Streams, noFold.Fold = "No name", 0, nil, nil
	random := projections.ReadModel[hash]{
		Name: "random", Version: 1, Streams: good.Streams, Indexes: good.Indexes, Keys: good.Keys,
		Fold: func(doc *hash, _ string, _ envelope) *hash { return doc },
	}
	for name, models := range map[string][]projections.Projection{
		"a name that is none":            {noName.Projection()},
		"no version":                     {noVersion.Projection()},
		"no streams":                     {noStreams.Projection()},
		"no fold":                        {noFold.Projection()},
		"two of one name":                {good.Projection(), counter("first", 2, "a-").Projection()},
		"documents in an order of whims": {random.Projection()},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := projections.New(config(pubsubtest.NewLog(), nil, models...)); err == nil {
				t.Error("it was accepted")
			}
		})
	}
}
