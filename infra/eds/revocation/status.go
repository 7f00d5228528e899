// Package revocation finds out whether a certificate was revoked: from a list that its authority signed (CRL, RFC 5280,
// also with a delta list), or by asking its authority's responder (OCSP, RFC 6960). What was found out with is handed
// back, to be kept: the same code checks it years later.
//
// It exists beside crypto/x509 and golang.org/x/crypto/ocsp because those know no GOST signatures, and refuse lists of
// the national certification centre whose signature algorithm is written with NULL once and without it once.
//
// No answer is ever taken for a good one: what is missing, stale, unsigned or about something else is an error.
package revocation

import (
	"time"

	"services.example/portal/infra/eds/pki"
)

// State is what an authority says about a certificate.
type State uint8

// The states. The zero State is none: nobody said anything.
const (
	Good    State = iota + 1 // it was issued, or at least is not revoked
	Revoked                  // for good, or held
	Unknown                  // the authority did not issue it, or does not know
)

// String is the word for reports.
func (s State) String() string {
	switch s {
	case Good:
		return "good"
	case Revoked:
		return "revoked"
	case Unknown:
		return "unknown"
	default:
		return "none"
	}
}

// Kind says what an answer is.
type Kind string

// The kinds of answers.
const (
	OCSP Kind = "ocsp" // the whole OCSP response
	CRL  Kind = "crl"  // list, or delta list
)

// Evidence is an answer as it came, in DER. It must not be changed: a list may be shared.
type Evidence struct {
	Kind Kind
	DER  []byte
}

// Status is what became of a certificate, and who says so.
type Status struct {
	State      State
	RevokedAt  time.Time  // of a revoked one: from then on it counts for nothing
	Reason     Reason     // of a revoked one
	ThisUpdate time.Time  // the answer was right then
	NextUpdate time.Time  // a newer answer is there by then; zero: at any time
	Evidence   []Evidence // what proves it: one answer, or a list and its delta list
}

// Err is nil if the certificate counted for something at that time. Otherwise it is an *pki.Error with cert-revoked or
// cert-unknown. What was revoked later is no reproach to what was signed before, if a time stamp proves the before.
func (s Status) Err(at time.Time) error {
	switch {
	case s.State == Good, s.State == Revoked && s.RevokedAt.After(at):
		return nil
	case s.State == Revoked:
		return &pki.Error{Code: pki.CodeRevoked, Detail: "revoked at " + s.RevokedAt.UTC().Format(time.RFC3339) + ", " + s.Reason.String()}
	default:
		return &pki.Error{Code: pki.CodeUnknown, Detail: "its authority does not know the certificate"}
	}
}

// Reason is why a certificate was revoked, by the numbers of RFC 5280.
type Reason uint8

// The reasons.
const (
	Unspecified          Reason = 0
	KeyCompromise        Reason = 1
	CACompromise         Reason = 2
	AffiliationChanged   Reason = 3
	Superseded           Reason = 4
	CessationOfOperation Reason = 5
	CertificateHold      Reason = 6
	RemoveFromCRL        Reason = 8 // in delta lists alone: it is no longer held
	PrivilegeWithdrawn   Reason = 9
	AACompromise         Reason = 10
)

var reasons = map[Reason]string{
	Unspecified: "unspecified", KeyCompromise: "key-compromise", CACompromise: "ca-compromise", AffiliationChanged: "affiliation-changed",
	Superseded: "superseded", CessationOfOperation: "cessation-of-operation", CertificateHold: "certificate-hold",
	RemoveFromCRL: "remove-from-crl", PrivilegeWithdrawn: "privilege-withdrawn", AACompromise: "aa-compromise",
}

// String is the name for reports.
func (r Reason) String() string {
	if name, known := reasons[r]; known {
		return name
	}
	return "unknown-reason"
}

func (r Reason) known() bool { return reasons[r] != "" }
