package commands

import (
	"context"
	"fmt"
	"io"

	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
)

// UploadFile stores a file that belongs to no step: for a message, a response, a decision or a document. By is who of the
// provider's staff uploads it; nil: the applicant does. Whoever uploads, the bytes lie under the applicant's key. What may
// be wrong without looking at the bytes is found before they are stored. Errors: file-too-large, files-too-large,
// file-type-not-allowed, too-many-files, and those of application.UploadFile.
func (w *Work) UploadFile(
	ctx context.Context, req Request, by *application.Staff, id, name string, content io.Reader,
) (Application, application.File, error) {
	file := application.File{ID: req.derivedID("file"), Name: name}
	current, err := w.seen(ctx, req, by, id)
	if err != nil {
		return Application{}, application.File{}, err
	}
	repeated, err := w.streams.applications.repeated(ctx, req, id)
	if err != nil {
		return Application{}, application.File{}, err
	}
	if !repeated {
		if err := w.acceptsUpload(req, by, current, file); err != nil {
			return Application{}, application.File{}, err
		}
		stored, err := w.deps.Files.Put(ctx, current.State.Applicant, content, current.Service.Files.MaxFileBytes)
		if err != nil {
			return Application{}, application.File{}, fmt.Errorf("storing a file: %w", err)
		}
		file.SHA256, file.MIME, file.Size = stored.SHA256, stored.MIME, stored.Size
	}
	uploaded, err := w.keepUpload(ctx, req, by, id, file)
	if err != nil {
		return Application{}, application.File{}, err
	}
	kept, found := uploaded.State.Upload(file.ID)
	if !found {
		return Application{}, application.File{}, problem.New(problem.NotFound, "file-not-found")
	}
	return uploaded, kept.File, nil
}

func (w *Work) seen(ctx context.Context, req Request, by *application.Staff, id string) (Application, error) {
	if by == nil {
		return w.streams.seenByApplicant(ctx, id, req.Actor)
	}
	return w.streams.seenByStaff(ctx, id, *by)
}

// acceptsUpload asks the decider whether it would take the file if nothing were in it.
func (w *Work) acceptsUpload(req Request, by *application.Staff, current Application, file application.File) error {
	if rules := current.Service.Files; len(rules.Types) > 0 {
		file.MIME = rules.Types[0]
	}
	_, err := application.Decide(current.State, w.upload(req, by, current.Service, file))
	return err
}

// keepUpload records a file whose bytes are stored.
func (w *Work) keepUpload(
	ctx context.Context, req Request, by *application.Staff, id string, file application.File,
) (Application, error) {
	command := func(_ application.State, content service.Content, _ *service.Form) (application.Command, error) {
		return w.upload(req, by, content, file), nil
	}
	if by == nil {
		return w.streams.forApplicant(ctx, req, id, command)
	}
	return w.streams.forStaff(ctx, req, id, *by, command)
}

func (w *Work) upload(
	req Request, by *application.Staff, content service.Content, file application.File,
) application.UploadFile {
	command := application.UploadFile{Rules: content.Files, File: file, At: w.deps.Now()}
	if by == nil {
		command.Applicant = req.Actor
		return command
	}
	command.By, command.Provider = *by, content.Passport.ProviderID
	return command
}
