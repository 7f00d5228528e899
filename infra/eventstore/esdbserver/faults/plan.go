package faults

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxAfter and maxDelay bound what a seed may choose.
const (
	maxAfter = 40
	maxDelay = 50 * time.Millisecond
)

// Plan is an Injector that remembers what it did.
type Plan struct {
	name   string
	choose func(op Op, call int) Fault

	mu     sync.Mutex
	paused bool
	calls  map[Op]int
	given  []string
}

func newPlan(name string, choose func(op Op, call int) Fault) *Plan {
	return &Plan{name: name, choose: choose, calls: map[Op]int{}}
}

// Rates tell how often a seeded plan strikes, and with what.
type Rates struct {
	One    int    // one call in so many has a fault; default 5
	Kinds  []Kind // the faults to choose from; nil: all that fit the operation
	Ops    []Op   // the operations that may fail; nil: all
	Leader string // host:port for NotLeaderAt, which is not chosen without it
}

// Seeded plans faults at random: the seed and the number of the call decide.
func Seeded(seed uint64, rates Rates) *Plan {
	if rates.One < 1 {
		rates.One = 5
	}
	return newPlan(fmt.Sprintf("seed %d", seed), func(op Op, call int) Fault {
		if rates.Ops != nil && !slices.Contains(rates.Ops, op) {
			return Fault{}
		}
		name := fnv.New64a()
		_, _ = name.Write([]byte(op))                                    // a hash takes everything
		random := rand.New(rand.NewPCG(seed, name.Sum64()+uint64(call))) //nolint:gosec // replayable, and no secret
		if random.IntN(rates.One) != 0 {
			return Fault{}
		}
		return draw(random, rates, op)
	})
}

func draw(random *rand.Rand, rates Rates, op Op) Fault {
	var kinds []Kind
	for _, kind := range kindsOf(op) {
		if (rates.Kinds == nil || slices.Contains(rates.Kinds, kind)) && (kind != NotLeaderAt || rates.Leader != "") {
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) == 0 {
		return Fault{}
	}
	fault := Fault{
		Kind: kinds[random.IntN(len(kinds))], After: random.IntN(maxAfter), For: time.Duration(random.Int64N(int64(maxDelay))),
	}
	if fault.Kind == NotLeaderAt {
		fault.Leader = rates.Leader
	}
	return fault
}

// Step is one fault of a script.
type Step struct {
	Op    Op
	Call  int // which call of the operation, from 1; 0: every one
	Fault Fault
}

// Script plans the faults one by one; the first step that fits a call counts.
func Script(steps ...Step) *Plan {
	steps = slices.Clone(steps)
	return newPlan("script", func(op Op, call int) Fault {
		for _, step := range steps {
			if step.Op == op && (step.Call == 0 || step.Call == call) {
				return step.Fault
			}
		}
		return Fault{}
	})
}

// Fault implements Injector.
func (p *Plan) Fault(op Op) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.paused {
		return Fault{}
	}
	p.calls[op]++
	fault := p.choose(op, p.calls[op])
	if fault.Kind != None {
		p.given = append(p.given, fmt.Sprintf("%s#%d %s", op, p.calls[op], fault))
	}
	return fault
}

// Pause stops the faults. Calls are not counted until Resume.
func (p *Plan) Pause() { p.pause(true) }

// Resume continues the plan where it was.
func (p *Plan) Resume() { p.pause(false) }

func (p *Plan) pause(paused bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paused = paused
}

// Calls tells how many calls of an operation the plan has decided on.
func (p *Plan) Calls(op Op) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[op]
}

// String names the plan and lists the faults so far, for the message of a test that fails.
func (p *Plan) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.name + ": " + strings.Join(p.given, ", ")
}

// String names the fault with what belongs to it.
func (f Fault) String() string {
	switch f.Kind {
	case Drop, Cut, CheckpointZero, CheckpointEnd, CaughtUpAgain:
		return fmt.Sprintf("%s after %d", f.Kind, f.After)
	case Delay:
		return fmt.Sprintf("%s %s", f.Kind, f.For)
	default:
		return string(f.Kind)
	}
}
