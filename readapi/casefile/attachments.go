package casefile

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"services.example/portal/domain/application"
	"services.example/portal/domain/signature"
	"services.example/portal/infra/eds/bundle"
	"services.example/portal/projections/documents"
)

// Attachment is a file that the records of a case name.
type Attachment struct {
	Path     string // in a bundle
	SHA256   string // as the record says it; empty for evidence
	Size     int64  // bytes, as the record says it
	Subject  string // account id of the person under whose key it lies
	Evidence *bundle.Manifest
}

// Attachments lists the files that the records name, by path: what was attached and uploaded, and for each document that
// somebody has signed, what proves its signatures.
func (c *Case) Attachments() []Attachment {
	var list []Attachment
	for i := range c.events {
		switch e := c.events[i].Event.(type) {
		case application.FileAttached:
			list = append(list, Attachment{Path: filePath(e.FileID, e.Name), SHA256: e.SHA256, Size: e.Size, Subject: c.start.Applicant})
		case application.FileUploaded:
			list = append(list, Attachment{Path: filePath(e.FileID, e.Name), SHA256: e.SHA256, Size: e.Size, Subject: c.start.Applicant})
		}
	}
	for id, d := range c.documents {
		if m := Evidence(id, d); len(m.Signatures) > 0 {
			list = append(list, Attachment{Path: evidencePath(id), Size: d.Size, Subject: d.Applicant, Evidence: &m})
		}
	}
	slices.SortFunc(list, func(a, b Attachment) int { return strings.Compare(a.Path, b.Path) })
	return slices.CompactFunc(list, func(a, b Attachment) bool { return a.Path == b.Path })
}

func filePath(id, name string) string { return "files/" + id + extension(name) }

func evidencePath(document string) string { return "documents/" + document + ".evidence.zip" }

var plainExtension = regexp.MustCompile(`^\.[a-z0-9]{1,5}$`)

// extension is that of a file's name, if it is a plain one.
func extension(name string) string {
	if ext := strings.ToLower(filepath.Ext(name)); plainExtension.MatchString(ext) {
		return ext
	}
	return ""
}

// Evidence lists a document and what proves the signatures that it has. Paths and sizes are not in it.
func Evidence(id string, d *documents.Document) bundle.Manifest {
	m := bundle.Manifest{Document: bundle.Document{
		File: bundle.File{SHA256: d.SHA256}, ID: id, Kind: d.Kind, Version: d.Version, Name: d.Name, MIME: d.MIME, IssuedAt: d.IssuedAt,
	}}
	for i := range d.Signatures {
		s := &d.Signatures[i]
		if s.At == nil {
			continue
		}
		signed := bundle.Signature{Signer: s.Signer, Method: s.Method, ReceivedAt: *s.At, Status: s.EvidenceStatus}
		if s.CMS != "" {
			signed.Container = &bundle.File{SHA256: s.CMS}
		}
		for _, piece := range s.Evidence {
			signed.Pieces = append(signed.Pieces, bundle.Piece{
				Kind: signature.EvidenceKind(piece.Kind), File: bundle.File{SHA256: piece.SHA256},
			})
		}
		m.Signatures = append(m.Signatures, signed)
	}
	return m
}
