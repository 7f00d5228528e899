package projections_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"services.example/portal/projections"
)

// measured collects sums and gauges as lines: name, projection if any, value.
func measured(t *testing.T, reader sdk.Reader) []string {
	t.Helper()
	var data metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &data); err != nil {
		t.Fatal(err)
	}
	var lines []string
	note := func(name string, points []metricdata.DataPoint[int64]) {
		for _, point := range points {
			projection, _ := point.Attributes.Value("projection")
			lines = append(lines, fmt.Sprint(name, " ", projection.AsString(), " ", point.Value))
		}
	}
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch points := m.Data.(type) {
			case metricdata.Sum[int64]:
				note(m.Name, points.DataPoints)
			case metricdata.Gauge[int64]:
				note(m.Name, points.DataPoints)
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func TestMetricsTellLagStopsAndWork(t *testing.T) {
	log, reads := stores(t)
	var mended atomic.Bool
	reader := sdk.NewManualReader()
	c := config(log, reads, counter("sound", 1, "a-").Projection(), clumsy("clumsy", &mended, "a-").Projection())
	c.Meter = sdk.NewMeterProvider(sdk.WithReader(reader)).Meter("test")
	f := fixture{Engine: start(t, c), log: log, reads: reads}
	f.caughtUp(t)
	f.sees(t, "clumsy", noted(t, log, "a-1", "x", 1), "x", 1)
	at := noted(t, log, "a-1", "x", panics)
	f.sees(t, "sound", at, "x", 1, panics)
	until(t, "the projection has stopped", func() bool { return f.status(t, "clumsy").State == projections.Stopped })
	want := []string{
		"projections.batches  2", "projections.documents clumsy 1", "projections.documents sound 2", "projections.events  2",
		"projections.lag.events clumsy 1", "projections.lag.events sound 0", "projections.owner  1",
		"projections.stops clumsy 1",
	}
	until(t, "the batch is counted", func() bool { return slices.Equal(want, measured(t, reader)) })
	if diff := cmp.Diff(want, measured(t, reader)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}
