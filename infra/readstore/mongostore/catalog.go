package mongostore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/readstore"
)

// The store's own collections.
const (
	catalogName     = "_catalog"
	checkpointsName = "_checkpoints"
)

// catalog is what this process knows of the declared collections. What it does not know it looks up.
type catalog struct {
	mu      sync.RWMutex
	known   map[string]*collection
	changes int // by this process
}

// collection is a declared collection. Its successor after a change of its indexes shares the gate.
type collection struct {
	name    string
	expires bool
	sweeper sweeper
	indexes []*index
	gate    *sync.RWMutex // writes: read-locked; changes of the indexes: locked
}

// sweeper says who removes expired entries and old marks of removal. It is empty while there is no index to find them by.
type sweeper string

const (
	sweptByServer sweeper = "server"
	sweptByUpkeep sweeper = "upkeep"
)

// storedCollection is the form in which a declaration is kept.
type storedCollection struct {
	Name    string        `bson:"_id"`
	Expires bool          `bson:"expires"`
	Sweeper sweeper       `bson:"sweeper"`
	Indexes []storedIndex `bson:"indexes"`
}

type storedIndex struct {
	Name     string            `bson:"name"`
	Fields   []readstore.Field `bson:"fields"`
	Covering bool              `bson:"covering"`
	Ready    bool              `bson:"ready"`
}

func (c *collection) stored() storedCollection {
	stored := storedCollection{Name: c.name, Expires: c.expires, Sweeper: c.sweeper, Indexes: []storedIndex{}}
	for _, ix := range c.indexes {
		stored.Indexes = append(stored.Indexes, storedIndex{ix.Name, ix.Fields, ix.Covering, ix.ready})
	}
	return stored
}

func (s storedCollection) collection() *collection {
	c := &collection{name: s.Name, expires: s.Expires, sweeper: s.Sweeper, gate: new(sync.RWMutex)}
	for _, ix := range s.Indexes {
		c.indexes = append(c.indexes, newIndex(readstore.Index{Name: ix.Name, Fields: ix.Fields, Covering: ix.Covering}, ix.Ready))
	}
	return c
}

// index finds an index that all documents are in. Errors: InvalidError.
func (c *collection) index(name string) (*index, error) {
	for _, ix := range c.indexes {
		if ix.Name == name && ix.ready {
			return ix, nil
		}
	}
	return nil, &readstore.InvalidError{Reason: fmt.Sprintf("collection %s has no index %q", c.name, name)}
}

// checkKind tells whether a collection holds entries, if it shall, or documents. Errors: InvalidError.
func (c *collection) checkKind(entries bool) error {
	switch {
	case c.expires && !entries:
		return &readstore.InvalidError{Reason: fmt.Sprintf("collection %q holds entries, not documents", c.name)}
	case !c.expires && entries:
		return &readstore.InvalidError{Reason: fmt.Sprintf("collection %q holds documents, not entries", c.name)}
	default:
		return nil
	}
}

// checkName refuses names that MongoDB or the store keep for themselves. Errors: InvalidError.
func checkName(name string) error {
	if strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "system.") {
		return &readstore.InvalidError{Reason: fmt.Sprintf("%q cannot name a collection in MongoDB", name)}
	}
	return nil
}

// lookup finds a declared collection of documents (or of entries). Errors: InvalidError, ErrUnavailable.
func (s *Store) lookup(ctx context.Context, name string, entries bool) (*collection, error) {
	found := s.catalog.get(name)
	if found == nil { // another process may have declared it
		if err := s.refresh(ctx); err != nil {
			return nil, err
		}
		found = s.catalog.get(name)
	}
	if found == nil {
		return nil, &readstore.InvalidError{Reason: fmt.Sprintf("collection %q is not declared", name)}
	}
	return found, found.checkKind(entries)
}

// lookupIndexed finds a declared collection, with an index that is ready if it was made ready by now. Another process may
// have done so since this one looked. Errors: as lookup.
func (s *Store) lookupIndexed(ctx context.Context, name string, entries bool, index string) (*collection, error) {
	found, err := s.lookup(ctx, name, entries)
	if err != nil {
		return nil, err
	}
	if _, err := found.index(index); err == nil {
		return found, nil
	}
	if err := s.refresh(ctx); err != nil {
		return nil, err
	}
	return s.lookup(ctx, name, entries)
}

func (c *catalog) get(name string) *collection {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.known[name]
}

// set replaces what is known of a collection; nil: it is gone.
func (c *catalog) set(name string, changed *collection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	if changed == nil {
		delete(c.known, name)
		return
	}
	c.known[name] = changed
}

// all lists the known collections by name.
func (c *catalog) all() []*collection {
	c.mu.RLock()
	defer c.mu.RUnlock()
	list := make([]*collection, 0, len(c.known))
	for _, name := range slices.Sorted(maps.Keys(c.known)) {
		list = append(list, c.known[name])
	}
	return list
}

// count tells how often this process has changed the catalogue.
func (c *catalog) count() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.changes
}

// replace takes over what was stored after that many changes, keeping the gates of collections that stay. It refuses if
// this process has changed something since.
func (c *catalog) replace(stored []storedCollection, changes int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes != changes {
		return false
	}
	next := make(map[string]*collection, len(stored))
	for _, one := range stored {
		loaded := one.collection()
		if old := c.known[one.Name]; old != nil {
			loaded.gate = old.gate
		}
		next[one.Name] = loaded
	}
	c.known = next
	return true
}

// refresh reads the catalogue.
func (s *Store) refresh(ctx context.Context) error {
	const doing = "reading the catalogue of collections"
	for {
		changes := s.catalog.count()
		cursor, err := s.db.Collection(catalogName).Find(ctx, bson.D{})
		if err != nil {
			return failure(ctx, doing, err)
		}
		var stored []storedCollection
		if err := cursor.All(ctx, &stored); err != nil {
			return failure(ctx, doing, err)
		}
		if s.catalog.replace(stored, changes) {
			return nil
		}
	}
}

// enter finds a collection and keeps its indexes from changing until the returned function is called.
func (s *Store) enter(ctx context.Context, name string, entries bool) (*collection, func(), error) {
	found, err := s.lookup(ctx, name, entries)
	if err != nil {
		return nil, nil, err
	}
	found.gate.RLock()
	current := s.catalog.get(name)
	if current == nil || current.gate != found.gate {
		found.gate.RUnlock()
		return nil, nil, fmt.Errorf("collection %s was dropped: %w", name, readstore.ErrUnavailable)
	}
	if err := current.checkKind(entries); err != nil {
		found.gate.RUnlock()
		return nil, nil, err
	}
	return current, found.gate.RUnlock, nil
}
