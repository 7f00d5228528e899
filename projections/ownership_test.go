package projections_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/lease"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
)

func (c *cluster) noted(t *testing.T, stream, document string, value int64) eventstore.Position {
	t.Helper()
	return c.appended(t, "test.noted.v1", stream, document, value)
}

func (c *cluster) appended(t *testing.T, kind, stream, document string, value int64) eventstore.Position {
	t.Helper()
	at, err := c.append(t.Context(), kind, stream, document, value)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func (c *cluster) append(ctx context.Context, kind, stream, document string, value int64) (eventstore.Position, error) {
	data, err := json.Marshal(note{Document: document, Value: value})
	if err != nil {
		return eventstore.Position{}, err
	}
	event := eventstore.Event{ID: uuid.New(), Type: kind, JSON: true, Data: data}
	at, err := c.log.Append(ctx, stream, eventstore.Any, event)
	return at.Position, err
}

func models(version int) []projections.Projection {
	return []projections.Projection{counter("first", version, "a-").Projection(), counter("second", 1, "b-").Projection()}
}

func TestOneProcessProjectsAndTheOthersAnswer(t *testing.T) {
	c := newCluster(t)
	owner := c.start(t, "owner", decoder{}, models(1)...)
	until(t, "one owns", func() bool { return owner.owns(t) })
	standby := c.start(t, "standby", decoder{}, models(1)...)
	for i := range int64(20) {
		at := c.noted(t, "a-1", "x", i)
		standby.as(c).sees(t, "first", at, "x", sequence(i+1)...)
		owner.as(c).sees(t, "first", at, "x", sequence(i+1)...)
	}
	standby.as(c).caughtUp(t)
	var got []string
	statuses, err := standby.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statuses {
		got = append(got, fmt.Sprint(s.Name, " ", s.Collection, " ", s.State, " ", s.Serving, " ", s.LagEvents))
	}
	want := []string{"first first@1 standby true 0", "second second@1 standby true 0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("status of the one that stands by (-want +got):\n%s", diff)
	}
	owner.stop(t)
	stopped := time.Now()
	at := c.noted(t, "a-1", "x", 20)
	standby.as(c).sees(t, "first", at, "x", sequence(21)...)
	t.Logf("after an orderly stop: %s", time.Since(stopped).Round(time.Millisecond))
	if !standby.owns(t) {
		t.Error("the other process does not project")
	}
}

// Three processes under load, of which any is killed or frozen at any time: another takes over, and in the end every read
// model is what its rebuild is.
func TestReadModelsSurviveKillsAndFreezesOfTheirProcesses(t *testing.T) {
	c := newCluster(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))
	number := 0
	hire := func() *process {
		number++
		return c.start(t, "process-"+strconv.Itoa(number), decoder{}, models(1)...)
	}
	processes := []*process{hire(), hire(), hire()}
	processes[0].as(c).caughtUp(t) // until one of them has begun, nothing serves

	ctx, enough := context.WithCancel(t.Context())
	var load sync.WaitGroup
	for w := range 2 {
		work := rand.New(rand.NewPCG(seed, uint64(w)+1))
		load.Go(func() {
			pace := time.NewTicker(500 * time.Microsecond)
			defer pace.Stop()
			for i := int64(0); ctx.Err() == nil; i++ {
				value := i
				switch work.IntN(20) {
				case 0:
					value = removes
				case 1:
					value = clears
				}
				stream := []string{"a-", "b-"}[work.IntN(2)] + strconv.Itoa(w)
				document := strconv.Itoa(w) + "/" + strconv.Itoa(work.IntN(30))
				if _, err := c.append(ctx, "test.noted.v1", stream, document, value); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
				<-pace.C
			}
		})
	}
	longest := time.Duration(0)
	for range 14 {
		victim := chance.IntN(len(processes))
		for i, p := range processes { // mostly the one that matters
			if chance.IntN(4) > 0 && p.owns(t) {
				victim = i
			}
		}
		p := processes[victim]
		frozen := chance.IntN(2) == 0
		if frozen {
			p.gate.freeze()
		} else {
			p.gate.kill()
		}
		began := time.Now()
		other := processes[(victim+1)%len(processes)]
		at := c.noted(t, "a-0", "0/0", 1)
		await(t, other.Engine, "first", at)
		await(t, other.Engine, "second", at)
		longest = max(longest, time.Since(began))
		if frozen {
			p.gate.thaw()
			continue
		}
		p.die(t)
		processes[victim] = hire()
	}
	enough()
	load.Wait()
	if longest > 5*time.Second {
		t.Errorf("it took %s until another process had taken over", longest)
	}
	t.Logf("until another process had taken over, at most %s with a lease of %s", longest.Round(time.Millisecond), shortTTL)

	survivor := processes[0] // whether or not it owns: the owner hands over
	survivor.as(c).caughtUp(t)
	type outcome struct {
		Compared    bool
		Differences []string
	}
	got := map[string]outcome{}
	for _, report := range rebuild(t, survivor.Engine) {
		got[report.Name] = outcome{report.Compared, report.Differences}
	}
	want := map[string]outcome{"first": {Compared: true}, "second": {Compared: true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rebuilds (-want +got):\n%s", diff)
	}
}

// A process that was frozen on the point of switching a read model wakes up after others have rebuilt it twice.
func TestAFormerOwnerSwitchesAndDropsNothing(t *testing.T) {
	c := newCluster(t)
	first := c.start(t, "first", decoder{}, models(1)...)
	until(t, "one owns", func() bool { return first.owns(t) })
	at := c.noted(t, "a-1", "x", 0)
	await(t, first.Engine, "first", at)
	second := c.start(t, "second", decoder{}, models(1)...)

	// The directory is looked at when the build begins, and again when it is switched.
	switching := make(chan struct{})
	var looks atomic.Int32
	asks := func(collection string) {
		if collection == projections.DirectoryCollection && looks.Add(1) == 2 {
			first.gate.freeze()
			close(switching)
		}
	}
	first.gate.asks.Store(&asks)
	failed := make(chan error, 1)
	go func() {
		_, err := first.Rebuild(t.Context(), "first")
		failed <- err
	}()
	<-switching
	until(t, "the second owns", func() bool { return second.owns(t) })
	rebuild(t, second.Engine, "first")
	rebuild(t, second.Engine, "first")
	serving, before := serves(t, c, "first"), collections(t, c.reads)
	first.gate.thaw()
	var fenced *readstore.CheckpointError
	if err := <-failed; !errors.As(err, &fenced) || fenced.Projection != lease.FenceName("projections") {
		t.Errorf("the rebuild by the former owner ended with %v, want that it is fenced", err)
	}
	if now := serves(t, c, "first"); now != serving {
		t.Errorf("%s serves, want %s", now, serving)
	}
	at = c.noted(t, "a-1", "x", 1)
	second.as(c).sees(t, "first", at, "x", 0, 1)
	// Nothing is gone but what the former owner was building.
	var kept []string
	for _, collection := range before {
		if !strings.HasPrefix(collection, "first@1.g1000") { // the first token's
			kept = append(kept, collection)
		}
	}
	if diff := cmp.Diff(kept, collections(t, c.reads)); diff != "" {
		t.Errorf("collections (-want +got):\n%s", diff)
	}
}

func serves(t *testing.T, c *cluster, name string) string {
	t.Helper()
	serving, err := projections.NewDirectory(c.reads).Serving(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return serving
}

// What a killed process was building is removed by the next owner.
func TestTheNextOwnerRemovesUnfinishedBuilds(t *testing.T) {
	c := newCluster(t)
	if err := c.reads.Declare(t.Context(),
		readstore.Collection{Name: "first@1.g7"}, readstore.Collection{Name: "first@2"}, readstore.Collection{Name: "firsts@1.g7"},
	); err != nil {
		t.Fatal(err)
	}
	c.start(t, "owner", decoder{}, models(1)...)
	want := []string{"first@1", "first@2", "firsts@1.g7", "leases", "read_models", "second@1"}
	until(t, "the build, and nothing else, is gone", func() bool { return slices.Equal(want, collections(t, c.reads)) })
}

// knowing is the decoder of a binary that knows versions of the event up to newest.
type knowing struct{ newest int }

func (k knowing) Reads(stored string) bool {
	version, err := strconv.Atoi(strings.TrimPrefix(stored, "test.noted.v"))
	return err == nil && version <= k.newest
}

func (k knowing) Decode(ctx context.Context, recorded eventstore.Recorded) (codec.Envelope, error) {
	if strings.HasPrefix(recorded.Type, "test.noted.v") {
		if !k.Reads(recorded.Type) {
			return codec.Envelope{}, &codec.NewerVersionError{Stream: recorded.Stream, Revision: recorded.Revision, Type: recorded.Type}
		}
		recorded.Type = "test.noted.v1"
	}
	return decoder{}.Decode(ctx, recorded)
}

func TestAnOlderProcessLeavesNewerEventsToANewerProcess(t *testing.T) {
	c := newCluster(t)
	older := c.start(t, "older", knowing{1}, models(1)...)
	asOld := c.start(t, "as old", knowing{1}, models(1)...)
	until(t, "one owns", func() bool { return older.owns(t) || asOld.owns(t) })
	c.noted(t, "a-1", "x", 0)
	c.appended(t, "test.noted.v2", "a-1", "x", 1)
	c.appended(t, "test.invented.v1", "a-1", "x", 7) // unknown: skipped
	at := c.noted(t, "a-1", "x", 2)
	other := c.noted(t, "b-1", "y", 5)

	// It stops before what it cannot read; what does not meet it goes on.
	older.as(c).sees(t, "second", other, "y", 5)
	asOld.as(c).sees(t, "second", other, "y", 5)
	owner := older
	if !owner.owns(t) {
		owner = asOld
	}
	until(t, "the projection has stopped", func() bool { return owner.as(c).status(t, "first").State == projections.Stopped })
	s := owner.as(c).status(t, "first")
	if !strings.Contains(s.LastError, "needs a newer version of the portal") {
		t.Errorf("it stopped because of %q", s.LastError)
	}
	if diff := cmp.Diff([]int64{0}, owner.as(c).values(t, "first", "x")); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}

	began := time.Now()
	newer := c.start(t, "newer", knowing{2}, models(1)...)
	newer.as(c).sees(t, "first", at, "x", 0, 1, 2)
	t.Logf("the newer process had taken over after %s", time.Since(began).Round(time.Millisecond))
	older.as(c).sees(t, "first", at, "x", 0, 1, 2)
	if !newer.owns(t) || older.owns(t) || asOld.owns(t) {
		t.Error("the newer process is not the one that projects")
	}
}

func TestAnOlderProcessDoesNotTakeBackAReadModel(t *testing.T) {
	c := newCluster(t)
	newer := c.start(t, "newer", decoder{}, models(2)...)
	until(t, "the newer process owns", func() bool { return newer.owns(t) })
	await(t, newer.Engine, "first", c.noted(t, "a-1", "x", 0))
	older := c.start(t, "older", decoder{}, models(1)...)
	newer.stop(t)
	at := c.noted(t, "b-1", "y", 5)
	older.as(c).sees(t, "second", at, "y", 5)
	if s := older.as(c).status(t, "first"); s.State != projections.Stopped || s.Collection != "first@2" ||
		!strings.Contains(s.LastError, "needs a newer version of the portal") {
		t.Errorf("the older process has %+v", s)
	}
	_, err := older.Directory().Serving(t.Context(), "first")
	var refused *problem.Problem
	if !errors.As(err, &refused) || refused.Kind != problem.Unavailable || refused.Code != "newer-version" {
		t.Errorf("a query of the older process is answered with %v", err)
	}
	again := c.start(t, "again newer", decoder{}, models(2)...)
	until(t, "the newer process owns", func() bool { return again.owns(t) })
	again.as(c).sees(t, "first", c.noted(t, "a-1", "x", 1), "x", 0, 1)
}
