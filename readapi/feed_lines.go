package readapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
)

// lines writes the feed as lines until its end; with follow, until the reader goes.
func (r *feedReading) lines(ctx context.Context, w http.ResponseWriter, follow bool) {
	send := overHTTP(w, r.cursor.Head())
	var out []byte
	told := time.Now()
	for follow || !r.cursor.AtEnd() {
		patience := feedPatience
		if follow {
			patience = heartbeat - time.Since(told)
		}
		events, err := r.next(ctx, feedSlice, max(patience, time.Millisecond))
		if err != nil {
			r.brokeOff(ctx, err)
			return
		}
		if out, err = r.line(ctx, out, events); err != nil {
			r.brokeOff(ctx, err)
			return
		}
		quiet := time.Since(told) >= heartbeat
		if quiet {
			out = r.mark(out)
		}
		if events == nil && !follow {
			break // the store says nothing more: what there is was given
		}
		if len(out) >= feedWriteBuffer || follow && len(out) > 0 || quiet {
			if send(out) != nil {
				return
			}
			out, told = out[:0], time.Now()
		}
	}
	_ = send(r.mark(out)) // a reader that has gone sees that nothing is complete
}

// line appends events, one a line.
func (r *feedReading) line(ctx context.Context, out []byte, events []eventstore.Recorded) ([]byte, error) {
	if len(events) == 0 {
		return out, nil
	}
	count := 0
	err := r.queries.replays.pace.do(ctx, func() error {
		for i := range events {
			longer, published, err := r.reader.Append(ctx, out, events[i])
			if err != nil {
				return err
			}
			if out = longer; published {
				out = append(out, '\n')
				count++
			}
		}
		return nil
	})
	r.queries.feeds.metrics.gave(ctx, count, asLines)
	return out, err
}

// mark says how far the reading is.
func (r *feedReading) mark(out []byte) []byte {
	return append(append(append(out, `{"through":"`...), r.cursor.Through().String()...), "\"}\n"...)
}

// brokeOff says in the log why an answer has no last line; the reader goes on later from what they have.
func (r *feedReading) brokeOff(ctx context.Context, err error) {
	var newer *codec.NewerVersionError
	switch {
	case ctx.Err() != nil:
	case errors.As(err, &newer):
		slog.WarnContext(ctx, "the feed needs a newer version of the portal", "type", newer.Type)
	default:
		slog.ErrorContext(ctx, "the feed broke off", "error", err)
	}
}
