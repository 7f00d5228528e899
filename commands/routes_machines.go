package commands

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/account"
	"services.example/portal/infra/httpapi"
)

// registerMachines adds what administrators do with service accounts.
func (r *Routes) registerMachines(api huma.API) {
	add := func(id, method, path, summary string, status int) huma.Operation {
		return httpapi.Only(operation(id, method, "/admin/machines"+path, summary, adminTag, status), string(account.Admin))
	}
	huma.Register(api, add("list-machines", http.MethodGet, "", "Service accounts and their tokens", http.StatusOK), r.listMachines)
	huma.Register(api, add("add-machine", http.MethodPost, "",
		"Make a service account, which can do nothing before it has a token", http.StatusCreated), r.addMachine)
	issue := add("issue-machine-token", http.MethodPost, "/{machineId}/tokens", "Make a token of a service account", http.StatusCreated)
	issue.Description = "The token is in this answer and nowhere else. The scope audit:personal is given only by the operator, " +
		"on the portal's own machine, as accounts of auditors are."
	huma.Register(api, issue, r.issueMachineToken)
	huma.Register(api, add("revoke-machine-token", http.MethodDelete, "/{machineId}/tokens/{tokenId}",
		"End a token before its time", http.StatusNoContent), r.revokeMachineToken)
	huma.Register(api, add("revoke-machine-tokens", http.MethodDelete, "/{machineId}/tokens",
		"End all tokens of a service account", http.StatusNoContent), r.revokeMachineTokens)
}

func (r *Routes) listMachines(ctx context.Context, _ *struct{}) (*struct{ Body []Machine }, error) {
	list, err := r.Commands.Machines.List(ctx)
	if err != nil {
		return nil, err
	}
	return &struct{ Body []Machine }{list}, nil
}

type machineAdded struct {
	Written
	Body struct {
		ID string `json:"id" format:"uuid"`
	}
}

func (r *Routes) addMachine(ctx context.Context, in *struct {
	Administered
	Body struct {
		Name    string `json:"name" doc:"Such as statistics-office: small Latin letters, digits, hyphens; not that of a person" maxLength:"100"`
		Purpose string `json:"purpose" doc:"What it reads, and for whom; at most 500 characters"`
	}
},
) (*machineAdded, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	id, outcome, err := r.Commands.Machines.Add(ctx, req, in.Body.Name, in.Body.Purpose)
	if err != nil {
		return nil, err
	}
	answer := &machineAdded{Written: writtenAt(outcome)}
	answer.Body.ID = id
	return answer, nil
}

type tokenIssued struct {
	Written
	Body IssuedToken
}

func (r *Routes) issueMachineToken(ctx context.Context, in *struct {
	Administered
	MachineID string `path:"machineId"`
	Body      struct {
		Scopes  []string  `json:"scopes" doc:"audit:read, analytics:read, feed:read" maxItems:"20"`
		Expires time.Time `json:"expires" doc:"At most 366 days from now"`
	}
},
) (*tokenIssued, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	token, outcome, err := r.Commands.Machines.Issue(ctx, req, IssueToken{
		Machine: in.MachineID, Scopes: in.Body.Scopes, Expires: in.Body.Expires,
	})
	if err != nil {
		return nil, err
	}
	return &tokenIssued{Written: writtenAt(outcome), Body: token}, nil
}

func (r *Routes) revokeMachineToken(ctx context.Context, in *struct {
	Administered
	MachineID string `path:"machineId"`
	TokenID   string `path:"tokenId"`
},
) (*writtenAnswer, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	return asWritten(r.Commands.Machines.Revoke(ctx, req, in.MachineID, in.TokenID))
}

func (r *Routes) revokeMachineTokens(ctx context.Context, in *struct {
	Administered
	MachineID string `path:"machineId"`
},
) (*writtenAnswer, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	return asWritten(r.Commands.Machines.Revoke(ctx, req, in.MachineID, ""))
}
