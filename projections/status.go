package projections

import (
	"context"
	"errors"
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
	LagEvents      int                 // events of the whole log after it, at most Config.MostLag
	LagSeconds     float64             // age of the oldest event of its streams after it; 0 when there is none
	Events         uint64              // folded since the start of the engine
	Documents      uint64              // written since the start of the engine
	SkippedUnknown uint64              // events of unknown types since the start of the engine
	LastError      string              // why it stopped; never holds data

	streams []string
}

// Status lists the projections: those that serve in the order of the configuration, then what is being built. Where this
// process stands by, it lists what another one has stored.
func (e *Engine) Status(ctx context.Context) ([]Status, error) {
	statuses, err := e.statuses(ctx)
	if err != nil {
		return nil, err
	}
	counted := map[eventstore.Position]int{}
	for i := range statuses {
		s := &statuses[i]
		count, known := counted[s.Position]
		if !known {
			if count, err = e.config.Events.EventsAfter(ctx, s.Position, e.config.MostLag); err != nil {
				return nil, fmt.Errorf("counting the events that %s has not seen: %w", s.Collection, err)
			}
			counted[s.Position] = count
		}
		s.LagEvents = count
		if s.LagEvents > 0 {
			if s.LagSeconds, err = e.lagSeconds(ctx, s); err != nil {
				return nil, err
			}
		}
	}
	return statuses, nil
}

func (e *Engine) statuses(ctx context.Context) ([]Status, error) {
	s, _ := e.owner()
	if s == nil && e.config.Leases != nil {
		return e.standbyStatuses(ctx)
	}
	if s == nil {
		return nil, nil
	}
	runners := s.runners()
	statuses := make([]Status, 0, len(runners))
	for _, r := range runners {
		r.mu.Lock()
		statuses = append(statuses, Status{
			Name: r.Name, Version: r.Version, Collection: r.collection, State: r.state, Serving: r.serving,
			Position: r.committed, Events: r.events, Documents: r.documents,
			SkippedUnknown: r.unknown, LastError: r.lastError, streams: r.Streams,
		})
		r.mu.Unlock()
	}
	return statuses, nil
}

// standbyStatuses tells what another process has stored.
func (e *Engine) standbyStatuses(ctx context.Context) ([]Status, error) {
	var statuses []Status
	for _, p := range e.config.Projections {
		entry, err := e.directory.read(ctx, p.Name)
		if errors.Is(err, ErrNotServing) {
			statuses = append(statuses, Status{Name: p.Name, Version: p.Version, State: Standby, streams: p.Streams})
			continue
		}
		if err != nil {
			return nil, err
		}
		at, err := e.checkpoints.read(ctx, entry.Collection)
		if err != nil {
			return nil, fmt.Errorf("reading the checkpoint of %s: %w", entry.Collection, err)
		}
		s := Status{
			Name: p.Name, Version: entry.Version, Collection: entry.Collection, State: Standby, Serving: true,
			Position: at, streams: p.Streams,
		}
		if entry.Version > p.Version {
			s.State, s.LastError = Stopped, tooOld(p, entry).Error()
		}
		statuses = append(statuses, s)
	}
	return statuses, nil
}

// lagSeconds is the age of the oldest event that a projection has yet to fold.
func (e *Engine) lagSeconds(ctx context.Context, s *Status) (float64, error) {
	position := s.Position
	read := eventstore.AllRead{From: position, Limit: 2, Filter: eventstore.Filter{Streams: s.streams}}
	for event, err := range e.config.Events.ReadAll(ctx, read) {
		if err != nil {
			return 0, fmt.Errorf("reading the oldest event that %s has not seen: %w", s.Collection, err)
		}
		if position.Before(event.Position) {
			age := e.config.Clock().Sub(event.Created)
			return max(0, age).Seconds(), nil
		}
	}
	return time.Duration(0).Seconds(), nil
}
