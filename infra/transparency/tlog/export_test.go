package tlog

import (
	"context"
	"encoding/binary"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/transparency"
)

// Fill makes a tree of leaves without records.
func (l *Log) Fill(ctx context.Context, size int) error {
	b, err := load(ctx, l.Tree)
	if err != nil {
		return err
	}
	for n := range size {
		var leaf transparency.Hash
		binary.BigEndian.PutUint64(leaf[:], uint64(n))
		if err := b.add(leaf, eventstore.Position{Commit: uint64(n + 1), Prepare: uint64(n + 1)}); err != nil {
			return err
		}
		if n%most == most-1 {
			if err := b.commit(ctx, l.options.Reads, b.through); err != nil {
				return err
			}
		}
	}
	return b.commit(ctx, l.options.Reads, b.through)
}
