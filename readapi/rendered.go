package readapi

import (
	"sync"

	"services.example/portal/domain/calendar"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/lru"
)

const (
	renderedRows  = 65_536
	renderedBytes = 24 << 20
)

// rendered keeps rows of "My applications" as they were written last. A row is used again only while everything that it
// was made of is the same: the document, the catalogue and the day.
type rendered struct {
	mu   sync.Mutex
	rows *lru.Cache[renderedKey, renderedRow]
}

type renderedKey struct{ collection, id string }

type renderedRow struct {
	renderedFrom
	json []byte
}

// renderedFrom is what a row was made of.
type renderedFrom struct {
	seen      eventstore.Position
	catalogue uint64
	day       calendar.Date
}

func newRendered() *rendered {
	return &rendered{rows: lru.New[renderedKey, renderedRow](renderedRows, renderedBytes)}
}

// find looks for a row made of exactly this; nil if there is none.
func (r *rendered) find(key renderedKey, from renderedFrom) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if row, found := r.rows.Get(key); found && row.renderedFrom == from {
		return row.json
	}
	return nil
}

// keep remembers a row. Nobody changes json afterwards.
func (r *rendered) keep(key renderedKey, from renderedFrom, json []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	const overhead = 200 // bytes for key and list
	r.rows.Put(key, renderedRow{renderedFrom: from, json: json}, len(json)+overhead)
}
