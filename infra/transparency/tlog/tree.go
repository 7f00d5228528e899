package tlog

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/transparency"
)

var (
	// ErrBeyond says that the tree has no such leaf, or not as many of them yet.
	ErrBeyond = errors.New("the hash tree does not reach so far")
	// ErrNoRecord says that there is no record at a position.
	ErrNoRecord = errors.New("there is no such record in the hash tree")
)

// Tree reads the tree that a Keeper keeps.
type Tree struct{ reads readstore.Store }

// NewTree reads the tree in a read store in which Declare was called.
func NewTree(reads readstore.Store) *Tree { return &Tree{reads: reads} }

// Through tells up to which position of the log the tree has all records.
func (t *Tree) Through(ctx context.Context) (eventstore.Position, error) {
	position, err := t.reads.Checkpoint(ctx, Projection)
	if err != nil {
		return position, fmt.Errorf("asking how far the hash tree is: %w", err)
	}
	return position, nil
}

// Size is how many leaves the tree has.
func (t *Tree) Size(ctx context.Context) (uint64, error) {
	through, err := t.Through(ctx)
	if err != nil {
		return 0, err
	}
	return countThrough(ctx, t.reads, through)
}

// IndexOf finds the leaf of the record at a position of the log. Error: ErrNoRecord.
func (t *Tree) IndexOf(ctx context.Context, position eventstore.Position) (uint64, error) {
	tile, places, err := placesAt(ctx, t.reads, position)
	if err != nil {
		return 0, err
	}
	n := countIn(places, position)
	if n == 0 || places[n-1] != position {
		return 0, ErrNoRecord
	}
	return tile*TileWidth + uint64(n) - 1, nil
}

// PositionOf tells where in the log the record of a leaf was. Error: ErrBeyond.
func (t *Tree) PositionOf(ctx context.Context, index uint64) (eventstore.Position, error) {
	document, err := t.reads.Get(ctx, placeCollection, placesID(index/TileWidth))
	if errors.Is(err, readstore.ErrNotFound) {
		return eventstore.Position{}, ErrBeyond
	}
	if err != nil {
		return eventstore.Position{}, fmt.Errorf("reading the place of a record: %w", err)
	}
	places, err := placesOf(document)
	if err == nil && index%TileWidth >= uint64(len(places)) {
		err = ErrBeyond
	}
	if err != nil {
		return eventstore.Position{}, err
	}
	return places[index%TileWidth], nil
}

// Root is the root over the first so many leaves. Error: ErrBeyond.
func (t *Tree) Root(ctx context.Context, size uint64) (transparency.Hash, error) {
	if size == 0 {
		return transparency.EmptyRoot(), nil
	}
	hashes, err := t.tiles().nodes(ctx, compact.RangeNodes(0, size, nil))
	if err != nil {
		return transparency.Hash{}, err
	}
	root := hashes[len(hashes)-1]
	for i := len(hashes) - 2; i >= 0; i-- {
		root = transparency.Node(hashes[i], root)
	}
	return root, nil
}

// Inclusion proves that a leaf is in the tree of the first size leaves. Error: ErrBeyond.
func (t *Tree) Inclusion(ctx context.Context, index, size uint64) (transparency.Proof, error) {
	return t.tiles().inclusion(ctx, index, size)
}

// Consistency proves that the tree of the first to leaves continues that of the first from. Error: ErrBeyond.
func (t *Tree) Consistency(ctx context.Context, from, to uint64) (transparency.Consistency, error) {
	nodes, err := proof.Consistency(from, to)
	if err != nil {
		return transparency.Consistency{}, ErrBeyond
	}
	hashes, err := t.tiles().rehashed(ctx, nodes)
	return transparency.Consistency{From: from, To: to, Hashes: hashes}, err
}

// Tile gives the hashes of a tile, as many of the width as the tree of the first size leaves has. Error: ErrBeyond.
func (t *Tree) Tile(ctx context.Context, level uint, index, size uint64) ([]transparency.Hash, error) {
	const levels = 64 / tileBits
	if level >= levels {
		return nil, ErrBeyond
	}
	whole := size >> (level * tileBits)
	if index >= 1<<56 || index*TileWidth >= whole {
		return nil, ErrBeyond
	}
	width := min(TileWidth, whole-index*TileWidth)
	hashes, err := t.tiles().tile(ctx, tileID{level, index})
	if err == nil && uint64(len(hashes)) < width {
		err = ErrBeyond
	}
	if err != nil {
		return nil, err
	}
	return hashes[:width], nil
}

// Leaves yields the hashes of the first size leaves, in order. Error: ErrBeyond, those of the store.
func (t *Tree) Leaves(ctx context.Context, size uint64) iter.Seq2[transparency.Hash, error] {
	return func(yield func(transparency.Hash, error) bool) {
		for tile := uint64(0); tile*TileWidth < size; tile++ {
			hashes, err := t.Tile(ctx, 0, tile, size)
			if err != nil {
				yield(transparency.Hash{}, err)
				return
			}
			for _, hash := range hashes {
				if !yield(hash, nil) {
					return
				}
			}
		}
	}
}

// tiles are those that one question needs, read once.
type tiles struct {
	reads readstore.Store
	read  map[tileID][]transparency.Hash
}

func (t *Tree) tiles() *tiles { return &tiles{reads: t.reads, read: map[tileID][]transparency.Hash{}} }

func (t *tiles) inclusion(ctx context.Context, index, size uint64) (transparency.Proof, error) {
	nodes, err := proof.Inclusion(index, size)
	if err != nil {
		return transparency.Proof{}, ErrBeyond
	}
	hashes, err := t.rehashed(ctx, nodes)
	return transparency.Proof{Index: index, Size: size, Hashes: hashes}, err
}

func (t *tiles) rehashed(ctx context.Context, nodes proof.Nodes) ([]transparency.Hash, error) {
	hashes, err := t.nodes(ctx, nodes.IDs)
	if err != nil {
		return nil, err
	}
	raw := make([][]byte, len(hashes))
	for i := range hashes {
		raw[i] = hashes[i][:]
	}
	joined, err := nodes.Rehash(raw, func(left, right []byte) []byte {
		node := transparency.Node(transparency.Hash(left), transparency.Hash(right))
		return node[:]
	})
	if err != nil {
		return nil, fmt.Errorf("putting a proof together: %w", err)
	}
	proven := make([]transparency.Hash, len(joined))
	for i := range joined {
		proven[i] = transparency.Hash(joined[i])
	}
	return proven, nil
}

// nodes reads nodes of the tree.
func (t *tiles) nodes(ctx context.Context, ids []compact.NodeID) ([]transparency.Hash, error) {
	wanted := make([]tileID, len(ids))
	for i, id := range ids {
		wanted[i] = tileID{Level: id.Level / tileBits, Index: id.Index << (id.Level % tileBits) / TileWidth}
	}
	if err := t.fetch(ctx, wanted); err != nil {
		return nil, err
	}
	hashes := make([]transparency.Hash, len(ids))
	for i, id := range ids {
		first := id.Index << (id.Level % tileBits) % TileWidth
		end := first + 1<<(id.Level%tileBits)
		held := t.read[wanted[i]]
		if uint64(len(held)) < end {
			return nil, ErrBeyond
		}
		var room [TileWidth]transparency.Hash
		hashes[i] = rootOf(room[:copy(room[:], held[first:end])])
	}
	return hashes, nil
}

func (t *tiles) tile(ctx context.Context, id tileID) ([]transparency.Hash, error) {
	err := t.fetch(ctx, []tileID{id})
	return t.read[id], err
}

// fetch reads those of the tiles that were not read yet; what does not exist has no hashes.
func (t *tiles) fetch(ctx context.Context, wanted []tileID) error {
	var missing []string
	for _, id := range wanted {
		if _, have := t.read[id]; !have {
			t.read[id] = nil
			missing = append(missing, id.String())
		}
	}
	if len(missing) == 0 {
		return nil
	}
	found, err := t.reads.GetMany(ctx, tileCollection, missing)
	if err != nil {
		return fmt.Errorf("reading tiles of the hash tree: %w", err)
	}
	for _, id := range wanted {
		document, have := found[id.String()]
		if !have {
			continue
		}
		if t.read[id], err = tileOf(document); err != nil {
			return err
		}
	}
	return nil
}
