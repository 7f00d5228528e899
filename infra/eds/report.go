package eds

import (
	"time"

	"services.example/portal/domain/signature"
)

// Report says what was checked of a signature and how it came out. It is kept with the signature.
type Report struct {
	Verifier    string                `json:"verifier"`            // name and version of whatever checked it
	TrustList   string                `json:"trustList,omitempty"` // version of the list of trusted authorities
	Code        string                `json:"code,omitempty"`      // why the signature is refused; empty: it is valid
	Certificate signature.Certificate `json:"certificate"`         // the signer's; zero if it could not be read
	Algorithm   string                `json:"algorithm,omitempty"` // of the signature, as GOST-2015-512
	ReceivedAt  time.Time             `json:"receivedAt"`          // by the portal's clock
	ClaimedAt   time.Time             `json:"claimedAt,omitzero"`  // when it was made, says the signer
	TrustedAt   time.Time             `json:"trustedAt,omitzero"`  // the time for which certificates were checked
	TimeFrom    TimeSource            `json:"timeFrom,omitempty"`  // whose time that is
	Checks      []Check               `json:"checks"`              // in the order in which they were made
	Evidence    []Evidence            `json:"-"`                   // what was found out with, to be kept
}

// Check is one step of the verification.
type Check struct {
	Step   Step   `json:"step"`
	Code   string `json:"code,omitempty"`   // what is wrong; empty: passed
	Detail string `json:"detail,omitempty"` // for developers; it names nobody and quotes nothing of the signature
}

// Step names a step of the verification.
type Step string

// The steps, in the order in which they are made.
const (
	StepContainer  Step = "container"  // form of the CMS, signed attributes, allowed algorithms
	StepDocument   Step = "document"   // the signature is over these bytes
	StepSignature  Step = "signature"  // the certificate's key made it
	StepTime       Step = "time"       // the signer's clock, the time stamp
	StepChain      Step = "chain"      // from the certificate to a trusted authority, at the trusted time
	StepUsage      Step = "usage"      // a key for signing, by somebody who may sign
	StepOwner      Step = "owner"      // the number of the person or the organisation
	StepRevocation Step = "revocation" // OCSP answer or CRL
)

// TimeSource says whose time a signature was checked for. The signer's own claim is never trusted.
type TimeSource string

// The sources of trusted time.
const (
	TimeStamped TimeSource = "time-stamp" // of a time stamp in the signature
	TimeReceipt TimeSource = "receipt"    // when the portal received it
)

// Evidence is what a signature can be checked with years later. Data is DER, but that of a report is JSON.
type Evidence struct {
	Kind EvidenceKind
	Data []byte
}

// EvidenceKind tells pieces of evidence apart.
type EvidenceKind = signature.EvidenceKind

// The kinds of evidence, as they stand in events.
const (
	EvidenceReport      = signature.EvidenceReport
	EvidenceTimeStamp   = signature.EvidenceTimeStamp
	EvidenceOCSP        = signature.EvidenceOCSP
	EvidenceCRL         = signature.EvidenceCRL
	EvidenceCertificate = signature.EvidenceCertificate
)
