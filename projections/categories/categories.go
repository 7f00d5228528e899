// Package categories is the read model of the tree of categories.
//
// Document: ID, the only one. Streams: catalogue.
package categories

import (
	"time"

	"services.example/portal/domain/catalogue"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
)

// Name is what the directory knows the read model by.
const Name = "categories"

// ID is the id of the only document: the stream that it comes from.
const ID = "catalogue"

// ByStream is the only index.
const ByStream = "by_stream"

// Tree is the tree, its nodes in the order of the screen.
type Tree struct {
	Stream    string               `bson:"stream"`
	Tree      []catalogue.Category `bson:"tree"`
	DefinedAt time.Time            `bson:"definedAt"`
}

// Model is the projection.
var Model = projections.ReadModel[Tree]{
	Name:    Name,
	Version: 1,
	Streams: []string{ID},
	Indexes: []readstore.Index{{Name: ByStream, Fields: []readstore.Field{{Path: "stream"}}}},
	Keys: func(event codec.Envelope) []string {
		if _, ok := event.Event.(catalogue.CategoriesDefined); !ok || event.Stream != ID {
			return nil
		}
		return []string{ID}
	},
	Fold: func(tree *Tree, id string, event codec.Envelope) *Tree {
		if e, ok := event.Event.(catalogue.CategoriesDefined); ok {
			return &Tree{Stream: id, Tree: e.Tree, DefinedAt: e.At}
		}
		return tree
	},
}
