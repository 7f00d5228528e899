package projections

import (
	"context"
	"fmt"
	"time"

	"services.example/portal/infra/eventstore"
)

// Status says how a projection is doing.
type Status struct {
	Name           string
	Version        int
	Collection     string
	State          State
	Serving        bool
	Position       eventstore.Position // everything up to it is stored
	LagEvents      int                 // events of the whole log after it, at most 1,000,000
	LagSeconds     float64             // age of the oldest event of its streams after it; 0 when there is none
	Events         uint64              // folded since the start of the engine
	Documents      uint64              // written since the start of the engine
	SkippedUnknown uint64              // events of unknown types since the start of the engine
	LastError      string              // why it stopped; never holds data
}

const mostLag = 1_000_000

// Status lists the projections: those that serve in the order of the configuration, then what is being built.
func (e *Engine) Status(ctx context.Context) ([]Status, error) {
	runners := e.runners()
	statuses := make([]Status, 0, len(runners))
	for _, r := range runners {
		r.mu.Lock()
		s := Status{
			Name: r.Name, Version: r.Version, Collection: r.collection, State: r.state, Serving: r.serving,
			Position: r.committed, Events: r.events, Documents: r.documents,
			SkippedUnknown: r.unknown, LastError: r.lastError,
		}
		r.mu.Unlock()
		var err error
		if s.LagEvents, err = e.config.Events.EventsAfter(ctx, s.Position, mostLag); err != nil {
			return nil, fmt.Errorf("counting the events that %s has not seen: %w", r.collection, err)
		}
		if s.LagEvents > 0 {
			if s.LagSeconds, err = e.lagSeconds(ctx, r, s.Position); err != nil {
				return nil, err
			}
		}
		statuses = append(statuses, s)
	}
	return statuses, nil
}

// lagSeconds is the age of the oldest event that a projection has yet to fold.
func (e *Engine) lagSeconds(ctx context.Context, r *runner, position eventstore.Position) (float64, error) {
	read := eventstore.AllRead{From: position, Limit: 2, Filter: eventstore.Filter{Streams: r.Streams}}
	for event, err := range e.config.Events.ReadAll(ctx, read) {
		if err != nil {
			return 0, fmt.Errorf("reading the oldest event that %s has not seen: %w", r.collection, err)
		}
		if position.Before(event.Position) {
			age := e.config.Clock().Sub(event.Created)
			return max(0, age).Seconds(), nil
		}
	}
	return time.Duration(0).Seconds(), nil
}
