package native

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"

	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/revocation"
)

// ask asks what became of the certificate. Its error is nobody's fault.
func (r *run) ask(ctx context.Context, source Revocation) error {
	if source == nil {
		return unavailable()
	}
	status, err := source.Check(ctx, revocation.Query{
		Certificate: r.signer.Certificate, Issuer: r.issuer, At: r.at, Now: r.received,
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil: // an answer that is wrong is none
		return fmt.Errorf("%w: %w", unavailable(), err)
	}
	r.step(eds.StepRevocation, status.Err(r.at))
	r.keepStatus(status)
	return nil
}

func (r *run) keepStatus(status revocation.Status) {
	for _, e := range status.Evidence {
		kind := eds.EvidenceCRL
		if e.Kind == revocation.OCSP {
			kind = eds.EvidenceOCSP
		}
		r.keep(kind, e.DER)
	}
}

// look looks for what became of the certificate in what was kept. That it was revoked counts more than that it was not, and
// either more than that somebody does not know it.
func (r *run) look(o Offline) {
	outcome := refuse(pki.CodeEvidencePending, "nothing says that the certificate was not revoked then")
	if err := r.lookForStamps(o); err != nil {
		r.step(eds.StepRevocation, err)
		return
	}
	var proof revocation.Status
	q := revocation.Query{Certificate: r.signer.Certificate, Issuer: r.issuer, At: r.at, Legacy: r.legacy()}
	for status := range r.kept(o, q) {
		switch err := status.Err(r.at); {
		case pki.IsCode(err, pki.CodeRevoked):
			r.step(eds.StepRevocation, err)
			r.keepStatus(status)
			return
		case err == nil && outcome != nil, pki.IsCode(outcome, pki.CodeEvidencePending):
			outcome, proof = err, status
		}
	}
	if o.Unproven && pki.IsCode(outcome, pki.CodeEvidencePending) {
		r.step(eds.StepRevocation, outcome)
		r.report.Code = ""
		return
	}
	r.step(eds.StepRevocation, outcome)
	r.keepStatus(proof)
}

// lookForStamps looks whether the certificate of a time-stamping authority was revoked when it stamped. That nothing is
// known of it is no fault: nobody keeps that.
func (r *run) lookForStamps(o Offline) error {
	for _, s := range r.stamped {
		q := revocation.Query{Certificate: s.by, Issuer: s.issuer, At: s.at, Legacy: s.at.Before(LegacyBefore)}
		for status := range r.kept(o, q) {
			if pki.IsCode(status.Err(s.at), pki.CodeRevoked) {
				return refuse(pki.CodeTimeStamp, "the certificate of its authority had been revoked")
			}
		}
	}
	return nil
}

// kept gives what those of the kept answers say that say anything about a certificate at a time.
func (r *run) kept(o Offline, q revocation.Query) iter.Seq[revocation.Status] {
	return revocation.Kept(q,
		distinct(r.signed.OCSPs, r.signer.OCSPs, o.OCSPs), distinct(r.signed.CRLs, r.signer.CRLs, o.CRLs))
}

// distinct are the answers of several lists, each once, and not more than are looked at.
func distinct(lists ...[][]byte) [][]byte {
	var all [][]byte
	for _, one := range slices.Concat(lists...) {
		if len(all) < maxKept && !slices.ContainsFunc(all, func(known []byte) bool { return bytes.Equal(known, one) }) {
			all = append(all, one)
		}
	}
	return all
}
