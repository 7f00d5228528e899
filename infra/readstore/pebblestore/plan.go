package pebblestore

import (
	"bytes"

	"services.example/portal/infra/readstore"
)

// plan is a query as a span of index keys.
type plan struct {
	collection *collection
	index      *index
	prefix     []byte // the index and the exact fields
	start, end []byte // what the query asks for: [start, end)
	from, to   []byte // what is left of it after the cursor
	reverse    bool
	limit      int
	seenOnly   bool
}

func newPlan(c *collection, query readstore.Query) (*plan, error) {
	ix, err := c.index(query.Index)
	if err != nil {
		return nil, err
	}
	if err := query.Validate(ix.Index); err != nil {
		return nil, err
	}
	p := &plan{collection: c, index: ix, reverse: query.Reverse, limit: query.Limit, seenOnly: query.SeenOnly}
	p.prefix = appendNumbered(make([]byte, 0, 64), tableIndex, ix.number)
	for i, value := range query.Prefix {
		if p.prefix, err = appendArgument(p.prefix, value, ix.Fields[i].Desc); err != nil {
			return nil, err
		}
	}
	p.start, p.end, err = readstore.Span(query, p.prefix, p.prefix, successor(p.prefix), p.extend, successor)
	if err != nil {
		return nil, err
	}
	return p, p.skip(query.After)
}

func (p *plan) extend(value any, field int) ([]byte, error) {
	key := append(make([]byte, 0, len(p.prefix)+32), p.prefix...)
	return appendArgument(key, value, p.index.Fields[field].Desc)
}

// skip leaves out what comes before the cursor.
func (p *plan) skip(cursor string) error {
	p.from, p.to = p.start, p.end
	if cursor == "" {
		return nil
	}
	key, err := p.resume(cursor)
	if err != nil {
		return err
	}
	if p.reverse && bytes.Compare(key, p.to) < 0 {
		p.to = key
	}
	if after := append(bytes.Clone(key), 0); !p.reverse && bytes.Compare(after, p.from) > 0 {
		p.from = after
	}
	return nil
}

// empty tells whether nothing can be left to read.
func (p *plan) empty() bool { return bytes.Compare(p.from, p.to) >= 0 }

// repeated tells whether a walk of this plan has met the document before at another of its entries.
func (p *plan) repeated(keys *keySet, here []byte) bool {
	for i := range keys.count() {
		key := keys.key(i)
		within := bytes.Compare(key, p.start) >= 0 && bytes.Compare(key, p.end) < 0
		if before := bytes.Compare(key, here); within && (before < 0 && !p.reverse || before > 0 && p.reverse) {
			return true
		}
	}
	return false
}
