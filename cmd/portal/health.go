package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/projections"
)

const (
	readyTimeout = 2 * time.Second
	// mostLagSeconds is the age of the oldest event not yet projected beyond which the portal is not ready.
	mostLagSeconds = 10
)

// healthz says that the process is alive.
func healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

// readiness is what /readyz answers.
type readiness struct {
	Ready       bool                  `json:"ready"`
	Events      string                `json:"events"` // of the event store: ok, or what is wrong
	Projections []projectionReadiness `json:"projections"`
}

type projectionReadiness struct {
	Name       string  `json:"name"`
	State      string  `json:"state"`
	LagEvents  int     `json:"lagEvents"`
	LagSeconds float64 `json:"lagSeconds"`
	Error      string  `json:"error,omitempty"`
}

// readyz says whether the stores answer and the read models are within their lag.
func (p *portal) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	ready := p.readiness(ctx)
	w.Header().Set("Content-Type", "application/json")
	if !ready.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	if err := json.NewEncoder(w).Encode(ready); err != nil {
		slog.DebugContext(ctx, "readiness not written", "error", err)
	}
}

func (p *portal) readiness(ctx context.Context) readiness {
	ready := readiness{Ready: true, Events: "ok", Projections: []projectionReadiness{}}
	if _, err := eventstore.Head(ctx, p.events); err != nil {
		ready.Ready, ready.Events = false, "unavailable"
	}
	statuses, err := p.engine.Status(ctx)
	if err != nil {
		ready.Ready = false
		return ready
	}
	for _, s := range statuses {
		if !s.Serving {
			continue
		}
		ready.Projections = append(ready.Projections, projectionReadiness{
			Name: s.Name, State: string(s.State), LagEvents: s.LagEvents, LagSeconds: s.LagSeconds, Error: s.LastError,
		})
		if s.State == projections.Stopped || s.LagSeconds > mostLagSeconds {
			ready.Ready = false
		}
	}
	return ready
}
