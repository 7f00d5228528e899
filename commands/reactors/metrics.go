package reactors

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// metrics are the instruments of an engine, all named reactor.….
type metrics struct {
	events, failures metric.Int64Counter
	registration     metric.Registration

	mu    sync.Mutex
	since map[string]time.Time // by reactor: when what it has yet to react to was recorded; the zero time: nothing
}

func newMetrics(meter metric.Meter, clock func() time.Time) (*metrics, error) {
	if meter == nil {
		meter = noop.NewMeterProvider().Meter("")
	}
	m := &metrics{since: map[string]time.Time{}}
	var err error
	m.events, err = meter.Int64Counter("reactor.events", metric.WithDescription("Events reacted to, by reactor"))
	if err != nil {
		return nil, fmt.Errorf("making the metrics of reactors: %w", err)
	}
	m.failures, err = meter.Int64Counter("reactor.failures",
		metric.WithDescription("Reactions and tasks that failed and are tried again, by reactor"))
	if err != nil {
		return nil, fmt.Errorf("making the metrics of reactors: %w", err)
	}
	lag, err := meter.Float64ObservableGauge("reactor.lag", metric.WithUnit("s"),
		metric.WithDescription("Age of the event that a reactor cannot get past; 0 where there is none"))
	if err != nil {
		return nil, fmt.Errorf("making the metrics of reactors: %w", err)
	}
	m.registration, err = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		m.mu.Lock()
		defer m.mu.Unlock()
		for name, since := range m.since {
			age := time.Duration(0)
			if !since.IsZero() {
				age = max(0, clock().Sub(since))
			}
			o.ObserveFloat64(lag, age.Seconds(), of(name))
		}
		return nil
	}, lag)
	if err != nil {
		return nil, fmt.Errorf("making the metrics of reactors: %w", err)
	}
	return m, nil
}

func of(name string) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("reactor", name))
}

func (m *metrics) reacted(ctx context.Context, name string) { m.events.Add(ctx, 1, of(name)) }
func (m *metrics) failed(ctx context.Context, name string)  { m.failures.Add(ctx, 1, of(name)) }

func (m *metrics) behind(name string, since time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.since[name] = since
}

func (m *metrics) caughtUp(name string) { m.behind(name, time.Time{}) }

func (m *metrics) close() { _ = m.registration.Unregister() }
