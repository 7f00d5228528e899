package pebblelog

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"

	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
)

// writer decides, in the order of arrival, and hands groups to the database. It runs in one goroutine; another one
// waits for the syncs and answers.
type writer struct {
	log     *Log
	ids     *idMemory
	ticks   int64         // Created of the last event
	next    mark          // the end of the log, with what is staged but not yet durable
	landing chan *group   // groups that were applied
	places  chan struct{} // one entry for each group in flight

	group   *group // that is being made
	refusal error  // why nothing can be written now
	scratch []byte
	asked   []uuid.UUID // ids of the request that is being decided on
}

// slot is a stream touched by the group.
type slot struct {
	name      string
	committed head     // before the group; not necessarily durable
	head      head     // with the group
	latest    *pending // the last event of the group
}

func (w *writer) run() {
	defer close(w.landing)
	for {
		select {
		case <-w.log.closing:
			w.log.queue.end(errClosed)
			return
		case <-w.log.queue.wake:
			w.write()
		}
	}
}

// write makes a group of the requests that wait.
func (w *writer) write() {
	w.places <- struct{}{}
	w.gather()
	requests := w.log.queue.take(w.log.options.GroupCount, w.log.options.GroupSize)
	if len(requests) == 0 {
		<-w.places
		return
	}
	w.begin(requests)
	for _, r := range requests {
		w.group.replies = append(w.group.replies, w.handle(r))
	}
	w.group.end = w.next
	w.launch(w.group)
	w.group = nil
}

// passes is how often the writer lets others run while more and more requests arrive.
const passes = 4

// gather gives the callers that the last group woke, who are just about to ask again, the time to join this group,
// instead of waiting for its sync.
func (w *writer) gather() {
	for size := w.log.queue.size(); ; {
		for range passes {
			runtime.Gosched()
		}
		now := w.log.queue.size()
		if now <= size || now >= w.log.options.GroupCount {
			return
		}
		size = now
	}
}

func (w *writer) begin(requests []*request) {
	size := 0
	for _, r := range requests {
		size += r.size + (streamKeySize + streamEntrySize + 128)
	}
	w.group = &group{
		requests: requests,
		replies:  make([]reply, 0, len(requests)),
		slots:    make(map[string]*slot, len(requests)),
		staged:   make([]staged, 0, len(requests)),
		records:  make([][]byte, 0, len(requests)),
		batch:    w.log.db.NewBatchWithSize(size),
	}
	w.refusal = w.log.writable()
	w.ticks = max(w.ticks, ticksOf(w.log.options.Clock()))
}

// handle decides on one request and stages what it writes.
func (w *writer) handle(r *request) reply {
	if err := r.ctx.Err(); err != nil {
		return reply{err: appendError(r.stream, err)}
	}
	if w.refusal != nil {
		return reply{err: appendError(r.stream, w.refusal)}
	}
	appended, err := w.apply(r)
	return reply{appended: appended, err: err}
}

func (w *writer) apply(r *request) (eventstore.Appended, error) {
	s, err := w.slot(r.stream)
	if err != nil {
		return eventstore.Appended{}, unreadable(r.stream, err)
	}
	h := s.head
	owner, isMetadata := metadataOwner(r.stream)
	var ownerSlot *slot
	if isMetadata {
		if ownerSlot, err = w.slot(owner); err != nil {
			return eventstore.Appended{}, unreadable(r.stream, err)
		}
		h.tombstone = h.tombstone || ownerSlot.head.tombstone
	}
	w.asked = w.asked[:0]
	for i := range r.events {
		w.asked = append(w.asked, r.events[i].id)
	}
	repeated, found, err := decide(r.stream, h, r.expected, w.asked, slotMemory{w, s})
	switch {
	case err != nil && (errors.As(err, new(*eventstore.ConflictError)) || errors.As(err, new(*eventstore.DeletedError))):
		return eventstore.Appended{}, err
	case err != nil:
		return eventstore.Appended{}, unreadable(r.stream, err)
	case found:
		return eventstore.Appended{Revision: repeated.revision, Position: at(repeated.position)}, nil
	}
	switch r.op {
	case opTombstone:
		return w.tombstone(s, r)
	case opDelete:
		return w.softDelete(s, r)
	default:
		return w.append(s, ownerSlot, r)
	}
}

func (w *writer) append(s, ownerSlot *slot, r *request) (eventstore.Appended, error) {
	if len(r.events) == 0 {
		return eventstore.Appended{Revision: s.head.last, Position: at(w.next.position)}, nil
	}
	undelete, err := w.undeletion(s, ownerSlot, r)
	if err != nil {
		return eventstore.Appended{}, unreadable(r.stream, err)
	}
	for i := range r.events {
		if err := w.stage(s, &r.events[i], s.head.last+1); err != nil {
			return eventstore.Appended{}, err
		}
	}
	appended := eventstore.Appended{Revision: s.head.last, Position: at(w.next.position)}
	if undelete != nil {
		if err := w.stage(undelete.slot, &undelete.event, undelete.slot.head.last+1); err != nil {
			return eventstore.Appended{}, err
		}
	}
	return appended, nil
}

// undeletion is the metadata event that makes a soft-deleted stream readable again from its new events on.
type undeletion struct {
	slot  *slot
	event pending
}

// undeletion prepares what an append to a soft-deleted stream, or to the metadata of one, writes after its events.
func (w *writer) undeletion(s, ownerSlot *slot, r *request) (*undeletion, error) {
	var described, metadata *slot
	var old []byte
	var err error
	switch {
	case s.head.softDeleted():
		described = s
		if metadata, err = w.slot(metadataPrefix + s.name); err != nil {
			return nil, err
		}
		if old, err = w.latestData(metadata); err != nil {
			return nil, err
		}
	case ownerSlot != nil && ownerSlot.head.softDeleted():
		described, metadata = ownerSlot, s
		if last := r.events[len(r.events)-1]; last.json {
			old = last.data
		}
	default:
		return nil, nil //nolint:nilnil // nothing to write
	}
	data, err := undeletedMetadata(old, described.head.last+1)
	if err != nil {
		return nil, err
	}
	event := eventstore.Event{ID: uuid.New(), Type: metadataType, JSON: true, Data: data}
	return &undeletion{slot: metadata, event: newPending(metadata.name, event)}, nil
}

// latestData is the data of the last event of a metadata stream.
func (w *writer) latestData(s *slot) ([]byte, error) {
	if s.latest != nil {
		return s.latest.data, nil
	}
	if s.head.last == eventstore.NoRevision {
		return nil, nil
	}
	event, err := w.log.event(s.head.position)
	return event.Data, err
}

func (w *writer) softDelete(s *slot, r *request) (eventstore.Appended, error) {
	if s.head.last == eventstore.NoRevision && !s.head.described {
		return eventstore.Appended{}, &eventstore.ConflictError{
			Stream: s.name, Expected: r.expected, Actual: eventstore.NoRevision,
		}
	}
	metadata, err := w.slot(metadataPrefix + s.name)
	if err != nil {
		return eventstore.Appended{}, unreadable(r.stream, err)
	}
	err = w.stage(metadata, &r.events[0], metadata.head.last+1)
	return eventstore.Appended{Revision: s.head.last, Position: at(w.next.position)}, err
}

func (w *writer) tombstone(s *slot, r *request) (eventstore.Appended, error) {
	err := w.stage(s, &r.events[0], math.MaxInt64)
	return eventstore.Appended{Revision: math.MaxInt64, Position: at(w.next.position)}, err
}

// slot loads a stream into the group.
func (w *writer) slot(stream string) (*slot, error) {
	if s, ok := w.group.slots[stream]; ok {
		return s, nil
	}
	h, err := w.head(stream)
	if err != nil {
		return nil, err
	}
	s := &slot{name: stream, committed: h, head: h}
	w.group.slots[stream] = s
	return s, nil
}

// head is that of a stream with all that was applied. What is in flight is looked at first: it may land meanwhile, and
// then the cache has it.
func (w *writer) head(stream string) (head, error) {
	for _, g := range slices.Backward(w.inFlight()) {
		if s, ok := g.slots[stream]; ok {
			return s.head, nil
		}
	}
	if h, ok := w.log.heads.get(stream); ok {
		return h, nil
	}
	return w.log.storedHead(stream)
}

// stage gives the event its place and puts it into the batch.
func (w *writer) stage(s *slot, event *pending, revision int64) error {
	w.next.position++
	if !isSystem(s.name) {
		w.next.users++
	}
	position := w.next.position
	record := event.seal(header{position: position, users: w.next.users, revision: revision, created: w.ticks})
	if s.head.number == 0 {
		s.head.number = position
	}
	set := w.group.batch.SetDeferred(eventKeySize, len(record))
	putEventKey(set.Key, position)
	copy(set.Value, record)
	if err := set.Finish(); err != nil {
		return fmt.Errorf("stage an event of stream %s: %w", s.name, err)
	}
	w.group.records = append(w.group.records, record)
	entry := streamEntry{position: position, id: event.id}
	w.group.staged = append(w.group.staged, staged{slot: s, revision: revision, entry: entry})
	s.head.position, s.head.changed = position, position
	if revision == math.MaxInt64 {
		s.head.tombstone = true
		return nil
	}
	s.head.last = revision
	s.latest = event
	w.ids.add(s.head.number, event.id, place{revision: revision, position: position})
	return w.describe(s, event, position)
}

// describe applies the event to the owner's head if it is stream metadata.
func (w *writer) describe(s *slot, event *pending, position uint64) error {
	owner, ok := metadataOwner(s.name)
	if !ok {
		return nil
	}
	described, err := w.slot(owner)
	if err != nil {
		return err
	}
	described.head.described = true
	described.head.changed = position
	described.head.rules = rulesOf(event.json, event.data)
	return nil
}

// rulesOf is what an event of a metadata stream says; what is not metadata says nothing.
func rulesOf(isJSON bool, data []byte) rules {
	if !isJSON {
		return rules{}
	}
	r, err := parseRules(data)
	if err != nil {
		return rules{}
	}
	return r
}

// unreadable says that the request could not be decided on, since the database could not be read.
func unreadable(stream string, err error) error {
	return fmt.Errorf("append to stream %s: %w: %w", stream, eventstore.ErrUnavailable, err)
}
