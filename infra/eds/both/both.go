// Package both asks two verifiers about every signature, and takes it only if they agree: a certified product that the law
// asks for beside the portal's own, say. What one of them gets wrong the other one finds, and somebody is told.
package both

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/eds"
)

// Code is the answer to a signature about which the verifiers disagree.
const Code = "verifiers-disagree"

// retryAfter is how long somebody has to look into a disagreement.
const retryAfter = time.Hour

// Verifier asks two others at the same time.
type Verifier struct {
	first, second eds.Verifier
	disagreements metric.Int64Counter
}

var _ eds.Verifier = (*Verifier)(nil)

// New makes a verifier out of two. The first one's word is what a refusal says. Without a meter nothing is counted.
func New(first, second eds.Verifier, meter metric.Meter) (*Verifier, error) {
	if meter == nil {
		meter = noop.NewMeterProvider().Meter("")
	}
	counter, err := meter.Int64Counter("eds.disagreements",
		metric.WithDescription("Signatures about which two verifiers disagree, by what they disagree about"))
	if err != nil {
		return nil, fmt.Errorf("making the counter of disagreements: %w", err)
	}
	return &Verifier{first: first, second: second, disagreements: counter}, nil
}

// verdict is what one of them found out.
type verdict struct {
	report eds.Report
	err    error
}

// code is why the signature is refused. It is not known if it could not be checked.
func (v verdict) code() (code string, known bool) {
	var refused *problem.Problem
	switch {
	case v.err == nil:
		return "", true
	case errors.As(v.err, &refused) && refused.Kind == problem.Invalid:
		return refused.Code, true
	default:
		return "", false
	}
}

// Verify asks both. Both accept it, with the same certificate: it is accepted, and the report holds what both checked. Both
// refuse it: it is refused as the first one says. They disagree: verifiers-disagree (503), and an alarm. One cannot check it:
// its error, unless the first one refuses it, which stands by itself.
func (v *Verifier) Verify(ctx context.Context, s eds.Signature) (eds.Report, error) {
	first, second := v.ask(ctx, s)
	firstCode, firstKnows := first.code()
	secondCode, secondKnows := second.code()
	switch {
	case !firstKnows:
		return eds.Report{}, first.err
	case !secondKnows && firstCode != "":
		return first.report, first.err
	case !secondKnows:
		return eds.Report{}, second.err
	}
	about := ""
	switch {
	case (firstCode == "") != (secondCode == ""):
		about = "verdict"
	case firstCode == "" && !sameOwner(first.report, second.report):
		about = "certificate"
	case firstCode != secondCode:
		about = "reason" // refused all the same
	}
	if about != "" {
		v.alarm(ctx, s, about, first, second)
	}
	if about == "verdict" || about == "certificate" {
		return eds.Report{}, &problem.Problem{Kind: problem.Unavailable, Code: Code, RetryAfter: retryAfter}
	}
	return together(first.report, second.report), first.err
}

// sameOwner tells whether both mean the same certificate and read the same numbers in it.
func sameOwner(a, b eds.Report) bool {
	one, other := a.Certificate, b.Certificate
	return one.SHA256 == other.SHA256 && strings.EqualFold(one.Serial, other.Serial) && one.IIN == other.IIN && one.BIN == other.BIN
}

// alarm tells whoever runs the portal. The signature is found by its digest: nothing in the log names a person.
func (v *Verifier) alarm(ctx context.Context, s eds.Signature, about string, first, second verdict) {
	firstCode, _ := first.code()
	secondCode, _ := second.code()
	sum := sha256.Sum256(s.CMS)
	level := slog.LevelError
	if about == "reason" {
		level = slog.LevelWarn
	}
	slog.Log(ctx, level, "two verifiers disagree about a signature",
		"about", about, "cms", hex.EncodeToString(sum[:]),
		"first", first.report.Verifier, "firstCode", firstCode,
		"second", second.report.Verifier, "secondCode", secondCode)
	v.disagreements.Add(ctx, 1, metric.WithAttributes(attribute.String("about", about)))
}

// together is the first one's report with what the second one checked and found out with.
func together(first, second eds.Report) eds.Report {
	report := first
	if second.Verifier == "" {
		return report
	}
	report.Verifier += " + " + second.Verifier
	report.Checks = slices.Clone(first.Checks)
	for _, check := range second.Checks {
		check.Detail = strings.TrimSuffix(second.Verifier+": "+check.Detail, ": ")
		report.Checks = append(report.Checks, check)
	}
	report.Evidence = slices.Clone(first.Evidence)
	for _, piece := range second.Evidence {
		if !slices.ContainsFunc(first.Evidence, func(e eds.Evidence) bool {
			return e.Kind == piece.Kind && slices.Equal(e.Data, piece.Data)
		}) {
			report.Evidence = append(report.Evidence, piece)
		}
	}
	return report
}

// ask lets both check the signature at the same time. Each gets the document by itself.
func (v *Verifier) ask(ctx context.Context, s eds.Signature) (first, second verdict) {
	forFirst, toFirst := io.Pipe()
	forSecond, toSecond := io.Pipe()
	done := make(chan struct{}, 2)
	go func() {
		defer func() { done <- struct{}{} }()
		deal(s.Document, toFirst, toSecond)
	}()
	go func() {
		defer func() { done <- struct{}{} }()
		second = verify(ctx, v.second, s, forSecond)
	}()
	first = verify(ctx, v.first, s, forFirst)
	<-done
	<-done // the document is its owner's again
	return first, second
}

func verify(ctx context.Context, by eds.Verifier, s eds.Signature, document *io.PipeReader) verdict {
	defer document.Close() //nolint:errcheck // it never fails
	s.Document = document
	report, err := by.Verify(ctx, s)
	return verdict{report, err}
}

// deal copies a document to everybody who still reads it.
func deal(document io.Reader, to ...*io.PipeWriter) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := document.Read(buffer)
		if n > 0 {
			to = slices.DeleteFunc(to, func(w *io.PipeWriter) bool {
				_, gone := w.Write(buffer[:n])
				return gone != nil
			})
		}
		if err != nil || len(to) == 0 {
			for _, w := range to {
				_ = w.CloseWithError(err) // it never fails
			}
			return
		}
	}
}
