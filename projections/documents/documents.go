// Package documents is the read model of the documents that applications bring forth, and of the signatures under them.
//
// Document: the document's id. Streams: application- for what was issued, signature- for who signed, and account- for the
// erasure of an applicant.
package documents

import (
	"slices"
	"strings"
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/signature"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
	"services.example/portal/projections/accounts"
)

// Name is what the directory knows the read model by.
const Name = "documents"

// Indexes.
const (
	ByApplicant = "by_applicant" // an applicant's documents, by application
	ByLacking   = "by_lacking"   // those with signatures whose evidence is looked for, the earliest signature first
)

// Document is something to read or to sign. Its bytes never change.
type Document struct {
	ApplicationID string      `bson:"application"`
	Applicant     string      `bson:"applicant"` // account id
	ProviderID    string      `bson:"provider"`
	Kind          string      `bson:"kind"`    // act, agreement or result
	Version       int         `bson:"version"` // counts from 1 within the kind
	FileID        string      `bson:"file"`
	Name          string      `bson:"name"` // empty: erased
	MIME          string      `bson:"mime"`
	Size          int64       `bson:"size"` // bytes
	SHA256        string      `bson:"sha256"`
	By            string      `bson:"by"` // eds or acceptance: the least that is asked for
	IssuedAt      time.Time   `bson:"issuedAt"`
	Signatures    []Signature `bson:"signatures"`             // one of each signer, in the order in which they sign
	SignedAt      *time.Time  `bson:"signedAt,omitempty"`     // by everybody
	SupersededAt  *time.Time  `bson:"supersededAt,omitempty"` // when a later one of its kind replaced it
	Failed        int         `bson:"failed"`                 // digital signatures that were refused
	Tries         []Try       `bson:"tries,omitempty"`        // the latest of those, oldest first, at most TriesKept
	LackingSince  *time.Time  `bson:"lackingSince,omitempty"` // when the first of the signatures was made whose evidence is looked for
}

// Signature is one of the signatures that a document asks for.
type Signature struct {
	Signer      string       `bson:"signer"`       // applicant or provider
	At          *time.Time   `bson:"at,omitempty"` // nil: it is waited for
	Account     string       `bson:"account,omitempty"`
	Method      string       `bson:"method,omitempty"` // eds or acceptance
	CMS         string       `bson:"cms,omitempty"`    // SHA-256 of the signature container among the applicant's files
	Certificate *Certificate `bson:"certificate,omitempty"`

	Evidence       []Evidence `bson:"evidence,omitempty"`       // in the order in which it was found
	EvidenceStatus string     `bson:"evidenceStatus,omitempty"` // EvidencePending and so on; empty: not a digital signature
	EvidenceCode   string     `bson:"evidenceCode,omitempty"`   // why the rest was given up
}

// Evidence is a piece of what a signature can be checked with years later.
type Evidence struct {
	Kind   string `bson:"kind"`   // signature.EvidenceKind
	SHA256 string `bson:"sha256"` // of its bytes among the applicant's files
}

// How the search for evidence stands.
const (
	EvidencePending    = "pending"    // some is looked for
	EvidenceComplete   = "complete"   // there is all that is needed
	EvidenceIncomplete = "incomplete" // some was not to be had
)

// Certificate is what was read in the certificate of a digital signature. There is none once the applicant was erased.
type Certificate struct {
	Owner     string    `bson:"owner"`
	IIN       string    `bson:"iin"`
	BIN       string    `bson:"bin,omitempty"`
	Serial    string    `bson:"serial"` // hexadecimal
	Issuer    string    `bson:"issuer"`
	NotBefore time.Time `bson:"notBefore"`
	NotAfter  time.Time `bson:"notAfter"`
	SHA256    string    `bson:"sha256"` // of its DER
}

// Try is a digital signature that was refused.
type Try struct {
	Signer  string    `bson:"signer"`
	Account string    `bson:"account"`
	Code    string    `bson:"code"` // why
	CMS     string    `bson:"cms"`
	At      time.Time `bson:"at"`
}

// TriesKept is how many refused signatures a document shows; the event log has them all.
const TriesKept = 20

// Next is who signs next; empty: nobody.
func (d *Document) Next() string {
	if d.SignedAt != nil || d.SupersededAt != nil {
		return ""
	}
	for i := range d.Signatures {
		if d.Signatures[i].At == nil {
			return d.Signatures[i].Signer
		}
	}
	return ""
}

// Model is the projection.
var Model = projections.ReadModel[Document]{
	Name:    Name,
	Version: 2,
	Streams: []string{applications, signatures, accounts.Streams},
	Ignores: accounts.Ignored(
		"application-number.assigned.v1",
		"application.draft-started.v1", "application.step-saved.v1", "application.file-attached.v1", "application.file-removed.v1",
		"application.submitted.v2", "application.executor-assigned.v1", "application.taken-into-work.v1", "application.file-uploaded.v1",
	),
	Indexes: []readstore.Index{
		{Name: ByApplicant, Fields: []readstore.Field{{Path: "applicant"}, {Path: "application"}, {Path: "kind"}, {Path: "version"}}},
		{Name: ByLacking, Fields: []readstore.Field{{Path: "lackingSince"}}},
	},
	Keys:    keys,
	Fold:    fold,
	Reach:   accounts.Erased(ByApplicant),
	Matches: accounts.Owned(func(doc *Document) string { return doc.Applicant }),
}

const (
	applications = "application-"
	signatures   = "signature-"
)

func keys(event codec.Envelope) []string {
	switch e := event.Event.(type) {
	case application.DocumentIssued:
		if e.Supersedes != "" {
			return []string{e.DocumentID, e.Supersedes}
		}
		return []string{e.DocumentID}
	case application.DocumentSigned:
		return []string{e.DocumentID}
	case signature.Accepted, signature.Rejected, signature.FullySigned, signature.Withdrawn,
		signature.EvidenceAttached, signature.EvidenceCompleted, signature.EvidenceGivenUp:
		return []string{strings.TrimPrefix(event.Stream, signatures)}
	default:
		return nil
	}
}

func fold(d *Document, id string, event codec.Envelope) *Document {
	if e, ok := event.Event.(application.DocumentIssued); ok && e.DocumentID == id {
		return issued(strings.TrimPrefix(event.Stream, applications), e)
	}
	if d == nil {
		return nil
	}
	switch e := event.Event.(type) {
	case application.DocumentIssued:
		d.supersede(e.At)
	case signature.Withdrawn:
		d.supersede(e.At)
	case signature.FullySigned:
		d.sign(e.At)
	case application.DocumentSigned:
		d.sign(e.At)
	case signature.Accepted:
		d.accept(e)
	case signature.Rejected:
		d.Failed++
		d.Tries = append(d.Tries, Try{Signer: string(e.Signer), Account: e.Account, Code: e.Code, CMS: e.CMS, At: e.At})
		if extra := len(d.Tries) - TriesKept; extra > 0 {
			d.Tries = slices.Delete(d.Tries, 0, extra)
		}
	case signature.EvidenceAttached:
		d.attach(e)
	case signature.EvidenceCompleted:
		d.evidence(e.Signer, EvidenceComplete, "")
	case signature.EvidenceGivenUp:
		d.evidence(e.Signer, EvidenceIncomplete, e.Code)
	case account.Erased:
		d.erase()
	}
	return d
}

func issued(applicationID string, e application.DocumentIssued) *Document {
	d := &Document{
		ApplicationID: applicationID, Applicant: e.Applicant, ProviderID: e.ProviderID, Kind: e.Kind, Version: e.Version,
		FileID: e.FileID, Name: e.Name, MIME: e.MIME, Size: e.Size, SHA256: e.SHA256, By: e.By, IssuedAt: e.At,
		Signatures: []Signature{},
	}
	for _, signer := range e.Signers {
		d.Signatures = append(d.Signatures, Signature{Signer: signer})
	}
	return d
}

// supersede and sign keep the first time: the application and the signatures say the same, one after the other.
func (d *Document) supersede(at time.Time) {
	if d.SupersededAt == nil {
		d.SupersededAt = &at
	}
}

func (d *Document) sign(at time.Time) {
	if d.SignedAt == nil {
		d.SignedAt = &at
	}
}

func (d *Document) accept(e signature.Accepted) {
	s := d.of(e.Signer)
	if s == nil {
		return
	}
	s.At, s.Account, s.Method, s.CMS = &e.At, e.Account, string(e.Method), e.CMS
	if e.Certificate != nil {
		certificate := Certificate(*e.Certificate)
		s.Certificate = &certificate
	}
	if e.Method == signature.EDS {
		d.evidence(e.Signer, EvidencePending, "")
	}
}

// of finds a signer's signature; nil: none is asked for.
func (d *Document) of(signer signature.Signer) *Signature {
	for i := range d.Signatures {
		if d.Signatures[i].Signer == string(signer) {
			return &d.Signatures[i]
		}
	}
	return nil
}

func (d *Document) attach(e signature.EvidenceAttached) {
	s := d.of(e.Signer)
	if s == nil {
		return
	}
	for _, piece := range e.Evidence {
		s.Evidence = append(s.Evidence, Evidence{Kind: string(piece.Kind), SHA256: piece.SHA256})
	}
}

func (d *Document) evidence(of signature.Signer, status, code string) {
	if s := d.of(of); s != nil {
		s.EvidenceStatus, s.EvidenceCode = status, code
	}
	d.LackingSince = nil
	for i := range d.Signatures {
		s := &d.Signatures[i]
		if s.EvidenceStatus == EvidencePending && s.At != nil && (d.LackingSince == nil || s.At.Before(*d.LackingSince)) {
			d.LackingSince = s.At
		}
	}
}

// erase leaves what a document is that is built when the applicant's key is gone.
func (d *Document) erase() {
	d.Name, d.LackingSince = "", nil // nothing can be added to what nobody can read
	for i := range d.Signatures {
		d.Signatures[i].Certificate = nil
	}
}
