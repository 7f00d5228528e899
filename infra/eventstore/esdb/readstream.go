package esdb

import (
	"context"
	"fmt"
	"iter"
	"math"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"services.example/portal/infra/eventstore"
)

// ReadStream implements eventstore.Store.
func (s *Store) ReadStream(
	ctx context.Context, stream string, read eventstore.StreamRead,
) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		what := "read stream " + stream
		if err := checkStreamRead(stream, read); err != nil {
			yield(eventstore.Recorded{}, err)
			return
		}
		if err := s.check(ctx); err != nil {
			yield(eventstore.Recorded{}, fmt.Errorf("%s: %w", what, err))
			return
		}
		p := newStreamPlace(stream, read)
		r := &reading{
			attempts: attempts{store: s, link: s.writes}, what: what, stream: stream,
			created: monotonic{backwards: read.Backwards}, open: p.open, take: p.take,
		}
		r.run(ctx, yield)
	}
}

func checkStreamRead(stream string, read eventstore.StreamRead) error {
	if err := checkStream(stream); err != nil {
		return err
	}
	if read.From < eventstore.End {
		return &eventstore.InvalidError{Reason: fmt.Sprintf("%d is not a revision", read.From)}
	}
	return checkLimit(read.Limit)
}

func checkLimit(limit int) error {
	if limit < 0 {
		return &eventstore.InvalidError{Reason: fmt.Sprintf("%d is not a limit", limit)}
	}
	return nil
}

// streamPlace is how far a read of a stream has come.
type streamPlace struct {
	stream    string
	backwards bool
	silent    bool  // only whether the stream exists is asked
	next      int64 // revision; End: the last
	left      uint64
}

func newStreamPlace(stream string, read eventstore.StreamRead) *streamPlace {
	p := &streamPlace{stream: stream, backwards: read.Backwards, next: read.From, left: math.MaxUint64}
	if read.Limit > 0 {
		p.left = uint64(read.Limit)
	}
	if read.From == eventstore.End && !read.Backwards {
		p.backwards, p.silent, p.left = true, true, 1 // the server has no such read
	}
	return p
}

func (p *streamPlace) open(ctx context.Context, g *generation) (*client.ReadStream, error) {
	options := client.ReadStreamOptions{From: client.Revision(uint64(p.next))}
	if p.backwards {
		options.Direction = client.Backwards
	}
	if p.next == eventstore.End {
		options.From = client.End{}
	}
	return g.client.ReadStream(ctx, p.stream, options, p.left)
}

func (p *streamPlace) take(event *client.RecordedEvent) (wanted, complete bool) {
	p.next = int64(event.EventNumber) + 1
	if p.backwards {
		p.next = int64(event.EventNumber) - 1
	}
	if p.left != math.MaxUint64 {
		p.left--
	}
	return !p.silent, p.left == 0 || p.next < 0
}
