// Package eds is the port to whatever verifies digital signatures: the portal itself (native), a certified product (ncanode),
// or both. What it takes to verify the national signature lies in the packages below.
package eds

import (
	"context"
	"io"
	"time"

	"services.example/portal/domain/problem"
)

// Signature is a detached signature, and what it must be: over this document, by this person or organisation, now.
type Signature struct {
	CMS      []byte    // DER, as it was handed in
	Document io.Reader // its exact bytes
	IIN      string    // of the certificate's owner; empty: any
	BIN      string    // of the organisation in the certificate, for which its owner may sign; empty: any
	Staff    bool      // signs for the provider at work: the certificate may be of any organisation
	At       time.Time // when it was handed in, by the portal's clock
}

// Verifier checks signatures. What is wrong with one is a problem.Invalid, made by Refused, and the report says more.
// Any other error means that it could not be checked, and there is no report.
type Verifier interface {
	Verify(ctx context.Context, s Signature) (Report, error)
}

// None is the verifier of a portal that has none: no digital signature can be taken.
type None struct{}

// Verify answers signing-unavailable.
func (None) Verify(context.Context, Signature) (Report, error) {
	return Report{}, &problem.Problem{
		Kind: problem.Unavailable, Code: "signing-unavailable", RetryAfter: time.Hour,
	}
}

// Refused is the problem of a signature that is not valid.
func Refused(code string) error {
	return &problem.Problem{Kind: problem.Invalid, Code: code, Fields: []problem.Field{{Location: "cms", Code: code}}}
}
