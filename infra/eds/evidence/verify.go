package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/bundle"
	"services.example/portal/infra/eds/native"
	"services.example/portal/infra/eds/pki"
)

// Offline verifies a signature with kept evidence alone; *native.Verifier does.
type Offline interface {
	VerifyOffline(ctx context.Context, o native.Offline) (eds.Report, error)
}

// Verdict is what is to be thought of a signature.
type Verdict string

// The verdicts.
const (
	Valid    Verdict = "valid"    // and everything is proven by what was kept
	Unproven Verdict = "unproven" // nothing is wrong with it, but something must be believed: see Result.Gaps
	Invalid  Verdict = "invalid"
	Accepted Verdict = "accepted" // by a press of a button: there is nothing to verify
)

// Gap is something that nothing proves.
type Gap string

// The gaps.
const (
	GapTime       Gap = "time"       // no time stamp: the time is that which the bundle or the caller names
	GapRevocation Gap = "revocation" // no answer says that the certificate was not revoked then
)

// Result is what came out of checking one signature.
type Result struct {
	Signature bundle.Signature
	Verdict   Verdict
	Gaps      []Gap
	Report    eds.Report  // of now, from the evidence
	Then      *eds.Report // of the portal when the signature was handed in; nil: it is not there, or cannot be read
}

// Verify checks all signatures of a bundle, with nothing but what is in it. Error: something else than a signature is wrong.
func Verify(ctx context.Context, verifier Offline, b *bundle.Bundle) ([]Result, error) {
	results := make([]Result, 0, len(b.Signatures))
	for _, s := range b.Signatures {
		result, err := verify(ctx, verifier, b, s)
		if err != nil {
			return nil, fmt.Errorf("verifying the signature of the %s: %w", s.Signer, err)
		}
		results = append(results, result)
	}
	return results, nil
}

func verify(ctx context.Context, verifier Offline, b *bundle.Bundle, s bundle.Signature) (_ Result, err error) {
	result := Result{Signature: s, Verdict: Accepted}
	if s.Container == nil {
		return result, nil
	}
	document, err := b.OpenDocument()
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, document.Close()) }()
	o := native.Offline{CMS: b.Bytes(*s.Container), Document: document, At: s.ReceivedAt, Staff: true, Unproven: true}
	for _, piece := range s.Pieces {
		data := b.Bytes(piece.File)
		switch piece.Kind {
		case eds.EvidenceTimeStamp:
			o.TimeStamps = append(o.TimeStamps, data)
		case eds.EvidenceOCSP:
			o.OCSPs = append(o.OCSPs, data)
		case eds.EvidenceCRL:
			o.CRLs = append(o.CRLs, data)
		case eds.EvidenceReport:
			var then eds.Report
			if json.Unmarshal(data, &then) == nil {
				result.Then = &then
			}
		case eds.EvidenceCertificate: // for people: whom to believe is not for the bundle to say
		}
	}
	result.Report, result.Verdict, result.Gaps, err = Check(ctx, verifier, o)
	return result, err
}

// Check checks one signature. It is Unproven with gaps: those that o.Unproven and o.At let pass. Error: it could not be
// checked.
func Check(ctx context.Context, verifier Offline, o native.Offline) (eds.Report, Verdict, []Gap, error) {
	report, err := verifier.VerifyOffline(ctx, o)
	var refused *problem.Problem
	if errors.As(err, &refused) && refused.Kind == problem.Invalid {
		return report, Invalid, nil, nil
	}
	if err != nil {
		return eds.Report{}, "", nil, err
	}
	var gaps []Gap
	if report.TimeFrom != eds.TimeStamped {
		gaps = append(gaps, GapTime)
	}
	if slices.ContainsFunc(report.Checks, func(c eds.Check) bool {
		return c.Step == eds.StepRevocation && c.Code == pki.CodeEvidencePending
	}) {
		gaps = append(gaps, GapRevocation)
	}
	if len(gaps) > 0 {
		return report, Unproven, gaps, nil
	}
	return report, Valid, nil, nil
}
