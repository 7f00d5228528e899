package signature

import "time"

// Command is something that somebody asks of the signatures of a document.
type Command interface{ isSignatureCommand() }

// Prepare opens a document for signing. The system gives it when a document was issued that somebody is to sign.
type Prepare struct {
	ApplicationID string
	Applicant     string // account id
	ProviderID    string
	Kind          string
	Version       int
	SHA256        string   // of the exact bytes
	Signers       []Signer // in the order in which they sign
	By            Method   // the least that is asked for
	At            time.Time
}

// Sign adds a digital signature that was verified: it is over the document's exact bytes, and its certificate is the
// account holder's.
type Sign struct {
	Signer      Signer // as whom the account acts
	Account     string
	CMS         string // SHA-256 of the signature container
	Certificate Certificate
	Evidence    []Evidence // what was found out with
	At          time.Time
}

// Accept is a signature by simple acceptance.
type Accept struct {
	Signer  Signer
	Account string
	At      time.Time
}

// Reject records a digital signature that was not valid.
type Reject struct {
	Signer  Signer
	Account string
	Code    string // why
	CMS     string // SHA-256 of what was handed in
	Report  string // SHA-256 of the report of the verification; empty: there is none
	At      time.Time
}

// Withdraw ends the signing of a document that was replaced. The system gives it.
type Withdraw struct {
	At time.Time
}

// AttachEvidence adds evidence of a signature that was accepted. What is there already is not added again. The system gives
// it, also when the document was replaced meanwhile: somebody has signed it.
type AttachEvidence struct {
	Signer   Signer
	Evidence []Evidence
	At       time.Time
}

// GiveUpEvidence ends the search for the evidence that a signature lacks. The system gives it. Evidence that comes later is
// taken all the same.
type GiveUpEvidence struct {
	Signer Signer
	Code   string // why the last piece was not to be had
	At     time.Time
}

func (Prepare) isSignatureCommand()        {}
func (Sign) isSignatureCommand()           {}
func (Accept) isSignatureCommand()         {}
func (Reject) isSignatureCommand()         {}
func (Withdraw) isSignatureCommand()       {}
func (AttachEvidence) isSignatureCommand() {}
func (GiveUpEvidence) isSignatureCommand() {}
