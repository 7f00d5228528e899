package readstore

import (
	"context"
	"fmt"
	"iter"
)

// Walk goes through the documents of a collection in the order of their ids, those after one and before another (neither
// included; an empty text leaves a side open), a page at a time. An error ends it.
func Walk(ctx context.Context, store Store, collection, after, before string) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		ids := IDs{After: after, Before: before, Limit: MaxLimit}
		for {
			page, err := store.InOrder(ctx, collection, ids)
			if err != nil {
				yield(Document{}, fmt.Errorf("reading %s: %w", collection, err))
				return
			}
			for _, document := range page {
				if !yield(document, nil) {
					return
				}
			}
			if len(page) < ids.Limit {
				return
			}
			ids.After = page[len(page)-1].ID
		}
	}
}
