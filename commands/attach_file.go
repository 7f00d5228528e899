package commands

import (
	"context"
	"fmt"
	"io"

	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
)

// AttachFile stores a file and adds it to a document step. What may be wrong without looking at the bytes is found
// before they are stored. Errors: file-too-large, files-too-large, file-type-not-allowed, not-a-document-step,
// unknown-step, not-editable.
func (a *Applications) AttachFile(
	ctx context.Context, req Request, id, stepID, name string, content io.Reader,
) (Application, application.File, error) {
	file := application.File{ID: req.derivedID("file"), Name: name}
	current, err := a.streams.seenByApplicant(ctx, id, req.Actor)
	if err != nil {
		return Application{}, application.File{}, err
	}
	repeated, err := a.streams.applications.repeated(ctx, req, id)
	if err != nil {
		return Application{}, application.File{}, err
	}
	if !repeated {
		if err := current.State.AcceptsFile(stepID); err != nil {
			return Application{}, application.File{}, err
		}
		stored, err := a.deps.Files.Put(ctx, req.Actor, content, current.Service.Files.MaxFileBytes)
		if err != nil {
			return Application{}, application.File{}, fmt.Errorf("storing a file: %w", err)
		}
		file.SHA256, file.MIME, file.Size = stored.SHA256, stored.MIME, stored.Size
	}
	attached, err := a.streams.forApplicant(ctx, req, id,
		func(_ application.State, content service.Content, form *service.Form) (application.Command, error) {
			return application.AttachFile{
				Applicant: req.Actor, Form: form, Rules: content.Files, StepID: stepID, File: file, At: a.deps.Now(),
			}, nil
		})
	if err != nil {
		return Application{}, application.File{}, err
	}
	file, _, found := attached.State.File(file.ID)
	if !found {
		return Application{}, application.File{}, problem.New(problem.NotFound, "file-not-found")
	}
	return attached, file, nil
}
