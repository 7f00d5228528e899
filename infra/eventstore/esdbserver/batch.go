package esdbserver

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/esdbserver/faults"
)

const (
	batchInFlight = 1024 // appends of one call that wait for the disk
	batchOpen     = 256  // appends of one call that are not complete yet
)

// outcome gives the reply to an append, as soon as there is one. An error ends the call: what became of its appends is
// not known.
type outcome func() (*streams.BatchAppendResp, error)

// batch is a call of BatchAppend: many appends, each with its own reply.
type batch struct {
	server  *Server
	call    streams.Streams_BatchAppendServer
	ctx     context.Context //nolint:containedctx // ends with the call or the server
	replies chan outcome    // in the order in which the appends were started

	mu   sync.Mutex
	open map[uuid.UUID]*batchedAppend
}

// BatchAppend implements streams.StreamsServer. One goroutine receives and starts appends, in their order; this one
// replies.
func (s *streamService) BatchAppend(call streams.Streams_BatchAppendServer) error {
	flaw, err := s.server.strike(call.Context(), faults.BatchAppend)
	if err == nil && s.server.options.ReadOnly {
		err = errAccess
	}
	if err != nil {
		return err // not drained: the caller may never finish sending, and it receives meanwhile
	}
	ctx, cancel := s.server.whileServing(call.Context())
	defer cancel()
	b := &batch{
		server: s.server, call: call, ctx: ctx,
		replies: make(chan outcome, batchInFlight), open: map[uuid.UUID]*batchedAppend{},
	}
	received := make(chan error, 1)
	go func() { received <- b.receive() }()
	for {
		select {
		case reply := <-b.replies:
			if err := b.send(reply, flaw); err != nil {
				return err
			}
		case err := <-received:
			if err != nil {
				return err
			}
			return b.finish(flaw)
		case <-ctx.Done():
			if s.server.live.Err() != nil {
				return errStopping
			}
			return ctx.Err()
		}
	}
}

// finish gives the replies that are left when the caller has sent everything.
func (b *batch) finish(flaw flaw) error {
	for {
		select {
		case reply := <-b.replies:
			if err := b.send(reply, flaw); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

func (b *batch) send(reply outcome, flaw flaw) error {
	response, err := reply()
	if err != nil {
		return err
	}
	if err := flaw.after(); err != nil {
		return err
	}
	return b.call.Send(response)
}

func (b *batch) receive() error {
	defer b.forget()
	for {
		request, err := b.call.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := b.take(request); err != nil {
			return err
		}
	}
}

// take adds a request to its append, and starts the append when it is complete.
func (b *batch) take(request *streams.BatchAppendReq) error {
	id, err := idOf(request.GetCorrelationId())
	if err != nil {
		return err // there is nothing to reply to
	}
	b.mu.Lock()
	pending := b.open[id]
	b.mu.Unlock()
	if pending == nil {
		if request.GetOptions() == nil {
			return nil // of an append that failed already
		}
		pending = newBatchedAppend(request)
		if failed := b.begin(id, pending, request); failed != nil {
			return b.reply(pending.failed(failed))
		}
	}
	if failed := pending.add(request.GetProposedMessages(), b.server.options.MaxAppendSize); failed != nil {
		b.close(id)
		return b.reply(pending.failed(failed))
	}
	if !request.GetIsFinal() || !b.close(id) {
		return nil
	}
	return b.reply(b.start(pending))
}

// begin checks the options of an append and keeps it until it is complete, or its time is over.
func (b *batch) begin(id uuid.UUID, pending *batchedAppend, request *streams.BatchAppendReq) error {
	if err := pending.check(); err != nil {
		return err
	}
	left := min(timeLeft(request.GetOptions()), b.server.options.WriteTimeout)
	if left <= 0 {
		return errTimeout
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.open) >= batchOpen {
		return invalid("more than %d appends are not complete", batchOpen)
	}
	pending.deadline = time.Now().Add(left)
	b.open[id] = pending
	if !request.GetIsFinal() {
		pending.timer = time.AfterFunc(left, func() {
			if b.close(id) {
				_ = b.reply(pending.failed(errTimeout)) // fails when the call is over
			}
		})
	}
	return nil
}

// close takes an append out of those that are not complete, and tells whether it was one.
func (b *batch) close(id uuid.UUID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	pending, ok := b.open[id]
	if ok && pending.timer != nil {
		pending.timer.Stop()
	}
	delete(b.open, id)
	return ok
}

// forget stops the timers of what was never completed.
func (b *batch) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, pending := range b.open {
		if pending.timer != nil {
			pending.timer.Stop()
		}
	}
	clear(b.open)
}

func (b *batch) reply(reply outcome) error {
	select {
	case b.replies <- reply:
		return nil
	case <-b.ctx.Done():
		return b.ctx.Err()
	}
}

// start hands the append to the log.
func (b *batch) start(a *batchedAppend) outcome {
	ctx, cancel := context.WithDeadline(b.ctx, a.deadline)
	wait := b.server.log.Start(ctx, a.stream, a.expected, a.events...)
	return func() (*streams.BatchAppendResp, error) {
		defer cancel()
		appended, err := wait()
		if err != nil {
			return a.failed(timedOut(b.ctx, err))()
		}
		return a.succeeded(appended), nil
	}
}

// timeLeft is what the caller gives an append, for ever if it does not say.
func timeLeft(options *streams.BatchAppendReq_Options) time.Duration {
	switch deadline := options.GetDeadlineOption().(type) {
	case *streams.BatchAppendReq_Options_Deadline:
		return deadline.Deadline.AsDuration()
	case *streams.BatchAppendReq_Options_Deadline_21_10_0:
		return time.Until(deadline.Deadline_21_10_0.AsTime())
	default:
		return time.Duration(1<<63 - 1)
	}
}

// batchedAppend is one append of a batch.
type batchedAppend struct {
	correlation *shared.UUID
	options     *streams.BatchAppendReq_Options
	stream      string
	expected    eventstore.Expected
	events      []eventstore.Event
	size        int // bytes of data
	deadline    time.Time
	timer       *time.Timer // nil: complete from the beginning
}

func newBatchedAppend(request *streams.BatchAppendReq) *batchedAppend {
	return &batchedAppend{correlation: request.GetCorrelationId(), options: request.GetOptions()}
}

func (a *batchedAppend) check() (err error) {
	if a.options.GetStreamIdentifier() == nil {
		return invalid("an append needs the name of a stream")
	}
	if a.stream, err = target(a.options.GetStreamIdentifier()); err != nil {
		return err
	}
	switch expected := a.options.GetExpectedStreamPosition().(type) {
	case *streams.BatchAppendReq_Options_StreamPosition:
		a.expected, err = revisionOf(expected.StreamPosition)
	case *streams.BatchAppendReq_Options_NoStream:
		a.expected = eventstore.NoStream
	case *streams.BatchAppendReq_Options_Any:
		a.expected = eventstore.Any
	case *streams.BatchAppendReq_Options_StreamExists:
		a.expected = eventstore.StreamExists
	default:
		err = invalid("an append needs an expected revision")
	}
	return err
}

func (a *batchedAppend) add(proposed []*streams.BatchAppendReq_ProposedMessage, limit int) error {
	for _, p := range proposed {
		event, err := eventOf(p)
		if err != nil {
			return err
		}
		a.events = append(a.events, event)
		if a.size += len(event.Data); a.size > limit {
			return tooLarge(limit)
		}
	}
	return nil
}
