package esdb

import (
	"context"
	"fmt"
	"iter"
	"math"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"services.example/portal/infra/eventstore"
)

const readingLog = "read the event log"

// ReadAll implements eventstore.Store. The client cannot ask for a filtered read: everything comes, and what is not
// wanted is left out here.
func (s *Store) ReadAll(ctx context.Context, read eventstore.AllRead) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		if err := checkLimit(read.Limit); err != nil {
			yield(eventstore.Recorded{}, err)
			return
		}
		if err := s.check(ctx); err != nil {
			yield(eventstore.Recorded{}, fmt.Errorf("%s: %w", readingLog, err))
			return
		}
		if read.From == eventstore.EndPosition && !read.Backwards || read.From.IsZero() && read.Backwards {
			return
		}
		p := newLogPlace(read)
		if !read.Backwards && read.Limit == 0 {
			// The server goes on to read what comes meanwhile, as long as anything does.
			end, err := eventstore.Head(ctx, s)
			if err != nil {
				yield(eventstore.Recorded{}, err)
				return
			}
			if p.end = end; end.Before(read.From) || end.IsZero() {
				return
			}
		}
		r := &reading{
			attempts: attempts{store: s, link: s.feeds}, what: readingLog,
			created: monotonic{backwards: read.Backwards}, open: p.open, take: p.take, more: p.more,
		}
		r.run(ctx, yield)
	}
}

// EventsAfter implements eventstore.Store. It costs as much as reading the events that it counts.
func (s *Store) EventsAfter(ctx context.Context, after eventstore.Position, limit int) (int, error) {
	if err := s.check(ctx); err != nil {
		return 0, fmt.Errorf("count events: %w", err)
	}
	if limit <= 0 {
		return 0, nil
	}
	read := eventstore.AllRead{From: after}
	if limit < math.MaxInt32 {
		read.Limit = limit + 1 // the event at the position may be the first
	}
	count := 0
	for event, err := range s.ReadAll(ctx, read) {
		if err != nil {
			return 0, fmt.Errorf("count events: %w", err)
		}
		if after.Before(event.Position) {
			count++
		}
		if count == limit {
			break
		}
	}
	return count, nil
}

// logPlace is how far a read of the log has come.
type logPlace struct {
	sieve     sieve
	backwards bool
	start     eventstore.Position // what was asked for
	from      eventstore.Position // where to open next
	last      eventstore.Position // of the last event, if there was one
	begun     bool
	end       eventstore.Position // of the read; zero if there is none
	left      uint64              // wanted events; MaxUint64: all
	asked     uint64              // events of this answer
}

func newLogPlace(read eventstore.AllRead) *logPlace {
	p := &logPlace{
		sieve: newSieve(read.Filter), backwards: read.Backwards, from: upTo(read.From), start: read.From,
		left: math.MaxUint64,
	}
	if read.Backwards {
		p.from = upFrom(read.From)
	}
	if read.Limit > 0 {
		p.left = uint64(read.Limit)
	}
	return p
}

// pageSlack is how many more events than are wanted are asked for when some may be left out.
const pageSlack = 32

func (p *logPlace) open(ctx context.Context, g *generation) (*client.ReadStream, error) {
	options := client.ReadAllOptions{From: toAllPosition(p.from)}
	if p.backwards {
		options.Direction = client.Backwards
	}
	p.asked = p.left
	if p.left < math.MaxInt32 && (!p.sieve.open() || p.begun) {
		p.asked = 2*p.left + pageSlack
	}
	return g.client.ReadAll(ctx, options, p.asked)
}

func (p *logPlace) take(event *client.RecordedEvent) (wanted, complete bool) {
	position := fromPosition(event.Position)
	if p.begun && (p.backwards && !position.Before(p.last) || !p.backwards && !p.last.Before(position)) {
		return false, false // the event at which the read was taken up again
	}
	if !p.end.IsZero() && p.end.Before(position) {
		return false, true
	}
	if !p.backwards && position.Before(p.start) {
		return false, false
	}
	p.from, p.last, p.begun = position, position, true
	if !p.sieve.passes(event) {
		return false, position == p.end
	}
	if p.left != math.MaxUint64 {
		p.left--
	}
	return true, p.left == 0 || position == p.end
}

// more is true when the server sent as much as it was asked for: it stopped there, not at the end of the log.
func (p *logPlace) more(received uint64) bool { return received >= p.asked }
