// Package faults plans what goes wrong in an esdbserver under test. A plan is replayable: the n-th call of an
// operation gets the same fault whenever the plan is made from the same seed or script.
package faults

import "time"

// Op is an operation of the protocol.
type Op string

// The operations. Read is a read that ends, Subscribe one that does not.
const (
	Append      Op = "append"
	BatchAppend Op = "batch-append"
	Delete      Op = "delete"
	Tombstone   Op = "tombstone"
	Read        Op = "read"
	Subscribe   Op = "subscribe"
	Features    Op = "features"
	Gossip      Op = "gossip"
)

// Kind is what goes wrong.
type Kind string

// The kinds of faults.
const (
	None              Kind = ""
	UnavailableBefore Kind = "unavailable-before" // UNAVAILABLE, and nothing was done
	UnavailableAfter  Kind = "unavailable-after"  // done, then UNAVAILABLE: the caller cannot know
	NotLeader         Kind = "not-leader"         // nothing done; this node is not the leader and knows none
	NotLeaderAt       Kind = "not-leader-at"      // the same, and the leader is named
	Drop              Kind = "drop"               // the stream ends with UNAVAILABLE after so many messages
	Cut               Kind = "cut"                // all connections are closed: before the answer, or after so many messages
	Delay             Kind = "delay"              // the call waits first
	CheckpointZero    Kind = "checkpoint-zero"    // a checkpoint (C, 0), C being the commit position of the last event sent
	CheckpointEnd     Kind = "checkpoint-end"     // the impossible checkpoint (max, max), at any moment
	CaughtUpAgain     Kind = "caught-up-again"    // a caught_up that says nothing new
)

// Fault is what goes wrong in one call.
type Fault struct {
	Kind   Kind
	After  int           // messages of a read that are sent first
	For    time.Duration // length of a Delay
	Leader string        // host:port, for NotLeaderAt
}

// Injector decides which call fails, and how. It is asked once a call and used concurrently.
type Injector interface {
	Fault(op Op) Fault
}

// kindsOf are the faults that make sense in an operation.
func kindsOf(op Op) []Kind {
	switch op {
	case Read:
		return []Kind{UnavailableBefore, NotLeader, NotLeaderAt, Drop, Cut, Delay}
	case Subscribe:
		return []Kind{
			UnavailableBefore, NotLeader, NotLeaderAt, Drop, Cut, Delay, CheckpointZero, CheckpointEnd, CaughtUpAgain,
		}
	case Features, Gossip:
		return []Kind{UnavailableBefore, Cut, Delay}
	default:
		return []Kind{UnavailableBefore, UnavailableAfter, NotLeader, NotLeaderAt, Cut, Delay}
	}
}
