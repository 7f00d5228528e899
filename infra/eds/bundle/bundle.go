// Package bundle is the form in which a signed document leaves the portal together with all that proves its signatures: one
// zip file that can be checked years later, without the portal and without a network.
//
//	README.txt                        what this is, for people
//	document.pdf                      the exact bytes that were signed
//	signatures/1/container.p7s        the signature as it was handed in: detached CMS in DER
//	signatures/1/01-report.json       what was checked when it was handed in
//	signatures/1/02-time-stamp.tst    and so on: the rest of the evidence, in DER
//	manifest.json                     Manifest: what each file is, and its SHA-256
//
// The zip vouches for nothing: whoever has it can make another one. What it holds proves itself by signatures. The manifest
// serves to find out what is what, and what was damaged on the way.
package bundle

import (
	"errors"
	"fmt"
	"time"

	"services.example/portal/infra/eds"
)

// Format names this form of a bundle. It stands in every manifest.
const Format = "portal-evidence/1"

// Bounds of a bundle.
const (
	MaxSignatures = 16
	MaxEvidence   = 64        // pieces of evidence of one signature
	MaxDocument   = 128 << 20 // bytes
	MaxTotal      = 256 << 20 // bytes of all files together
)

const (
	manifestPath = "manifest.json"
	readmePath   = "README.txt"
	maxManifest  = 1 << 20 // bytes
	maxReadme    = 64 << 10
)

// ErrMalformed says that a file is no bundle, or a damaged one.
var ErrMalformed = errors.New("not a sound bundle of evidence")

func malformed(format string, a ...any) error {
	return fmt.Errorf("%w: %w", ErrMalformed, fmt.Errorf(format, a...))
}

// Manifest says what the files of a bundle are.
type Manifest struct {
	Format     string      `json:"format"`
	Document   Document    `json:"document"`
	Signatures []Signature `json:"signatures"` // in the order in which they are to be made
}

// Document is what was signed.
type Document struct {
	File
	ID       string    `json:"id"` // of the portal
	Kind     string    `json:"kind"`
	Version  int       `json:"version"` // counts from 1 within the kind
	Name     string    `json:"name"`    // of the file, for people
	MIME     string    `json:"mime"`
	IssuedAt time.Time `json:"issuedAt"`
}

// Signature is one of those that the document has, and what proves it.
type Signature struct {
	Signer     string    `json:"signer"`              // as whom: applicant or provider
	Method     string    `json:"method"`              // eds: a digital signature; acceptance: a press of a button, which nothing here proves
	ReceivedAt time.Time `json:"receivedAt"`          // by the portal's clock
	Status     string    `json:"evidence,omitempty"`  // pending, complete or incomplete when the bundle was made
	Container  *File     `json:"container,omitempty"` // of a digital signature
	Pieces     []Piece   `json:"pieces,omitempty"`
}

// Piece is one piece of evidence.
type Piece struct {
	Kind eds.EvidenceKind `json:"kind"`
	File
}

// File is a file of the bundle.
type File struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // hexadecimal
}

// files lists the files that the manifest names, in their order.
func (m *Manifest) files() []*File {
	list := []*File{&m.Document.File}
	for i := range m.Signatures {
		s := &m.Signatures[i]
		if s.Container != nil {
			list = append(list, s.Container)
		}
		for k := range s.Pieces {
			list = append(list, &s.Pieces[k].File)
		}
	}
	return list
}
