package readapi

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
	"services.example/portal/projections/accountprofile"
	"services.example/portal/projections/envelope"
	"services.example/portal/projections/notifications"
)

// history is all that had happened in a case at a moment, to be gone through once. The application's own events are read
// as they are asked for, because a draft may have been saved any number of times; all others are kept by what they are
// folded into anyway.
type history struct {
	id      string
	q       *Queries
	decoder projections.Decoder
	cut     cut
	upTo    *int64 // the revision of the application at which it ends, where that is how it was asked for
	where   string // in the request

	others []codec.Envelope // of all other streams, in the order of the log

	mu    sync.Mutex
	first *eventstore.Position // of the earliest event that is known not to be in it
}

// The streams of a case beside those of its thread.
const (
	noteStreams      = "note-"
	signatureStreams = "signature-"
	noticeStreams    = "notification-"
)

// caseReads is how many streams of a case are read at a time.
const caseReads = 8

// readHistory opens the history of a case up to a moment. Errors: application-not-found; application-not-yet, where it began
// later; invalid, with out-of-range, where the moment is yet to come.
func (q *Queries) readHistory(ctx context.Context, decoder projections.Decoder, id, location string, m moment) (*history, error) {
	head, err := eventstore.Head(ctx, q.deps.Events)
	if err != nil {
		return nil, fmt.Errorf("finding the end of the log: %w", err)
	}
	h := &history{id: id, q: q, decoder: decoder, upTo: m.revision, where: location}
	if h.cut, err = m.cut(location, head, q.deps.Now()); err != nil {
		return nil, err
	}
	if err := h.open(ctx); err != nil {
		return nil, err
	}
	streams, err := q.noticesOf(ctx, id, h.cut.upTo)
	if err != nil {
		return nil, err
	}
	streams = append(streams, envelope.Correspondence+id, envelope.Readings+id, noteStreams+id)
	read := make([][]codec.Envelope, len(streams))
	reading, inner := errgroup.WithContext(ctx)
	reading.SetLimit(caseReads)
	for i, stream := range streams {
		reading.Go(func() error {
			var err error
			read[i], err = h.collect(inner, stream)
			return err
		})
	}
	if err := reading.Wait(); err != nil {
		return nil, err
	}
	h.others = slices.Concat(read...)
	h.sort()
	return h, nil
}

func notYet() error { return problem.New(problem.NotFound, "application-not-yet") }

// open looks at the first event of the application. A case whose applicant was erased since is read as if their key were
// gone, which it is or soon will be: what is gone is gone from the past too.
func (h *history) open(ctx context.Context) error {
	for event, err := range h.stream(ctx, envelope.Applications+h.id, 1) {
		if err != nil {
			return err
		}
		first, ok := event.Event.(application.DraftStarted)
		if !ok || !h.cut.holds(&event) {
			return notYet()
		}
		profile, err := get[accountprofile.Profile](ctx, h.q.deps, accountprofile.Name, first.Applicant)
		switch {
		case err == nil && profile.Erased:
			h.decoder = h.q.deps.Codec.Withheld()
		case err != nil && !errors.Is(err, readstore.ErrNotFound):
			return err
		}
		return nil
	}
	return applicationNotFound()
}

// stream yields the events of a stream, at most limit of them (0: all). One that does not exist has none; an event of a type
// that this program does not know is passed by, as read models do.
func (h *history) stream(ctx context.Context, stream string, limit int) iter.Seq2[codec.Envelope, error] {
	return func(yield func(codec.Envelope, error) bool) {
		for recorded, err := range h.q.deps.Events.ReadStream(ctx, stream, eventstore.StreamRead{Limit: limit}) {
			var missing *eventstore.NotFoundError
			if errors.As(err, &missing) {
				return
			}
			var event codec.Envelope
			if err == nil {
				event, err = h.decoder.Decode(ctx, recorded)
			}
			var unknown *codec.UnknownTypeError
			if errors.As(err, &unknown) {
				continue
			}
			if err != nil {
				err = fmt.Errorf("reading %s: %w", stream, err)
			}
			if !yield(event, err) || err != nil {
				return
			}
		}
	}
}

// collect reads a stream up to the cut.
func (h *history) collect(ctx context.Context, stream string) (events []codec.Envelope, err error) {
	for event, err := range h.stream(ctx, stream, 0) {
		if err != nil {
			return nil, err
		}
		if !h.cut.holds(&event) {
			h.later(event.Position)
			break
		}
		events = append(events, event)
	}
	return events, nil
}

func (h *history) later(position eventstore.Position) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.first == nil || position.Before(*h.first) {
		h.first = &position
	}
}

func (h *history) sort() {
	slices.SortFunc(h.others, func(a, b codec.Envelope) int { return a.Position.Compare(b.Position) })
}

// events yields what had happened, in the order of the log. It ends before the first event that had not happened yet,
// whatever a clock that was set back says of those after it: a case as it stood is always a beginning of its history.
func (h *history) events(ctx context.Context) iter.Seq2[codec.Envelope, error] {
	return func(yield func(codec.Envelope, error) bool) {
		next, stop := iter.Pull2(h.stream(ctx, envelope.Applications+h.id, 0))
		defer stop()
		own, err, more := next()
		for {
			if err != nil {
				yield(codec.Envelope{}, err)
				return
			}
			event := own
			other := len(h.others) > 0 && (!more || h.others[0].Position.Before(own.Position))
			if other {
				event, h.others = h.others[0], h.others[1:]
			}
			if !other && !more || !h.cut.holds(&event) || h.first != nil && !event.Position.Before(*h.first) {
				break
			}
			if !yield(event, nil) {
				return
			}
			if other {
				continue
			}
			if h.upTo != nil && event.Revision == *h.upTo {
				return
			}
			if err = h.signatures(ctx, &event); err == nil {
				own, err, more = next()
			}
		}
		if h.upTo != nil { // which was not reached
			yield(codec.Envelope{}, problem.Input(problem.Field{Location: h.where, Code: "out-of-range"}))
		}
	}
}

// signatures adds the stream of the signatures under a document that was issued: all of them come after it.
func (h *history) signatures(ctx context.Context, event *codec.Envelope) error {
	e, ok := event.Event.(application.DocumentIssued)
	if !ok || len(e.Signers) == 0 {
		return nil
	}
	signed, err := h.collect(ctx, signatureStreams+e.DocumentID)
	if err != nil {
		return err
	}
	signed = slices.DeleteFunc(signed, func(s codec.Envelope) bool { return s.Position.Before(event.Position) })
	h.others = append(signed, h.others...)
	h.sort()
	h.others = slices.CompactFunc(h.others, func(a, b codec.Envelope) bool { return a.Position == b.Position })
	return nil
}

// noticesOf names the streams of a case's notices. Which they are only their read model knows, which is waited for.
func (q *Queries) noticesOf(ctx context.Context, id string, upTo eventstore.Position) ([]string, error) {
	if err := q.await(ctx, Consistent{MinPosition: upTo.String()}, notifications.Name); err != nil {
		return nil, err
	}
	collection, err := serving(ctx, q.deps, notifications.Name)
	if err != nil {
		return nil, err
	}
	var streams []string
	query := readstore.Query{Index: notifications.ByApplication, Prefix: []any{id}, Limit: readstore.MaxLimit, SeenOnly: true}
	for {
		page, err := q.deps.Reads.List(ctx, collection, query)
		if err != nil {
			return nil, fmt.Errorf("listing the notices of a case: %w", err)
		}
		for i := range page.Documents {
			streams = append(streams, noticeStreams+page.Documents[i].ID)
		}
		if page.Next == "" {
			return streams, nil
		}
		query.After = page.Next
	}
}
