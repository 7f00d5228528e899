package transparency

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"services.example/portal/infra/eventstore"
)

// History is a log with everything that there is to verify it by.
type History struct {
	Records iter.Seq2[eventstore.Recorded, error] // of the log, in order
	Key     string                                // the log's public key
	Kept    iter.Seq2[[]byte, error]              // signed checkpoints that were kept beside the log; nil: none
	Given   [][]byte                              // signed checkpoints that the one who verifies has from elsewhere
	Leaves  iter.Seq2[Hash, error]                // of the kept tree; nil: there is none

	Progress func(records int64) // if given: is told from time to time how many records were read
}

// Finding is what came of verifying a History.
type Finding struct {
	Verdict
	Replaced []string // what is wrong with checkpoints: they are not the log's, or contradict one another
	Strange  int      // of them: checkpoints that were given and that the log's key has not signed. They say nothing of the log
}

// Sound tells whether everything fits, and there was something to fit.
func (f Finding) Sound() bool { return f.Verdict.Sound() && len(f.Replaced) == 0 }

// Alarming tells whether something is wrong with the log or with what is kept of it, and not only with what was given.
func (f Finding) Alarming() bool { return !f.Verdict.Sound() || len(f.Replaced) > f.Strange }

// Verify reads a whole log and compares it with every checkpoint. A checkpoint that the log's key has not signed counts
// as replaced. It returns an error if the context ends, if the key is none, or if what lies beside the log cannot be read.
func (h History) Verify(ctx context.Context) (Finding, error) {
	var found Finding
	var signed []Checkpoint
	add := func(raw []byte, where string, n int) (ours bool) {
		opened, err := Open(raw, h.Key)
		if err != nil {
			found.Replaced = append(found.Replaced, fmt.Sprintf("checkpoint %d of those %s: %v", n, where, err))
			return false
		}
		signed = append(signed, opened.Checkpoint)
		return true
	}
	if err := CheckKey(h.Key); err != nil {
		return found, err
	}
	for n, raw := range h.Given {
		if !add(raw, "given", n+1) {
			found.Strange++
		}
	}
	if h.Kept != nil {
		n := 0
		for raw, err := range h.Kept {
			if err != nil {
				return found, fmt.Errorf("reading the checkpoints beside the log: %w", err)
			}
			n++
			add(raw, "kept beside the log", n)
		}
	}
	slices.SortFunc(signed, func(a, b Checkpoint) int { return cmp.Compare(a.Size, b.Size) })
	for i := 1; i < len(signed); i++ {
		if signed[i].Size == signed[i-1].Size && signed[i].Root != signed[i-1].Root {
			found.Replaced = append(found.Replaced,
				fmt.Sprintf("two checkpoints of %d records contradict one another: the log was signed in two versions", signed[i].Size))
		}
	}
	audit := Audit{Records: h.Records, Checkpoints: signed, Leaves: h.Leaves, Progress: h.Progress}
	var err error
	found.Verdict, err = audit.Run(ctx)
	return found, err
}
