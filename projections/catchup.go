package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/pubsub"
)

// catchUpGroup is projections that are behind, at about the same place. They share one subscription with large batches,
// keep the documents that they change in memory, and store them from time to time, while the next batches are folded.
type catchUpGroup struct {
	session *session
	name    string

	mu         sync.Mutex
	handler    *message.Handler
	members    []*member
	flushes    int
	kept       int           // documents in memory after the last flush
	committing chan struct{} // closed when the commit under way has ended; nil when there is none
	losses     []lost        // of the commit that has ended
}

// member is a runner with its documents in memory.
type member struct {
	*runner
	docs documents
}

// catchUp starts a group for runners that are sorted by position.
func (s *session) catchUp(runners []*runner) error {
	g := &catchUpGroup{session: s}
	projections := make([]Projection, len(runners))
	for i, r := range runners {
		g.members = append(g.members, &member{runner: r, docs: documents{}})
		projections[i] = r.Projection
	}
	start := runners[0].folded
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return errClosed
	}
	s.number++
	g.name = fmt.Sprintf("projections-catching-up-%d", s.number)
	s.groups[g] = true
	s.mu.Unlock()

	g.mu.Lock()
	defer g.mu.Unlock()
	from := func(context.Context) (eventstore.Position, error) { return start, nil }
	handler, err := s.handle(g.name, s.config.CatchUpBatch, pubsub.Pace{}, filterOf(projections), from, g.batch)
	if err != nil {
		s.mu.Lock()
		delete(s.groups, g)
		s.mu.Unlock()
		return err
	}
	g.handler = handler
	return nil
}

// batch folds one message into the documents in memory.
func (g *catchUpGroup) batch(ctx context.Context, delivery eventstore.Delivery) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.fold(ctx, delivery); err != nil {
		return err
	}
	g.session.metrics.batch(ctx, ofCatchingUp, len(delivery.Events))
	// A group that has come to the end of the log, or past the live group, is about to join it.
	caughtUp := delivery.Live || g.pastLive(delivery.Through)
	if !caughtUp && g.inMemory()-g.kept < g.session.config.CacheDocuments {
		return nil
	}
	if err := g.flush(ctx); err != nil || !caughtUp {
		return err
	}
	if err := g.settle(ctx); err != nil {
		return err
	}
	return g.join(ctx)
}

func (g *catchUpGroup) pastLive(position eventstore.Position) bool {
	select {
	case <-g.session.live.started:
	default:
		return false
	}
	g.session.live.mu.Lock()
	defer g.session.live.mu.Unlock()
	return !position.Before(g.session.live.position)
}

func (g *catchUpGroup) fold(ctx context.Context, delivery eventstore.Delivery) error {
	runners := make([]*runner, len(g.members))
	for i, m := range g.members {
		runners[i] = m.runner
	}
	shared, err := decodeAll(ctx, g.session.config.Decoder, delivery.Events, wantedBy(runners))
	if err != nil {
		return err
	}
	from := place{store: g.session.config.Reads, stored: g.committing, flush: g.flushes}
	results := make([]error, len(g.members))
	var folding sync.WaitGroup
	for i, m := range g.members {
		folding.Go(func() {
			results[i] = m.foldBatch(ctx, shared, m.docs, from)
			if results[i] == nil && m.folded.Before(delivery.Through) {
				m.folded = delivery.Through
			}
		})
	}
	folding.Wait()
	var again error
	var faults []lost
	for i, m := range g.members {
		var fault *faultError
		switch {
		case errors.As(results[i], &fault):
			faults = append(faults, lost{m.runner, fault})
		case results[i] != nil:
			again = results[i]
		}
	}
	if len(faults) > 0 {
		if err := g.settle(ctx); err != nil { // the commit under way may be theirs, too
			return err
		}
		g.lose(ctx, faults)
	}
	return again
}

func (g *catchUpGroup) inMemory() int {
	n := 0
	for _, m := range g.members {
		n += len(m.docs)
	}
	return n
}

// flush encodes the documents that changed and begins to store them. The commit before must have ended: there is never
// more than one under way.
func (g *catchUpGroup) flush(ctx context.Context) error {
	if err := g.settle(ctx); err != nil {
		return err
	}
	var parts []part
	for _, m := range slices.Clone(g.members) {
		writes, err := m.writes(m.docs, nil)
		if err != nil {
			g.leave(ctx, m.runner, err)
			continue
		}
		// What is encoded is as good as stored: should the commit be lost, these documents are thrown away as a whole.
		for id, doc := range m.docs {
			doc.dirty = false
			if doc.touched < g.flushes {
				delete(m.docs, id)
			}
		}
		parts = append(parts, part{runner: m.runner, writes: writes, through: m.folded})
	}
	g.flushes++
	g.kept = g.inMemory()
	committing := make(chan struct{})
	g.committing = committing
	g.session.tasks.Go(func() {
		defer close(committing)
		g.losses = g.commit(g.session.ctx, parts)
	})
	return nil
}

// commit tries until the store answers.
func (g *catchUpGroup) commit(ctx context.Context, parts []part) []lost {
	var losses []lost
	for failures := 1; ; failures++ {
		more, err := g.session.commit(ctx, parts)
		losses = append(losses, more...)
		if err == nil {
			return losses
		}
		parts = slices.DeleteFunc(slices.Clone(parts), func(p part) bool {
			return slices.ContainsFunc(more, func(l lost) bool { return l.runner == p.runner })
		})
		if ctx.Err() == nil {
			g.session.config.Logger.WarnContext(ctx, "storing read models failed, trying again", "error", err)
		}
		if g.session.config.Redelivery.Wait(ctx, failures) != nil {
			for _, p := range parts {
				losses = append(losses, lost{p.runner, ctx.Err()})
			}
			return losses
		}
	}
}

// settle waits for the commit under way and lets those leave that it lost.
func (g *catchUpGroup) settle(ctx context.Context) error {
	if g.committing == nil {
		return nil
	}
	select {
	case <-g.committing:
	case <-ctx.Done():
		return ctx.Err()
	}
	g.committing = nil
	losses := g.losses
	g.losses = nil
	g.lose(ctx, losses)
	return nil
}

// lose lets members leave, unless they have left before.
func (g *catchUpGroup) lose(ctx context.Context, losses []lost) {
	for _, l := range losses {
		if g.has(l.runner) {
			g.leave(ctx, l.runner, l.cause)
		}
	}
}

// join moves members to the live group. One that is still too far behind stays, and more is read.
func (g *catchUpGroup) join(ctx context.Context) error {
	for _, m := range slices.Clone(g.members) {
		joined, err := g.session.live.join(ctx, m.runner)
		if err != nil {
			return err
		}
		if joined {
			g.drop(m.runner)
		} else {
			clear(m.docs) // the live group may have stored documents on its way
		}
	}
	return nil
}

func (g *catchUpGroup) has(r *runner) bool {
	return slices.ContainsFunc(g.members, func(m *member) bool { return m.runner == r })
}

func (g *catchUpGroup) leave(ctx context.Context, r *runner, cause error) {
	g.drop(r)
	g.session.leave(ctx, r, cause)
}

func (g *catchUpGroup) remove(r *runner) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.has(r) {
		return
	}
	if g.committing != nil {
		<-g.committing
	}
	g.drop(r)
}

// drop takes a member out. When it was the last, the group ends.
func (g *catchUpGroup) drop(r *runner) {
	g.members = slices.DeleteFunc(g.members, func(m *member) bool { return m.runner == r })
	if len(g.members) > 0 {
		return
	}
	g.session.mu.Lock()
	delete(g.session.groups, g)
	g.session.mu.Unlock()
	g.handler.Stop()
}

// finish stores what is in memory when the engine has stopped.
func (g *catchUpGroup) finish() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.committing != nil {
		<-g.committing
		if len(g.losses) > 0 {
			return // the store did not take the last commit, it will not take this one either
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, m := range g.members {
		writes, err := m.writes(m.docs, nil)
		if err != nil {
			continue
		}
		if _, err := g.session.commit(ctx, []part{{runner: m.runner, writes: writes, through: m.folded}}); err != nil {
			g.session.config.Logger.WarnContext(ctx, "the last progress of a projection was not stored, it will be made again",
				"projection", m.collection, "error", err)
			return
		}
	}
}
