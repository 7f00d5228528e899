package mongostore

import "services.example/portal/infra/readstore"

// plan is a query as a span of places in an index.
type plan struct {
	collection *collection
	index      *index
	prefix     string // the exact fields
	start, end string // what the query asks for: [start, end)
	after      string // the place to go on after, in the direction of the walk; empty: from the beginning
	reverse    bool
	limit      int
}

func newPlan(c *collection, query readstore.Query) (*plan, error) {
	ix, err := c.index(query.Index)
	if err != nil {
		return nil, err
	}
	if err := query.Validate(ix.Index); err != nil {
		return nil, err
	}
	p := &plan{collection: c, index: ix, reverse: query.Reverse, limit: query.Limit}
	for i, value := range query.Prefix {
		prefix, err := appendArgument([]byte(p.prefix), value, ix.Fields[i].Desc)
		if err != nil {
			return nil, err
		}
		p.prefix = string(prefix)
	}
	if err := p.bound(query); err != nil {
		return nil, err
	}
	if query.After != "" {
		p.after, err = p.resume(query.After)
	}
	return p, err
}

// bound computes the span.
func (p *plan) bound(query readstore.Query) (err error) {
	p.start, p.end = beforeAll, afterAll
	if p.prefix != "" {
		p.start, p.end = p.prefix, successor(p.prefix)
	}
	p.start, p.end, err = readstore.Span(query, p.prefix, p.start, p.end, p.extend, successor)
	return err
}

func (p *plan) extend(value any, field int) (string, error) {
	key, err := appendArgument([]byte(p.prefix), value, p.index.Fields[field].Desc)
	return string(key), err
}

// empty tells whether nothing can be left to read.
func (p *plan) empty() bool {
	return p.start >= p.end || p.after != "" && (p.reverse && p.after <= p.start || !p.reverse && p.after >= p.end)
}

// within tells whether a place is in the query's span.
func (p *plan) within(place string) bool { return place >= p.start && place < p.end }

// beyond tells whether a place comes after the cursor.
func (p *plan) beyond(place string) bool {
	return p.after == "" || p.reverse && place < p.after || !p.reverse && place > p.after
}

// before tells whether the walk meets a place earlier than another.
func (p *plan) before(a, b string) bool {
	if p.reverse {
		return a > b
	}
	return a < b
}
