package readapi

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/eds/bundle"
	"services.example/portal/infra/httpapi"
	"services.example/portal/projections/documents"
	"services.example/portal/readapi/casefile"
)

// signatureEvidence is how the evidence of a digital signature stands.
type signatureEvidence struct {
	Status  string   `json:"status" doc:"pending: some is looked for; complete; incomplete: some was not to be had"`
	Code    string   `json:"code,omitempty" doc:"Why the rest was not to be had"`
	Message string   `json:"message,omitempty" doc:"The same in the reader's language"`
	Kinds   []string `json:"kinds" doc:"What there is: report, time-stamp, ocsp, crl, certificate"`
}

// evidenceOf is nil for what is no digital signature.
func evidenceOf(ctx context.Context, s *documents.Signature) *signatureEvidence {
	if s.EvidenceStatus == "" {
		return nil
	}
	shown := &signatureEvidence{Status: s.EvidenceStatus, Code: s.EvidenceCode, Kinds: []string{}}
	if s.EvidenceCode != "" {
		shown.Message = httpapi.Message(httpapi.LanguageOf(ctx), s.EvidenceCode, nil)
	}
	for _, piece := range s.Evidence {
		shown.Kinds = append(shown.Kinds, piece.Kind)
	}
	shown.Kinds = distinct(shown.Kinds)
	return shown
}

// documentEvidence answers with a bundle of a document and all that proves its signatures.
func (q *Queries) documentEvidence(ctx context.Context, in *DocumentInput) (*huma.StreamResponse, error) {
	d, _, err := q.findDocument(ctx, *in)
	if err != nil {
		return nil, err
	}
	manifest := casefile.Evidence(in.ID, d)
	if len(manifest.Signatures) == 0 {
		return nil, problem.New(problem.WrongState, "not-signed")
	}
	document, err := q.deps.Files.Open(ctx, d.Applicant, d.SHA256) // before the answer begins: it may be gone
	if err != nil {
		return nil, fmt.Errorf("opening document %s: %w", in.ID, err)
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) { //nolint:contextcheck // huma hands it the request's context
		defer document.Close() //nolint:errcheck // it was only read
		hctx.SetHeader("Content-Type", "application/zip")
		hctx.SetHeader("Content-Disposition", attachment(bundleName(d.Name)))
		hctx.SetHeader("Content-Security-Policy", "default-src 'none'; sandbox")
		err := bundle.Write(hctx.BodyWriter(), manifest, func(sha256 string) (io.ReadCloser, error) {
			if sha256 == d.SHA256 {
				return io.NopCloser(document), nil // it is closed anyway
			}
			return q.deps.Files.Open(hctx.Context(), d.Applicant, sha256)
		})
		if err != nil { // a zip without its end: the reader sees that it is cut short
			slog.WarnContext(hctx.Context(), "evidence not sent to its end", "document", in.ID, "error", err)
		}
	}}, nil
}

// bundleName is the name under which a browser saves the evidence of a document.
func bundleName(document string) string {
	if dot := strings.LastIndexByte(document, '.'); dot > 0 {
		document = document[:dot]
	}
	return document + ".evidence.zip"
}
