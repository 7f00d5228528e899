package commands

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/account"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/httpapi"
)

const adminTag = "Administration"

func (r *Routes) registerAdmin(api huma.API) {
	add := func(id, method, path, summary string, status int) huma.Operation {
		return httpapi.Only(operation(id, method, "/admin"+path, summary, adminTag, status), string(account.Admin))
	}
	find := add("find-account", http.MethodPost, "/accounts/search", "The account of an IIN or BIN", http.StatusOK)
	find.Description = "Only the whole number finds an account. It is no part of an address, because addresses are written down."
	huma.Register(api, find, r.findAccount)
	huma.Register(api, add("block-account", http.MethodPost, "/accounts/{accountId}/block",
		"Keep somebody out and end their sessions", http.StatusNoContent), r.blockAccount)
	huma.Register(api, add("unblock-account", http.MethodPost, "/accounts/{accountId}/unblock",
		"Let somebody in again", http.StatusNoContent), r.unblockAccount)
	correct := add("correct-contacts", http.MethodPut, "/accounts/{accountId}/contacts",
		"Replace the contacts of somebody whose identity was checked", http.StatusNoContent)
	correct.Description = "They take effect at once, every session ends, and the replaced contacts are told."
	huma.Register(api, correct, r.correctContacts)
	huma.Register(api, add("resend-notification", http.MethodPost, "/notifications/{noticeId}/resend",
		"Try a notice again that was given up or postponed", http.StatusAccepted), r.resendNotice)
	huma.Register(api, add("rebuild-projection", http.MethodPost, "/projections/{name}/rebuild",
		"Build a read model again from the event log, while the one before serves", http.StatusAccepted), r.rebuild)
	huma.Register(api, add("change-calendar", http.MethodPut, "/calendars/{calendarId}",
		"Replace the days that differ from Monday to Friday; due dates that are set stay", http.StatusOK), r.changeCalendar)
}

// Administered is a command of an administrator.
type Administered struct {
	Idempotent
	IfMatch string `header:"If-Match" required:"false"`
}

// request describes an administrator's command.
func (in Administered) request(ctx context.Context) (Request, error) {
	req, err := requestOf(ctx, string(account.Admin))
	if err != nil {
		return Request{}, err
	}
	req.IfMatch, err = httpapi.IfMatch(in.IfMatch)
	return req, err
}

type writtenAnswer struct{ Written }

func asWritten[S any](outcome Outcome[S], err error) (*writtenAnswer, error) {
	if err != nil {
		return nil, err
	}
	return &writtenAnswer{writtenAt(outcome)}, nil
}

func (r *Routes) findAccount(ctx context.Context, in *struct {
	Body struct {
		Login string `json:"login" doc:"IIN or BIN" maxLength:"100"`
	}
},
) (*struct{ Body []AnyAccount }, error) {
	found, err := r.Commands.Accounts.FindAccount(ctx, strings.TrimSpace(in.Body.Login))
	if err != nil {
		return nil, err
	}
	body := []AnyAccount{}
	if found != nil {
		body = append(body, *found)
	}
	return &struct{ Body []AnyAccount }{body}, nil
}

type onAccount struct {
	Administered
	AccountID string `path:"accountId"`
	Body      struct {
		Reason string `json:"reason" doc:"At most 1000 characters; kept with the account"`
	}
}

func (r *Routes) blockAccount(ctx context.Context, in *onAccount) (*writtenAnswer, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	return asWritten(r.Commands.Accounts.BlockAccount(ctx, req, in.AccountID, in.Body.Reason))
}

func (r *Routes) unblockAccount(ctx context.Context, in *onAccount) (*writtenAnswer, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	return asWritten(r.Commands.Accounts.UnblockAccount(ctx, req, in.AccountID, in.Body.Reason))
}

func (r *Routes) correctContacts(ctx context.Context, in *struct {
	Administered
	AccountID string `path:"accountId"`
	Body      struct {
		Phone  string `json:"phone,omitempty" doc:"As it is if absent"`
		Email  string `json:"email,omitempty" doc:"As it is if absent"`
		Reason string `json:"reason" doc:"At most 1000 characters; kept with the account"`
	}
},
) (*writtenAnswer, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	phone, email := strings.TrimSpace(in.Body.Phone), strings.TrimSpace(in.Body.Email)
	return asWritten(r.Commands.Accounts.CorrectContacts(ctx, req, in.AccountID, phone, email, in.Body.Reason))
}

func (r *Routes) resendNotice(ctx context.Context, in *struct {
	Administered
	NoticeID string `path:"noticeId"`
},
) (*writtenAnswer, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	return asWritten(r.Commands.Notices.Resend(ctx, req, in.NoticeID))
}

func (r *Routes) rebuild(ctx context.Context, in *struct {
	Idempotent
	Name string `path:"name"`
},
) (*struct{}, error) {
	if r.ReadModels == nil {
		return nil, problem.New(problem.Unavailable, "not-the-owner")
	}
	return nil, r.ReadModels.Begin(ctx, in.Name)
}

type calendarAnswer struct {
	Written
	Body struct {
		ID              string   `json:"id"`
		Version         int      `json:"version"`
		Holidays        []string `json:"holidays"`
		WorkingWeekends []string `json:"workingWeekends"`
	}
}

func (r *Routes) changeCalendar(ctx context.Context, in *struct {
	Administered
	CalendarID string `path:"calendarId"`
	Body       struct {
		Holidays        []string `json:"holidays" doc:"Days from Monday to Friday that are not worked, yyyy-mm-dd"`
		WorkingWeekends []string `json:"workingWeekends" doc:"Saturdays and Sundays that are worked, yyyy-mm-dd"`
	}
},
) (*calendarAnswer, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	outcome, err := r.Commands.Catalogue.ChangeCalendar(ctx, req, in.CalendarID, in.Body.Holidays, in.Body.WorkingWeekends)
	if err != nil {
		return nil, err
	}
	answer := &calendarAnswer{Written: writtenAt(outcome)}
	answer.Body.ID, answer.Body.Version = in.CalendarID, outcome.State.Version
	answer.Body.Holidays, answer.Body.WorkingWeekends = outcome.State.Holidays, outcome.State.WorkingWeekends
	return answer, nil
}
