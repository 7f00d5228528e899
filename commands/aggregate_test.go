package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/application"
	"services.example/portal/infra/eventstore"
)

// numbered is data of a step that tells which of many saved it.
func numbered(n int) json.RawMessage { return json.RawMessage(fmt.Sprintf(`{"name":"%d"}`, n)) }

func TestAStateInMemoryIsTheStateInTheStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	a := w.start(who)
	w.fill(who, a.ID)
	sent, err := w.Applications.SubmitApplication(t.Context(), keyed(who, "send", ""), a.ID)
	done(t, err)
	warm, err := w.streams().applications.load(t.Context(), a.ID)
	done(t, err)
	w.restart()
	cold, err := w.streams().applications.load(t.Context(), a.ID)
	done(t, err)
	if diff := cmp.Diff(cold, warm, cmp.AllowUnexported(loaded[application.State]{}, doneCommand{})); diff != "" {
		t.Errorf("memory and store differ (-store +memory):\n%s", diff)
	}
	if cold.revision != sent.Revision || cold.position != sent.Position {
		t.Errorf("loaded at %d, %s; answered %d, %s", cold.revision, cold.position, sent.Revision, sent.Position)
	}
}

func (w *world) streams() *streams { return w.Applications.streams }

func TestWhatAnotherProcessWroteIsSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	a := w.start(who)
	other := w.process()
	first, err := other.Applications.SaveStep(t.Context(), by(who), a.ID, "company", numbered(1))
	done(t, err)
	second, err := w.Applications.SaveStep(t.Context(), by(who), a.ID, "question", json.RawMessage(`{"text":"2"}`))
	done(t, err)
	company, _ := second.State.Step("company")
	if second.Revision != first.Revision+1 || string(company.Data) != `{"name":"1"}` {
		t.Errorf("answered revision %d with %s after another process wrote %d", second.Revision, company.Data, first.Revision)
	}
	again, err := other.Applications.SaveStep(t.Context(), by(who), a.ID, "question", json.RawMessage(`{"text":"2"}`))
	done(t, err)
	if again.Revision != second.Revision {
		t.Errorf("what another process saved was saved again, as revision %d", again.Revision)
	}
}

// TestRacingSaves: whoever saves, in two processes and 64 at once, is told that it is saved, and it is, once.
func TestRacingSaves(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	a := w.start(who)
	processes := []*Commands{w.Commands, w.process()}
	const savers = 64
	steps := []string{"person", "company"}
	revisions := make([]int64, savers)
	var racing sync.WaitGroup
	for n := range savers {
		racing.Go(func() {
			saved, err := processes[n%2].Applications.SaveStep(t.Context(), by(who), a.ID, steps[n/2%2], numbered(n))
			if err != nil {
				t.Errorf("saver %d: %v", n, err)
			}
			revisions[n] = saved.Revision
		})
	}
	racing.Wait()
	slices.Sort(revisions)
	want := make([]int64, savers)
	for i := range want {
		want[i] = int64(i + 1)
	}
	if diff := cmp.Diff(want, revisions); diff != "" {
		t.Errorf("revisions that were answered (-want +got):\n%s", diff)
	}
	written := map[string]int{}
	last := map[string]string{}
	for _, event := range w.history("application-" + a.ID)[1:] {
		saved := event.(application.StepSaved)
		written[string(saved.Data)]++
		last[saved.StepID] = string(saved.Data)
	}
	for n := range savers {
		if count := written[string(numbered(n))]; count != 1 {
			t.Errorf("saver %d was written %d times", n, count)
		}
	}
	for i, process := range processes {
		s, err := process.Applications.streams.applications.state(t.Context(), a.ID)
		done(t, err)
		for _, id := range steps {
			if step, _ := s.Step(id); string(step.Data) != last[id] {
				t.Errorf("process %d has %s in step %s, and the last that was saved is %s", i, step.Data, id, last[id])
			}
		}
	}
}

func TestALostRaceIsRunAgainOnlySoOften(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	a := w.start(who)
	end := w.end()
	w.events.fail(func(stream string) error { return &eventstore.ConflictError{Stream: stream} }, nil)
	_, err := w.Applications.SaveStep(t.Context(), by(who), a.ID, "company", numbered(1))
	refused(t, err, "too-busy")
	if w.events.appends != maxAttempts {
		t.Errorf("tried %d times, want %d", w.events.appends, maxAttempts)
	}
	w.happened(end)
}

func TestWaitingToDecideAgainEndsWithTheCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	a := w.start(who)
	ctx, cancel := context.WithCancel(t.Context())
	w.events.fail(func(stream string) error {
		cancel()
		return &eventstore.ConflictError{Stream: stream}
	}, nil)
	_, err := w.Applications.SaveStep(ctx, by(who), a.ID, "company", numbered(1))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("answered %v, want that the caller has gone", err)
	}
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	a := w.start(who)
	at := func(revision int64) Request {
		req := by(who)
		req.IfMatch = &revision
		return req
	}
	first, err := w.Applications.SaveStep(t.Context(), at(a.Revision), a.ID, "company", numbered(1))
	done(t, err)
	end := w.end()
	for _, revision := range []int64{a.Revision, first.Revision + 1, 1 << 62} {
		_, err = w.Applications.SaveStep(t.Context(), at(revision), a.ID, "company", numbered(2))
		refused(t, err, "stale")
		_, err = w.Applications.DeleteDraft(t.Context(), at(revision), a.ID)
		refused(t, err, "stale")
	}
	w.happened(end)

	// What was written under the revision that the caller saw is not stale when the caller asks again.
	lost := keyed(who, "k", "3")
	lost.IfMatch = &first.Revision
	second, err := w.Applications.SaveStep(t.Context(), lost, a.ID, "company", numbered(3))
	done(t, err)
	again, err := w.Applications.SaveStep(t.Context(), lost, a.ID, "company", numbered(3))
	done(t, err)
	if again.Revision != second.Revision {
		t.Errorf("asked again, answered revision %d, want %d", again.Revision, second.Revision)
	}
}

func TestARepeatedCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	a := w.start(who)
	save := func(key string, n int) (SavedStep, error) {
		return w.Applications.SaveStep(t.Context(), keyed(who, key, string(numbered(n))), a.ID, "company", numbered(n))
	}
	first, err := save("one", 1)
	done(t, err)
	second, err := save("two", 2)
	done(t, err)
	end := w.end()

	for _, restarted := range []bool{false, true} {
		if restarted {
			w.restart()
		}
		again, err := save("one", 1)
		done(t, err)
		if again.Revision != second.Revision {
			t.Errorf("after a restart: %t; the first of two again answered revision %d, after %d and %d",
				restarted, again.Revision, first.Revision, second.Revision)
		}
		_, err = save("one", 3)
		refused(t, err, "idempotency-key-reused")
		w.happened(end)
	}
}

func TestAnAnswerThatWasLost(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct {
		before, after bool
		restart       bool
	}{
		"nothing was written":                         {before: true},
		"nothing was written, and a restart":          {before: true, restart: true},
		"it was written":                              {after: true},
		"it was written, and a restart":               {after: true, restart: true},
		"it was not written at first, then it was":    {before: true, after: true},
		"first not, then written, then a new process": {before: true, after: true, restart: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withCatalogue()
			who := w.enrol(dana(1))
			a := w.start(who)
			end := w.end()
			save := func() (SavedStep, error) {
				return w.Applications.SaveStep(t.Context(), keyed(who, "k", "1"), a.ID, "company", numbered(1))
			}
			var before, after func(string) error
			failures := 0
			if fault.before {
				before = once(eventstore.ErrUnavailable)
				failures++
			}
			if fault.after {
				after = once(eventstore.ErrUnavailable)
				failures++
			}
			w.events.fail(before, after)
			for range failures {
				if _, err := save(); !errors.Is(err, eventstore.ErrUnavailable) {
					t.Fatalf("answered %v, want that the store is unavailable", err)
				}
				if fault.restart {
					w.restart()
				}
			}
			saved, err := save()
			done(t, err)
			if saved.Revision != 1 || saved.Position != w.end() {
				t.Errorf("answered revision %d at %s, want 1 at %s", saved.Revision, saved.Position, w.end())
			}
			w.happened(end, application.StepSaved{StepID: "company", Data: numbered(1), Complete: true, At: w.clock.Now()})
		})
	}
}

func TestAFailingReadIsNotAnEmptyStream(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	a := w.start(who)
	w.restart()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.Applications.SaveStep(ctx, by(who), a.ID, "company", numbered(1))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("answered %v, want that the caller has gone", err)
	}
}

func TestAStreamWithSomebodyElsesEventIsNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.append("application-"+adviceID, "", application.NumberAssigned{ApplicationID: "x", At: time.Unix(0, 0).UTC()})
	if s, err := w.streams().applications.state(t.Context(), adviceID); err == nil {
		t.Errorf("read %+v", s)
	}
}
