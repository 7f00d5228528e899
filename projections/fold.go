package projections

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/lru"
	"services.example/portal/infra/readstore"
)

// decoded is an event as all runners of a group share it.
type decoded struct {
	envelope codec.Envelope // only its position, stream and type where fault is set
	fault    error          // why it cannot be folded; nil and skip for what nobody wants or knows
	unknown  bool
	skip     bool
}

// decodeAll decodes the events that somebody wants, each once, on all processors. It fails with the context, and while the
// keyring is unavailable.
func decodeAll(
	ctx context.Context, decoder Decoder, events []eventstore.Recorded, wanted func(*eventstore.Recorded) bool,
) ([]decoded, error) {
	results := make([]decoded, len(events))
	work := func(from, to int) {
		for i := from; i < to && ctx.Err() == nil; i++ {
			results[i] = decodeOne(ctx, decoder, &events[i], wanted)
		}
	}
	const worthAWorker = 64
	workers := min(runtime.GOMAXPROCS(0), len(events)/worthAWorker)
	if workers < 2 {
		work(0, len(events))
	} else {
		var working sync.WaitGroup
		for w := range workers {
			working.Go(func() { work(len(events)*w/workers, len(events)*(w+1)/workers) })
		}
		working.Wait()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for i := range results {
		if errors.Is(results[i].fault, codec.ErrUnavailable) { // that is no fault of the event: it is tried again
			return nil, results[i].fault
		}
	}
	return results, nil
}

func decodeOne(
	ctx context.Context, decoder Decoder, event *eventstore.Recorded, wanted func(*eventstore.Recorded) bool,
) decoded {
	place := codec.Envelope{Stream: event.Stream, Position: event.Position, Type: event.Type}
	if !wanted(event) {
		return decoded{envelope: place, skip: true}
	}
	envelope, err := decoder.Decode(ctx, *event)
	var unknown *codec.UnknownTypeError
	switch {
	case errors.As(err, &unknown):
		return decoded{envelope: place, unknown: true}
	case err != nil:
		return decoded{envelope: place, fault: err}
	default:
		return decoded{envelope: envelope}
	}
}

// documents are the documents of one runner that are in memory.
type documents map[string]*document

type document struct {
	value   any                 // nil: there is none
	seen    eventstore.Position // of the last event folded into it
	dirty   bool                // differs from what is stored
	once    bool                // made by one event, and named by no other
	size    int                 // bytes of its stored form, when that was last seen; 0: it was not
	touched int                 // number of the flush in which it was last used
}

// name is what a kept document is found by.
type name struct {
	runner *runner
	id     string
}

// recent keeps documents, decoded, that were stored last, because those that changed are likely to change again. What
// is in it is what is stored: a document is taken out before anything is folded into it, and is put back by the commit
// that has stored it. Nor can another process make it wrong: a document is the fold of the log up to a position, whoever
// folds it.
type recent = lru.Cache[name, *document]

// foldBatch folds the events that come after what the runner has folded. A faultError stops the projection; any other
// error is the store's or the context's and leaves everything as it was, to be tried again.
func (r *runner) foldBatch(ctx context.Context, events []decoded, docs documents, from place) error {
	work, unknown, err := r.work(events)
	if err != nil {
		return err
	}
	if len(work) == 0 {
		r.skipped(unknown)
		return nil
	}
	if err := r.load(ctx, from, work, docs); err != nil {
		return err
	}
	for i := range work {
		for _, id := range work[i].keys {
			if err := r.foldOne(work[i].event, id, docs[id], from.flush); err != nil {
				return err
			}
		}
		if work[i].reach != nil {
			if err := r.foldReached(ctx, &work[i], docs, from); err != nil {
				return err
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unknown += unknown
	r.events += uint64(len(work))
	return nil
}

func (r *runner) skipped(unknown uint64) {
	if unknown == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unknown += unknown
}

// place is where documents come from.
type place struct {
	store  readstore.Store
	recent *recent         // nil: nothing is kept
	stored <-chan struct{} // closed once everything is in the store that is not in memory; nil: it is
	flush  int
}

// take gives a document that is kept, which is not kept any more then; nil if it is not.
func (p place) take(r *runner, id string) *document {
	if p.recent == nil {
		return nil
	}
	doc, _ := p.recent.Take(name{r, id})
	return doc
}

// task is an event and the documents that it changes.
type task struct {
	event *codec.Envelope
	keys  []string
	reach *Selection
}

func (r *runner) work(events []decoded) (work []task, unknown uint64, err error) {
	for i := range events {
		event := &events[i]
		if event.skip || !r.folded.Before(event.envelope.Position) || !r.folds(event.envelope.Stream, event.envelope.Type) {
			continue
		}
		switch {
		case event.fault != nil:
			return nil, 0, &faultError{cause: event.fault, at: event.envelope.Position}
		case event.unknown:
			unknown++
		default:
			todo, err := r.task(&event.envelope)
			if err != nil {
				return nil, 0, err
			}
			if len(todo.keys) > 0 || todo.reach != nil {
				work = append(work, todo)
			}
		}
	}
	return work, unknown, nil
}

func (r *runner) task(event *codec.Envelope) (todo task, err error) {
	defer r.recovered("naming the documents", event, &err)
	todo = task{event: event, keys: r.keys(*event)}
	if r.reach != nil {
		todo.reach = r.reach(*event)
	}
	return todo, nil
}

// foldReached folds an event into all documents that it reaches: those that the store knows, as they are in memory
// where they are, and those that so far are only in memory.
func (r *runner) foldReached(ctx context.Context, todo *task, docs documents, from place) error {
	if from.stored != nil {
		select {
		case <-from.stored:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	query := readstore.Query{Index: todo.reach.Index, Prefix: todo.reach.Prefix, Limit: readstore.MaxLimit}
	for {
		page, err := from.store.List(ctx, r.collection, query)
		if err != nil {
			return fmt.Errorf("listing documents of %s: %w", r.collection, err)
		}
		for _, found := range page.Documents {
			if err := r.hold(found, docs, from); err != nil {
				return err
			}
			if !todo.reach.Parts {
				continue
			}
			if err := r.holdParts(ctx, found.ID, docs, from); err != nil {
				return err
			}
		}
		if page.Next == "" {
			break
		}
		query.After = page.Next
	}
	for id, doc := range docs {
		reached, err := r.reaches(todo.event, doc)
		if err == nil && reached {
			err = r.foldOne(todo.event, id, doc, from.flush)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// hold brings a stored document into memory, unless it is there.
func (r *runner) hold(found readstore.Document, docs documents, from place) error {
	if docs[found.ID] != nil {
		return nil
	}
	doc := from.take(r, found.ID)
	if doc == nil {
		doc = &document{touched: from.flush}
		if err := r.read(found, doc); err != nil {
			return err
		}
	}
	docs[found.ID] = doc
	return nil
}

// holdParts brings the parts of a stored document into memory.
func (r *runner) holdParts(ctx context.Context, id string, docs documents, from place) error {
	for part, err := range readstore.Walk(ctx, from.store, r.collection, id+"/", id+string(rune('/'+1))) {
		if err != nil {
			return err
		}
		if err := r.hold(part, docs, from); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) reaches(event *codec.Envelope, doc *document) (reached bool, err error) {
	defer r.recovered("selecting documents", event, &err)
	return doc.value != nil && r.matches(doc.value, *event), nil
}

func (r *runner) foldOne(event *codec.Envelope, id string, doc *document, flush int) (err error) {
	doc.touched = flush
	if !doc.seen.Before(event.Position) {
		return nil
	}
	defer r.recovered("folding", event, &err)
	before := doc.value != nil
	if before && r.changes != nil && !r.changes(doc.value, *event) {
		return nil
	}
	doc.value = r.fold(doc.value, id, *event)
	if before || doc.value != nil {
		doc.dirty, doc.seen = true, event.Position
	}
	return nil
}

// load brings the documents that the work touches into memory.
func (r *runner) load(ctx context.Context, from place, work []task, docs documents) error {
	var missing []string
	for i := range work {
		for _, id := range work[i].keys {
			if docs[id] != nil {
				continue
			}
			if r.once != nil && r.once(*work[i].event, id) {
				docs[id] = &document{once: true}
				continue
			}
			if docs[id] = from.take(r, id); docs[id] == nil {
				docs[id] = &document{}
				missing = append(missing, id)
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	stored, err := from.store.GetMany(ctx, r.collection, missing)
	if err != nil {
		for _, id := range missing {
			delete(docs, id)
		}
		return fmt.Errorf("loading documents of %s: %w", r.collection, err)
	}
	for id, found := range stored {
		if err := r.read(found, docs[id]); err != nil {
			return err
		}
	}
	return nil
}

// read decodes a stored document. Why it cannot be decoded is left out: that may quote it.
func (r *runner) read(found readstore.Document, into *document) error {
	value, err := r.decode(found.Body)
	if err != nil {
		return &faultError{cause: fmt.Errorf("a document of %s, seen %s, cannot be decoded", r.collection, found.Seen)}
	}
	into.value, into.seen, into.size = value, found.Seen, len(found.Body)
	return nil
}

// growth is by how much a document may grow, in bytes, before its stored form is written in more than one piece.
const growth = 256

// scratch is memory for encoded documents, of each processor that encodes some. It is used again for the next ones.
type scratch [][]byte

// writes encodes the documents that differ from what is stored, on all processors when there are many. With a scratch they
// are valid until it is used again.
func (r *runner) writes(docs documents, into scratch) ([]readstore.Write, error) {
	if len(docs) == 0 {
		return nil, nil
	}
	writes := make([]readstore.Write, 0, len(docs))
	changed := make([]*document, 0, len(docs))
	for id, doc := range docs {
		if doc.dirty {
			isNew := doc.once && doc.size == 0 // once it was written, it may be there for whatever changes it
			writes = append(writes, readstore.Write{Collection: r.collection, ID: id, Seen: doc.seen, New: isNew})
			changed = append(changed, doc)
		}
	}
	const worthAWorker = 128
	workers := max(1, min(runtime.GOMAXPROCS(0), len(writes)/worthAWorker))
	if into != nil {
		workers = min(workers, len(into))
	}
	faults := make([]error, workers)
	encode := func(w int) {
		var page []byte
		if into != nil {
			page = into[w][:0]
			defer func() { into[w] = page }()
		}
		for i := len(writes) * w / workers; i < len(writes)*(w+1)/workers; i++ {
			doc := changed[i]
			if doc.value == nil {
				continue
			}
			if into == nil {
				size := doc.size
				if size == 0 {
					size = int(r.newSize.Load())
				}
				page = make([]byte, 0, size+growth)
			}
			start := len(page)
			if page, faults[w] = r.encode(page, doc.value); faults[w] != nil {
				return
			}
			writes[i].Body = page[start:len(page):len(page)]
			if doc.size == 0 {
				r.newSize.Store(int64(len(writes[i].Body)))
			}
			doc.size = len(writes[i].Body)
		}
	}
	if workers == 1 {
		encode(0)
	} else {
		var working sync.WaitGroup
		for w := range workers {
			working.Go(func() { encode(w) })
		}
		working.Wait()
	}
	if err := errors.Join(faults...); err != nil {
		return nil, &faultError{cause: fmt.Errorf("encoding a document of %s: %w", r.collection, err)}
	}
	return writes, nil
}
