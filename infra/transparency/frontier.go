package transparency

import "math/bits"

// Frontier is what must be remembered of a tree to add leaves to it: the roots of its perfect subtrees, at most 64. The
// zero Frontier is the empty tree.
type Frontier struct {
	size  uint64
	roots []Hash // the largest subtree first
}

// Size is the number of leaves.
func (f *Frontier) Size() uint64 { return f.size }

// Append adds the hash of a leaf.
func (f *Frontier) Append(leaf Hash) {
	for range bits.TrailingZeros64(^f.size) {
		last := len(f.roots) - 1
		leaf = Node(f.roots[last], leaf)
		f.roots = f.roots[:last]
	}
	f.roots = append(f.roots, leaf)
	f.size++
}

// Root is the root of the tree.
func (f *Frontier) Root() Hash {
	if len(f.roots) == 0 {
		return EmptyRoot()
	}
	last := len(f.roots) - 1
	root := f.roots[last]
	for i := last - 1; i >= 0; i-- {
		root = Node(f.roots[i], root)
	}
	return root
}
