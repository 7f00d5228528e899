package commands

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/infra/httpapi"
)

const correspondenceTag = "Correspondence"

func (r *Routes) registerCorrespondence(api huma.API) {
	huma.Register(api, httpapi.Private(operation("post-message", http.MethodPost, "/applications/{id}/messages",
		"Write to the other side", correspondenceTag, http.StatusCreated)), r.postMessage)
	huma.Register(api, httpapi.Private(operation("mark-read", http.MethodPut, "/applications/{id}/messages/read",
		"Say how far the thread was read", correspondenceTag, http.StatusNoContent)), r.markRead)
	huma.Register(api, httpapi.Private(operation("post-notice", http.MethodPost, "/applications/{id}/notice",
		"Write to the applicant, also by SMS or e-mail", correspondenceTag, http.StatusCreated)), r.postNotice)
	huma.Register(api, httpapi.Private(operation("write-note", http.MethodPost, "/applications/{id}/notes",
		"Write a note that only the provider's staff sees", correspondenceTag, http.StatusCreated)), r.writeNote)
}

// InThread is what every command on an application's correspondence carries beside its body. It has no If-Match: nothing
// in it depends on what others write meanwhile.
type InThread struct {
	Idempotent
	ID string `path:"id"`
}

// writerOf describes a command of somebody who may take part: an applicant, or one of a provider's staff.
func writerOf(ctx context.Context) (application.Staff, Request, error) {
	return staffOf(ctx, account.Executor, account.Operator, account.ProviderAdmin)
}

// sentAnswer is the id of what was written. It has no ETag: nothing of it can change.
type sentAnswer struct {
	Position string `header:"Position" doc:"Give it as Min-Position to a query that must show this command's effect"`
	Body     struct {
		ID string `json:"id" format:"uuid"`
	}
}

func asSent(sent Sent, err error) (*sentAnswer, error) {
	if err != nil {
		return nil, err
	}
	answer := &sentAnswer{Position: positionHeader(sent.Position)}
	answer.Body.ID = sent.ID
	return answer, nil
}

func (r *Routes) postMessage(ctx context.Context, in *struct {
	InThread
	Body struct {
		Text    string   `json:"text" doc:"Plain text of at most 4000 characters"`
		FileIDs []string `json:"fileIds,omitempty" doc:"At most 10 files that the writer's own side has uploaded to the application"`
	}
},
) (*sentAnswer, error) {
	by, req, err := writerOf(ctx)
	if err != nil {
		return nil, err
	}
	return asSent(r.Commands.Correspondence.PostMessage(ctx, req, in.ID, by, Letter{Text: in.Body.Text, FileIDs: in.Body.FileIDs}))
}

// written is the body of what has nothing but words.
type written struct {
	Text string `json:"text" doc:"Plain text of at most 4000 characters"`
}

func (r *Routes) postNotice(ctx context.Context, in *struct {
	InThread
	Body written
},
) (*sentAnswer, error) {
	by, req, err := writerOf(ctx)
	if err != nil {
		return nil, err
	}
	return asSent(r.Commands.Correspondence.PostNotice(ctx, req, in.ID, by, in.Body.Text))
}

func (r *Routes) writeNote(ctx context.Context, in *struct {
	InThread
	Body written
},
) (*sentAnswer, error) {
	by, req, err := writerOf(ctx)
	if err != nil {
		return nil, err
	}
	return asSent(r.Commands.Correspondence.WriteNote(ctx, req, in.ID, by, in.Body.Text))
}

// readAnswer has no ETag: a mark is nobody's to race for.
type readAnswer struct {
	Position string `header:"Position" doc:"Give it as Min-Position to a query that must show this command's effect"`
}

func (r *Routes) markRead(ctx context.Context, in *struct {
	InThread
	Body struct {
		UpTo int `json:"upTo" doc:"The number of the last item seen; 0: none"`
	}
},
) (*readAnswer, error) {
	by, req, err := writerOf(ctx)
	if err != nil {
		return nil, err
	}
	position, err := r.Commands.Correspondence.MarkRead(ctx, req, in.ID, by, in.Body.UpTo)
	if err != nil {
		return nil, err
	}
	return &readAnswer{Position: positionHeader(position)}, nil
}
