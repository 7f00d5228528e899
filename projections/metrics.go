package projections

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// metrics are the instruments of an engine, all named projections.….
type metrics struct {
	batches, events, documents, stops metric.Int64Counter
	commits                           metric.Float64Histogram
	registration                      metric.Registration
}

// Attributes are made once: batches and commits are many.
var (
	ofLive       = metric.WithAttributeSet(attribute.NewSet(attribute.String("group", "live")))
	ofCatchingUp = metric.WithAttributeSet(attribute.NewSet(attribute.String("group", "catching-up")))
)

func newMetrics(meter metric.Meter, e *Engine) (*metrics, error) {
	if meter == nil {
		meter = noop.NewMeterProvider().Meter("")
	}
	var m metrics
	var err error
	keep := func(failed error) {
		if err == nil && failed != nil {
			err = fmt.Errorf("making the metrics of projections: %w", failed)
		}
	}
	counter := func(name, description string) metric.Int64Counter {
		c, failed := meter.Int64Counter(name, metric.WithDescription(description))
		keep(failed)
		return c
	}
	m.batches = counter("projections.batches", "Messages folded, by group")
	m.events = counter("projections.events", "Events read, by group")
	m.documents = counter("projections.documents", "Documents written or removed, by projection")
	m.stops = counter("projections.stops", "Projections stopped by a bug")
	var failed error
	m.commits, failed = meter.Float64Histogram("projections.commit", metric.WithUnit("s"),
		metric.WithDescription("Time to store documents and checkpoints of one batch"),
		metric.WithExplicitBucketBoundaries(.0001, .0003, .001, .003, .01, .03, .1, .3, 1, 3))
	keep(failed)
	lagEvents, failed := meter.Int64ObservableGauge("projections.lag.events",
		metric.WithDescription("Events of the log that a projection has not seen"))
	keep(failed)
	lagSeconds, failed := meter.Float64ObservableGauge("projections.lag", metric.WithUnit("s"),
		metric.WithDescription("Age of the oldest event that a projection has not folded"))
	keep(failed)
	owner, failed := meter.Int64ObservableGauge("projections.owner",
		metric.WithDescription("1 where this process projects, 0 where it stands by"))
	keep(failed)
	if err != nil {
		return nil, err
	}
	m.registration, failed = meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		owns := int64(0)
		if s, _ := e.owner(); s != nil {
			owns = 1
		}
		o.ObserveInt64(owner, owns)
		statuses, err := e.Status(ctx)
		if err != nil {
			return err
		}
		for _, s := range statuses {
			of := metric.WithAttributes(attribute.String("projection", s.Name), attribute.Int("version", s.Version),
				attribute.String("state", string(s.State)))
			o.ObserveInt64(lagEvents, int64(s.LagEvents), of)
			o.ObserveFloat64(lagSeconds, s.LagSeconds, of)
		}
		return nil
	}, lagEvents, lagSeconds, owner)
	keep(failed)
	return &m, err
}

func (m *metrics) batch(ctx context.Context, of metric.AddOption, events int) {
	m.batches.Add(ctx, 1, of)
	m.events.Add(ctx, int64(events), of)
}

func (m *metrics) committed(ctx context.Context, parts []part, took time.Duration) {
	for _, p := range parts {
		if len(p.writes) > 0 {
			m.documents.Add(ctx, int64(len(p.writes)), p.runner.attributes)
		}
	}
	m.commits.Record(ctx, took.Seconds())
}

func (m *metrics) stopped(ctx context.Context, r *runner) {
	m.stops.Add(ctx, 1, metric.WithAttributes(attribute.String("projection", r.Name)))
}

func (m *metrics) close() {
	if m.registration != nil {
		_ = m.registration.Unregister()
	}
}
