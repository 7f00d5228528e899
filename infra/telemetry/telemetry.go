// Package telemetry measures the portal: OpenTelemetry instruments, read by Prometheus.
package telemetry

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
)

// Metrics holds the instruments of one process.
type Metrics struct {
	registry *prometheus.Registry
	provider *sdk.MeterProvider
	meter    metric.Meter
	requests metric.Float64Histogram
	known    sync.Map // labels → their metric.MeasurementOption
}

// requestSeconds are the bounds of the histogram of requests.
var requestSeconds = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// New makes the instruments.
func New() (*Metrics, error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(registry))
	if err != nil {
		return nil, fmt.Errorf("making the exporter of metrics: %w", err)
	}
	provider := sdk.NewMeterProvider(sdk.WithReader(exporter))
	meter := provider.Meter("services.example/portal")
	requests, err := meter.Float64Histogram("http.server.request.duration", metric.WithUnit("s"),
		metric.WithDescription("Time from a request to the end of its answer"),
		metric.WithExplicitBucketBoundaries(requestSeconds...))
	if err != nil {
		return nil, fmt.Errorf("making the histogram of requests: %w", err)
	}
	return &Metrics{registry: registry, provider: provider, meter: meter, requests: requests}, nil
}

// Meter makes further instruments.
func (m *Metrics) Meter() metric.Meter { return m.meter }

// Handler answers Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// Close releases the instruments.
func (m *Metrics) Close(ctx context.Context) error {
	if err := m.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("closing metrics: %w", err)
	}
	return nil
}

// Requests measures every request by its route, never by its path: a path may name a person's application.
func (m *Metrics) Requests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		answer := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(answer, r)
		route := chi.RouteContext(r.Context()).RoutePattern()
		if route == "" {
			route = "none"
		}
		m.requests.Record(r.Context(), time.Since(started).Seconds(),
			m.labels(labels{method: method(r.Method), route: route, status: answer.Status()}))
	})
}

// labels are what a request is counted under. There are few of them: methods, routes and statuses of ours.
type labels struct {
	method, route string
	status        int
}

// labels makes the attributes of a combination once.
func (m *Metrics) labels(l labels) metric.MeasurementOption {
	if known, found := m.known.Load(l); found {
		if option, ok := known.(metric.MeasurementOption); ok {
			return option
		}
	}
	option := metric.WithAttributeSet(attribute.NewSet(
		attribute.String("http.request.method", l.method),
		attribute.String("http.route", l.route),
		attribute.Int("http.response.status_code", l.status),
	))
	m.known.Store(l, option)
	return option
}

// method keeps a made-up method from becoming a label of its own.
func method(name string) string {
	switch name {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return name
	default:
		return "_OTHER"
	}
}
