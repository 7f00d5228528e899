package commands

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/infra/httpapi"
)

const workTag = "Work"

func (r *Routes) registerWork(api huma.API) {
	one := "/applications/{id}"
	add := func(id, method, path, summary string) huma.Operation {
		return httpapi.Private(operation(id, method, one+path, summary, workTag, http.StatusOK))
	}
	huma.Register(api, add("assign-executor", http.MethodPost, "/executors/{accountId}",
		"Make a colleague responsible, beside those who are already"), r.assignExecutor)
	huma.Register(api, add("remove-executor", http.MethodDelete, "/executors/{accountId}",
		"End a colleague's responsibility, or one's own"), r.removeExecutor)
	huma.Register(api, add("take-into-work", http.MethodPost, "/take", "Begin the work, with oneself as executor"), r.takeIntoWork)
	huma.Register(api, add("return-for-completion", http.MethodPost, "/return",
		"Give the application back to its applicant; the term stands still"), r.returnForCompletion)
	huma.Register(api, add("issue-response", http.MethodPost, "/response", "Answer a consultation"), r.issueResponse)
	huma.Register(api, add("decide-support", http.MethodPost, "/decision", "Approve or refuse a support measure"), r.decideSupport)
	huma.Register(api, add("complete-application", http.MethodPost, "/complete",
		"End an application in which nothing is left to do"), r.completeApplication)
	huma.Register(api, add("move-due-date", http.MethodPut, "/due", "Set another due date"), r.moveDueDate)
	huma.Register(api, httpapi.Private(operation("answer-questionnaire", http.MethodPost, one+"/questionnaire",
		"Say what one thinks of the service, once", applicationsTag, http.StatusCreated)), r.answerQuestionnaire)
}

// staff describes a command that one of a provider's staff gives on an application. See staffOf.
func (in OnApplication) staff(ctx context.Context, fitting ...account.Role) (application.Staff, Request, error) {
	by, req, err := staffOf(ctx, fitting...)
	if err != nil {
		return application.Staff{}, Request{}, err
	}
	req.IfMatch, err = httpapi.IfMatch(in.IfMatch)
	return by, req, err
}

// workAnswer is where an application stands after a command of staff.
type workAnswer struct {
	Written
	Body struct {
		Status      application.Status  `json:"status"`
		SubmittedAt time.Time           `json:"submittedAt"`
		DueAt       time.Time           `json:"dueAt"`
		Outcome     application.Outcome `json:"outcome,omitempty" doc:"How it ended; absent before"`
		Executors   []string            `json:"executors" doc:"Account ids, in the order of their assignment"`
	}
}

func asWork(a Application, err error) (*workAnswer, error) {
	if err != nil {
		return nil, err
	}
	answer := &workAnswer{Written: writtenAt(a.Outcome)}
	answer.Body.Status, answer.Body.Outcome = a.State.Status, a.State.Outcome
	answer.Body.SubmittedAt, answer.Body.DueAt = a.State.SubmittedAt.UTC(), a.State.DueAt.UTC()
	answer.Body.Executors = append([]string{}, a.State.Executors...)
	return answer, nil
}

type onExecutor struct {
	OnApplication
	AccountID string `path:"accountId"`
}

// assigners are the roles that say who is responsible; an executor may only hand over what they are on.
var assigners = []account.Role{account.Operator, account.ProviderAdmin, account.Executor}

func (r *Routes) assignExecutor(ctx context.Context, in *onExecutor) (*workAnswer, error) {
	by, req, err := in.staff(ctx, assigners...)
	if err != nil {
		return nil, err
	}
	return asWork(r.Commands.Work.AssignExecutor(ctx, req, by, in.ID, in.AccountID))
}

func (r *Routes) removeExecutor(ctx context.Context, in *onExecutor) (*workAnswer, error) {
	by, req, err := in.staff(ctx, assigners...)
	if err != nil {
		return nil, err
	}
	return asWork(r.Commands.Work.RemoveExecutor(ctx, req, by, in.ID, in.AccountID))
}

func (r *Routes) takeIntoWork(ctx context.Context, in *OnApplication) (*workAnswer, error) {
	by, req, err := in.staff(ctx, account.Executor)
	if err != nil {
		return nil, err
	}
	return asWork(r.Commands.Work.TakeIntoWork(ctx, req, by, in.ID))
}

func (r *Routes) returnForCompletion(ctx context.Context, in *struct {
	OnApplication
	Body struct {
		Reason string `json:"reason" doc:"documents-incomplete, data-incorrect, clarification-needed, other, or words of one's own"`
		Text   string `json:"text" doc:"At most 4000 characters"`
	}
},
) (*workAnswer, error) {
	by, req, err := in.staff(ctx, account.Executor)
	if err != nil {
		return nil, err
	}
	return asWork(r.Commands.Work.ReturnForCompletion(ctx, req, by, in.ID, in.Body.Reason, in.Body.Text))
}

func (r *Routes) issueResponse(ctx context.Context, in *struct {
	OnApplication
	Body struct {
		Text    string   `json:"text" doc:"At most 4000 characters"`
		FileIDs []string `json:"fileIds,omitempty" doc:"Files that staff uploaded"`
	}
},
) (*workAnswer, error) {
	by, req, err := in.staff(ctx, account.Executor)
	if err != nil {
		return nil, err
	}
	return asWork(r.Commands.Work.IssueResponse(ctx, req, by, in.ID, in.Body.Text, in.Body.FileIDs))
}

func (r *Routes) decideSupport(ctx context.Context, in *struct {
	OnApplication
	Body struct {
		Outcome string   `json:"outcome" doc:"approved or refused"`
		Reason  string   `json:"reason,omitempty" doc:"Of a refusal: documents-incomplete, requirements-not-met, budget-exhausted, duplicate, other, or words of one's own"`
		Text    string   `json:"text" doc:"At most 4000 characters"`
		FileIDs []string `json:"fileIds,omitempty" doc:"Files that staff uploaded"`
	}
},
) (*workAnswer, error) {
	by, req, err := in.staff(ctx, account.Executor)
	if err != nil {
		return nil, err
	}
	return asWork(r.Commands.Work.Decide(ctx, req, by, in.ID, SupportDecision{
		Outcome: application.Outcome(in.Body.Outcome), Reason: in.Body.Reason, Text: in.Body.Text, FileIDs: in.Body.FileIDs,
	}))
}

func (r *Routes) completeApplication(ctx context.Context, in *OnApplication) (*workAnswer, error) {
	by, req, err := in.staff(ctx, account.Executor)
	if err != nil {
		return nil, err
	}
	return asWork(r.Commands.Work.Complete(ctx, req, by, in.ID))
}

func (r *Routes) moveDueDate(ctx context.Context, in *struct {
	OnApplication
	Body struct {
		DueAt  time.Time `json:"dueAt" doc:"In the future"`
		Reason string    `json:"reason" doc:"What the applicant reads, at most 4000 characters"`
	}
},
) (*workAnswer, error) {
	by, req, err := in.staff(ctx, account.ProviderAdmin)
	if err != nil {
		return nil, err
	}
	return asWork(r.Commands.Work.MoveDueDate(ctx, req, by, in.ID, in.Body.DueAt, in.Body.Reason))
}

func (r *Routes) answerQuestionnaire(ctx context.Context, in *struct {
	OnApplication
	Body struct {
		Answers map[string]any `json:"answers" doc:"By the question's id: a score from 1 to 5, or words"`
	}
},
) (*statusAnswer, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	return asStatus(r.Commands.Work.AnswerQuestionnaire(ctx, req, in.ID, in.Body.Answers))
}

// uploadFile keeps a file that belongs to no step: of the applicant, or of staff.
func (r *Routes) uploadFile(ctx context.Context, in *attachInput) (Application, application.File, error) {
	by, req, err := in.staff(ctx, account.Executor, account.Operator, account.ProviderAdmin)
	if err != nil {
		return Application{}, application.File{}, err
	}
	uploader := &by
	if req.Role == string(account.Applicant) {
		uploader = nil
	}
	return r.Commands.Work.UploadFile(ctx, req, uploader, in.ID, in.file.FileName(), io.Reader(in.file))
}
