package lease

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"services.example/portal/infra/readstore"
)

const ttl = 3 * time.Second

// process is a contender with a clock of its own: its calendar is years off, and it goes a little faster or slower.
type process struct {
	*contender
	link  *link
	busy  bool // within a step, which other steps may interrupt
	guard int64
}

// Whatever is frozen wherever, cut off or lost, there are never two that believe they hold the lease; tokens only grow;
// and a commit with the fence of a token fails once a greater token has raised it.
func TestOnlyOneHoldsTheLease(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		store := newMemory()
		clock := time.Now()
		elapsed := time.Duration(0)
		tokens, highest, raised := map[int64]string{}, int64(0), int64(0)
		var processes []*process
		depth := 0
		var act func()

		for i := range 3 {
			calendar := time.Duration(rapid.IntRange(-5, 5).Draw(t, "years off")) * 365 * 24 * time.Hour
			drift := rapid.IntRange(-30, 30).Draw(t, "per mille fast")
			p := &process{link: &link{memory: store}}
			p.contender = &contender{
				store: p.link, name: "projections", id: fmt.Sprintf("process-%d", i), ttl: ttl, watched: -1,
				now: func() time.Time {
					own := elapsed + elapsed*time.Duration(drift)/1000
					return clock.Add(calendar + own)
				},
			}
			p.link.after = func() {
				for depth < 4 && rapid.IntRange(0, 3).Draw(t, "frozen") == 0 {
					act()
				}
			}
			p.link.before = func(bool) (cut, lost bool) {
				p.link.after()
				switch rapid.IntRange(0, 9).Draw(t, "fault") {
				case 0:
					return true, false
				case 1:
					return false, true
				default:
					return false, false
				}
			}
			processes = append(processes, p)
		}
		check := func() {
			var holders []string
			for _, p := range processes {
				if p.lasts() > 0 {
					holders = append(holders, p.id)
				}
			}
			if len(holders) > 1 {
				t.Fatalf("%v hold the lease at once", holders)
			}
			_, stored, err := read(t.Context(), store, "projections")
			if err != nil || stored.Token < highest {
				t.Fatalf("the stored token is %d after %d, error %v", stored.Token, highest, err)
			}
			highest = stored.Token
		}
		act = func() {
			depth++
			defer func() { depth-- }()
			elapsed += time.Duration(rapid.IntRange(0, 2000).Draw(t, "ms")) * time.Millisecond
			check()
			p := rapid.SampledFrom(processes).Draw(t, "process")
			if p.busy { // it is frozen further up
				return
			}
			p.busy = true
			defer func() { p.busy = false }()
			switch held, _ := p.holding(); rapid.SampledFrom([]string{"go on", "go on", "go on", "release", "die", "claim", "fence"}).Draw(t, "step") {
			case "go on":
				if held.token == 0 {
					if taken, _, _ := p.try(t.Context()); taken {
						token := p.contender.grant.token
						if other, found := tokens[token]; found {
							t.Fatalf("%s and %s have token %d", other, p.id, token)
						}
						tokens[token] = p.id
					}
					break
				}
				if err := p.renew(t.Context()); errors.Is(err, ErrLost) || errors.Is(err, ErrClaimed) {
					_ = p.release(t.Context())
				}
			case "release":
				_ = p.release(t.Context())
			case "die": // and start again, as somebody else
				p.end()
				p.contender.id += "'"
				p.watched, p.guard = -1, 0
			case "claim":
				_ = p.claim(t.Context())
			case "fence":
				if held.token == 0 {
					break
				}
				h := &Held{contender: p.contender}
				if p.guard != held.token { // it comes before all work
					at := store.checkpoints[FenceName(p.name)]
					if fenceOf(held.token).Before(at) {
						break
					}
					step := readstore.Advance{Projection: FenceName(p.name), From: at, To: fenceOf(held.token)}
					if p.link.Commit(t.Context(), readstore.Batch{Advances: []readstore.Advance{step}}) == nil {
						p.guard = held.token
						raised = max(raised, held.token)
					}
					raised = max(raised, int64(store.checkpoints[FenceName(p.name)].Commit))
					break
				}
				fence := h.Fence()
				err := p.link.Commit(t.Context(), readstore.Batch{Advances: []readstore.Advance{fence}})
				if err == nil && held.token < raised {
					t.Fatalf("a commit under token %d passed the fence of token %d", held.token, raised)
				}
			}
			check()
		}
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			act()
		}

		// And in the end, with everything working, somebody takes it in good time.
		for _, p := range processes {
			p.link.before, p.link.after = nil, nil
		}
		for waited := time.Duration(0); ; waited += ttl / 5 {
			for _, p := range processes[1:] { // the first one is frozen, whatever it has
				if held, _ := p.holding(); held.token != 0 && p.lasts() <= 0 {
					p.end()
				}
				if p.lasts() > 0 {
					return
				}
				if taken, _, err := p.try(t.Context()); err != nil || taken {
					if err != nil {
						t.Fatal(err)
					}
					return
				}
			}
			if waited > 5*time.Second {
				t.Fatal("nobody took the lease within 5 s")
			}
			elapsed += ttl / 5
			check()
		}
	})
}

// The monotonic clock of some systems stands still while the machine sleeps.
func TestAGrantDoesNotOutlastTheSleepOfItsMachine(t *testing.T) {
	now := time.Now()
	g := grant{token: 1, from: now}
	if left := g.lasts(now.Add(time.Second), ttl); left != 2*time.Second {
		t.Errorf("after 1 s it lasts %s more, want 2 s", left)
	}
	awake := time.Unix(0, now.Add(time.Hour).UnixNano()) // an hour later by the calendar alone
	if left := g.lasts(awake, ttl); left > 0 {
		t.Errorf("after an hour's sleep it lasts %s more", left)
	}
}
