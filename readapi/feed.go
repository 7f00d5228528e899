package readapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"go.opentelemetry.io/otel/metric"

	"services.example/portal/domain/machine"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/feed"
	"services.example/portal/infra/httpapi"
)

const feedTag = "Feed"

func feedOperation(id, path, summary string) huma.Operation {
	return httpapi.Scoped(operation(id, "/feed"+path, summary, feedTag), machine.FeedRead)
}

func (q *Queries) registerFeed(api huma.API) {
	op := feedOperation("feed", "", "What happens, in order, under pseudonyms")
	op.Errors = append(op.Errors, http.StatusGone, http.StatusUnprocessableEntity, http.StatusTooManyRequests)
	op.Description = "A page as JSON, or everything as lines of JSON where Accept is application/x-ndjson. Events are described at " +
		"/api/v1/feed/schemas. Every reader has pseudonyms of their own. A line with `through` is no event: it says how far the " +
		"reading is, and is the last line of an answer that was not cut off."
	op.Responses = map[string]*huma.Response{"200": {
		Description: "A page of events, or lines",
		Content:     map[string]*huma.MediaType{"application/json": {Schema: feedPageSchema()}, ndjson: {Schema: &huma.Schema{Type: huma.TypeString}}},
	}}
	huma.Register(api, op, q.feed)
	q.registerFeedSchemas(api)
}

func feedPageSchema() *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeObject, Required: []string{"events", "next", "more"},
		Properties: map[string]*huma.Schema{
			"events": {Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeObject}, Description: "In the order of the log"},
			"next":   {Type: huma.TypeString, Description: "The after of the next page, also when there is no event"},
			"more":   {Type: huma.TypeBoolean, Description: "There was more when the page was made: ask again at once"},
		},
	}
}

type feedInput struct {
	Accept string   `header:"Accept" required:"false"`
	After  string   `query:"after" doc:"The next of the page before, or the position of the last event that the caller has; the beginning of history if absent"`
	Types  []string `query:"types" doc:"Events such as application.submitted, or all of an aggregate: application. (with the dot), separated by commas; all if absent"`
	Limit  int      `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Events of a page; lines have no limit"`
	Wait   int      `query:"wait" minimum:"0" maximum:"30" default:"0" doc:"Seconds to wait for an event if there is none yet"`
	Follow bool     `query:"follow" doc:"Lines: go on with what happens from now on, until the caller goes"`
}

const (
	mostFeeds       = 64      // of one process at a time
	mostFeedsOfOne  = 8       // of one reader
	feedPageBytes   = 4 << 20 // of a page's events, but for the last
	feedPatience    = 2 * time.Second
	feedSearch      = 5 * time.Second // for a page with nothing on it yet
	feedSlice       = 256             // events of one look at the log
	feedWriteBuffer = 64 << 10        // bytes
)

// feedReading is one reading of the feed.
type feedReading struct {
	queries *Queries
	reader  *feed.Reader
	cursor  *feed.Cursor
	leave   func()
}

func (q *Queries) feed(ctx context.Context, in *feedInput) (*huma.StreamResponse, error) {
	caller, err := httpapi.Signed(ctx)
	if err != nil {
		return nil, err
	}
	after, err := httpapi.MinPosition(in.After)
	if err != nil {
		return nil, err
	}
	filter, err := q.deps.Feed.Filter("types", in.Types)
	if err != nil {
		return nil, err
	}
	leave, err := q.feeds.enter(ctx, caller.AccountID)
	if err != nil {
		return nil, err
	}
	cursor, err := feed.Open(ctx, q.deps.Events, after, filter)
	if err != nil {
		leave()
		if errors.Is(err, feed.ErrAhead) {
			return nil, problem.New(problem.Gone, "feed-position-ahead")
		}
		return nil, err
	}
	r := &feedReading{queries: q, reader: q.deps.Feed.For("reader " + caller.AccountID), cursor: cursor, leave: leave}
	if in.Follow || strings.Contains(in.Accept, ndjson) {
		return &huma.StreamResponse{Body: func(hctx huma.Context) { //nolint:contextcheck // huma hands it the request's context
			defer r.close()
			request, w := humachi.Unwrap(hctx)
			r.lines(request.Context(), w, in.Follow)
		}}, nil
	}
	defer r.close()
	page, err := r.page(ctx, in.Limit, time.Duration(in.Wait)*time.Second)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		hctx.SetHeader("Content-Type", "application/json")
		hctx.SetHeader("Cache-Control", "no-store")
		_, _ = hctx.BodyWriter().Write(page) // a reader that has gone needs to be told nothing
	}}, nil
}

func (r *feedReading) close() {
	_ = r.cursor.Close() // it only reads
	r.leave()
}

// page gathers events until there are enough, or no more are there and the reader does not wait any longer.
func (r *feedReading) page(ctx context.Context, limit int, wait time.Duration) ([]byte, error) {
	out, count := []byte(`{"events":[`), 0
	began := time.Now()
	for count < limit && len(out) < feedPageBytes {
		if r.cursor.AtEnd() && (count > 0 || time.Since(began) >= wait) {
			break
		}
		if !r.cursor.AtEnd() && time.Since(began) >= feedSearch && count == 0 {
			break // what is searched for is rare: the reader goes on from where this has got to
		}
		patience := wait - time.Since(began)
		if !r.cursor.AtEnd() {
			patience = max(patience, feedPatience) // there is more: the store needs time to give it
		}
		events, err := r.next(ctx, limit-count, patience)
		if err != nil {
			return nil, err
		}
		if events == nil {
			break
		}
		if out, count, err = r.gather(ctx, out, count, events); err != nil {
			return nil, err
		}
	}
	r.queries.feeds.metrics.gave(ctx, count, asPage)
	out = append(append(out, `],"next":"`...), r.cursor.Through().String()...)
	return fmt.Appendf(out, `","more":%t}`, !r.cursor.AtEnd()), nil
}

// next waits for events; nil when there were none for so long.
func (r *feedReading) next(ctx context.Context, limit int, patience time.Duration) ([]eventstore.Recorded, error) {
	if r.cursor.AtEnd() && patience <= 0 {
		return nil, nil
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	events, err := r.cursor.Next(waiting, min(limit, feedSlice))
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the feed: %w", err)
	}
	if events == nil {
		events = []eventstore.Recorded{} // it was passed by: go on
	}
	return events, nil
}

// gather appends events with commas between them.
func (r *feedReading) gather(ctx context.Context, out []byte, count int, events []eventstore.Recorded) ([]byte, int, error) {
	err := r.queries.replays.pace.do(ctx, func() error {
		for i := range events {
			before := len(out)
			if count > 0 {
				out = append(out, ',')
			}
			longer, published, err := r.reader.Append(ctx, out, events[i])
			if err != nil {
				return err
			}
			if out = longer; !published {
				out = out[:before]
				continue
			}
			count++
		}
		return nil
	})
	return out, count, err
}

// feeds bounds how many readings go on at a time.
type feeds struct {
	mu  sync.Mutex
	all int
	of  map[string]int

	metrics feedMetrics
}

func newFeeds(meter metric.Meter) *feeds {
	return &feeds{of: map[string]int{}, metrics: newFeedMetrics(meter)}
}

// enter admits one more reading. Error: too-many-streams.
func (f *feeds) enter(ctx context.Context, reader string) (leave func(), err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all >= mostFeeds || f.of[reader] >= mostFeedsOfOne {
		f.metrics.refused.Add(ctx, 1)
		return nil, &problem.Problem{Kind: problem.TooMany, Code: "too-many-streams", RetryAfter: 5 * time.Second}
	}
	f.all++
	f.of[reader]++
	f.metrics.readings.Add(ctx, 1)
	return func() {
		f.metrics.readings.Add(context.WithoutCancel(ctx), -1)
		f.mu.Lock()
		defer f.mu.Unlock()
		f.all--
		if f.of[reader]--; f.of[reader] == 0 {
			delete(f.of, reader)
		}
	}, nil
}
