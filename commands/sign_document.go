package commands

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/signature"
	"services.example/portal/infra/eds"
)

// SignDocument signs a document with a digital signature: a detached CMS over its exact bytes, which is kept unchanged. A
// signature that is not valid is kept, too, and refused. So is the report of the verification, and the evidence of a valid one. Errors: those of AcceptDocument but acceptance-not-allowed; the
// codes of the verifier; too-many-tries; signing-unavailable.
func (d *Documents) SignDocument(
	ctx context.Context, req Request, by application.Staff, id string, cms []byte,
) (SignedDocument, error) {
	s, err := d.signing(ctx, req, by, id)
	if err != nil {
		return SignedDocument{}, err
	}
	sum := sha256.Sum256(cms)
	sign := signature.Sign{Signer: s.signer, Account: req.Actor, CMS: hex.EncodeToString(sum[:]), At: d.deps.Now()}
	known, err := d.known(ctx, s, sign.CMS)
	if err != nil || known {
		if err != nil {
			return SignedDocument{}, err
		}
		return d.sign(ctx, s, sign) // it finishes what a crash interrupted
	}
	if err := s.state.MayTry(s.signer, req.Actor, sign.At); err != nil {
		return SignedDocument{}, err
	}
	report, err := d.verify(ctx, s, cms)
	var refused *problem.Problem
	rejected := errors.As(err, &refused) && refused.Kind == problem.Invalid
	if err != nil && !rejected {
		return SignedDocument{}, err
	}
	if report.ReceivedAt = sign.At; rejected {
		report.Code = refused.Code
	}
	if _, err := d.deps.Files.Put(ctx, s.state.Applicant, bytes.NewReader(cms), eds.MaxContainer); err != nil {
		return SignedDocument{}, fmt.Errorf("storing a signature: %w", err)
	}
	checked, err := d.keepReport(ctx, s.state.Applicant, report)
	if err != nil {
		return SignedDocument{}, err
	}
	if !rejected {
		evidence, err := d.keepEvidence(ctx, s.state.Applicant, report.Evidence)
		if err != nil {
			return SignedDocument{}, err
		}
		sign.Certificate, sign.Evidence = report.Certificate, append([]signature.Evidence{checked}, evidence...)
		return d.sign(ctx, s, sign)
	}
	reject := signature.Reject{
		Signer: s.signer, Account: req.Actor, Code: refused.Code, CMS: sign.CMS, Report: checked.SHA256, At: sign.At,
	}
	if _, err := d.streams.signatures.execute(ctx, s.req, id, func(signature.State) (signature.Command, error) {
		return reject, nil
	}); err != nil {
		return SignedDocument{}, err
	}
	return SignedDocument{}, refused
}

// known tells whether this very signature was accepted before. Error: why it was refused, if this very command was.
func (d *Documents) known(ctx context.Context, s signing, cms string) (bool, error) {
	at, err := d.streams.signatures.load(ctx, s.id)
	if err != nil {
		return false, err
	}
	if a, signed := at.state.Signature(s.signer); signed && a.Account == s.req.Actor && a.CMS == cms {
		return true, nil
	}
	repeated, err := at.repeated(s.req)
	if err != nil || !repeated {
		return false, err
	}
	if rejection, found := at.state.Rejection(s.req.Actor, cms); found {
		return false, eds.Refused(rejection.Code)
	}
	return false, eds.Refused("bad-signature") // too long ago to know more
}

// verify checks a signature against the document's stored bytes and the number of whoever must own the certificate.
func (d *Documents) verify(ctx context.Context, s signing, cms []byte) (_ eds.Report, err error) {
	owner, err := d.streams.accounts.state(ctx, s.req.Actor)
	if err != nil {
		return eds.Report{}, err
	}
	if owner.Number == "" {
		return eds.Report{}, documentNotFound()
	}
	content, err := d.deps.Files.Open(ctx, s.state.Applicant, s.state.SHA256)
	if err != nil {
		return eds.Report{}, fmt.Errorf("opening document %s: %w", s.id, err)
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	claim := eds.Signature{CMS: cms, Document: content, At: d.deps.Now(), Staff: s.signer == signature.Provider}
	if owner.Kind == account.Legal {
		claim.BIN = owner.Number
	} else {
		claim.IIN = owner.Number
	}
	return d.deps.Verifier.Verify(ctx, claim)
}
