package reactors

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"services.example/portal/domain/webhook"
)

// hookMetrics are the instruments of webhooks, all named webhook.…. Webhooks go by their names, which are those of programs.
type hookMetrics struct {
	requests, events metric.Int64Counter

	mu    sync.Mutex
	hooks []webhook.Hook       // while this process delivers
	since map[string]time.Time // by id: when the oldest event was recorded that is on its way
}

func newHookMetrics(meter metric.Meter, clock func() time.Time) (*hookMetrics, error) {
	if meter == nil {
		meter = noop.NewMeterProvider().Meter("")
	}
	m := &hookMetrics{since: map[string]time.Time{}}
	var faults [5]error
	m.requests, faults[0] = meter.Int64Counter("webhook.requests",
		metric.WithDescription("Requests to webhooks, by webhook and outcome: taken or failed"))
	m.events, faults[1] = meter.Int64Counter("webhook.events", metric.WithDescription("Events that receivers took, by webhook"))
	lag, failed := meter.Float64ObservableGauge("webhook.lag", metric.WithUnit("s"),
		metric.WithDescription("Age of the oldest event that a webhook has yet to take, of the active ones; 0 where there is none"))
	faults[2] = failed
	hooks, failed := meter.Int64ObservableGauge("webhook.hooks", metric.WithDescription("Webhooks, by status"))
	faults[3] = failed
	_, faults[4] = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		m.observe(o, lag, hooks, clock())
		return nil
	}, lag, hooks)
	for _, err := range faults {
		if err != nil {
			return nil, fmt.Errorf("making the metrics of webhooks: %w", err)
		}
	}
	return m, nil
}

func (m *hookMetrics) observe(o metric.Observer, lag metric.Float64Observable, hooks metric.Int64Observable, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.hooks == nil { // another process delivers
		return
	}
	count := map[webhook.Status]int64{webhook.Active: 0, webhook.StatusPause: 0, webhook.StatusStop: 0}
	for _, h := range m.hooks {
		count[h.Status]++
		if h.Status != webhook.Active {
			continue
		}
		age := time.Duration(0)
		if since := m.since[h.ID]; !since.IsZero() {
			age = max(0, now.Sub(since))
		}
		o.ObserveFloat64(lag, age.Seconds(), ofHook(h))
	}
	for status, n := range count {
		o.ObserveInt64(hooks, n, metric.WithAttributes(attribute.String("status", string(status))))
	}
}

func ofHook(h webhook.Hook) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("webhook", h.Name))
}

// delivers keeps which webhooks there are; nil: this process does not deliver.
func (m *hookMetrics) delivers(hooks []webhook.Hook) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hooks = hooks
	if hooks == nil {
		clear(m.since)
	}
}

// behind keeps when the oldest event was recorded that a webhook has yet to take; the zero time: there is none.
func (m *hookMetrics) behind(h webhook.Hook, since time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if since.IsZero() {
		delete(m.since, h.ID)
		return
	}
	m.since[h.ID] = since
}

func (m *hookMetrics) requested(ctx context.Context, h webhook.Hook, outcome string) {
	m.requests.Add(ctx, 1, metric.WithAttributes(attribute.String("webhook", h.Name), attribute.String("outcome", outcome)))
}

func (m *hookMetrics) taken(ctx context.Context, h webhook.Hook, events int) {
	m.requested(ctx, h, "taken")
	m.events.Add(ctx, int64(events), ofHook(h))
	m.behind(h, time.Time{})
}
