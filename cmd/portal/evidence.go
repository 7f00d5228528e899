package main

import (
	"context"
	"errors"
	"fmt"

	"services.example/portal/commands/reactors"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
	"services.example/portal/projections/documents"
)

// evidenceTasks look for the evidence that signatures lack, if anybody can be asked for it.
func (p *portal) evidenceTasks() []reactors.Task {
	if p.evidences == nil {
		return nil
	}
	index := lackingIndex{reads: p.reads, serves: func(ctx context.Context, name string) (string, error) {
		return p.engine.Directory().Serving(ctx, name)
	}}
	return []reactors.Task{reactors.Evidence(p.commands.Documents, index, p.now)}
}

// lackingIndex finds documents with signatures that lack evidence in their read model.
type lackingIndex struct {
	reads  readstore.Store
	serves func(ctx context.Context, name string) (collection string, err error)
}

const lackingPage = 256

// Latest lists those signed last.
func (i lackingIndex) Latest(ctx context.Context, limit int) ([]reactors.LackingDocument, error) {
	list, _, err := i.list(ctx, readstore.Query{Reverse: true, Limit: limit})
	return list, err
}

// Lacking lists all, page by page.
func (i lackingIndex) Lacking(ctx context.Context, after string) ([]reactors.LackingDocument, string, error) {
	return i.list(ctx, readstore.Query{After: after, Limit: lackingPage})
}

// list lists documents by their ids; none while the read model is being built for the first time.
func (i lackingIndex) list(ctx context.Context, query readstore.Query) ([]reactors.LackingDocument, string, error) {
	collection, err := i.serves(ctx, documents.Name)
	if errors.Is(err, projections.ErrNotServing) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	query.Index, query.SeenOnly = documents.ByLacking, true
	page, err := i.reads.List(ctx, collection, query)
	if err != nil {
		return nil, "", fmt.Errorf("listing %s: %w", documents.Name, err)
	}
	list := make([]reactors.LackingDocument, len(page.Documents))
	for k, document := range page.Documents {
		list[k] = reactors.LackingDocument{ID: document.ID, Seen: document.Seen}
	}
	return list, page.Next, nil
}
