package commands

import (
	"context"

	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
)

// NewDocument is what staff issues.
type NewDocument struct {
	Kind    string   // act, agreement or result
	FileID  string   // uploaded by staff
	Signers []string // in the order in which they sign; nil: those of the workflow
	Method  string   // eds or acceptance; empty: that of the workflow
}

// IssueDocument adds a document to an application, and opens it for signing. It replaces the earlier one of its kind.
// Errors: invalid with every fault, acceptance-not-allowed, document-signed, not-an-executor, role-not-allowed, stale.
func (d *Documents) IssueDocument(
	ctx context.Context, req Request, by application.Staff, id string, document NewDocument,
) (Application, application.Document, error) {
	// A document that everybody has signed is not replaced, even if the application was not told of it before a crash.
	if seen, err := d.streams.seenByStaff(ctx, id, by); err != nil {
		return Application{}, application.Document{}, err
	} else if seen.State.Unsigned() {
		if err := d.Settle(ctx, req, id); err != nil {
			return Application{}, application.Document{}, err
		}
	}
	documentID := req.derivedID("document")
	issued, err := d.streams.forStaff(ctx, req, id, by,
		func(_ application.State, content service.Content, _ *service.Form) (application.Command, error) {
			return application.IssueDocument{
				By: by, Provider: content.Passport.ProviderID, Workflow: content.Workflow, DocumentID: documentID,
				Kind: document.Kind, FileID: document.FileID, Signers: document.Signers, Method: document.Method, At: d.deps.Now(),
			}, nil
		})
	if err != nil {
		return Application{}, application.Document{}, err
	}
	made, found := issued.State.Document(documentID)
	if !found {
		return Application{}, application.Document{}, problem.New(problem.NotFound, "document-not-found")
	}
	after, position, err := d.settle(ctx, req, id)
	if err != nil {
		return Application{}, application.Document{}, err
	}
	after.Position = later(position, issued.Position)
	return after, made, nil
}
