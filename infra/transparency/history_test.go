package transparency_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/transparency"
)

// kept is what a portal has of a log of ten records: checkpoints after four and after ten.
func kept(tb testing.TB, list []eventstore.Recorded) transparency.History {
	tb.Helper()
	s := signer(tb, 1)
	notes := [][]byte{sign(tb, s, list[:4]).Note, sign(tb, s, list).Note}
	return transparency.History{Key: s.Key(), Records: yielding(list), Kept: yielding(notes), Leaves: yielding(leavesOf(list))}
}

func verify(tb testing.TB, h transparency.History) transparency.Finding {
	tb.Helper()
	found, err := h.Verify(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

func TestALogThatWasNotTouchedFits(t *testing.T) {
	list := records(12)
	h := kept(t, list[:10])
	h.Records = yielding(append([]eventstore.Recorded{{Stream: "$settings"}}, list...)) // two are newer, one is the store's own
	found := verify(t, h)
	if !found.Sound() || found.Records != 12 || found.Covered != 10 || found.Checkpoints != 2 || found.Uncompared {
		t.Errorf("found %+v", found)
	}
}

func changed(r eventstore.Recorded) eventstore.Recorded {
	r.Data = []byte(`{"n":"other"}`)
	return r
}

func added() eventstore.Recorded {
	r := record(77)
	r.ID = uuid.NewSHA1(uuid.NameSpaceOID, []byte("added"))
	return r
}

// TestTheFirstRecordThatDoesNotFitIsNamed alters a log in every way, in the middle and at its ends.
func TestTheFirstRecordThatDoesNotFitIsNamed(t *testing.T) {
	list := records(10)
	for name, row := range map[string]struct {
		altered []eventstore.Recorded
		want    transparency.Misfit
	}{
		"one changed":           {slices.Concat(list[:6], []eventstore.Recorded{changed(list[6])}, list[7:]), transparency.Misfit{Kind: transparency.Changed, Index: 6}},
		"the first changed":     {slices.Concat([]eventstore.Recorded{changed(list[0])}, list[1:]), transparency.Misfit{Kind: transparency.Changed, Index: 0}},
		"the last changed":      {slices.Concat(list[:9], []eventstore.Recorded{changed(list[9])}), transparency.Misfit{Kind: transparency.Changed, Index: 9}},
		"one dropped":           {slices.Concat(list[:6], list[7:]), transparency.Misfit{Kind: transparency.Missing, Index: 6}},
		"the first dropped":     {list[1:], transparency.Misfit{Kind: transparency.Missing, Index: 0}},
		"two exchanged":         {slices.Concat(list[:6], []eventstore.Recorded{list[7], list[6]}, list[8:]), transparency.Misfit{Kind: transparency.Exchanged, Index: 6}},
		"one inserted":          {slices.Concat(list[:6], []eventstore.Recorded{added()}, list[6:]), transparency.Misfit{Kind: transparency.Inserted, Index: 6}},
		"one inserted in front": {slices.Concat([]eventstore.Recorded{added()}, list), transparency.Misfit{Kind: transparency.Inserted, Index: 0}},
		"the last dropped":      {list[:9], transparency.Misfit{Kind: transparency.Truncated, Index: 9}},
		"cut off":               {list[:3], transparency.Misfit{Kind: transparency.Truncated, Index: 3}},
		"emptied":               {nil, transparency.Misfit{Kind: transparency.Truncated, Index: 0}},
	} {
		t.Run(name, func(t *testing.T) {
			h := kept(t, list)
			h.Records = yielding(row.altered)
			found := verify(t, h)
			if found.Misfit == nil {
				t.Fatal("nothing was found")
			}
			ignored := cmpopts.IgnoreFields(transparency.Misfit{}, "Record", "Before", "Against", "From", "To")
			if diff := cmp.Diff(row.want, *found.Misfit, ignored); diff != "" {
				t.Errorf("misfit (-want +got):\n%s", diff)
			}
			if found.Misfit.Against == nil {
				t.Error("no checkpoint is named")
			}
			if i := row.want.Index; i > 0 && (found.Misfit.Before == nil || found.Misfit.Before.Position != list[i-1].Position) {
				t.Errorf("the record before is %v", found.Misfit.Before)
			}
		})
	}
}

// TestWithoutTheTreeTheCheckpointsTellWhere has the same checkpoints, and no leaves.
func TestWithoutTheTreeTheCheckpointsTellWhere(t *testing.T) {
	list := records(10)
	h := kept(t, list)
	h.Records, h.Leaves = yielding(slices.Concat(list[:6], []eventstore.Recorded{changed(list[6])}, list[7:])), nil
	found := verify(t, h)
	if m := found.Misfit; m == nil || m.Kind != transparency.Unknown || m.From != 4 || m.To != 10 || !found.Uncompared || found.Covered != 4 {
		t.Errorf("found %+v", found)
	}
}

// TestATreeThatWasAlteredDoesNotAccuseTheLog: the checkpoints decide.
func TestATreeThatWasAlteredDoesNotAccuseTheLog(t *testing.T) {
	list := records(10)
	h := kept(t, list)
	leaves := leavesOf(list)
	leaves[5][0] ^= 1
	h.Leaves = yielding(leaves)
	found := verify(t, h)
	if found.Misfit != nil || found.TreeFault == nil || *found.TreeFault != 5 || found.Sound() {
		t.Errorf("found %+v", found)
	}
}

// TestATreeThatWasAlteredWithTheLogDoesNotHideIt: whoever changes both changes no signature.
func TestATreeThatWasAlteredWithTheLogDoesNotHideIt(t *testing.T) {
	list := records(10)
	altered := slices.Concat(list[:6], []eventstore.Recorded{changed(list[6])}, list[7:])
	h := kept(t, list)
	h.Records, h.Leaves = yielding(altered), yielding(leavesOf(altered))
	if m := verify(t, h).Misfit; m == nil || m.From != 4 || m.To != 10 || m.Against == nil {
		t.Errorf("found %v", m)
	}
}

func TestAReplacedCheckpointIsFound(t *testing.T) {
	list := records(10)
	altered := slices.Concat(list[:6], []eventstore.Recorded{changed(list[6])}, list[7:])
	s, thief := signer(t, 1), signer(t, 2)
	t.Run("by one with another key", func(t *testing.T) {
		h := kept(t, altered)
		h.Kept = yielding([][]byte{sign(t, s, list[:4]).Note, sign(t, thief, altered).Note})
		if found := verify(t, h); found.Sound() || len(found.Replaced) != 1 || !strings.HasPrefix(found.Replaced[0], "checkpoint 2 of those kept beside the log") {
			t.Errorf("found %+v", found)
		}
	})
	t.Run("by an older one, while an auditor has the newer", func(t *testing.T) {
		h := kept(t, list)
		h.Records, h.Kept, h.Leaves = yielding(list[:4]), yielding([][]byte{sign(t, s, list[:4]).Note}), yielding(leavesOf(list[:4]))
		if found := verify(t, h); !found.Sound() {
			t.Fatalf("a log that was set back with everything beside it cannot be known by that alone: %+v", found)
		}
		h.Given = [][]byte{sign(t, s, list).Note}
		if m := verify(t, h).Misfit; m == nil || m.Kind != transparency.Truncated || m.Index != 4 {
			t.Errorf("found %v", m)
		}
	})
	t.Run("by one of another history, with the log's key", func(t *testing.T) {
		h := kept(t, altered)
		h.Given = [][]byte{sign(t, s, list).Note}
		if found := verify(t, h); found.Sound() || len(found.Replaced) != 1 || found.Misfit == nil {
			t.Errorf("found %+v", found)
		}
	})
}

var errDamaged = errors.New("the record's checksum is wrong")

func TestARecordThatCannotBeReadIsNamed(t *testing.T) {
	list := records(10)
	h := kept(t, list)
	h.Records = func(yield func(eventstore.Recorded, error) bool) {
		for _, r := range list[:7] {
			if !yield(r, nil) {
				return
			}
		}
		yield(eventstore.Recorded{}, errDamaged)
	}
	m := verify(t, h).Misfit
	if m == nil || m.Kind != transparency.Unreadable || m.Index != 7 || !errors.Is(m.Cause, errDamaged) || m.Before.Position != list[6].Position {
		t.Errorf("found %v", m)
	}
}

// TestNoAlterationIsOverlooked alters a log at random, with the leaves of the kept tree and without.
func TestNoAlterationIsOverlooked(t *testing.T) {
	list := records(40)
	s := signer(t, 1)
	rapid.Check(t, func(r *rapid.T) {
		at := rapid.IntRange(0, len(list)-1).Draw(r, "at")
		altered := slices.Clone(list)
		switch rapid.IntRange(0, 4).Draw(r, "how") {
		case 0:
			altered[at] = changed(altered[at])
		case 1:
			altered = slices.Delete(altered, at, rapid.IntRange(at+1, len(list)).Draw(r, "to"))
		case 2:
			to := rapid.IntRange(0, len(list)-1).Filter(func(to int) bool { return to != at }).Draw(r, "with")
			altered[at], altered[to] = altered[to], altered[at]
			at = min(at, to)
		case 3:
			altered = slices.Insert(altered, at, added())
		case 4:
			altered = altered[:at]
		}
		checkpoints := [][]byte{sign(t, s, list).Note}
		for _, size := range rapid.SliceOfNDistinct(rapid.IntRange(1, len(list)-1), 0, 5, rapid.ID[int]).Draw(r, "checkpoints") {
			checkpoints = append(checkpoints, sign(t, s, list[:size]).Note)
		}
		h := transparency.History{Key: s.Key(), Records: yielding(altered), Kept: yielding(checkpoints), Leaves: yielding(leavesOf(list))}
		found, err := h.Verify(t.Context())
		if err != nil {
			r.Fatal(err)
		}
		if found.Misfit == nil || found.Misfit.Index != uint64(at) {
			r.Fatalf("found %v, altered at %d", found.Misfit, at)
		}
		h.Leaves = nil
		if found, err = h.Verify(t.Context()); err != nil || found.Misfit == nil || found.Misfit.Index > uint64(at) {
			r.Fatalf("without the tree: found %v, error %v, altered at %d", found.Misfit, err, at)
		}
	})
}

// BenchmarkVerify is what comparing costs without reading: records of 450 bytes from memory.
func BenchmarkVerify(b *testing.B) {
	list := records(20_000)
	for i := range list {
		list[i].Data = append([]byte(`{"data":"`), append([]byte(strings.Repeat("x", 300)), `"}`...)...)
	}
	h := kept(b, list)
	for b.Loop() {
		if !verify(b, h).Sound() {
			b.Fatal("it does not fit")
		}
	}
	b.ReportMetric(float64(b.N*len(list))/b.Elapsed().Seconds(), "records/s")
}
