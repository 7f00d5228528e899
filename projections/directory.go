package projections

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// DirectoryCollection says which collection serves each read model: one document a name.
const DirectoryCollection = "read_models"

// directoryAge is how long an answer is given without asking the store again. A collection outlives its replacement
// until the next one, so an answer of this age can always be used.
const directoryAge = time.Second

// ErrNotServing says that no engine has begun to build a read model yet.
var ErrNotServing = errors.New("no collection serves this read model yet")

// Directory tells queries which collection serves a read model.
type Directory struct {
	store readstore.Store

	versions map[string]int // the newest that this binary can read; nil: it need not ask

	mu    sync.Mutex
	known map[string]known
}

type known struct {
	entry directoryEntry
	until time.Time
}

// directoryEntry is a document of the directory.
type directoryEntry struct {
	Collection string `bson:"collection"`
	Version    int    `bson:"version"`
	Generation int    `bson:"generation"`
	Previous   string `bson:"previous"` // kept until the next switch: queries may still be reading it

	turn eventstore.Position // counts the switches of this name
}

// NewDirectory makes a directory over a read store in which an engine keeps it.
func NewDirectory(store readstore.Store) *Directory {
	return &Directory{store: store, known: map[string]known{}}
}

// Serving names the collection that serves a read model. Errors: ErrNotServing; those of the store; the problem
// newer-version where several processes run and a newer binary has made what serves.
func (d *Directory) Serving(ctx context.Context, name string) (string, error) {
	now := time.Now()
	d.mu.Lock()
	cached, found := d.known[name]
	d.mu.Unlock()
	if found && now.Before(cached.until) {
		return d.readable(name, cached.entry)
	}
	entry, err := d.read(ctx, name)
	if err != nil {
		return "", err
	}
	d.remember(name, entry)
	return d.readable(name, entry)
}

func (d *Directory) readable(name string, entry directoryEntry) (string, error) {
	if newest, asked := d.versions[name]; asked && entry.Version > newest {
		return "", fmt.Errorf("version %d of %s serves: %w", entry.Version, name, errNewer)
	}
	return entry.Collection, nil
}

var errNewer = &problem.Problem{Kind: problem.Unavailable, Code: "newer-version", RetryAfter: 5 * time.Second}

func (d *Directory) remember(name string, entry directoryEntry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known[name] = known{entry: entry, until: time.Now().Add(directoryAge)}
}

func (d *Directory) read(ctx context.Context, name string) (directoryEntry, error) {
	document, err := d.store.Get(ctx, DirectoryCollection, name)
	if errors.Is(err, readstore.ErrNotFound) {
		return directoryEntry{}, fmt.Errorf("looking up %s: %w", name, ErrNotServing)
	}
	if err != nil {
		return directoryEntry{}, fmt.Errorf("looking up the collection of %s: %w", name, err)
	}
	return entryOf(document)
}

// readMany looks up those of the names that something serves.
func (d *Directory) readMany(ctx context.Context, names []string) (map[string]directoryEntry, error) {
	documents, err := d.store.GetMany(ctx, DirectoryCollection, names)
	if err != nil {
		return nil, fmt.Errorf("looking up the collections that serve: %w", err)
	}
	entries := make(map[string]directoryEntry, len(documents))
	for name, document := range documents {
		if entries[name], err = entryOf(document); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

func entryOf(document readstore.Document) (directoryEntry, error) {
	var entry directoryEntry
	if err := document.Decode(&entry); err != nil {
		return directoryEntry{}, fmt.Errorf("looking up the collection of %s: %w", document.ID, err)
	}
	entry.turn = document.Seen
	return entry, nil
}

func (d *Directory) declare(ctx context.Context) error {
	index := readstore.Index{Name: "collection", Fields: []readstore.Field{{Path: "collection"}}}
	if err := d.store.Declare(ctx, readstore.Collection{Name: DirectoryCollection, Indexes: []readstore.Index{index}}); err != nil {
		return fmt.Errorf("declaring the directory of read models: %w", err)
	}
	return nil
}

// switchTo makes another collection serve a name, and removes the one that served before the last. It fails if the
// name was switched by somebody else in between, or if a guard does not hold.
func (d *Directory) switchTo(ctx context.Context, name string, next directoryEntry, guards ...readstore.Advance) error {
	before, err := d.read(ctx, name)
	if err != nil && !errors.Is(err, ErrNotServing) {
		return err
	}
	if before.Collection == next.Collection {
		return nil
	}
	next.Previous = before.Collection
	next.turn = eventstore.Position{Commit: before.turn.Commit + 1, Prepare: before.turn.Commit + 1}
	body, err := bson.Marshal(next)
	if err != nil {
		return fmt.Errorf("switching %s to %s: %w", name, next.Collection, err)
	}
	err = d.store.Commit(ctx, readstore.Batch{
		Writes:   []readstore.Write{{Collection: DirectoryCollection, ID: name, Seen: next.turn, Body: body}},
		Advances: append(guards, readstore.Advance{Projection: DirectoryCollection + "/" + name, From: before.turn, To: next.turn}),
		Sync:     true,
	})
	if err != nil {
		return fmt.Errorf("switching %s to %s: %w", name, next.Collection, err)
	}
	d.remember(name, next)
	if before.Previous != "" && before.Previous != next.Collection {
		return remove(ctx, d.store, before.Previous)
	}
	return nil
}

// remove drops a collection and the checkpoint that goes with it. The checkpoint goes first: documents without one are
// built again, a checkpoint without documents would hide that they are missing.
func remove(ctx context.Context, store readstore.Store, collection string) error {
	if err := store.ForgetCheckpoint(ctx, collection); err != nil {
		return fmt.Errorf("removing %s: %w", collection, err)
	}
	if err := store.Drop(ctx, collection); err != nil {
		return fmt.Errorf("removing %s: %w", collection, err)
	}
	return nil
}
