package esdb

import (
	"math"

	"services.example/portal/infra/eventstore"
)

// track is what a subscription knows of its way through the log.
type track struct {
	seen    eventstore.Position // of the last event received, wanted or not
	through eventstore.Position // everything up to here was received or left out by the server
	before  eventstore.Position // through, as it was before the last message
	claimed eventstore.Position // a checkpoint that the next message has yet to bear out; zero if there is none
	live    bool                // the server said that it has sent everything
}

// event tells whether an event at the position is new, and goes there. A server may send one again after it was asked
// to go on after it.
func (t *track) event(p eventstore.Position) (isNew, claimFalse bool) {
	if !t.seen.Before(p) {
		return false, false
	}
	claimFalse = !t.claimed.Before(p)
	t.claimed = eventstore.Position{}
	t.before, t.seen, t.through = t.through, p, later(t.through, p)
	return true, claimFalse
}

// checkpoint takes the server's word for how far it has looked, one message later: servers have sent checkpoints that
// lay beyond events still to come. What cannot be a position is ignored, and what lies behind.
func (t *track) checkpoint(p eventstore.Position) {
	t.confirm()
	if p.Commit > math.MaxInt64 || p.Prepare > p.Commit || !t.through.Before(p) {
		return
	}
	t.claimed = p
}

// caughtUp goes live.
func (t *track) caughtUp() {
	t.confirm()
	t.live = true
}

// dropped forgets what only held as long as the connection.
func (t *track) dropped() {
	t.claimed, t.live = eventstore.Position{}, false
}

func (t *track) confirm() {
	if t.through.Before(t.claimed) {
		t.before, t.through = t.through, t.claimed
	}
	t.claimed = eventstore.Position{}
}
