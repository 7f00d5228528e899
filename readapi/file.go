package readapi

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/httpapi"
	"services.example/portal/projections/applicationpage"
)

func (q *Queries) registerFile(api huma.API) {
	huma.Register(api, httpapi.Private(operation("read-file", "/applications/{id}/files/{fileId}", "The content of a file", applicationsTag)), q.file)
}

func (q *Queries) file(ctx context.Context, in *struct {
	ApplicationInput
	FileID string `path:"fileId"`
},
) (*huma.StreamResponse, error) {
	page, who, err := q.page(ctx, in.ApplicationInput)
	if err != nil {
		return nil, err
	}
	file, err := q.findFile(ctx, page, who, in.ApplicationInput, in.FileID)
	if err != nil {
		return nil, err
	}
	return q.send(ctx, page.Applicant, file)
}

// send answers with the bytes of a file, which lie under its applicant's key.
func (q *Queries) send(ctx context.Context, applicant string, file *applicationpage.File) (*huma.StreamResponse, error) {
	content, err := q.deps.Files.Open(ctx, applicant, file.SHA256)
	if err != nil {
		return nil, fmt.Errorf("opening file %s: %w", file.ID, err)
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) { //nolint:contextcheck // huma hands it the request's context
		defer content.Close() //nolint:errcheck // it was only read
		hctx.SetHeader("Content-Type", file.MIME)
		hctx.SetHeader("Content-Length", strconv.FormatInt(file.Size, 10))
		hctx.SetHeader("Content-Disposition", attachment(file.Name))
		hctx.SetHeader("Content-Security-Policy", "default-src 'none'; sandbox")
		if _, err := io.Copy(hctx.BodyWriter(), content); err != nil {
			// The length was announced: the reader sees that the file is cut short.
			slog.WarnContext(hctx.Context(), "file not sent to its end", "file", file.ID, "error", err)
		}
	}}, nil
}

// findFile finds a file of a step, or one of no step that the reader is to see: staff see all, the applicant their own
// and those that a decision, a document or a message has shown them. Error: file-not-found.
func (q *Queries) findFile(
	ctx context.Context, page *applicationpage.Page, who reader, in ApplicationInput, id string,
) (*applicationpage.File, error) {
	for i := range page.Steps {
		for k := range page.Steps[i].Files {
			if file := &page.Steps[i].Files[k]; file.ID == id {
				return file, nil
			}
		}
	}
	for i := range page.Uploads {
		upload := &page.Uploads[i]
		if upload.ID != id {
			continue
		}
		if who.staff() || page.Shown(upload) {
			return &upload.File, nil
		}
		thread, _, err := q.threadHead(ctx, in)
		if err != nil {
			return nil, err
		}
		if thread != nil && thread.Shows(id) {
			return &upload.File, nil
		}
	}
	return nil, problem.New(problem.NotFound, "file-not-found")
}

// attachment makes a browser save a file under its name rather than show it (RFC 6266).
func attachment(name string) string {
	return mime.FormatMediaType("attachment", map[string]string{"filename": name})
}
