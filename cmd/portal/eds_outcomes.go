package main

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/eds"
)

// outcomes counts what becomes of signatures that are handed in.
type outcomes struct {
	verifier eds.Verifier
	counter  metric.Int64Counter
}

func countOutcomes(verifier eds.Verifier, meter metric.Meter) (eds.Verifier, error) {
	if meter == nil {
		meter = noop.NewMeterProvider().Meter("")
	}
	counter, err := meter.Int64Counter("eds.verifications",
		metric.WithDescription("Digital signatures handed in, by what was found: valid, a code, or failed"))
	if err != nil {
		return nil, fmt.Errorf("making the counter of verifications: %w", err)
	}
	return outcomes{verifier, counter}, nil
}

// Verify lets the verifier verify, and counts.
func (o outcomes) Verify(ctx context.Context, s eds.Signature) (eds.Report, error) {
	report, err := o.verifier.Verify(ctx, s)
	outcome := "valid"
	var p *problem.Problem
	switch {
	case errors.As(err, &p):
		outcome = p.Code
	case err != nil:
		outcome = "failed"
	}
	o.counter.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", outcome)))
	return report, err
}
