package signature

import (
	"slices"
	"time"

	"services.example/portal/domain/problem"
)

// Evidence is a piece of what a digital signature can be checked with years later. Its bytes are kept like the container's.
type Evidence struct {
	Kind   EvidenceKind `json:"kind"`
	SHA256 string       `json:"sha256"`
}

// EvidenceKind tells pieces of evidence apart.
type EvidenceKind string

// The kinds of evidence.
const (
	EvidenceReport      EvidenceKind = "report"      // what was checked and how it came out: JSON
	EvidenceTimeStamp   EvidenceKind = "time-stamp"  // RFC 3161 token over the signature's value
	EvidenceOCSP        EvidenceKind = "ocsp"        // whole OCSP response
	EvidenceCRL         EvidenceKind = "crl"         // list of revoked certificates
	EvidenceCertificate EvidenceKind = "certificate" // of the chain: one a piece, the signer's own is in the container
)

// MaxEvidence is how many pieces one signature may have.
const MaxEvidence = 64

// EvidenceAttached is evidence of a signature that was accepted.
type EvidenceAttached struct {
	Signer   Signer     `json:"signer"`
	Evidence []Evidence `json:"evidence"` // in the order in which it was found
	At       time.Time  `json:"at"`
}

// EvidenceCompleted says that a signature has all the evidence that it needs.
type EvidenceCompleted struct {
	Signer Signer    `json:"signer"`
	At     time.Time `json:"at"`
}

// EvidenceGivenUp says that nobody looks for the evidence any more that a signature lacks.
type EvidenceGivenUp struct {
	Signer  Signer         `json:"signer"`
	Missing []EvidenceKind `json:"missing"` // of several kinds of which one suffices: the first
	Code    string         `json:"code"`    // why the last piece was not to be had
	At      time.Time      `json:"at"`
}

// Proof is the evidence of one signer's digital signature.
type Proof struct {
	Signer   Signer
	Evidence []Evidence // in the order in which it came, nothing twice
	Complete bool
	GivenUp  bool
}

// Missing lists the kinds of evidence that a signature cannot be checked without years later: a time stamp, and an answer to
// whether its certificate was revoked. An OCSP response is asked for; a list of revoked certificates serves as well.
func (p Proof) Missing() []EvidenceKind {
	has := func(kind EvidenceKind) bool {
		return slices.ContainsFunc(p.Evidence, func(e Evidence) bool { return e.Kind == kind })
	}
	var missing []EvidenceKind
	if !has(EvidenceTimeStamp) {
		missing = append(missing, EvidenceTimeStamp)
	}
	if !has(EvidenceOCSP) && !has(EvidenceCRL) {
		missing = append(missing, EvidenceOCSP)
	}
	return missing
}

// Proof finds the evidence of a signer's signature. There is none of a signature by acceptance.
func (s State) Proof(signer Signer) (Proof, bool) {
	for _, p := range s.Proofs {
		if p.Signer == signer {
			return p, true
		}
	}
	return Proof{}, false
}

func (s State) attach(c AttachEvidence) ([]Event, error) {
	p, found := s.Proof(c.Signer)
	if !found {
		return nil, problem.New(problem.WrongState, "not-signed")
	}
	return p.attach(c.Evidence, c.At)
}

// attach adds what is new of the evidence, and says after the last piece that is needed that it is complete.
func (p Proof) attach(evidence []Evidence, at time.Time) ([]Event, error) {
	missing := !p.Complete
	attached := EvidenceAttached{Signer: p.Signer, At: at}
	p.Evidence = slices.Clone(p.Evidence)
	for _, e := range evidence {
		if slices.Contains(p.Evidence, e) {
			continue
		}
		p.Evidence, attached.Evidence = append(p.Evidence, e), append(attached.Evidence, e)
	}
	if len(attached.Evidence) == 0 {
		return nil, nil
	}
	if len(p.Evidence) > MaxEvidence {
		return nil, problem.New(problem.WrongState, "too-much-evidence")
	}
	events := []Event{attached}
	if missing && len(p.Missing()) == 0 {
		events = append(events, EvidenceCompleted{Signer: p.Signer, At: at})
	}
	return events, nil
}

func (s State) giveUp(c GiveUpEvidence) ([]Event, error) {
	p, found := s.Proof(c.Signer)
	switch {
	case !found:
		return nil, problem.New(problem.WrongState, "not-signed")
	case p.Complete || p.GivenUp:
		return nil, nil
	default:
		return []Event{EvidenceGivenUp{Signer: c.Signer, Missing: p.Missing(), Code: c.Code, At: c.At}}, nil
	}
}

// evolveProof changes one signer's evidence; the state that it was given stays as it was.
func (s State) evolveProof(signer Signer, change func(*Proof)) State {
	s.Proofs = slices.Clone(s.Proofs)
	for i := range s.Proofs {
		if s.Proofs[i].Signer == signer {
			change(&s.Proofs[i])
		}
	}
	return s
}
