package esdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"services.example/portal/infra/eventstore"
)

// errStalled says that the server was silent in the middle of a read.
var errStalled = errors.New("the event store was silent for too long")

// reading is a read of whichever kind. After a failure it goes on where it was.
type reading struct {
	attempts
	what    string // for errors
	stream  string // "" for the log
	created monotonic

	// open begins to read at the place that has been reached.
	open func(context.Context, *generation) (*client.ReadStream, error)
	// take is given every event and moves the place. It tells whether the event is to be passed on, and whether the
	// read is complete with it.
	take func(*client.RecordedEvent) (wanted, complete bool)
	// more tells whether there may be more after an answer that ended by itself with so many events. Nil: there is not.
	more func(received uint64) bool

	received uint64 // events of the answer that is being read
	complete bool
	stopped  bool // by the reader
}

type consumer func(eventstore.Recorded, error) bool

// run yields the events. A failure that cannot be mended is yielded last.
func (r *reading) run(ctx context.Context, yield consumer) {
	for {
		g, began, err := r.once(ctx, yield)
		switch {
		case r.stopped, err == nil && (r.complete || r.more == nil || !r.more(r.received)):
			return
		case err == nil:
			continue
		}
		if r.received > 0 {
			r.failed, r.doubts = 0, 0 // it gets on
		}
		if !r.after(ctx, g, began, &err) {
			yield(eventstore.Recorded{}, fmt.Errorf("%s: %w", r.what, r.refused(err)))
			return
		}
	}
}

func (r *reading) refused(err error) error {
	var f *failure
	switch {
	case !errors.As(err, &f):
		return err
	case f.verdict == missing:
		return &eventstore.NotFoundError{Stream: r.stream}
	case f.verdict == deleted:
		return &eventstore.DeletedError{Stream: r.stream}
	default:
		return explain(r.what, f.err)
	}
}

// once asks the server and passes on what it answers.
func (r *reading) once(ctx context.Context, yield consumer) (g *generation, began time.Time, err error) {
	r.received, began = 0, time.Now()
	answers, v, err := openStream(ctx, r.link, r.store.options.AttemptTimeout, r.open)
	if v == nil {
		return nil, began, err
	}
	defer v.leave()
	g = v.generation
	if err != nil {
		return g, began, err
	}
	defer answers.Close()
	p := newPatience(r.store.options.AttemptTimeout, v)
	defer p.stop()
	for {
		event, err := p.receive(answers)
		switch {
		case errors.Is(err, io.EOF):
			return g, began, nil
		case err != nil && p.lost.Load():
			return g, began, errStalled
		case err != nil:
			return g, began, err
		}
		if r.received++; r.received%sawEvery == 1 {
			g.saw()
		}
		if !r.pass(event, yield) {
			return g, began, nil
		}
		if err := ctx.Err(); err != nil && !p.lost.Load() {
			return g, began, err
		}
	}
}

// pass hands an event on; false ends the read.
func (r *reading) pass(resolved *client.ResolvedEvent, yield consumer) bool {
	event := resolved.OriginalEvent()
	if event == nil {
		return true
	}
	created := r.created.next(event.CreatedDate)
	wanted, complete := r.take(event)
	r.complete = complete
	if wanted {
		recorded := toRecorded(event)
		recorded.Created = created
		r.stopped = !yield(recorded, nil)
	}
	return !r.stopped && !r.complete
}

// patience ends a read when nothing comes for longer than it lasts, and less than twice that. The time that the reader
// takes does not count, and an event may be on its way for as long as the largest takes on a slow line. It costs two
// stores an event, where a timer set anew each time would cost much more.
type patience struct {
	length  time.Duration
	visit   *visit
	timer   *time.Timer
	waiting atomic.Bool
	count   atomic.Uint64
	lost    atomic.Bool

	// Only the timer's function uses these: how things were when the timer was set, and for how long an event has been on
	// its way.
	before  uint64
	got     int64
	arrival time.Duration
}

func newPatience(length time.Duration, v *visit) *patience {
	p := &patience{length: length, visit: v, got: v.generation.got()}
	p.timer = time.AfterFunc(length, p.check)
	return p
}

func (p *patience) check() {
	count, got := p.count.Load(), p.visit.generation.got()
	if !p.waiting.Load() || count != p.before {
		p.arrival = 0
	} else if p.arrival += p.length; p.arrival > transferTime(eventstore.MaxAppendSize) || transferTime(int(got-p.got)) < p.length/2 {
		p.lost.Store(true)
		p.visit.cancel()
		return
	}
	p.before, p.got = count, got
	p.timer.Reset(p.length)
}

func (p *patience) stop() { p.timer.Stop() }

func (p *patience) receive(answers *client.ReadStream) (event *client.ResolvedEvent, err error) {
	defer guard(&err)
	p.waiting.Store(true)
	event, err = answers.Recv()
	p.count.Add(1)
	p.waiting.Store(false)
	return event, err
}
