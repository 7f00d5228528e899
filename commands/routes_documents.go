package commands

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/signature"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/httpapi"
)

const (
	documentsTag = "Documents"
	// maxSignatureBody has room for the largest container in base64, in lines.
	maxSignatureBody = eds.MaxContainer*3/2 + maxBody
)

func (r *Routes) registerDocuments(api huma.API) {
	huma.Register(api, httpapi.Private(operation("issue-document", http.MethodPost, "/applications/{id}/documents",
		"Issue a document to read or to sign", documentsTag, http.StatusCreated)), r.issueDocument)
	sign := httpapi.Private(operation("sign-document", http.MethodPost, "/documents/{id}/signatures",
		"Sign a document with a digital signature", documentsTag, http.StatusCreated))
	sign.MaxBodyBytes = maxSignatureBody
	huma.Register(api, sign, r.signDocument)
	huma.Register(api, httpapi.Private(operation("accept-document", http.MethodPost, "/documents/{id}/acceptance",
		"Sign a document by accepting it", documentsTag, http.StatusCreated)), r.acceptDocument)
}

type issuedAnswer struct {
	Written
	Location string `header:"Location"`
	Body     struct {
		ID      string             `json:"id" format:"uuid"`
		SHA256  string             `json:"sha256"`
		Version int                `json:"version" doc:"Counts from 1 within the kind"`
		Status  application.Status `json:"status" doc:"Of the application"`
	}
}

func (r *Routes) issueDocument(ctx context.Context, in *struct {
	OnApplication
	Body struct {
		Kind    string   `json:"kind" doc:"act, agreement or result"`
		FileID  string   `json:"fileId" doc:"Of a file that staff uploaded"`
		Signers []string `json:"signers,omitempty" doc:"applicant, provider: in the order in which they sign; those of the service if absent"`
		By      string   `json:"by,omitempty" doc:"eds or acceptance; as the service says if absent"`
	}
},
) (*issuedAnswer, error) {
	by, req, err := in.staff(ctx, account.Executor)
	if err != nil {
		return nil, err
	}
	issued, document, err := r.Commands.Documents.IssueDocument(ctx, req, by, in.ID, NewDocument{
		Kind: in.Body.Kind, FileID: in.Body.FileID, Signers: in.Body.Signers, Method: in.Body.By,
	})
	if err != nil {
		return nil, err
	}
	answer := &issuedAnswer{Written: writtenAt(issued.Outcome), Location: httpapi.Base + "/documents/" + document.ID}
	answer.Body.ID, answer.Body.SHA256, answer.Body.Version = document.ID, document.File.SHA256, document.Version
	answer.Body.Status = issued.State.Status
	return answer, nil
}

// OnDocument names a document to sign.
type OnDocument struct {
	Idempotent
	ID string `path:"id"`
}

type signedAnswer struct {
	Written
	Body struct {
		Status      string             `json:"status" enum:"accepted" doc:"Of the signature"`
		Signer      signature.Signer   `json:"signer" doc:"As whom the caller has signed: applicant or provider"`
		Signed      bool               `json:"signed" doc:"Everybody has signed"`
		Application application.Status `json:"application" doc:"The status of the application"`
	}
}

func asSigned(signed SignedDocument, err error) (*signedAnswer, error) {
	if err != nil {
		return nil, err
	}
	answer := &signedAnswer{Written: writtenAt(signed.Outcome)}
	answer.Body.Status, answer.Body.Signer = "accepted", signed.Signer
	answer.Body.Signed, answer.Body.Application = signed.Signed, signed.Status
	return answer, nil
}

// signers are the roles in which staff signs for the provider.
var signers = []account.Role{account.Executor, account.ProviderAdmin}

func (r *Routes) signDocument(ctx context.Context, in *struct {
	OnDocument
	Body struct {
		CMS string `json:"cms" doc:"Detached CMS over the document's exact bytes: base64, or PEM"`
	}
},
) (*signedAnswer, error) {
	by, req, err := staffOf(ctx, signers...)
	if err != nil {
		return nil, err
	}
	cms, err := eds.Decode(in.Body.CMS)
	if err != nil {
		return nil, err
	}
	if len(cms) > eds.MaxContainer {
		return nil, problem.New(problem.TooLarge, "signature-too-large")
	}
	return asSigned(r.Commands.Documents.SignDocument(ctx, req, by, in.ID, cms))
}

func (r *Routes) acceptDocument(ctx context.Context, in *OnDocument) (*signedAnswer, error) {
	by, req, err := staffOf(ctx, signers...)
	if err != nil {
		return nil, err
	}
	return asSigned(r.Commands.Documents.AcceptDocument(ctx, req, by, in.ID))
}
