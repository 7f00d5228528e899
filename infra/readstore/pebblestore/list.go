package pebblestore

import (
	"context"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"services.example/portal/infra/readstore"
)

// List returns a page of documents. A document with several entries in the range comes once, at the first of them in
// the direction of the walk.
func (s *Store) List(ctx context.Context, collection string, query readstore.Query) (readstore.Page, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return readstore.Page{}, err
	}
	defer leave()
	c, err := s.lookup(collection, false)
	if err != nil {
		return readstore.Page{}, err
	}
	p, err := newPlan(c, query)
	if err != nil {
		return readstore.Page{}, err
	}
	found := spareRows.Get().(*rows) //nolint:forcetypeassert // nothing else is in it
	defer func() { found.giveBack(p.seenOnly) }()
	next, err := s.scan(ctx, p, found, func(record) bool { return true })
	if err != nil {
		return readstore.Page{}, err
	}
	page := readstore.Page{Documents: found.documents(), Next: next}
	if p.seenOnly {
		for i := range page.Documents {
			page.Documents[i].Body = nil
		}
	}
	return page, nil
}

// scan reads the records of a plan that are wanted, and returns the cursor to what follows them.
func (s *Store) scan(ctx context.Context, p *plan, found *rows, wanted func(record) bool) (next string, err error) {
	if p.empty() {
		return "", nil
	}
	iterator, err := s.db.NewIter(&pebble.IterOptions{LowerBound: p.from, UpperBound: p.to})
	if err != nil {
		return "", broken("reading an index", err)
	}
	walk := walk{plan: p, iterator: iterator}
	defer walk.close()
	var last []byte
	for valid := walk.first(); valid; valid = walk.next() {
		id, stored, err := walk.current()
		if err != nil {
			return "", err
		}
		if stored == nil || !wanted(stored) {
			if walk.steps%1024 == 0 && ctx.Err() != nil {
				return "", ctx.Err()
			}
			continue
		}
		if len(found.rows) == p.limit {
			return p.cursor(last), nil
		}
		if p.seenOnly {
			stored = stored[:recordHeader]
		}
		found.add(id, stored, p.limit)
		if len(found.rows) == p.limit {
			last = slices.Clone(iterator.Key())
		}
	}
	if err := iterator.Error(); err != nil {
		return "", broken("reading an index", err)
	}
	return "", nil
}

// walk goes through the entries of a plan.
type walk struct {
	plan     *plan
	iterator *pebble.Iterator
	records  *reader // for an index that does not cover, at the same moment
	keys     keySet
	steps    int
}

func (w *walk) first() bool {
	if w.plan.reverse {
		return w.iterator.Last()
	}
	return w.iterator.First()
}

func (w *walk) next() bool {
	w.steps++
	if w.plan.reverse {
		return w.iterator.Prev()
	}
	return w.iterator.Next()
}

// current returns the record at the entry, valid until the next step; none if the walk has been at it before.
func (w *walk) current() (id []byte, stored record, err error) {
	value, err := w.iterator.ValueAndErr()
	if err != nil {
		return nil, nil, broken("reading an index", err)
	}
	key := w.iterator.Key()
	entry, err := parseReference(key, value)
	if err != nil {
		return nil, nil, broken("reading an index", err)
	}
	if stored, err = w.record(entry); err != nil {
		return nil, nil, err
	}
	if entry.several {
		if err := w.plan.index.keys(&w.keys, string(entry.id), stored.body()); err != nil {
			return nil, nil, broken("reading an index", err)
		}
		if w.plan.repeated(&w.keys, key) {
			return nil, nil, nil
		}
	}
	return entry.id, stored, nil
}

func (w *walk) record(entry reference) (record, error) {
	if w.plan.index.Covering {
		stored, err := parseRecord(entry.record)
		if err != nil {
			return nil, broken("reading an index", err)
		}
		return stored, nil
	}
	if w.records == nil {
		start, end := numberedSpan(tableRecord, w.plan.collection.number)
		options := &pebble.IterOptions{LowerBound: start, UpperBound: end}
		iterator, err := w.iterator.Clone(pebble.CloneOptions{IterOptions: options})
		if err != nil {
			return nil, broken("reading documents", err)
		}
		w.records = &reader{iterator: iterator}
	}
	stored, err := w.records.find(w.plan.collection.number, string(entry.id))
	if err == nil && stored == nil {
		err = broken("reading documents", errReference)
	}
	return stored, err
}

func (w *walk) close() {
	if w.records != nil {
		w.records.close()
	}
	_ = w.iterator.Close()
}

// rows collects records in one piece of memory.
type rows struct {
	bytes []byte
	ids   []byte
	rows  []row
}

type row struct{ id, record int } // ends in ids and bytes

// spareRows are those of earlier queries.
var spareRows = sync.Pool{New: func() any { return new(rows) }}

// giveBack lets another query use what nobody reads any more: all but the records, unless only their heads were read.
func (r *rows) giveBack(headsOnly bool) {
	const longest = readstore.MaxLimit * 64 // bytes worth keeping
	if !headsOnly || cap(r.bytes) > longest {
		r.bytes = nil
	}
	if cap(r.ids) > longest {
		r.ids = nil
	}
	r.bytes, r.ids, r.rows = r.bytes[:0], r.ids[:0], r.rows[:0]
	spareRows.Put(r)
}

func (r *rows) add(id []byte, stored record, expected int) {
	const few = 8 // most pages have no more
	switch have := len(r.rows); have {
	case 0:
		r.bytes = slices.Grow(r.bytes, min(expected, few)*(len(stored)+len(stored)/8))
	case few: // a long page: make room for all of it, by the size of what came so far
		r.bytes = slices.Grow(r.bytes, (expected-have)*len(r.bytes)/have*9/8)
	}
	r.bytes = append(r.bytes, stored...)
	r.ids = append(r.ids, id...)
	r.rows = append(r.rows, row{id: len(r.ids), record: len(r.bytes)})
}

// documents makes documents of the records, whose memory they take over.
func (r *rows) documents() []readstore.Document {
	documents := make([]readstore.Document, 0, len(r.rows))
	r.each(func(id string, stored record) { documents = append(documents, document(id, stored)) })
	return documents
}

func (r *rows) each(visit func(id string, stored record)) {
	ids := string(r.ids)
	var start row
	for _, end := range r.rows {
		visit(ids[start.id:end.id], r.bytes[start.record:end.record:end.record])
		start = end
	}
}
