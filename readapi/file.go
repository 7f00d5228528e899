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
	page, err := q.page(ctx, in.ApplicationInput)
	if err != nil {
		return nil, err
	}
	file, found := findFile(page, in.FileID)
	if !found {
		return nil, problem.New(problem.NotFound, "file-not-found")
	}
	content, err := q.deps.Files.Open(ctx, page.Applicant, file.SHA256)
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

func findFile(page *applicationpage.Page, id string) (applicationpage.File, bool) {
	for _, step := range page.Steps {
		for _, f := range step.Files {
			if f.ID == id {
				return f, true
			}
		}
	}
	return applicationpage.File{}, false
}

// attachment makes a browser save a file under its name rather than show it (RFC 6266).
func attachment(name string) string {
	return mime.FormatMediaType("attachment", map[string]string{"filename": name})
}
