package commands

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/httpapi"
)

// Routes offers the commands over HTTP.
type Routes struct {
	Commands   *Commands
	Cookies    httpapi.Cookies
	ReadModels Rebuilder // nil: none can be rebuilt here
	SMSToken   string    // that the SMS gateway's reports have to bear; empty: it makes none
}

// Register adds every command to the API.
func (r *Routes) Register(api huma.API) {
	r.registerAccounts(api)
	r.registerApplications(api)
	r.registerCorrespondence(api)
	r.registerGateways(api)
	r.registerWork(api)
	r.registerDocuments(api)
	r.registerAdmin(api)
	r.registerWebhooks(api)
	r.registerErasure(api)
	r.registerMachines(api)
}

// Written is what every answer to a command carries.
type Written struct {
	Position string `header:"Position" doc:"Give it as Min-Position to a query that must show this command's effect"`
	ETag     string `header:"ETag" doc:"The revision, for If-Match"`
}

func writtenAt[S any](outcome Outcome[S]) Written {
	return Written{Position: positionHeader(outcome.Position), ETag: httpapi.ETag(outcome.Revision)}
}

func positionHeader(p eventstore.Position) string {
	if p.IsZero() {
		return ""
	}
	return p.String()
}

// request describes a command that anybody may give.
func request(ctx context.Context) Request {
	command := httpapi.CommandOf(ctx)
	return Request{
		CommandID: command.ID, BodyHash: command.BodyHash, CorrelationID: command.CorrelationID, CausationID: command.ID,
		Client: command.Client, Language: httpapi.LanguageOf(ctx),
	}
}

// requestOf describes a command of somebody who is signed in. Error: sign-in-required.
func requestOf(ctx context.Context, role string) (Request, error) {
	caller, err := httpapi.Signed(ctx)
	if err != nil {
		return Request{}, err
	}
	req := request(ctx)
	req.Actor, req.Role, req.Session = caller.AccountID, role, caller.SessionID
	return req, nil
}

// operation describes an endpoint for the OpenAPI document.
func operation(id, method, path, summary, tag string, status int) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: method, Path: httpapi.Base + path, Summary: summary, Tags: []string{tag},
		DefaultStatus: status, MaxBodyBytes: maxBody, BodyReadTimeout: bodyReadTimeout,
		Errors: []int{
			http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict,
			http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable,
		},
	}
}
