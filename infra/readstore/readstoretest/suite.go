// Package readstoretest is the contract that every read store must keep, whichever adapter it is, with data that an
// adapter is likely to get wrong.
//
// What it fixes beyond the words of the port:
//   - Order is MongoDB's: null and missing, numbers of all types together, strings bytewise, booleans, times; documents
//     with equal fields follow their ids bytewise, upwards also where fields go downwards; Reverse turns all of it round.
//   - A range finds only values of the kind of its bounds: a null is not before every time.
//   - A document whose array has several elements in a range comes once, at the first of them in the direction of the
//     walk. An empty array is no value: a document is not in an index whose first field is one.
//   - What was removed stays removed when older writes of it are delivered again: the checkpoint refuses their batch.
//     Where batches are not atomic, a writer may be past that check and write later; there the position of the removal,
//     also of one that found nothing, keeps older writes away for a day.
package readstoretest

import (
	"testing"
	"time"

	"services.example/portal/infra/readstore"
)

// Harness is an empty store to be tested and what the suite needs to know of it.
type Harness struct {
	Store readstore.Store
	// Now reads the clock by which entries expire, and Advance moves it.
	Now     func() time.Time
	Advance func(time.Duration)
	// Reopen closes the store and opens it again with what was durable. Nil if that cannot be done.
	Reopen func() readstore.Store
	// Atomic says that a batch takes effect as a whole or not at all, also when its checkpoint is refused.
	Atomic bool
	// Slow says that calls take many milliseconds: the largest parts then try fewer documents and values.
	Slow bool
}

// few is a number, or a smaller one for a slow store.
func (h *Harness) few(usual, slow int) int {
	if h.Slow {
		return slow
	}
	return usual
}

// Open gives a harness with an empty store, which it closes at the end of the test.
type Open func(t *testing.T) *Harness

// Run runs the whole contract.
func Run(t *testing.T, open Open) {
	t.Helper()
	for _, part := range []struct {
		name string
		test func(t *testing.T, h *Harness)
	}{
		{"documents are read as they were written", testDocuments},
		{"a body belongs to its maker again after the commit", testBodyChangedAfterwards},
		{"nasty ids name different documents", testNastyIDs},
		{"a document keeps what it has seen", testSeen},
		{"a new document is written without being looked for", testNew},
		{"removal", testRemoval},
		{"the last write of a document in a batch counts", testSameDocumentTwice},
		{"invalid requests are refused as such", testInvalid},
		{"an ended context ends calls", testContext},
		{"documents come in the order of their ids", testInOrder},
		{"lists follow the order of the index", testOrder},
		{"a list may leave the bodies out", testSeenOnly},
		{"numbers of all types are one order", testNumbers},
		{"a prefix chooses by exact values", testPrefix},
		{"ranges are inclusive and go in the direction of the field", testRange},
		{"prefixes of strings are ranges", testStringPrefix},
		{"arrays and nested fields are indexed", testArrays},
		{"a replaced document leaves no entry behind", testReplacedEntries},
		{"pages fit together while documents come and go", testPaging},
		{"cursors belong to their query", testCursors},
		{"checkpoints advance by compare and set", testCheckpoint},
		{"of racing advancers one wins each step", testCheckpointRace},
		{"a redelivered batch changes nothing", testRedelivery},
		{"a refused batch writes nothing", testRefusedBatch},
		{"readers see whole batches only", testWholeBatches},
		{"declaring is repeatable and fills new indexes", testDeclare},
		{"a changed index is built anew", testChangedIndex},
		{"a dropped collection is gone for good", testDrop},
		{"what was durable is there after opening again", testReopen},
		{"entries change by compare and set", testEntries},
		{"of racing creators one wins", testEntryRace},
		{"entries expire by the clock", testExpiry},
		{"entries are listed by an index", testListEntries},
		{"a closed store answers that it is unavailable", testClosed},
		{"any sequence of calls agrees with a model", testModel},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, open(t)) })
	}
}
