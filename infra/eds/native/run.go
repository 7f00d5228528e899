package native

import (
	"errors"
	"io"
	"time"

	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/trust"
)

// input is what is verified.
type input struct {
	cms      []byte
	limit    int       // of its size
	document io.Reader // nil: the content
	received time.Time // zero: nobody knows
	offline  bool
	owner    owner
	stamps   [][]byte // kept beside the signature
}

// run is one verification under way.
type run struct {
	input
	store  *trust.Store
	list   *trust.List // the same from beginning to end
	report eds.Report

	signed *cms.Signed
	signer *cms.Signer
	old    bool             // signed with algorithms of years ago
	at     time.Time        // the trusted time; zero: there is none
	issuer *pki.Certificate // of the signer's certificate; nil: nobody who is believed

	stamped []stamped
}

func (v *Verifier) begin(in input) *run {
	r := &run{input: in, store: v.trust, list: v.trust.List()}
	r.report = eds.Report{Verifier: Name, TrustList: r.list.Version(), ReceivedAt: in.received, Checks: []eds.Check{}}
	return r
}

// examine makes all steps but the last. Its error is nobody's fault.
func (r *run) examine() error {
	if !r.step(eds.StepContainer, r.container()) {
		return nil
	}
	r.describe()
	changed, err := r.compare()
	if err != nil {
		return err
	}
	r.step(eds.StepDocument, changed)
	late := r.time() // whether old algorithms are allowed depends on it
	r.step(eds.StepSignature, r.signature())
	r.step(eds.StepTime, late)
	if r.at.IsZero() {
		return nil // there is no time to check certificates for
	}
	r.step(eds.StepChain, r.chain())
	r.step(eds.StepUsage, r.usage())
	r.step(eds.StepOwner, r.owner.check(r.signer.Certificate))
	return nil
}

// step notes how a step came out, and tells whether it passed.
func (r *run) step(step eds.Step, err error) bool {
	check := eds.Check{Step: step}
	if err != nil {
		var fault *pki.Error
		if !errors.As(err, &fault) {
			fault = &pki.Error{Code: pki.CodeMalformed, Detail: "it could not be understood"}
		}
		check.Code, check.Detail = fault.Code, fault.Detail
		if r.report.Code == "" {
			r.report.Code = fault.Code
		}
	}
	r.report.Checks = append(r.report.Checks, check)
	return err == nil
}

// refuse makes the error of a step.
func refuse(code, detail string) error { return &pki.Error{Code: code, Detail: detail} }
