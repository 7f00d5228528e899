// Package signature decides about the signatures under one document: who signs, in which order, and when all have.
package signature

import "time"

// Event is something that happened to the signatures of a document: stream signature-<document id>.
type Event interface{ isSignatureEvent() }

// EventTypes is the storage format: see the warning at application.EventTypes.
var EventTypes = map[string]Event{
	"signature.prepared.v1":  Prepared{},
	"signature.accepted.v1":  Accepted{},
	"signature.rejected.v1":  Rejected{},
	"signature.completed.v1": FullySigned{},
	"signature.withdrawn.v1": Withdrawn{},

	"signature.evidence-attached.v1":  EvidenceAttached{},
	"signature.evidence-completed.v1": EvidenceCompleted{},
	"signature.evidence-given-up.v1":  EvidenceGivenUp{},
}

// Signer is one of those who sign.
type Signer string

// The signers.
const (
	Applicant Signer = "applicant"
	Provider  Signer = "provider"
)

// Method is how a document is signed.
type Method string

// The methods.
const (
	EDS        Method = "eds"        // the national digital signature: detached CMS over the exact bytes
	Acceptance Method = "acceptance" // a press of a button by whoever is signed in
)

// Prepared binds the signatures to one immutable document.
type Prepared struct {
	ApplicationID string    `json:"applicationId"`
	Applicant     string    `json:"applicant"`  // account id
	ProviderID    string    `json:"providerId"` // whose staff signs as provider
	Kind          string    `json:"kind"`       // act, agreement or result
	Version       int       `json:"version"`    // of the document within its kind
	SHA256        string    `json:"sha256"`     // of the exact bytes
	Signers       []Signer  `json:"signers"`    // in the order in which they sign
	By            Method    `json:"by"`         // the least that is asked for
	At            time.Time `json:"at"`
}

// Accepted is a valid signature.
type Accepted struct {
	Signer      Signer       `json:"signer"`
	Account     string       `json:"account"` // account id of whoever signed
	Method      Method       `json:"method"`
	CMS         string       `json:"cms,omitempty"` // SHA-256 of the signature container, kept unchanged among the files
	Certificate *Certificate `json:"certificate,omitempty" personal:"true"`
	At          time.Time    `json:"at"`
}

// Certificate is what was read in the certificate of a signature.
type Certificate struct {
	Owner     string    `json:"owner"` // common name
	IIN       string    `json:"iin"`
	BIN       string    `json:"bin,omitempty"`
	Serial    string    `json:"serial"` // hexadecimal
	Issuer    string    `json:"issuer"`
	NotBefore time.Time `json:"notBefore"`
	NotAfter  time.Time `json:"notAfter"`
	SHA256    string    `json:"sha256"` // of its DER
}

// Rejected is a try that was not a valid signature.
type Rejected struct {
	Signer  Signer    `json:"signer"`
	Account string    `json:"account"`
	Code    string    `json:"code"` // why: facts of the verification, such as wrong-owner-iin
	CMS     string    `json:"cms,omitempty"`
	Report  string    `json:"report,omitempty"` // SHA-256 of the report of the verification, kept like the container
	At      time.Time `json:"at"`
}

// FullySigned says that everybody has signed.
type FullySigned struct {
	At time.Time `json:"at"`
}

// Withdrawn says that the document was replaced before everybody had signed it.
type Withdrawn struct {
	At time.Time `json:"at"`
}

func (Prepared) isSignatureEvent()          {}
func (Accepted) isSignatureEvent()          {}
func (Rejected) isSignatureEvent()          {}
func (FullySigned) isSignatureEvent()       {}
func (Withdrawn) isSignatureEvent()         {}
func (EvidenceAttached) isSignatureEvent()  {}
func (EvidenceCompleted) isSignatureEvent() {}
func (EvidenceGivenUp) isSignatureEvent()   {}
