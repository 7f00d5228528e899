// Package readstore is the port to the read models: collections of documents with declared indexes, the checkpoints of
// the projections that write them, and short-lived entries (sessions, codes) with compare-and-set and a time to live.
//
// The adapters are pebblestore (embedded, for one machine) and mongostore (MongoDB, for several). Every adapter passes the
// contract suite in readstoretest. Documents are BSON, so that the same structs are stored in both.
package readstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/eventstore"
)

var (
	// ErrNotFound says that there is no such document or entry, or that its time has passed.
	ErrNotFound = errors.New("not found in the read store")
	// ErrChanged says that an entry was not at the version that a change expected.
	ErrChanged = errors.New("entry changed in between")
	// ErrUnavailable says that the read store cannot answer now; the call may be repeated.
	ErrUnavailable = errors.New("read store unavailable")
	// ErrCursor says that a cursor was not made by the same query.
	ErrCursor = errors.New("cursor does not belong to this query")
)

// Collection declares a collection. A query that no declared index serves cannot be written.
type Collection struct {
	Name    string
	Indexes []Index
	Expires bool // holds entries (see Entries), not documents of a projection
}

// Index declares the order of a collection by one or more fields. Documents with equal fields follow their ids.
// A field that holds an array gives one index entry for each element. A document that lacks the first field is not in the index.
type Index struct {
	Name     string
	Fields   []Field
	Covering bool // keep the documents beside the index entries where the adapter can: faster pages, dearer writes
}

// Field is one field of an index: a dotted path into the document, and its direction.
type Field struct {
	Path string
	Desc bool
}

// Document is a document of a read model.
type Document struct {
	ID   string
	Seen eventstore.Position // position of the last event folded into it
	Body bson.Raw            // without _id and position
}

// RawDecoder is a document that reads itself, faster than by reflection.
type RawDecoder interface{ DecodeBSON(body bson.Raw) error }

// RawEncoder is a document that writes itself, faster than by reflection: byte for byte as the driver would write it.
type RawEncoder interface{ AppendBSON(dst []byte) []byte }

// Decode reads the document into a struct with bson tags, or a RawDecoder.
func (d Document) Decode(into any) error {
	if err := Decode(d.Body, into); err != nil {
		return fmt.Errorf("decoding document %s: %w", d.ID, err)
	}
	return nil
}

// Decode reads a body into a struct with bson tags, or a RawDecoder.
func Decode(body bson.Raw, into any) error {
	if fast, ok := into.(RawDecoder); ok {
		return fast.DecodeBSON(body)
	}
	return bson.Unmarshal(body, into)
}

// Encode writes a struct with bson tags, or a RawEncoder.
func Encode(doc any) (bson.Raw, error) { return AppendEncoded(nil, doc) }

// AppendEncoded writes a struct with bson tags, or a RawEncoder, behind what dst holds.
func AppendEncoded(dst []byte, doc any) ([]byte, error) {
	if fast, ok := doc.(RawEncoder); ok {
		return fast.AppendBSON(dst), nil
	}
	body, err := bson.Marshal(doc)
	return append(dst, body...), err
}

// Query asks for documents in the order of an index. Prefix gives the exact values of its leading fields; From and To
// bound the next field, both inclusive, in the direction of that field (of a descending one, From is the greater);
// nil leaves a side open. A bound finds only values of its own kind, so a missing time is not before every time.
type Query struct {
	Index    string
	Prefix   []any
	From, To any
	Reverse  bool   // against the index's order
	After    string // the Next of the page before
	Limit    int    // 1 to MaxLimit
	SeenOnly bool   // leave the bodies out, for who knows a document by its id and the position that it has seen
}

// IDs asks for documents by their ids: those after one and before another, neither included. An empty text leaves a side
// open. The next page is what comes after the last id of this one.
type IDs struct {
	After, Before string
	Limit         int // 1 to MaxLimit
}

// MaxLimit is the largest page.
const MaxLimit = 1000

// Page is one page of a query's answer. Next is empty at the end.
type Page struct {
	Documents []Document
	Next      string
}

// Write is one change of a batch: a document put in place, or removed if Body is nil. A stored document that has seen
// the same position or a later one stays as it is.
type Write struct {
	Collection string
	ID         string
	Seen       eventstore.Position
	Body       bson.Raw // may change after Commit has returned

	// New says that nothing was ever written under this ID, or only the very same, and lets a store write without looking.
	// It is never said of a document that may have changed since, or was removed.
	New bool
}

// Advance moves the checkpoint of a projection, if it still stands at From. The zero Position is where it starts.
type Advance struct {
	Projection string
	From, To   eventstore.Position
}

// Batch is a set of changes. On an adapter with transactions it is atomic; elsewhere the documents are written before
// the checkpoints, and the position that every document carries, and a removed one leaves behind for a day, makes a
// repetition harmless, also one that comes late.
type Batch struct {
	Writes   []Write
	Advances []Advance
	Sync     bool // durable before Commit returns; otherwise a crash may lose the latest batches, never parts of one
}

// CheckpointError says that a projection's checkpoint was not where a batch expected it; nothing of the batch took
// effect, or what did is repeated harmlessly by whoever owns the projection now.
type CheckpointError struct {
	Projection string
	Stored     eventstore.Position
}

func (e *CheckpointError) Error() string {
	return fmt.Sprintf("checkpoint of %s stands at %s", e.Projection, e.Stored)
}

// Store holds the read models.
type Store interface {
	// Declare makes collections and their indexes ready. Repeating it is harmless; an index added to a collection that
	// already holds documents is filled before it returns, one no longer declared is removed.
	Declare(ctx context.Context, collections ...Collection) error
	// Collections lists the names of all collections that exist.
	Collections(ctx context.Context) ([]string, error)
	// Drop removes a collection, its indexes and documents. Dropping one that does not exist is no error.
	Drop(ctx context.Context, collection string) error

	Get(ctx context.Context, collection, id string) (Document, error)
	// View is Get for who only looks: use is given the document and keeps nothing of its body, which may change as soon
	// as it has returned. What a RawDecoder reads may share the memory of the body, so it is kept no longer either.
	// Errors: use's own, as it is.
	View(ctx context.Context, collection, id string, use func(Document) error) error
	// GetMany returns the documents that exist, by id.
	GetMany(ctx context.Context, collection string, ids []string) (map[string]Document, error)
	List(ctx context.Context, collection string, query Query) (Page, error)
	// InOrder returns documents in the order of their ids, bytewise.
	InOrder(ctx context.Context, collection string, ids IDs) ([]Document, error)

	Commit(ctx context.Context, batch Batch) error
	// Checkpoint returns the position of a projection, zero if it never advanced.
	Checkpoint(ctx context.Context, projection string) (eventstore.Position, error)
	// ForgetCheckpoint sets a projection back to the beginning.
	ForgetCheckpoint(ctx context.Context, projection string) error

	Entries
	Close() error
}

// Entry is a short-lived piece of state in a collection that Expires.
type Entry struct {
	ID      string
	Version int64 // 1 when created, one more with each change
	Expires time.Time
	Body    bson.Raw
}

// Decode reads the entry into a struct with bson tags, or a RawDecoder.
func (e Entry) Decode(into any) error {
	if err := Decode(e.Body, into); err != nil {
		return fmt.Errorf("decoding entry %s: %w", e.ID, err)
	}
	return nil
}

// Entries is the part of the store that holds short-lived state: sessions, codes, idempotency records. Its writes are
// durable when they return. An entry whose time has passed does not exist any more, whether or not it was cleaned up.
type Entries interface {
	Entry(ctx context.Context, collection, id string) (Entry, error)
	// PutEntry writes an entry whose stored version is e.Version (0: there is none) and returns the new version.
	// Errors: ErrChanged.
	PutEntry(ctx context.Context, collection string, e Entry) (int64, error)
	// RemoveEntry removes an entry at that version (0: at any). Removing what is not there is no error, unless a
	// version was given. Errors: ErrChanged.
	RemoveEntry(ctx context.Context, collection, id string, version int64) error
	// ListEntries lists entries in the order of a declared index.
	ListEntries(ctx context.Context, collection string, query Query) ([]Entry, error)
}
