package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
	"services.example/portal/infra/httpapi"
)

const (
	applicationsTag   = "Applications"
	maxStepBody       = service.MaxDataBytes + maxBody
	uploadReadTimeout = 10 * time.Minute // a file of 20 MB over a slow mobile link
)

// OnApplication is what every command on an application carries beside its body.
type OnApplication struct {
	Idempotent
	ID      string `path:"id"`
	IfMatch string `header:"If-Match" required:"false" doc:"The ETag on which the decision rests; a stale one is refused"`
}

func (in OnApplication) request(ctx context.Context) (Request, error) {
	req, err := requestOf(ctx, string(account.Applicant))
	if err != nil {
		return Request{}, err
	}
	req.IfMatch, err = httpapi.IfMatch(in.IfMatch)
	return req, err
}

func (r *Routes) registerApplications(api huma.API) {
	huma.Register(api, httpapi.Private(operation("start-application", http.MethodPost, "/applications",
		"Start an application", applicationsTag, http.StatusCreated)), r.startApplication)
	save := httpapi.Private(operation("save-step", http.MethodPut, "/applications/{id}/steps/{stepId}",
		"Save a step, complete or not", applicationsTag, http.StatusOK))
	save.MaxBodyBytes = maxStepBody
	save.BodyReadTimeout = bodyReadTimeout
	huma.Register(api, save, r.saveStep)
	api.OpenAPI().Paths[save.Path].Put.RequestBody = &huma.RequestBody{
		Required: true,
		Content: map[string]*huma.MediaType{"application/json": {
			Schema: api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[StepInput](), true, "StepInput"),
		}},
	}
	attach := httpapi.Private(operation("attach-file", http.MethodPost, "/applications/{id}/files",
		"Attach a file to a document step, or upload one for a message, a response or a document", applicationsTag, http.StatusCreated))
	huma.Register(api, attach, r.attachFile)
	// Said only now: huma would read a body that it knows of, and a file is to be stored as it arrives.
	api.OpenAPI().Paths[attach.Path].Post.RequestBody = &huma.RequestBody{
		Required: true,
		Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{
			Type: huma.TypeObject, Required: []string{"file"},
			Properties: map[string]*huma.Schema{"file": {Type: huma.TypeString, Format: "binary"}},
		}}},
	}
	huma.Register(api, httpapi.Private(operation("remove-file", http.MethodDelete, "/applications/{id}/files/{fileId}",
		"Remove a file from a draft", applicationsTag, http.StatusNoContent)), r.removeFile)
	huma.Register(api, httpapi.Private(operation("submit-application", http.MethodPost, "/applications/{id}/submit",
		"Send the application", applicationsTag, http.StatusOK)), r.submitApplication)
	huma.Register(api, httpapi.Private(operation("withdraw-application", http.MethodPost, "/applications/{id}/withdraw",
		"Withdraw what was sent", applicationsTag, http.StatusOK)), r.withdrawApplication)
	huma.Register(api, httpapi.Private(operation("delete-draft", http.MethodDelete, "/applications/{id}",
		"Delete a draft", applicationsTag, http.StatusNoContent)), r.deleteDraft)
}

type stepBody struct {
	ID       string           `json:"id"`
	Kind     service.StepKind `json:"kind"`
	Title    text.Text        `json:"title"`
	Complete bool             `json:"complete"`
	Data     json.RawMessage  `json:"data"`
}

type startedAnswer struct {
	Written
	Location string `header:"Location"`
	Body     struct {
		ID     string             `json:"id" format:"uuid"`
		Number string             `json:"number"`
		Status application.Status `json:"status"`
		Steps  []stepBody         `json:"steps"`
	}
}

func (r *Routes) startApplication(ctx context.Context, in *struct {
	Idempotent
	Body struct {
		ServiceID string `json:"serviceId"`
	}
},
) (*startedAnswer, error) {
	req, err := requestOf(ctx, string(account.Applicant))
	if err != nil {
		return nil, err
	}
	started, err := r.Commands.Applications.StartApplication(ctx, req, in.Body.ServiceID)
	if err != nil {
		return nil, err
	}
	answer := &startedAnswer{Written: writtenAt(started.Outcome), Location: httpapi.Base + "/applications/" + started.ID}
	answer.Body.ID, answer.Body.Number, answer.Body.Status = started.ID, started.State.Number, started.State.Status
	titles := map[string]text.Text{}
	for _, step := range started.Service.Steps {
		titles[step.ID] = step.Title
	}
	for _, step := range started.State.Steps {
		answer.Body.Steps = append(answer.Body.Steps, stepBody{
			ID: step.ID, Kind: step.Kind, Title: titles[step.ID], Complete: step.Complete, Data: dataOrEmpty(step.Data),
		})
	}
	return answer, nil
}

func dataOrEmpty(data json.RawMessage) json.RawMessage {
	if data == nil {
		return json.RawMessage("{}")
	}
	return data
}

// StepInput is what a step is to hold: an object, whose members the service's form describes.
type StepInput struct {
	Data json.RawMessage `json:"data"`
}

// saveStepInput takes the body as it is: huma would read it twice, and this is the command that is given most.
type saveStepInput struct {
	OnApplication
	StepID      string `path:"stepId"`
	ContentType string `header:"Content-Type" hidden:"true"`
	RawBody     []byte
}

// step reads the body strictly, in one pass. Errors: json-expected, malformed, duplicate-member, invalid.
func (in *saveStepInput) step() (StepInput, error) {
	if in.ContentType != "application/json" && in.ContentType != "" {
		kind, _, err := mime.ParseMediaType(in.ContentType)
		if err != nil || kind != "application/json" {
			return StepInput{}, problem.New(problem.WrongType, "json-expected")
		}
	}
	var step struct {
		Data jsontext.Value `json:"data"`
	}
	err := jsonv2.Unmarshal(in.RawBody, &step, jsonv2.RejectUnknownMembers(true))
	var syntax *jsontext.SyntacticError
	var meaning *jsonv2.SemanticError
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return StepInput{}, problem.New(problem.Malformed, "duplicate-member")
	case errors.As(err, &syntax):
		return StepInput{}, problem.New(problem.Malformed, "malformed")
	case err != nil && !jsontext.Value(in.RawBody).IsValid(): // what comes after the first fault counts too
		return StepInput{}, problem.New(problem.Malformed, "malformed")
	case errors.Is(err, jsonv2.ErrUnknownName) && errors.As(err, &meaning):
		return StepInput{}, problem.Input(problem.Field{Location: meaning.JSONPointer.LastToken(), Code: "unknown-field"})
	case err != nil || bytes.HasPrefix(bytes.TrimLeft(in.RawBody, " \t\r\n"), []byte("null")):
		return StepInput{}, problem.Input(problem.Field{Code: "not-an-object"})
	case step.Data == nil:
		return StepInput{}, problem.Input(problem.Field{Location: "data", Code: "required"})
	}
	return StepInput{Data: json.RawMessage(step.Data)}, nil
}

type savedStepAnswer struct {
	Written
	Body struct {
		ID       string               `json:"id"`
		Complete bool                 `json:"complete"`
		Missing  []httpapi.FieldFault `json:"missing"`
	}
}

func (r *Routes) saveStep(ctx context.Context, in *saveStepInput) (*savedStepAnswer, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	step, err := in.step()
	if err != nil {
		return nil, err
	}
	saved, err := r.Commands.Applications.SaveStep(ctx, req, in.ID, in.StepID, step.Data)
	if err != nil {
		return nil, err
	}
	answer := &savedStepAnswer{Written: writtenAt(saved.Outcome)}
	answer.Body.ID, answer.Body.Complete = saved.StepID, len(saved.Missing) == 0
	answer.Body.Missing = httpapi.Faults(req.Language, saved.Missing)
	return answer, nil
}

type attachInput struct {
	OnApplication
	Step string `query:"step" required:"false" doc:"The document step that it is for; absent: it is for a message, a response or a document"`

	file *multipart.Part
}

// Resolve finds the part "file" without reading it, so that the file is stored as it arrives.
func (in *attachInput) Resolve(hctx huma.Context) []error {
	r, w := humachi.Unwrap(hctx)
	if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadReadTimeout)); err != nil &&
		!errors.Is(err, http.ErrNotSupported) {
		return []error{httpapi.Fail(r.Context(), err)}
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return []error{httpapi.Fail(r.Context(), problem.New(problem.WrongType, "file-expected"))}
	}
	for {
		part, err := parts.NextPart()
		if err != nil {
			return []error{httpapi.Fail(r.Context(), problem.New(problem.Malformed, "file-expected"))}
		}
		if part.FormName() == "file" {
			in.file = part
			return nil
		}
	}
}

type fileAnswer struct {
	Written
	Location string `header:"Location"`
	Body     struct {
		ID     string `json:"id" format:"uuid"`
		Name   string `json:"name"`
		Size   int64  `json:"size" doc:"Bytes"`
		MIME   string `json:"mime" doc:"Found by content"`
		SHA256 string `json:"sha256"`
	}
}

func (r *Routes) attachFile(ctx context.Context, in *attachInput) (*fileAnswer, error) {
	attached, file, err := r.attachOrUpload(ctx, in)
	if err != nil {
		return nil, err
	}
	answer := &fileAnswer{
		Written:  writtenAt(attached.Outcome),
		Location: httpapi.Base + "/applications/" + in.ID + "/files/" + file.ID,
	}
	answer.Body.ID, answer.Body.Name, answer.Body.Size = file.ID, file.Name, file.Size
	answer.Body.MIME, answer.Body.SHA256 = file.MIME, file.SHA256
	return answer, nil
}

func (r *Routes) attachOrUpload(ctx context.Context, in *attachInput) (Application, application.File, error) {
	if in.Step == "" {
		return r.uploadFile(ctx, in)
	}
	req, err := in.request(ctx)
	if err != nil {
		return Application{}, application.File{}, err
	}
	return r.Commands.Applications.AttachFile(ctx, req, in.ID, in.Step, in.file.FileName(), io.Reader(in.file))
}

func (r *Routes) removeFile(ctx context.Context, in *struct {
	OnApplication
	FileID string `path:"fileId"`
},
) (*struct{ Written }, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	removed, err := r.Commands.Applications.RemoveFile(ctx, req, in.ID, in.FileID)
	if err != nil {
		return nil, err
	}
	return &struct{ Written }{writtenAt(removed.Outcome)}, nil
}

type statusAnswer struct {
	Written
	Body struct {
		Status      application.Status  `json:"status"`
		SubmittedAt time.Time           `json:"submittedAt"`
		DueAt       time.Time           `json:"dueAt"`
		Outcome     application.Outcome `json:"outcome,omitempty" doc:"How it ended; absent before"`
	}
}

func asStatus(a Application, err error) (*statusAnswer, error) {
	if err != nil {
		return nil, err
	}
	answer := &statusAnswer{Written: writtenAt(a.Outcome)}
	answer.Body.Status, answer.Body.Outcome = a.State.Status, a.State.Outcome
	answer.Body.SubmittedAt, answer.Body.DueAt = a.State.SubmittedAt.UTC(), a.State.DueAt.UTC()
	return answer, nil
}

func (r *Routes) submitApplication(ctx context.Context, in *OnApplication) (*statusAnswer, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	return asStatus(r.Commands.Applications.SubmitApplication(ctx, req, in.ID))
}

func (r *Routes) withdrawApplication(ctx context.Context, in *OnApplication) (*statusAnswer, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	return asStatus(r.Commands.Applications.WithdrawApplication(ctx, req, in.ID))
}

func (r *Routes) deleteDraft(ctx context.Context, in *OnApplication) (*struct{ Written }, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	deleted, err := r.Commands.Applications.DeleteDraft(ctx, req, in.ID)
	if err != nil {
		return nil, err
	}
	return &struct{ Written }{writtenAt(deleted.Outcome)}, nil
}
