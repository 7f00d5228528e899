package readapi

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// feedMetrics are the instruments of the feed, all named feed.…. They do not say who reads: readers are people, too.
type feedMetrics struct {
	readings metric.Int64UpDownCounter
	refused  metric.Int64Counter
	events   metric.Int64Counter
}

// The forms in which the feed is read.
var (
	asPage  = metric.WithAttributeSet(attribute.NewSet(attribute.String("form", "page")))
	asLines = metric.WithAttributeSet(attribute.NewSet(attribute.String("form", "lines")))
)

func newFeedMetrics(meter metric.Meter) feedMetrics {
	if meter == nil {
		meter = noop.NewMeterProvider().Meter("")
	}
	var m feedMetrics
	var faults [3]error
	m.readings, faults[0] = meter.Int64UpDownCounter("feed.readings", metric.WithDescription("Readings of the feed under way"))
	m.refused, faults[1] = meter.Int64Counter("feed.refused", metric.WithDescription("Readings refused because there were too many"))
	m.events, faults[2] = meter.Int64Counter("feed.events", metric.WithDescription("Events given to readers, by form: page or lines"))
	for _, err := range faults {
		if err != nil { // what could not be made counts nothing, which is no reason to serve nothing
			slog.Error("a metric of the feed cannot be made", "error", err)
		}
	}
	return m
}

func (m feedMetrics) gave(ctx context.Context, events int, as metric.AddOption) {
	if events > 0 {
		m.events.Add(ctx, int64(events), as)
	}
}
