package commands

import (
	"context"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
)

// IssueResponse answers a consultation, with files that staff uploaded before. Errors: invalid with every fault,
// not-an-executor, already-decided with the decision that stands, stale.
func (w *Work) IssueResponse(
	ctx context.Context, req Request, by application.Staff, id, text string, fileIDs []string,
) (Application, error) {
	return w.streams.forStaff(ctx, req, id, by,
		func(_ application.State, content service.Content, _ *service.Form) (application.Command, error) {
			return application.IssueResponse{
				By: by, Provider: content.Passport.ProviderID, Kind: content.Passport.Kind, Workflow: content.Workflow,
				Text: text, FileIDs: fileIDs, At: w.deps.Now(),
			}, nil
		})
}
