package mongostore

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"services.example/portal/infra/mongodb"
	"services.example/portal/infra/readstore"
)

// Declare makes collections and their indexes ready. Writes of this process to a collection wait while an index of it is
// filled; what other processes write meanwhile without the new index, Maintain completes.
func (s *Store) Declare(ctx context.Context, collections ...readstore.Collection) error {
	names := make(map[string]bool, len(collections))
	for _, declared := range collections {
		if err := declared.Validate(); err != nil {
			return err
		}
		if err := checkName(declared.Name); err != nil {
			return err
		}
		if names[declared.Name] {
			return &readstore.InvalidError{Reason: fmt.Sprintf("collection %s is declared twice", declared.Name)}
		}
		names[declared.Name] = true
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	s.declaring.Lock()
	defer s.declaring.Unlock()
	if err := s.meet(ctx); err != nil {
		return err
	}
	if err := s.refresh(ctx); err != nil {
		return err
	}
	for _, declared := range collections {
		if err := s.declare(ctx, declared); err != nil {
			return fmt.Errorf("declaring collection %s: %w", declared.Name, err)
		}
	}
	return nil
}

func (s *Store) declare(ctx context.Context, declared readstore.Collection) error {
	old := s.catalog.get(declared.Name)
	switch {
	case old == nil:
		old = &collection{name: declared.Name, expires: declared.Expires, gate: new(sync.RWMutex)}
	case old.expires != declared.Expires:
		return &readstore.InvalidError{Reason: "documents and entries cannot change into each other"}
	case old.sweeper != "" && old.has(declared.Indexes):
		return nil
	}
	old.gate.Lock()
	defer old.gate.Unlock()

	// First everybody writes the new places, then what was there before gets them, then they are read.
	next := &collection{name: old.name, expires: old.expires, sweeper: old.sweeper, gate: old.gate}
	widened := &collection{name: old.name, expires: old.expires, sweeper: old.sweeper, gate: old.gate}
	widened.indexes = slices.Clone(old.indexes)
	var added []*index
	for _, wanted := range declared.Indexes {
		ix := newIndex(wanted, true)
		next.indexes = append(next.indexes, ix)
		if !old.fills(ix) {
			added = append(added, ix)
		}
		if !slices.ContainsFunc(old.indexes, func(have *index) bool { return have.field == ix.field }) {
			widened.indexes = append(widened.indexes, newIndex(wanted, false))
		}
	}
	if err := s.publish(ctx, widened); err != nil {
		return err
	}
	if err := s.createIndexes(ctx, next); err != nil {
		return err
	}
	var err error
	if next.sweeper, err = s.createSweepIndex(ctx, next); err != nil {
		return err
	}
	if err := s.fill(ctx, widened, added); err != nil {
		return err
	}
	if err := s.publish(ctx, next); err != nil {
		return err
	}
	return s.dropIndexes(ctx, next)
}

// has tells whether the collection has just these indexes, all ready.
func (c *collection) has(declared []readstore.Index) bool {
	return slices.EqualFunc(c.indexes, declared, func(ix *index, wanted readstore.Index) bool { return ix.ready && ix.Equal(wanted) })
}

// fills tells whether all documents have their place in an index.
func (c *collection) fills(wanted *index) bool {
	return slices.ContainsFunc(c.indexes, func(ix *index) bool { return ix.ready && ix.field == wanted.field })
}

// publish makes a changed collection known, here and to others.
func (s *Store) publish(ctx context.Context, changed *collection) error {
	_, err := s.db.Collection(catalogName).ReplaceOne(ctx, byID(changed.name), changed.stored(), options.Replace().SetUpsert(true))
	if err != nil {
		return failure(ctx, "writing the catalogue of collections", err)
	}
	s.catalog.set(changed.name, changed)
	return nil
}

// Codes by which servers refuse an option of an index: BadValue, CannotCreateIndex, NotImplemented, InvalidOptions,
// CommandNotSupported, InvalidIndexSpecificationOption.
var refusedOption = []int{2, 67, 72, 115, 197, 238}

// createIndexes creates the indexes of a collection on the server.
func (s *Store) createIndexes(ctx context.Context, c *collection) error {
	for _, ix := range c.indexes {
		if err := s.createIndex(ctx, c, ix.path(), options.Index()); err != nil {
			return failure(ctx, "creating index "+ix.Name, err)
		}
	}
	if len(c.indexes) == 0 {
		return nil
	}
	err := s.createIndex(ctx, c, fieldSeveral, options.Index().SetSparse(true))
	if mongodb.HasCode(err, refusedOption...) {
		err = s.createIndex(ctx, c, fieldSeveral, options.Index())
	}
	return failure(ctx, "creating the index of arrays", err)
}

// createSweepIndex creates the index by which is found what is to be removed in time, and tells who does so: the server,
// unless it refuses.
func (s *Store) createSweepIndex(ctx context.Context, c *collection) (sweeper, error) {
	const doing = "creating the index of what is to be removed in time"
	by, after := c.sweepBy()
	timed := options.Index().SetExpireAfterSeconds(int32(after.Seconds())).SetSparse(!c.expires) // few are gone
	err := s.createIndex(ctx, c, by, timed)
	if !mongodb.HasCode(err, refusedOption...) {
		return sweptByServer, failure(ctx, doing, err)
	}
	return sweptByUpkeep, failure(ctx, doing, s.createIndex(ctx, c, by, options.Index()))
}

func (s *Store) createIndex(ctx context.Context, c *collection, path string, o *options.IndexOptionsBuilder) error {
	key := mongo.IndexModel{Keys: bson.D{{Key: path, Value: 1}}, Options: o.SetName(path)}
	_, err := s.db.Collection(c.name).Indexes().CreateOne(ctx, key)
	return err
}

// dropIndexes removes the store's own indexes on the server that are no longer declared, and no one else's.
func (s *Store) dropIndexes(ctx context.Context, c *collection) error {
	on := s.db.Collection(c.name).Indexes()
	existing, err := on.ListSpecifications(ctx)
	if err != nil {
		return failure(ctx, "listing indexes", err)
	}
	const own = fieldIndex + "."
	for _, specification := range existing {
		name := specification.Name
		if len(name) <= len(own) || name[:len(own)] != own || slices.ContainsFunc(c.indexes, func(ix *index) bool { return ix.path() == name }) {
			continue
		}
		if err := on.DropOne(ctx, name); err != nil && !mongodb.HasCode(err, indexNotFound) {
			return failure(ctx, "dropping an index", err)
		}
	}
	return nil
}

const indexNotFound = 27

// Collections lists the names of all collections in alphabetical order.
func (s *Store) Collections(ctx context.Context) ([]string, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	if err := s.refresh(ctx); err != nil {
		return nil, err
	}
	all := s.catalog.all()
	names := make([]string, 0, len(all))
	for _, c := range all {
		names = append(names, c.name)
	}
	return names, nil
}

// Drop removes a collection. A query that runs at the same time may find it empty.
func (s *Store) Drop(ctx context.Context, name string) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	s.declaring.Lock()
	defer s.declaring.Unlock()
	if err := s.refresh(ctx); err != nil {
		return err
	}
	dropped := s.catalog.get(name)
	if dropped == nil {
		return nil
	}
	dropped.gate.Lock()
	defer dropped.gate.Unlock()
	if err := s.db.Collection(name).Drop(ctx); err != nil {
		return failure(ctx, "dropping collection "+name, err)
	}
	if _, err := s.db.Collection(catalogName).DeleteOne(ctx, byID(name)); err != nil {
		return failure(ctx, "dropping collection "+name, err)
	}
	s.catalog.set(name, nil)
	return nil
}

func byID(id string) bson.D { return bson.D{{Key: fieldID, Value: id}} }
