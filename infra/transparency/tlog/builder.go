package tlog

import (
	"context"
	"fmt"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/transparency"
)

// builder adds leaves to the tree: it holds the tiles on its right edge, which are not full yet, and the changes that
// were not committed.
type builder struct {
	size    uint64
	through eventstore.Position // of the log: everything up to here is in the tree or needs not be
	edge    [][]transparency.Hash
	places  []eventstore.Position // of the leaves in the lowest tile of the edge

	changed []bool // by level: the edge is not as it is stored
	writes  []readstore.Write
	stored  eventstore.Position // the checkpoint
}

// load finds the edge of the tree that a store holds. Tiles may be ahead of the checkpoint, where a commit was cut off.
func load(ctx context.Context, tree *Tree) (*builder, error) {
	through, err := tree.Through(ctx)
	if err != nil {
		return nil, err
	}
	b := &builder{through: through, stored: through}
	if b.size, err = countThrough(ctx, tree.reads, through); err != nil {
		return nil, err
	}
	for level := uint(0); b.size>>(level*tileBits) > 0; level++ {
		whole := b.size >> (level * tileBits)
		var held []transparency.Hash
		if whole%TileWidth > 0 {
			if held, err = tree.Tile(ctx, level, whole/TileWidth, b.size); err != nil {
				return nil, fmt.Errorf("reading the edge of the hash tree: %w", err)
			}
		}
		b.edge = append(b.edge, append(make([]transparency.Hash, 0, TileWidth), held...))
		b.changed = append(b.changed, false)
	}
	if b.size%TileWidth > 0 {
		_, places, err := placesAt(ctx, tree.reads, through)
		if err != nil {
			return nil, err
		}
		b.places = places[:b.size%TileWidth]
	}
	return b, nil
}

// add puts a leaf into the tree.
func (b *builder) add(leaf transparency.Hash, at eventstore.Position) error {
	b.size++
	b.through = at
	b.places = append(b.places, at)
	if len(b.places) == TileWidth {
		if err := b.putPlaces(); err != nil {
			return err
		}
		b.places = b.places[:0]
	}
	for level := uint(0); ; level++ {
		if level == uint(len(b.edge)) {
			b.edge, b.changed = append(b.edge, make([]transparency.Hash, 0, TileWidth)), append(b.changed, false)
		}
		b.edge[level] = append(b.edge[level], leaf)
		b.changed[level] = true
		if len(b.edge[level]) < TileWidth {
			return nil
		}
		if err := b.putTile(level); err != nil {
			return err
		}
		leaf = rootOf(b.edge[level])
		b.edge[level] = b.edge[level][:0]
	}
}

// putTile stores the tile on the edge of a level.
func (b *builder) putTile(level uint) error {
	b.changed[level] = false
	id := tileID{Level: level, Index: (b.size>>(level*tileBits) - 1) / TileWidth}
	return b.put(tileCollection, id.String(), tileDoc{Hashes: tileBytes(b.edge[level])})
}

func (b *builder) putPlaces() error {
	return b.put(placeCollection, placesID((b.size-1)/TileWidth), placesBody(b.places))
}

func (b *builder) put(collection, id string, doc any) error {
	body, err := readstore.Encode(doc)
	if err != nil {
		return fmt.Errorf("encoding a tile of the hash tree: %w", err)
	}
	b.writes = append(b.writes, readstore.Write{Collection: collection, ID: id, Seen: b.through, Body: body})
	return nil
}

// commit stores what was added since the last time. The tree then reaches to a position of the log.
func (b *builder) commit(ctx context.Context, reads readstore.Store, to eventstore.Position, fence ...readstore.Advance) error {
	for level := range b.edge {
		if !b.changed[level] {
			continue
		}
		if level == 0 {
			if err := b.putPlaces(); err != nil {
				return err
			}
		}
		if err := b.putTile(uint(level)); err != nil {
			return err
		}
	}
	if to.Before(b.through) {
		to = b.through
	}
	if len(b.writes) == 0 && to == b.stored {
		return nil
	}
	batch := readstore.Batch{
		Writes: b.writes, Advances: append(fence, readstore.Advance{Projection: Projection, From: b.stored, To: to}),
	}
	if err := reads.Commit(ctx, batch); err != nil {
		return fmt.Errorf("storing the hash tree: %w", err)
	}
	b.stored, b.through, b.writes = to, to, nil
	return nil
}
