package pebblestore

import (
	"strconv"
	"testing"
)

func TestWhatWasMadeIsNeverSaidToBeMissing(t *testing.T) {
	t.Parallel()
	const ids = 5 * firstMade // into the second filter
	var known made
	for i := range ids {
		known.add(strconv.Itoa(i))
	}
	for i := range ids {
		if known.never(strconv.Itoa(i)) {
			t.Fatalf("%d of %d was made", i, ids)
		}
	}
	lookups := 0
	for i := range ids {
		if !known.never("other " + strconv.Itoa(i)) {
			lookups++
		}
	}
	if most := 2 * falseMade * float64(2*ids); float64(lookups) > most { // two filters, each with its own false ones
		t.Errorf("%d of %d unknown ids are looked up", lookups, ids)
	}
}

func TestACollectionOfAnotherProcessIsNotKnown(t *testing.T) {
	t.Parallel()
	var unknown *made
	unknown.add("a")
	if unknown.never("b") {
		t.Error("it is said that there is no b")
	}
	if full := (&made{over: true}); full.never("b") {
		t.Error("what has become too much to know is said to be missing")
	}
}
