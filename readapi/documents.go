package readapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/applicationpage"
	"services.example/portal/projections/documents"
)

const documentsTag = "Documents"

// documentPage is a document with the signatures under it.
type documentPage struct {
	ID            string              `json:"id" format:"uuid"`
	ApplicationID string              `json:"applicationId" format:"uuid"`
	Kind          string              `json:"kind" doc:"act, agreement or result"`
	Version       int                 `json:"version" doc:"Counts from 1 within the kind"`
	Name          string              `json:"name"`
	SHA256        string              `json:"sha256"`
	Size          int64               `json:"size" doc:"Bytes"`
	MIME          string              `json:"mime"`
	Status        string              `json:"status" doc:"issued: nothing to sign; awaiting_signature, signed or superseded"`
	Required      []string            `json:"required" doc:"applicant, provider: in the order in which they sign"`
	By            string              `json:"by" doc:"eds or acceptance: the least that is asked for"`
	Next          string              `json:"next,omitempty" doc:"Who signs next; absent: nobody"`
	Signatures    []documentSignature `json:"signatures"`
	Refused       []documentTry       `json:"refused" doc:"The reader's own digital signatures that were not valid, oldest first"`
	IssuedAt      time.Time           `json:"issuedAt"`
	SignedAt      *time.Time          `json:"signedAt,omitempty" doc:"When everybody had signed"`
}

type documentSignature struct {
	Signer string     `json:"signer" doc:"applicant or provider"`
	Status string     `json:"status" doc:"waiting or accepted"`
	At     *time.Time `json:"at,omitempty"`
	Name   string     `json:"name,omitempty" doc:"Of whoever has signed"`
	Method string     `json:"method,omitempty" doc:"eds or acceptance"`

	Evidence *signatureEvidence `json:"evidence,omitempty" doc:"With what a digital signature can be checked years later; on a document's own page alone"`
}

type documentTry struct {
	Code    string    `json:"code"`
	Message string    `json:"message" doc:"In the reader's language"`
	At      time.Time `json:"at"`
}

// DocumentInput names a document.
type DocumentInput struct {
	Consistent
	ID string `path:"id"`
}

func (q *Queries) registerDocuments(api huma.API) {
	huma.Register(api, httpapi.Private(operation("read-document", "/documents/{id}", "A document and who has signed it", documentsTag)), q.document)
	content := httpapi.Private(operation("read-document-content", "/documents/{id}/content", "The exact bytes of a document", documentsTag))
	content.Errors = append(content.Errors, http.StatusGone)
	huma.Register(api, content, q.documentContent)
	evidence := httpapi.Private(operation("read-document-evidence", "/documents/{id}/evidence",
		"A document and all that proves its signatures, as one zip file", documentsTag))
	evidence.Errors = append(evidence.Errors, http.StatusConflict, http.StatusGone)
	huma.Register(api, evidence, q.documentEvidence)
}

// findDocument reads a document for whoever may see its application; for anybody else it does not exist.
func (q *Queries) findDocument(ctx context.Context, in DocumentInput) (*documents.Document, reader, error) {
	caller, err := httpapi.Signed(ctx)
	if err != nil {
		return nil, reader{}, err
	}
	if _, err := uuid.Parse(in.ID); err != nil {
		return nil, reader{}, documentNotFound()
	}
	if err := q.await(ctx, in.Consistent, documents.Name); err != nil {
		return nil, reader{}, err
	}
	document, err := get[documents.Document](ctx, q.deps, documents.Name, in.ID)
	if errors.Is(err, readstore.ErrNotFound) {
		return nil, reader{}, documentNotFound()
	}
	if err != nil {
		return nil, reader{}, err
	}
	who, err := q.readerOf(ctx, &caller, belonging{applicant: document.Applicant, provider: document.ProviderID, sent: true})
	if problem.Has(err, "application-not-found") {
		err = documentNotFound()
	}
	return document, who, err
}

func documentNotFound() error { return problem.New(problem.NotFound, "document-not-found") }

func (q *Queries) document(ctx context.Context, in *DocumentInput) (*struct{ Body documentPage }, error) {
	d, who, err := q.findDocument(ctx, *in)
	if err != nil {
		return nil, err
	}
	var signed []string
	for i := range d.Signatures {
		if s := &d.Signatures[i]; s.At != nil {
			signed = append(signed, s.Account)
		}
	}
	names, err := q.accountNames(ctx, distinct(signed))
	if err != nil {
		return nil, err
	}
	return &struct{ Body documentPage }{documentShown(ctx, in.ID, d, who, names)}, nil
}

// documentShown is a document as its reader sees it: of the signatures that were refused, only their own.
func documentShown(ctx context.Context, id string, d *documents.Document, who reader, names map[string]string) documentPage {
	body := documentPage{
		ID: id, ApplicationID: d.ApplicationID, Kind: d.Kind, Version: d.Version, Name: d.Name, SHA256: d.SHA256, Size: d.Size,
		MIME: d.MIME, Status: documentStatus(d), Required: []string{}, By: d.By, Next: d.Next(),
		Signatures: signaturesShown(d, names), Refused: []documentTry{}, IssuedAt: d.IssuedAt, SignedAt: d.SignedAt,
	}
	for i := range d.Signatures {
		body.Required = append(body.Required, d.Signatures[i].Signer)
		body.Signatures[i].Evidence = evidenceOf(ctx, &d.Signatures[i])
	}
	for _, try := range d.Tries {
		if try.Account == who.accountID || who.everything {
			message := httpapi.Message(httpapi.LanguageOf(ctx), try.Code, nil)
			body.Refused = append(body.Refused, documentTry{Code: try.Code, Message: message, At: try.At})
		}
	}
	return body
}

// signaturesShown lists the signatures of a document, those that are waited for among them.
func signaturesShown(d *documents.Document, names map[string]string) []documentSignature {
	list := make([]documentSignature, len(d.Signatures))
	for i := range d.Signatures {
		s := &d.Signatures[i]
		list[i] = documentSignature{Signer: s.Signer, Status: "waiting"}
		if s.At != nil {
			list[i].Status, list[i].At, list[i].Name, list[i].Method = "accepted", s.At, names[s.Account], s.Method
		}
	}
	return list
}

// documentStatus is where a document stands.
func documentStatus(d *documents.Document) string {
	switch {
	case d.SignedAt != nil:
		return "signed"
	case d.SupersededAt != nil:
		return "superseded"
	case len(d.Signatures) == 0:
		return "issued"
	default:
		return "awaiting_signature"
	}
}

func (q *Queries) documentContent(ctx context.Context, in *DocumentInput) (*huma.StreamResponse, error) {
	d, _, err := q.findDocument(ctx, *in)
	if err != nil {
		return nil, err
	}
	return q.send(ctx, d.Applicant, &applicationpage.File{ID: d.FileID, Name: d.Name, MIME: d.MIME, Size: d.Size, SHA256: d.SHA256})
}
