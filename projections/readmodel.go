// Package projections builds the read models: pure folds, one folder a read model, and the engine that runs them over
// the event log through watermill. Read models are disposable: the log brings them back byte for byte.
package projections

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
)

// ReadModel declares a read model whose documents are structs of type D with bson tags. Its functions are pure: no
// clock, no randomness, nothing but their arguments, and a change of meaning is a new Version.
type ReadModel[D any] struct {
	Name    string   // in snake_case; never reused for something else
	Version int      // from 1; one more whenever documents would come out differently
	Streams []string // prefixes of the streams that it folds
	// Ignores lists stored types of events in those streams that never matter here. It may be left empty: an event that
	// all who fold its stream ignore need not be decoded, that is all.
	Ignores []string
	Indexes []readstore.Index
	// Keys names the documents that an event changes, from the event alone; none when it does not matter here.
	Keys func(event codec.Envelope) []string
	// Fold gives the document after the event. A nil doc: there is none yet; a nil result: there is none any more. It
	// may change doc in place. It never rejects a fact: what makes no sense for a document leaves it as it is.
	Fold func(doc *D, id string, event codec.Envelope) *D
	// Changes tells whether Fold would give another document than the one that is there; nil: it always does. It spares
	// writing a document anew that stays as it was.
	Changes func(doc *D, event codec.Envelope) bool

	// MadeOnce tells whether a document that Keys names is made by this event, and is named by no other: it is not looked
	// for before it is written. Reach may change it later. Nil: never.
	MadeOnce func(event codec.Envelope, id string) bool

	// Reach selects documents that an event changes though it does not name them, such as all those of a person; nil
	// for most events, and nil as a whole for most read models. It costs a query for each such event.
	Reach func(event codec.Envelope) *Selection
	// Matches tells whether a document is one that Reach selects. It is needed with Reach, because documents may be in
	// memory that no index knows yet.
	Matches func(doc *D, event codec.Envelope) bool
}

// Selection is the documents of a read model whose leading fields in an index have these values.
type Selection struct {
	Index  string
	Prefix []any
	// Parts selects with each document those that have its id, a slash and more for theirs, in whatever index they are.
	Parts bool
}

// Projection is a ReadModel whose document type the engine need not know.
type Projection struct {
	Name    string
	Version int
	Streams []string
	Ignores []string
	Indexes []readstore.Index

	document reflect.Type
	keys     func(codec.Envelope) []string
	fold     func(doc any, id string, event codec.Envelope) any
	changes  func(doc any, event codec.Envelope) bool
	once     func(event codec.Envelope, id string) bool
	reach    func(codec.Envelope) *Selection
	matches  func(doc any, event codec.Envelope) bool
	decode   func(bson.Raw) (any, error)
	encode   func(dst []byte, doc any) ([]byte, error)
}

// Projection gives the read model to an engine.
func (m ReadModel[D]) Projection() Projection {
	p := Projection{
		Name: m.Name, Version: m.Version, Streams: m.Streams, Ignores: m.Ignores, Indexes: m.Indexes,
		document: reflect.TypeFor[D](),
		keys:     m.Keys,
		once:     m.MadeOnce,
		decode: func(body bson.Raw) (any, error) {
			doc := new(D)
			if err := readstore.Decode(body, doc); err != nil {
				return nil, err
			}
			return doc, nil
		},
		encode: readstore.AppendEncoded,
	}
	if m.Matches != nil {
		p.reach = m.Reach
		p.matches = func(doc any, event codec.Envelope) bool {
			d, _ := doc.(*D)
			return m.Matches(d, event)
		}
	}
	if m.Changes != nil {
		p.changes = func(doc any, event codec.Envelope) bool {
			d, _ := doc.(*D)
			return m.Changes(d, event)
		}
	}
	if m.Fold != nil {
		p.fold = func(doc any, id string, event codec.Envelope) any {
			before, _ := doc.(*D)
			if after := m.Fold(before, id, event); after != nil {
				return after
			}
			return nil
		}
	}
	return p
}

// Collection is where the first generation of this version lies.
func (p *Projection) Collection() string { return collectionName(p.Name, p.Version, 1) }

// collectionName names a generation of a version: name@version, name@version.g2 and so on.
func collectionName(name string, version, generation int) string {
	if generation <= 1 {
		return fmt.Sprintf("%s@%d", name, version)
	}
	return fmt.Sprintf("%s@%d.g%d", name, version, generation)
}

// versionOf reads the name of a collection of a read model; generation 0: it is none.
func versionOf(name, collection string) (version, generation int) {
	rest, found := strings.CutPrefix(collection, name+"@")
	if !found {
		return 0, 0
	}
	first, second, later := strings.Cut(rest, ".g")
	version, err := strconv.Atoi(first)
	generation = 1
	if later && err == nil {
		generation, err = strconv.Atoi(second)
	}
	if err != nil || collectionName(name, version, generation) != collection {
		return 0, 0
	}
	return version, generation
}

// folds tells whether events of a stored type in a stream may matter to the projection.
func (p *Projection) folds(stream, stored string) bool {
	for _, prefix := range p.Streams {
		if strings.HasPrefix(stream, prefix) {
			return !slices.Contains(p.Ignores, stored)
		}
	}
	return false
}

var projectionName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// validate refuses what cannot be run, or would not come out the same every time.
func (p *Projection) validate() error {
	switch {
	case !projectionName.MatchString(p.Name):
		return fmt.Errorf("projection %q: a name is lower-case words joined by underscores", p.Name)
	case p.Version < 1:
		return fmt.Errorf("projection %s: versions count from 1", p.Name)
	case len(p.Streams) == 0:
		return fmt.Errorf("projection %s folds no streams", p.Name)
	case p.keys == nil || p.fold == nil:
		return fmt.Errorf("projection %s lacks its functions", p.Name)
	}
	if err := repeatable(p.document, map[reflect.Type]bool{}); err != nil {
		return fmt.Errorf("projection %s: documents of type %s: %w", p.Name, p.document, err)
	}
	return nil
}

var errMap = errors.New("a map is stored in random order, use a list")

// repeatable refuses types whose stored form differs from one time to the next.
func repeatable(t reflect.Type, visited map[reflect.Type]bool) error {
	if visited[t] {
		return nil
	}
	visited[t] = true
	switch t.Kind() { //nolint:exhaustive // all other kinds hold no other types
	case reflect.Map:
		return errMap
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return repeatable(t.Elem(), visited)
	case reflect.Struct:
		for i := range t.NumField() {
			if field := t.Field(i); field.IsExported() {
				if err := repeatable(field.Type, visited); err != nil {
					return fmt.Errorf("%s: %w", field.Name, err)
				}
			}
		}
	}
	return nil
}
