package pebblestore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/readstore"
)

// formatVersion is the version of the layout of keys and values in this package.
const formatVersion = 1

// FormatError says that the directory was written by a version of the portal with another layout.
type FormatError struct{ Stored, Known int }

func (e *FormatError) Error() string {
	return fmt.Sprintf("read store has format %d, this version knows %d: read models can be rebuilt from the log into a new directory",
		e.Stored, e.Known)
}

const (
	metaFormat = "format"
	metaNext   = "next"
)

// catalog is what is declared. It is replaced as a whole, never changed.
type catalog struct {
	collections map[string]*collection
}

func (c *catalog) clone() *catalog {
	return &catalog{collections: maps.Clone(c.collections)}
}

// nextNumber gives a number that no collection or index of this store ever had. The caller holds the lock for declaring.
func (s *Store) nextNumber() uint32 {
	s.next++
	return s.next - 1
}

// collection is a declared collection. Its successor after a change of its indexes shares made and the gate.
type collection struct {
	name    string
	number  uint32
	expires bool
	indexes []*index
	made    *made         // nil: what it held before is not known
	gate    *sync.RWMutex // written documents and index changes: locked; entries, which have locks of their own: read-locked
}

func (c *collection) index(name string) (*index, error) {
	for _, ix := range c.indexes {
		if ix.Name == name {
			return ix, nil
		}
	}
	return nil, &readstore.InvalidError{Reason: fmt.Sprintf("collection %s has no index %q", c.name, name)}
}

// lookup finds a declared collection of documents (or of entries, if expires).
func (s *Store) lookup(name string, expires bool) (*collection, error) {
	found := s.catalog.Load().collections[name]
	switch {
	case found == nil:
		return nil, &readstore.InvalidError{Reason: fmt.Sprintf("collection %q is not declared", name)}
	case found.expires && !expires:
		return nil, &readstore.InvalidError{Reason: fmt.Sprintf("collection %q holds entries, not documents", name)}
	case !found.expires && expires:
		return nil, &readstore.InvalidError{Reason: fmt.Sprintf("collection %q holds documents, not entries", name)}
	default:
		return found, nil
	}
}

// storedCollection is the form in which a definition is kept.
type storedCollection struct {
	Number  uint32        `bson:"number"`
	Expires bool          `bson:"expires"`
	Indexes []storedIndex `bson:"indexes"`
}

type storedIndex struct {
	Number   uint32            `bson:"number"`
	Name     string            `bson:"name"`
	Fields   []readstore.Field `bson:"fields"`
	Covering bool              `bson:"covering"`
}

func (c *collection) encode() ([]byte, error) {
	stored := storedCollection{Number: c.number, Expires: c.expires}
	for _, ix := range c.indexes {
		stored.Indexes = append(stored.Indexes, storedIndex{ix.number, ix.Name, ix.Fields, ix.Covering})
	}
	return bson.Marshal(stored)
}

func decodeCollection(name string, encoded []byte) (*collection, error) {
	var stored storedCollection
	if err := bson.Unmarshal(encoded, &stored); err != nil {
		return nil, fmt.Errorf("definition of collection %s: %w", name, err)
	}
	c := &collection{name: name, number: stored.Number, expires: stored.Expires, gate: new(sync.RWMutex)}
	for _, ix := range stored.Indexes {
		declared := readstore.Index{Name: ix.Name, Fields: ix.Fields, Covering: ix.Covering}
		c.indexes = append(c.indexes, newIndex(declared, ix.Number))
	}
	return c, nil
}

// checkFormat refuses a store of another format and marks a new one.
func (s *Store) checkFormat() error {
	stored, err := s.get(metaKey(metaFormat))
	if errors.Is(err, pebble.ErrNotFound) {
		return s.db.Set(metaKey(metaFormat), strconv.AppendInt(nil, formatVersion, 10), pebble.Sync)
	}
	if err != nil {
		return fmt.Errorf("reading the format: %w", err)
	}
	if version, err := strconv.Atoi(string(stored)); err != nil || version != formatVersion {
		return &FormatError{Stored: version, Known: formatVersion}
	}
	return nil
}

// get copies one value out of the engine.
func (s *Store) get(key []byte) ([]byte, error) {
	value, closer, err := s.db.Get(key)
	if err != nil {
		return nil, err
	}
	value = bytes.Clone(value)
	return value, closer.Close()
}

func (s *Store) readCatalog() (*catalog, error) {
	if err := s.readNumbers(); err != nil {
		return nil, fmt.Errorf("reading the next number: %w", err)
	}
	loaded := &catalog{collections: map[string]*collection{}}
	start, end := tableSpan(tableCatalog)
	iterator, err := s.db.NewIter(&pebble.IterOptions{LowerBound: start, UpperBound: end})
	if err != nil {
		return nil, fmt.Errorf("reading the catalogue: %w", err)
	}
	for valid := iterator.First(); valid && err == nil; valid = iterator.Next() {
		var c *collection
		name := string(iterator.Key()[1:])
		if c, err = decodeCollection(name, iterator.Value()); err == nil {
			loaded.collections[name] = c
		}
	}
	if err := errors.Join(err, iterator.Close()); err != nil {
		return nil, fmt.Errorf("reading the catalogue: %w", err)
	}
	return loaded, nil
}

// writeNumbers adds to a batch which number comes next.
func (s *Store) writeNumbers(batch *pebble.Batch) error {
	return batch.Set(metaKey(metaNext), binary.BigEndian.AppendUint32(nil, s.next), nil)
}

func (s *Store) readNumbers() error {
	stored, err := s.get(metaKey(metaNext))
	switch {
	case errors.Is(err, pebble.ErrNotFound):
		s.next = 1
		return nil
	case err != nil:
		return err
	case len(stored) != 4:
		return fmt.Errorf("it has %d bytes", len(stored))
	}
	s.next = binary.BigEndian.Uint32(stored)
	return nil
}

// clearOrphans removes what no declared collection or index owns: the rests of an index that was being filled when
// the process ended.
func (s *Store) clearOrphans(loaded *catalog) error {
	owned := map[byte]map[uint32]bool{tableRecord: {}, tableIndex: {}, tableExpiry: {}}
	for _, c := range loaded.collections {
		owned[tableRecord][c.number] = true
		owned[tableExpiry][c.number] = true
		for _, ix := range c.indexes {
			owned[tableIndex][ix.number] = true
		}
	}
	for table, numbers := range owned {
		if err := s.clearNumbers(table, numbers); err != nil {
			return fmt.Errorf("removing rests: %w", err)
		}
	}
	return nil
}

func (s *Store) clearNumbers(table byte, owned map[uint32]bool) error {
	start, end := tableSpan(table)
	iterator, err := s.db.NewIter(&pebble.IterOptions{LowerBound: start, UpperBound: end})
	if err != nil {
		return err
	}
	batch := s.db.NewBatch()
	for valid := iterator.First(); valid && err == nil; {
		number := binary.BigEndian.Uint32(iterator.Key()[1:])
		first, after := numberedSpan(table, number)
		if !owned[number] {
			err = batch.DeleteRange(first, after, nil)
		}
		valid = after != nil && iterator.SeekGE(after)
	}
	if err := errors.Join(err, iterator.Close()); err != nil {
		return errors.Join(err, batch.Close())
	}
	if batch.Empty() {
		return batch.Close()
	}
	return batch.Commit(pebble.Sync)
}
