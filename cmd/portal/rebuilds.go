package main

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"services.example/portal/domain/problem"
	"services.example/portal/projections"
	"services.example/portal/projections/all"
)

// rebuilds builds read models again while whoever asked for it goes on. Those under way are given up when the portal ends:
// nothing has changed then.
type rebuilds struct {
	engine *projections.Engine
	ctx    context.Context //nolint:containedctx // the life of the portal: no request's
	cancel context.CancelFunc

	mu       sync.Mutex
	underway map[string]bool
	tasks    sync.WaitGroup
}

func newRebuilds(engine *projections.Engine) *rebuilds {
	r := &rebuilds{engine: engine, underway: map[string]bool{}}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// Begin begins to build a read model again.
func (r *rebuilds) Begin(_ context.Context, name string) error {
	known := slices.ContainsFunc(all.Projections(), func(p projections.Projection) bool { return p.Name == name })
	switch {
	case !known:
		return problem.New(problem.NotFound, "projection-not-found")
	case !r.engine.Owns():
		return problem.New(problem.Unavailable, "not-the-owner")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return problem.New(problem.Unavailable, "not-the-owner")
	}
	if r.underway[name] {
		return nil
	}
	r.underway[name] = true
	r.tasks.Go(func() { r.rebuild(name) })
	return nil
}

func (r *rebuilds) rebuild(name string) {
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.underway, name)
	}()
	slog.InfoContext(r.ctx, "a read model is built again", "projection", name)
	reports, err := r.engine.Rebuild(r.ctx, name)
	if err != nil {
		slog.ErrorContext(r.ctx, "a read model was not built again", "projection", name, "error", err)
		return
	}
	for i := range reports {
		slog.InfoContext(r.ctx, "a read model was built again", "projection", name, "collection", reports[i].Collection,
			"documents", reports[i].Documents, "events", reports[i].Events, "compared", reports[i].Compared,
			"differences", len(reports[i].Differences), "duration", reports[i].Duration)
	}
}

// close gives up what is under way and waits for it.
func (r *rebuilds) close() {
	r.mu.Lock()
	r.cancel()
	r.mu.Unlock()
	r.tasks.Wait()
}
