package ncanode

import (
	"bytes"
	"encoding/hex"
	"errors"
	"time"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/signature"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/tsp"
)

// clockSkew is by how much the time that a signer claims may differ from when the signature was handed in.
const clockSkew = 5 * time.Minute

// examination is what was found out about a signature so far.
type examination struct {
	of     eds.Signature
	signed *cms.Signed
	signer *cms.Signer
	stamps []*tsp.Token
	report eds.Report
	err    error // that ends it
}

// examine checks what can be checked without knowing any authority, up to the first thing that is wrong.
func examine(s eds.Signature, document []byte) *examination {
	e := &examination{of: s, report: eds.Report{Verifier: name, ReceivedAt: s.At, TrustedAt: s.At, TimeFrom: eds.TimeReceipt}}
	_ = e.check(eds.StepContainer, e.read()) &&
		e.check(eds.StepDocument, e.covers(document)) &&
		e.check(eds.StepSignature, e.signer.CheckSignature()) &&
		e.check(eds.StepTime, e.inTime())
	return e
}

// name is what reports call this verifier. Its number grows when it decides differently.
const name = "ncanode/1"

func (e *examination) refused() bool { return e.err != nil }

// conclude is the answer of the verifier.
func (e *examination) conclude() (eds.Report, error) {
	var refused *problem.Problem
	if e.err != nil && (!errors.As(e.err, &refused) || refused.Kind != problem.Invalid) {
		return eds.Report{}, e.err
	}
	return e.report, e.err
}

// check adds a step to the report, and tells whether to go on.
func (e *examination) check(step eds.Step, err error) bool {
	var fault *pki.Error
	switch {
	case err == nil:
		e.report.Checks = append(e.report.Checks, eds.Check{Step: step})
		return true
	case errors.As(err, &fault):
		e.report.Checks = append(e.report.Checks, eds.Check{Step: step, Code: fault.Code, Detail: fault.Detail})
		e.report.Code, e.err = fault.Code, eds.Refused(fault.Code)
	default:
		e.err = err
	}
	return false
}

func (e *examination) read() error {
	signed, err := cms.Parse(e.of.CMS, cms.Options{MaxSize: eds.MaxContainer, NeedSigningTime: true})
	if err != nil {
		return err
	}
	e.signed, e.signer = signed, signed.Signers[0] // there is one
	e.report.Certificate = certificateOf(e.signer.Certificate)
	e.report.Algorithm, e.report.ClaimedAt = e.signer.Algorithm.String(), e.signer.SigningTime
	return nil
}

// covers makes sure of what was signed. The server looks at the content of an attached signature alone: that must be the
// document.
func (e *examination) covers(document []byte) error {
	if e.signed.Attached && !bytes.Equal(e.signed.Content, document) {
		return &pki.Error{Code: pki.CodeDocChanged, Detail: "inside is another document"}
	}
	return e.signer.Covers(document)
}

func (e *examination) inTime() error {
	claimed, at := e.signer.SigningTime, e.of.At
	if claimed.Before(at.Add(-clockSkew)) || claimed.After(at.Add(clockSkew)) {
		return &pki.Error{Code: pki.CodeClockSkew, Detail: "the time that the signer claims"}
	}
	return e.readStamps()
}

func certificateOf(c *pki.Certificate) signature.Certificate {
	sum := c.SHA256()
	return signature.Certificate{
		Owner: c.Owner.CommonName, IIN: c.Owner.IIN, BIN: c.Owner.BIN,
		Serial: c.Serial.Text(16), Issuer: c.X509.Issuer.CommonName,
		NotBefore: c.NotBefore, NotAfter: c.NotAfter, SHA256: hex.EncodeToString(sum[:]),
	}
}
