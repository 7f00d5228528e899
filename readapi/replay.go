package readapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/readapi/auditlog"
)

const (
	// mostReplays is how many readings of history run in one process at a time.
	mostReplays = 16
	// replaySlice is how many events are looked at before others have their turn.
	replaySlice = 64
	// replayBuffer is how many bytes are gathered before they are sent.
	replayBuffer = 32 << 10
	// markPause is how long a reading that finds nothing is silent before it says how far it is.
	markPause = time.Second
)

// replays are what readings of history share.
type replays struct {
	viewer *auditlog.Viewer
	pace   *pace
	gate
}

func newReplays(deps Deps) *replays {
	r := &replays{pace: newPace(deps.Busy), gate: make(gate, mostReplays)}
	if deps.Codec != nil {
		r.viewer = auditlog.NewViewer(deps.Codec)
	}
	return r
}

// replay is one reading of history, as lines.
type replay struct {
	queries  *Queries
	personal bool
	follow   bool
	limit    int // of lines; 0: none
	chosen   eventstore.Filter
	send     func([]byte) error

	out     bytes.Buffer
	encoder *json.Encoder
	lines   int
	told    time.Time     // when something was last sent
	fetched time.Duration // how long it took to get the events of this slice
}

func (r *replay) start(send func([]byte) error) {
	r.send, r.told = send, time.Now()
	r.encoder = json.NewEncoder(&r.out)
	r.encoder.SetEscapeHTML(false)
}

// overHTTP is where the lines of a reading go over HTTP.
func overHTTP(w http.ResponseWriter, head eventstore.Position) (send func([]byte) error) {
	w.Header().Set("Content-Type", ndjson)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // a proxy that gathers would make it late
	w.Header().Set(logHead, head.String())
	control := http.NewResponseController(w)
	return func(lines []byte) error {
		if err := control.SetWriteDeadline(time.Now().Add(writeTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return errReaderGone
		}
		if _, err := w.Write(lines); err != nil || control.Flush() != nil {
			return errReaderGone
		}
		return nil
	}
}

const (
	ndjson  = "application/x-ndjson"
	logHead = "Log-Head"
)

// errReaderGone says that nobody takes what is written.
var errReaderGone = errors.New("the reader has gone")

// slice writes the lines of some events. It tells how many of them were looked at: fewer when the limit is reached.
func (r *replay) slice(ctx context.Context, events []eventstore.Recorded) (looked int, err error) {
	err = r.queries.replays.pace.doAfter(ctx, r.fetched, func() error {
		for i := range events {
			if r.full() {
				return nil
			}
			looked++
			if !r.wanted(&events[i]) {
				continue
			}
			line, err := r.queries.replays.viewer.Line(ctx, events[i], r.personal)
			if err != nil {
				return err
			}
			if err := r.encoder.Encode(line); err != nil {
				return fmt.Errorf("writing a line of history: %w", err)
			}
			r.lines++
		}
		return nil
	})
	if err == nil && r.out.Len() >= replayBuffer {
		err = r.flush()
	}
	return looked, err
}

func (r *replay) full() bool { return r.limit > 0 && r.lines >= r.limit }

// wanted chooses events here and not in the store, so that a search for something rare, too, rests between slices.
func (r *replay) wanted(event *eventstore.Recorded) bool {
	return oneBegins(r.chosen.Streams, event.Stream) && oneBegins(r.chosen.Types, event.Type)
}

func oneBegins(prefixes []string, name string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return len(prefixes) == 0
}

// mark says how far the reading is.
func (r *replay) mark(m auditlog.Mark) error {
	if err := r.encoder.Encode(m); err != nil {
		return fmt.Errorf("writing a mark: %w", err)
	}
	return r.flush()
}

func (r *replay) flush() error {
	r.told = time.Now()
	defer r.out.Reset()
	return r.send(r.out.Bytes())
}

// ended says why a reading broke off. What was sent then has no mark of completeness, which the reader notices.
func (r *replay) ended(ctx context.Context, err error) {
	if err == nil || errors.Is(err, errReaderGone) || ctx.Err() != nil {
		return
	}
	slog.ErrorContext(ctx, "reading of history broken off", "error", err)
}

// log reads the log after a position, to where it ended when the reading began, or for ever.
func (r *replay) log(ctx context.Context, after, until eventstore.Position) error {
	subscription, err := r.queries.deps.Events.Subscribe(ctx, after, eventstore.Filter{})
	if err != nil {
		return fmt.Errorf("reading the log: %w", err)
	}
	defer subscription.Close() //nolint:errcheck // it was only read
	for after.Before(until) || r.follow {
		delivery, err := r.next(ctx, subscription)
		if err != nil {
			return err
		}
		events := delivery.Events
		if !r.follow {
			events = upTo(events, until)
		}
		looked, err := r.slice(ctx, events)
		if err != nil {
			return err
		}
		switch {
		case looked > 0 && looked < len(events):
			after = events[looked-1].Position
		case len(delivery.Events) > 0 || !delivery.Through.IsZero():
			after = delivery.Through
		}
		if r.full() {
			return r.mark(auditlog.Mark{After: after.String(), More: true})
		}
		if err := r.breathe(after, delivery.Live); err != nil {
			return err
		}
	}
	if until.Before(after) && !r.follow {
		after = until
	}
	return r.mark(auditlog.Mark{After: after.String(), Complete: true})
}

// next waits for events; without any it comes back from time to time.
func (r *replay) next(ctx context.Context, subscription eventstore.Subscription) (eventstore.Delivery, error) {
	waiting, cancel := context.WithTimeout(ctx, markPause)
	defer cancel()
	began := time.Now()
	delivery, err := subscription.Next(waiting, replaySlice)
	if r.fetched = time.Since(began); delivery.Live {
		r.fetched = 0 // it waited
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return eventstore.Delivery{Live: true}, nil
	}
	if err != nil {
		return delivery, fmt.Errorf("reading the log: %w", err)
	}
	return delivery, nil
}

// breathe sends what is gathered once there is nothing more for the moment, and shows a silent reader that it goes on.
func (r *replay) breathe(after eventstore.Position, live bool) error {
	pause := markPause
	if live {
		pause = heartbeat
	}
	switch {
	case time.Since(r.told) >= pause:
		return r.mark(auditlog.Mark{After: after.String()})
	case live && r.out.Len() > 0:
		return r.flush()
	default:
		return nil
	}
}

// upTo leaves out what lies behind the end of a reading.
func upTo(events []eventstore.Recorded, until eventstore.Position) []eventstore.Recorded {
	for i := range events {
		if until.Before(events[i].Position) {
			return events[:i]
		}
	}
	return events
}
