package faults_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/infra/eventstore/esdbserver/faults"
)

func TestAPlanFromTheSameSeedIsTheSame(t *testing.T) {
	draw := func(seed uint64) []faults.Fault {
		plan := faults.Seeded(seed, faults.Rates{One: 2, Leader: "127.0.0.1:2113"})
		var drawn []faults.Fault
		for range 50 {
			drawn = append(drawn, plan.Fault(faults.Append), plan.Fault(faults.Subscribe))
		}
		return drawn
	}
	if diff := cmp.Diff(draw(7), draw(7)); diff != "" {
		t.Errorf("seed 7 gave two plans (-first +second):\n%s", diff)
	}
	if cmp.Equal(draw(7), draw(8)) {
		t.Error("seeds 7 and 8 gave the same plan")
	}
}

func TestTheOrderOfOtherOperationsDoesNotChangeAPlan(t *testing.T) {
	alone, mixed := faults.Seeded(7, faults.Rates{One: 2}), faults.Seeded(7, faults.Rates{One: 2})
	for call := range 100 {
		mixed.Fault(faults.Read)
		if want, got := alone.Fault(faults.Append), mixed.Fault(faults.Append); want != got {
			t.Fatalf("append %d: fault %v, beside reads %v", call+1, want, got)
		}
	}
}

func TestASeedChoosesOnlyWhatWasAskedFor(t *testing.T) {
	plan := faults.Seeded(3, faults.Rates{
		One: 1, Kinds: []faults.Kind{faults.Delay, faults.NotLeaderAt}, Ops: []faults.Op{faults.Append},
	})
	for range 100 {
		if fault := plan.Fault(faults.Append); fault.Kind != faults.Delay { // no leader to name
			t.Fatalf("append: fault %q, want %q", fault.Kind, faults.Delay)
		}
		if fault := plan.Fault(faults.Read); fault.Kind != faults.None {
			t.Fatalf("read: fault %q, want none", fault.Kind)
		}
	}
}

func TestAScriptStrikesWhereItSays(t *testing.T) {
	cut := faults.Fault{Kind: faults.Cut, After: 2}
	delay := faults.Fault{Kind: faults.Delay, For: time.Second}
	plan := faults.Script(
		faults.Step{Op: faults.Read, Call: 2, Fault: cut},
		faults.Step{Op: faults.Gossip, Fault: delay},
	)
	got := []faults.Fault{
		plan.Fault(faults.Read), plan.Fault(faults.Read), plan.Fault(faults.Read),
		plan.Fault(faults.Gossip), plan.Fault(faults.Gossip),
	}
	if diff := cmp.Diff([]faults.Fault{{}, cut, {}, delay, delay}, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	const told = "script: read#2 cut after 2, gossip#1 delay 1s, gossip#2 delay 1s"
	if plan.String() != told {
		t.Errorf("the plan tells %q, want %q", plan, told)
	}
}

func TestAPausedPlanNeitherStrikesNorCounts(t *testing.T) {
	plan := faults.Script(faults.Step{Op: faults.Append, Call: 1, Fault: faults.Fault{Kind: faults.Cut}})
	plan.Pause()
	if fault := plan.Fault(faults.Append); fault.Kind != faults.None {
		t.Errorf("paused: fault %q", fault.Kind)
	}
	plan.Resume()
	if fault := plan.Fault(faults.Append); fault.Kind != faults.Cut {
		t.Errorf("resumed: fault %q, want %q", fault.Kind, faults.Cut)
	}
	if calls := plan.Calls(faults.Append); calls != 1 {
		t.Errorf("%d calls counted, want 1", calls)
	}
}
