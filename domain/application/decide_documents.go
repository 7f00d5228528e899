package application

import (
	"slices"
	"strconv"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
	"services.example/portal/domain/signature"
)

// DocumentKinds are the kinds of documents.
var DocumentKinds = []string{"act", "agreement", "result"}

func decideIssueDocument(s State, c IssueDocument) ([]Event, error) {
	if _, issued := s.Document(c.DocumentID); issued {
		return nil, nil
	}
	switch {
	case s.Ended():
		return nil, ended()
	case !s.afterDecision():
		return nil, problem.New(problem.WrongState, "not-decided")
	}
	file, signing, faults := s.newDocument(c)
	if err := problem.Input(faults...); err != nil {
		return nil, err
	}
	earlier, version := s.latest(c.Kind)
	if earlier.Signed {
		return nil, problem.New(problem.WrongState, "document-signed")
	}
	return s.orEnd(c.Workflow, c.At, DocumentIssued{
		DocumentID: c.DocumentID, Applicant: s.Applicant, ProviderID: c.Provider, Kind: c.Kind, Version: version + 1,
		FileID: file.ID, Name: file.Name, MIME: file.MIME, Size: file.Size, SHA256: file.SHA256,
		Signers: signing.signers, By: signing.by, Supersedes: earlier.ID, At: c.At,
	}), nil
}

// latest is the document of a kind that counts, if there is one, and the version of the newest.
func (s State) latest(kind string) (Document, int) {
	var found Document
	version := 0
	for _, d := range s.Documents {
		if d.Kind != kind {
			continue
		}
		version = max(version, d.Version)
		if !d.Superseded {
			found = d
		}
	}
	return found, version
}

// signing is who signs a document, and how.
type signing struct {
	signers []string
	by      string
}

func (s State) newDocument(c IssueDocument) (File, signing, []problem.Field) {
	var faults []problem.Field
	if !slices.Contains(DocumentKinds, c.Kind) {
		faults = append(faults, problem.Field{Location: "kind", Code: "unknown-value"})
	}
	upload, found := s.Upload(c.FileID)
	if !found || !upload.Staff {
		faults = append(faults, problem.Field{Location: "fileId", Code: "file-not-found"})
	}
	is, more := newSigning(c)
	return upload.File, is, append(faults, more...)
}

// newSigning applies the workflow's rule of the kind: what is not said is as the rule says, the applicant must sign where
// the rule names them, and a press of a button suffices only where the rule says so.
func newSigning(c IssueDocument) (signing, []problem.Field) {
	var rule service.SignatureRule
	if i := slices.IndexFunc(c.Workflow.Signatures, func(r service.SignatureRule) bool { return r.Document == c.Kind }); i >= 0 {
		rule = c.Workflow.Signatures[i]
	}
	is := signing{signers: append([]string{}, c.Signers...), by: c.Method}
	if len(is.signers) == 0 {
		is.signers = append(is.signers, rule.Signers...)
	}
	if is.by == "" {
		is.by = rule.By
	}
	if is.by == "" {
		is.by = string(signature.EDS)
	}
	faults := signerFaults(is.signers, rule)
	switch signature.Method(is.by) {
	case signature.EDS:
	case signature.Acceptance:
		if rule.By != string(signature.Acceptance) {
			faults = append(faults, problem.Field{Location: "by", Code: "acceptance-not-allowed"})
		}
	default:
		faults = append(faults, problem.Field{Location: "by", Code: "unknown-value"})
	}
	return is, faults
}

func signerFaults(signers []string, rule service.SignatureRule) []problem.Field {
	var faults []problem.Field
	for i, signer := range signers {
		location := "signers[" + strconv.Itoa(i) + "]"
		switch {
		case signer != string(signature.Applicant) && signer != string(signature.Provider):
			faults = append(faults, problem.Field{Location: location, Code: "unknown-value"})
		case slices.Index(signers, signer) < i:
			faults = append(faults, problem.Field{Location: location, Code: "repeated"})
		}
	}
	applicant := string(signature.Applicant)
	if slices.Contains(rule.Signers, applicant) && !slices.Contains(signers, applicant) {
		faults = append(faults, problem.Field{Location: "signers", Code: "applicant-must-sign"})
	}
	return faults
}

// decideRecordSigned takes what the signatures say: of a document that was replaced, or of an application that ended
// meanwhile, it changes nothing.
func decideRecordSigned(s State, c RecordSigned) ([]Event, error) {
	document, issued := s.Document(c.DocumentID)
	switch {
	case !issued:
		return nil, problem.New(problem.NotFound, "document-not-found")
	case document.Signed, document.Superseded, len(document.Signers) == 0, !s.afterDecision():
		return nil, nil
	}
	return s.orEnd(c.Workflow, c.At, DocumentSigned{DocumentID: c.DocumentID, At: c.At}), nil
}
