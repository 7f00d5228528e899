package transparency

import (
	"errors"
	"fmt"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// Proof shows that a leaf is in a tree: the hashes that lead from the leaf to the root, the nearest first (RFC 6962,
// 2.1.1).
type Proof struct {
	Index  uint64 `json:"index"` // of the leaf, the first being 0
	Size   uint64 `json:"size"`  // of the tree, in leaves
	Hashes []Hash `json:"hashes"`
}

// ErrProof says that a proof does not prove what it is for.
var ErrProof = errors.New("the proof does not hold")

// longestProof is more hashes than any proof has.
const longestProof = 128

// Verify tells whether the leaf is at the proof's index in the tree that a checkpoint signs. Errors: ErrProof.
func (p Proof) Verify(leaf Hash, signed Checkpoint) error {
	if p.Size != signed.Size {
		return fmt.Errorf("%w: it is for a log of %d records, and the checkpoint for one of %d", ErrProof, p.Size, signed.Size)
	}
	if len(p.Hashes) > longestProof {
		return fmt.Errorf("%w: it is too long", ErrProof)
	}
	if err := proof.VerifyInclusion(rfc6962.DefaultHasher, p.Index, p.Size, leaf[:], slicesOf(p.Hashes), signed.Root[:]); err != nil {
		return fmt.Errorf("%w: record %d is not in the log that the checkpoint signs", ErrProof, p.Index)
	}
	return nil
}

// Consistency shows that a tree continues an earlier one: nothing that was in it was changed or taken away (RFC 6962,
// 2.1.2).
type Consistency struct {
	From   uint64 `json:"from"` // size of the earlier tree, in leaves
	To     uint64 `json:"to"`   // size of the later one
	Hashes []Hash `json:"hashes"`
}

// Verify tells whether the log that the later checkpoint signs continues the one of the earlier. Errors: ErrProof.
func (c Consistency) Verify(earlier, later Checkpoint) error {
	if c.From != earlier.Size || c.To != later.Size {
		return fmt.Errorf("%w: it is for logs of %d and %d records, and the checkpoints for %d and %d",
			ErrProof, c.From, c.To, earlier.Size, later.Size)
	}
	if len(c.Hashes) > longestProof {
		return fmt.Errorf("%w: it is too long", ErrProof)
	}
	if earlier.Size == 0 && earlier.Root != EmptyRoot() {
		return fmt.Errorf("%w: the earlier checkpoint has the root of no empty log", ErrProof)
	}
	err := proof.VerifyConsistency(rfc6962.DefaultHasher, c.From, c.To, slicesOf(c.Hashes), earlier.Root[:], later.Root[:])
	if err != nil {
		return fmt.Errorf("%w: the log of %d records does not continue that of %d", ErrProof, c.To, c.From)
	}
	return nil
}

func slicesOf(hashes []Hash) [][]byte {
	slices := make([][]byte, len(hashes))
	for i := range hashes {
		slices[i] = hashes[i][:]
	}
	return slices
}
