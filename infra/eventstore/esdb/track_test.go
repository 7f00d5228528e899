package esdb

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"services.example/portal/infra/eventstore"
)

func at(n uint64) eventstore.Position { return eventstore.Position{Commit: n, Prepare: n} }

func TestCheckpointsAreTakenWithCare(t *testing.T) {
	for name, row := range map[string]struct {
		messages func(*track)
		want     eventstore.Position
	}{
		"borne out by an event after it": {func(k *track) { k.checkpoint(at(5)); k.event(at(9)) }, at(9)},
		"borne out by another":           {func(k *track) { k.checkpoint(at(5)); k.checkpoint(at(8)) }, at(5)},
		"borne out by the live state":    {func(k *track) { k.checkpoint(at(5)); k.caughtUp() }, at(5)},
		"not borne out yet":              {func(k *track) { k.checkpoint(at(5)) }, at(1)},
		"contradicted by an event":       {func(k *track) { k.checkpoint(at(5)); k.event(at(4)); k.caughtUp() }, at(4)},
		"of a connection that broke":     {func(k *track) { k.checkpoint(at(5)); k.dropped(); k.caughtUp() }, at(1)},
		"the impossible one": {func(k *track) {
			k.checkpoint(eventstore.EndPosition)
			k.caughtUp()
		}, at(1)},
		"beyond every position": {func(k *track) { k.checkpoint(at(math.MaxInt64 + 1)); k.caughtUp() }, at(1)},
		"prepared after its commit": {func(k *track) {
			k.checkpoint(eventstore.Position{Commit: 5, Prepare: 6})
			k.caughtUp()
		}, at(1)},
		"prepared before everything": {func(k *track) {
			k.checkpoint(eventstore.Position{Commit: 5})
			k.caughtUp()
		}, eventstore.Position{Commit: 5}},
		"behind": {func(k *track) { k.event(at(7)); k.checkpoint(at(6)); k.caughtUp() }, at(7)},
	} {
		t.Run(name, func(t *testing.T) {
			k := track{seen: at(1), through: at(1), before: at(1)}
			row.messages(&k)
			if k.through != row.want {
				t.Errorf("through %v, want %v", k.through, row.want)
			}
		})
	}
}

// Whatever a server sends, in whatever order: each event is new once, positions only rise, and no event that is new
// lies behind what was passed through before it was announced.
func TestTracksOnlyGoForward(t *testing.T) {
	position := rapid.Custom(func(r *rapid.T) eventstore.Position {
		return eventstore.Position{Commit: rapid.Uint64Range(0, 20).Draw(r, "commit"), Prepare: rapid.Uint64Range(0, 20).Draw(r, "prepare")}
	})
	rapid.Check(t, func(r *rapid.T) {
		k := track{}
		seen := map[eventstore.Position]bool{}
		r.Repeat(map[string]func(*rapid.T){
			"event": func(r *rapid.T) {
				p := position.Draw(r, "position")
				if isNew, _ := k.event(p); isNew {
					if seen[p] {
						r.Fatalf("event at %v was new twice", p)
					}
					seen[p] = true
				}
			},
			"checkpoint": func(r *rapid.T) { k.checkpoint(position.Draw(r, "position")) },
			"caught up":  func(*rapid.T) { k.caughtUp() },
			"dropped":    func(*rapid.T) { k.dropped() },
			"": func(r *rapid.T) {
				if k.through.Before(k.before) || k.through.Before(k.seen) {
					r.Fatalf("went back: %+v", k)
				}
			},
		})
	})
}

func TestTimesDoNotGoBack(t *testing.T) {
	second := func(n int64) time.Time { return time.Unix(n, 0).UTC() }
	for _, row := range []struct {
		backwards bool
		times     []int64
		want      []int64
	}{
		{false, []int64{1, 5, 3, 5, 6}, []int64{1, 5, 5, 5, 6}},
		{true, []int64{6, 5, 3, 5, 1}, []int64{6, 5, 3, 3, 1}},
	} {
		m := monotonic{backwards: row.backwards}
		for i, n := range row.times {
			if got := m.next(second(n)); !got.Equal(second(row.want[i])) {
				t.Errorf("backwards %v: time %d of %v became %v, want %v", row.backwards, i, row.times, got, second(row.want[i]))
			}
		}
	}
}
