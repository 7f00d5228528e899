package transparency_test

import (
	"errors"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"pgregory.net/rapid"

	"services.example/portal/infra/transparency"
)

// TestRootsAreThoseOfRFC6962 compares with the library for trees of any size.
func TestRootsAreThoseOfRFC6962(t *testing.T) {
	if got := transparency.EmptyRoot(); string(got[:]) != string(rfc6962.DefaultHasher.EmptyRoot()) {
		t.Error("the root of the empty tree differs")
	}
	rapid.Check(t, func(r *rapid.T) {
		size := rapid.IntRange(1, 600).Draw(r, "size")
		var tree transparency.Frontier
		want := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
		for n := range size {
			leaf := transparency.Leaf(record(n))
			tree.Append(leaf)
			if err := want.Append(leaf[:], nil); err != nil {
				r.Fatal(err)
			}
		}
		root, err := want.GetRootHash(nil)
		if err != nil {
			r.Fatal(err)
		}
		if got := tree.Root(); string(got[:]) != string(root) || tree.Size() != uint64(size) {
			r.Fatalf("%d leaves: root %s", size, got)
		}
	})
}

// TestAProofIsForOneLeafOfOneTree turns a proof that holds into ones that do not.
func TestAProofIsForOneLeafOfOneTree(t *testing.T) {
	list := records(2)
	leaves := leavesOf(list)
	signed := sign(t, signer(t, 1), list).Checkpoint
	held := transparency.Proof{Index: 0, Size: 2, Hashes: leaves[1:]}
	if err := held.Verify(leaves[0], signed); err != nil {
		t.Fatal(err)
	}
	other := signed
	other.Root[0] ^= 1
	for name, row := range map[string]struct {
		proof  transparency.Proof
		leaf   transparency.Hash
		signed transparency.Checkpoint
	}{
		"another leaf":    {held, leaves[1], signed},
		"another index":   {transparency.Proof{Index: 1, Size: 2, Hashes: held.Hashes}, leaves[0], signed},
		"beyond the tree": {transparency.Proof{Index: 2, Size: 2, Hashes: held.Hashes}, leaves[0], signed},
		"another size":    {transparency.Proof{Index: 0, Size: 3, Hashes: held.Hashes}, leaves[0], signed},
		"another root":    {held, leaves[0], other},
		"too short":       {transparency.Proof{Index: 0, Size: 2}, leaves[0], signed},
		"too long":        {transparency.Proof{Index: 0, Size: 2, Hashes: make([]transparency.Hash, 1000)}, leaves[0], signed},
	} {
		if err := row.proof.Verify(row.leaf, row.signed); !errors.Is(err, transparency.ErrProof) {
			t.Errorf("%s: error %v, want ErrProof", name, err)
		}
	}
}
