package commands

import (
	"context"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
)

// RemoveFile takes a file out of a draft. Its bytes stay as long as the history may speak of them. Errors:
// file-not-found, not-editable.
func (a *Applications) RemoveFile(ctx context.Context, req Request, id, fileID string) (Application, error) {
	return a.streams.forApplicant(ctx, req, id,
		func(_ application.State, _ service.Content, form *service.Form) (application.Command, error) {
			return application.RemoveFile{Applicant: req.Actor, Form: form, FileID: fileID, At: a.deps.Now()}, nil
		})
}
