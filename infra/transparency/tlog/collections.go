package tlog

import (
	"context"
	"fmt"

	"services.example/portal/infra/readstore"
)

// Projection names the checkpoint of the read store that says how far the tree is.
const Projection = "transparency"

const (
	tileCollection       = "transparency_tiles"
	placeCollection      = "transparency_places"
	checkpointCollection = "transparency_checkpoints"

	byFirst = "first"
	bySize  = "size"

	byCosigned = "cosigned"
)

var collections = []readstore.Collection{
	{Name: tileCollection},
	{Name: placeCollection, Indexes: []readstore.Index{{Name: byFirst, Fields: []readstore.Field{{Path: "f", Desc: true}}}}},
	{Name: checkpointCollection, Expires: true, Indexes: []readstore.Index{
		{Name: bySize, Fields: []readstore.Field{{Path: "size", Desc: true}}},
		{Name: byCosigned, Fields: []readstore.Field{{Path: "cosigned", Desc: true}}},
	}},
}

// Declare makes the collections of the tree and of checkpoints ready. Repeating it is harmless.
func Declare(ctx context.Context, reads readstore.Store) error {
	if err := reads.Declare(ctx, collections...); err != nil {
		return fmt.Errorf("declaring the collections of the hash tree: %w", err)
	}
	return nil
}

// Forget throws the tree away, so that it is built again from the log. Checkpoints stay. No process may keep the tree
// meanwhile.
func Forget(ctx context.Context, reads readstore.Store) error {
	for _, collection := range []string{tileCollection, placeCollection} {
		if err := reads.Drop(ctx, collection); err != nil {
			return fmt.Errorf("dropping the hash tree: %w", err)
		}
	}
	if err := reads.ForgetCheckpoint(ctx, Projection); err != nil {
		return fmt.Errorf("dropping the hash tree: %w", err)
	}
	return Declare(ctx, reads)
}
