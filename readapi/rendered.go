package readapi

import (
	"maps"
	"sync"

	"services.example/portal/domain/calendar"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/lru"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/myapplications"
)

const (
	renderedPages = 8192
	renderedBytes = 24 << 20
)

// rendered keeps pages of "My applications" as they were written last. A row is used again only while everything that it
// was made of is the same: the document, the catalogue and the day.
type rendered struct {
	mu    sync.Mutex
	pages *lru.Cache[renderedKey, *renderedPage]
}

// renderedKey is what a page was asked for with.
type renderedKey struct {
	applicant, status, query, after string
	limit                           int
}

// renderedPage is the rows of a page. It never changes: readers share it.
type renderedPage struct {
	renderedFrom
	people map[string]string // names of those on it, by account id; some may be on it no more
	rows   []renderedRow
	json   []byte // of the rows, with commas between them
}

// renderedFrom is what all rows of a page were made of.
type renderedFrom struct {
	collection string
	catalogue  uint64
	day        calendar.Date
}

// renderedRow is a row and the document that it was made of.
type renderedRow struct {
	id   string
	seen eventstore.Position
	end  int // in the JSON of the page
}

func newRendered() *rendered {
	return &rendered{pages: lru.New[renderedKey, *renderedPage](renderedPages, renderedBytes)}
}

// find returns the page that was written last; nil if there is none, or all its rows are out of date.
func (r *rendered) find(key renderedKey, from renderedFrom) *renderedPage {
	r.mu.Lock()
	defer r.mu.Unlock()
	if page, found := r.pages.Get(key); found && page.renderedFrom == from {
		return page
	}
	return nil
}

func (r *rendered) keep(key renderedKey, page *renderedPage) {
	const overhead = 300 // bytes for key and list
	size := overhead + len(key.after) + cap(page.json)
	for _, row := range page.rows {
		size += len(row.id) + 40
	}
	for id, name := range page.people {
		size += len(id) + len(name) + 40
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pages.Put(key, page, size)
}

// shows tells whether a page is made of just these documents.
func (p *renderedPage) shows(found []readstore.Document) bool {
	if p == nil || len(p.rows) != len(found) {
		return false
	}
	for i := range found {
		if row := &p.rows[i]; row.seen != found[i].Seen || row.id != found[i].ID {
			return false
		}
	}
	return true
}

// row returns the JSON of a document's row; nil if the page does not have it.
func (p *renderedPage) row(document *readstore.Document) []byte {
	if p == nil {
		return nil
	}
	start := 0
	for _, row := range p.rows {
		if row.id == document.ID && row.seen == document.Seen {
			return p.json[start:row.end]
		}
		start = row.end + len(",")
	}
	return nil
}

// add writes a row.
func (p *renderedPage) add(id string, seen eventstore.Position, write func(b []byte) []byte) {
	if len(p.rows) > 0 {
		p.json = append(p.json, ',')
	}
	p.json = write(p.json)
	p.rows = append(p.rows, renderedRow{id: id, seen: seen, end: len(p.json)})
}

// peopleAnd gives the names on a page that goes on from this one, which may be none, with some rows changed.
func (p *renderedPage) peopleAnd(changed []item[myapplications.Line], names map[string]string) map[string]string {
	var people map[string]string
	if p != nil {
		people = maps.Clone(p.people)
	}
	for i := range changed {
		for _, id := range changed[i].Doc.Executors {
			if people == nil {
				people = map[string]string{}
			}
			people[id] = names[id]
		}
	}
	return people
}
