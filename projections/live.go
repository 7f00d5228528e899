package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/lru"
)

// liveGroup is the projections that are up to date: one subscription, one handler, one commit a batch.
type liveGroup struct {
	session *session
	filter  eventstore.Filter
	started chan struct{} // closed when head is known
	head    eventstore.Position

	mu       sync.Mutex
	members  []*runner
	position eventstore.Position // of the last batch; its subscription delivers everything after it
	recent   *recent
}

// recentBytes bounds the documents that the group keeps by the size of their stored form. In memory they take about
// twice of that.
const recentBytes = 16 << 20

func newLiveGroup(s *session) *liveGroup {
	g := &liveGroup{session: s, started: make(chan struct{})}
	g.recent = lru.New[name, *document](s.config.RecentDocuments, recentBytes)
	g.filter = filterOf(s.config.Projections)
	return g
}

// filterOf lets the streams pass that any of the projections folds.
func filterOf(projections []Projection) eventstore.Filter {
	var filter eventstore.Filter
	for i := range projections {
		filter.Streams = append(filter.Streams, projections[i].Streams...)
	}
	slices.Sort(filter.Streams)
	filter.Streams = slices.Compact(filter.Streams)
	return filter
}

func (g *liveGroup) start() error {
	_, err := g.session.handle("projections-live", g.session.config.LiveBatch, g.session.config.LivePace, g.filter, g.begin, g.batch)
	return err
}

// begin lets the group start at the end of the log: whoever joins brings itself up to there.
func (g *liveGroup) begin(ctx context.Context) (eventstore.Position, error) {
	head, err := eventstore.Head(ctx, g.session.config.Events)
	if err != nil {
		return head, fmt.Errorf("finding the end of the event log: %w", err)
	}
	g.mu.Lock()
	g.head, g.position = head, head
	g.mu.Unlock()
	close(g.started)
	return head, nil
}

// batch folds one message into the documents of every member and stores all in one commit.
func (g *liveGroup) batch(ctx context.Context, delivery eventstore.Delivery) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	losses, err := g.fold(ctx, g.members, delivery.Events, delivery.Through)
	for _, l := range losses {
		g.drop(l.runner)
		g.session.leave(ctx, l.runner, l.cause)
	}
	if err != nil {
		return err
	}
	g.position = delivery.Through
	g.session.metrics.batch(ctx, ofLive, len(delivery.Events))
	return nil
}

// fold brings runners through a position with the events that lie before it. It answers which of them are lost.
func (g *liveGroup) fold(
	ctx context.Context, runners []*runner, events []eventstore.Recorded, through eventstore.Position,
) (losses []lost, err error) {
	s := g.session
	shared, err := decodeAll(ctx, s.config.Decoder, events, wantedBy(runners))
	if err != nil {
		return nil, err
	}
	parts := make([]part, 0, len(runners))
	from := place{store: s.config.Reads, recent: g.recent}
	for _, r := range runners {
		if !r.folded.Before(through) {
			continue
		}
		p, err := r.prepare(ctx, from, shared, through)
		var fault *faultError
		switch {
		case errors.As(err, &fault):
			losses = append(losses, lost{r, err})
		case err != nil:
			return losses, err
		default:
			parts = append(parts, p)
		}
	}
	more, err := s.commit(ctx, parts)
	losses = append(losses, more...)
	if err == nil {
		for _, p := range parts {
			if !slices.ContainsFunc(more, func(l lost) bool { return l.runner == p.runner }) {
				p.runner.folded = through
				g.keep(p)
			}
		}
	}
	return losses, err
}

// keep keeps the documents that a commit has stored.
func (g *liveGroup) keep(p part) {
	for id, doc := range p.docs {
		if doc.value != nil && !doc.once {
			doc.dirty = false
			g.recent.Put(name{p.runner, id}, doc, doc.size)
		}
	}
}

// prepare folds events into documents that belong to this one batch: when its commit fails, nothing has happened.
func (r *runner) prepare(ctx context.Context, from place, events []decoded, through eventstore.Position) (part, error) {
	docs := documents{}
	if err := r.foldBatch(ctx, events, docs, from); err != nil {
		return part{}, err
	}
	writes, err := r.writes(docs, r.scratch)
	if err != nil {
		return part{}, err
	}
	return part{runner: r, docs: docs, writes: writes, through: through}, nil
}

// wantedBy tells whether any of the runners has yet to fold an event.
func wantedBy(runners []*runner) func(*eventstore.Recorded) bool {
	return func(event *eventstore.Recorded) bool {
		return slices.ContainsFunc(runners, func(r *runner) bool {
			return r.folded.Before(event.Position) && r.folds(event.Stream, event.Type)
		})
	}
}

// joinable is the number of events by which a runner may be behind the live group when it joins it. The group waits
// while they are folded.
const joinable = 1024

// join makes a runner a member, if it is close enough. The group stands still meanwhile, so nothing is lost between,
// and what the runner has seen already it skips by position.
func (g *liveGroup) join(ctx context.Context, r *runner) (joined bool, err error) {
	select {
	case <-g.started:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	r.mu.Lock()
	over := r.state == Stopped || r.state == Retired
	r.mu.Unlock()
	if over {
		return true, nil
	}
	if r.folded.Before(g.position) {
		gap, complete, err := g.gap(ctx, r)
		if err != nil || !complete {
			return false, err
		}
		losses, err := g.fold(ctx, []*runner{r}, gap, g.position)
		for _, l := range losses {
			g.session.leave(ctx, r, l.cause)
			return true, nil // lost on the way, and dealt with
		}
		if err != nil {
			return false, err
		}
	}
	g.members = append(g.members, r)
	r.enter(Live, "")
	return true, nil
}

// gap reads what lies between a runner and the group; incomplete if that is too much.
func (g *liveGroup) gap(ctx context.Context, r *runner) (events []eventstore.Recorded, complete bool, err error) {
	store := g.session.config.Events
	count, err := store.EventsAfter(ctx, r.folded, 2*joinable)
	if err != nil {
		return nil, false, fmt.Errorf("counting the events after %s: %w", r.folded, err)
	}
	if count >= 2*joinable {
		return nil, false, nil
	}
	read := eventstore.AllRead{From: r.folded, Filter: eventstore.Filter{Streams: r.Streams}}
	for event, err := range store.ReadAll(ctx, read) {
		if err != nil {
			return nil, false, fmt.Errorf("reading events for %s: %w", r.collection, err)
		}
		if g.position.Before(event.Position) {
			break
		}
		if !r.folded.Before(event.Position) {
			continue
		}
		if len(events) == joinable {
			return nil, false, nil
		}
		events = append(events, event)
	}
	return events, true, nil
}

// finish moves the checkpoints of the members to where they stand, when the engine has stopped.
func (g *liveGroup) finish() {
	g.mu.Lock()
	defer g.mu.Unlock()
	var parts []part
	for _, r := range g.members {
		r.saved = time.Time{}
		parts = append(parts, part{runner: r, through: r.folded})
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if losses, err := g.session.commit(ctx, parts); err != nil || len(losses) > 0 {
		g.session.config.Logger.WarnContext(ctx, "the last checkpoints of projections were not moved, a little will be read again",
			"error", err, "lost", len(losses))
	}
}

func (g *liveGroup) remove(r *runner) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.drop(r)
}

func (g *liveGroup) drop(r *runner) {
	kept := make([]*runner, 0, len(g.members))
	for _, member := range g.members {
		if member != r {
			kept = append(kept, member)
		}
	}
	g.members = kept
	g.recent.RemoveAll(func(n name) bool { return n.runner == r })
}
