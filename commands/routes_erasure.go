package commands

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/account"
	"services.example/portal/domain/erasure"
	"services.example/portal/domain/retention"
	"services.example/portal/infra/httpapi"
)

const privacyTag = "Personal data"

func (r *Routes) registerErasure(api huma.API) {
	ask := httpapi.Private(operation("request-erasure", http.MethodPost, "/my/erasure",
		"Ask for one's own data to be erased", privacyTag, http.StatusAccepted))
	ask.Description = "Two administrators decide. What stands against it, such as an application that is under way, refuses the request " +
		"at once, and GET answers with it; signed documents are kept for their term and destroyed then."
	huma.Register(api, ask, r.requestErasure)
	huma.Register(api, httpapi.Private(operation("withdraw-erasure", http.MethodDelete, "/my/erasure",
		"Take the request back, while nothing was decided", privacyTag, http.StatusOK)), r.withdrawErasure)

	add := func(id, method, path, summary string, status int) huma.Operation {
		return httpapi.Only(operation(id, method, "/admin"+path, summary, adminTag, status), string(account.Admin))
	}
	huma.Register(api, add("request-erasure-for", http.MethodPost, "/accounts/{accountId}/erasure",
		"Enter somebody's written request to be erased", http.StatusAccepted), r.requestErasureFor)
	approve := add("approve-erasure", http.MethodPost, "/erasures/{accountId}/approve",
		"Agree to an erasure; it takes two administrators", http.StatusOK)
	approve.Description = "With the second one the account is closed. Until its pause is over, declining opens it again."
	huma.Register(api, approve, r.approveErasure)
	huma.Register(api, add("decline-erasure", http.MethodPost, "/erasures/{accountId}/decline",
		"End a request to be erased, also one that is ordered and has not begun", http.StatusOK), r.declineErasure)
	huma.Register(api, add("place-legal-hold", http.MethodPut, "/accounts/{accountId}/legal-hold",
		"Keep somebody's data from being erased", http.StatusOK), r.placeLegalHold)
	huma.Register(api, add("lift-legal-hold", http.MethodDelete, "/accounts/{accountId}/legal-hold",
		"Let somebody's data be erased again", http.StatusOK), r.liftLegalHold)
	schedule := add("change-retention", http.MethodPut, "/retention",
		"Replace the retention schedule; what is kept of erased people keeps its term", http.StatusOK)
	huma.Register(api, schedule, r.changeRetention)
}

type erasureAnswer struct {
	Written
	Body struct {
		RequestID string        `json:"requestId,omitempty"`
		Stage     erasure.Stage `json:"stage,omitempty" enum:"requested,approved,ordered,begun,key-destroyed,completed,refused,declined,withdrawn"`
		Approvals int           `json:"approvals" doc:"It takes two"`
		NotBefore *time.Time    `json:"notBefore,omitempty" doc:"When an ordered erasure begins"`
		LegalHold bool          `json:"legalHold"`
	}
}

func asErasure(outcome Outcome[erasure.State], err error) (*erasureAnswer, error) {
	if err != nil {
		return nil, err
	}
	s := outcome.State
	answer := &erasureAnswer{Written: writtenAt(outcome)}
	answer.Body.RequestID, answer.Body.Stage, answer.Body.LegalHold = s.RequestID, s.Stage, s.LegalHold
	answer.Body.Approvals = len(s.Approvers)
	if s.Stage == erasure.StageOrdered {
		answer.Body.NotBefore = &s.NotBefore
	}
	return answer, nil
}

func (r *Routes) requestErasure(ctx context.Context, in *struct {
	Idempotent
	Body struct {
		Password string `json:"password" doc:"The caller's, again" maxLength:"1000"`
	}
},
) (*erasureAnswer, error) {
	req, err := requestOf(ctx, "self")
	if err != nil {
		return nil, err
	}
	return asErasure(r.Commands.Erasures.Request(ctx, req, in.Body.Password))
}

func (r *Routes) withdrawErasure(ctx context.Context, _ *Idempotent) (*erasureAnswer, error) {
	req, err := requestOf(ctx, "self")
	if err != nil {
		return nil, err
	}
	return asErasure(r.Commands.Erasures.Withdraw(ctx, req))
}

type onPerson struct {
	Administered
	AccountID string `path:"accountId"`
}

func (r *Routes) requestErasureFor(ctx context.Context, in *struct {
	onPerson
	Body struct {
		Reference string `json:"reference" doc:"Of the written request, and how the identity was checked; at most 4000 characters"`
	}
},
) (*erasureAnswer, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	return asErasure(r.Commands.Erasures.RequestFor(ctx, req, in.AccountID, in.Body.Reference))
}

func (r *Routes) approveErasure(ctx context.Context, in *onPerson) (*erasureAnswer, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	return asErasure(r.Commands.Erasures.Approve(ctx, req, in.AccountID))
}

type onPersonWithReason struct {
	onPerson
	Body struct {
		Reason string `json:"reason" doc:"At most 4000 characters"`
	}
}

func (r *Routes) declineErasure(ctx context.Context, in *onPersonWithReason) (*erasureAnswer, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	return asErasure(r.Commands.Erasures.Decline(ctx, req, in.AccountID, in.Body.Reason))
}

func (r *Routes) placeLegalHold(ctx context.Context, in *onPersonWithReason) (*erasureAnswer, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	return asErasure(r.Commands.Erasures.PlaceLegalHold(ctx, req, in.AccountID, in.Body.Reason))
}

func (r *Routes) liftLegalHold(ctx context.Context, in *onPerson) (*erasureAnswer, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	return asErasure(r.Commands.Erasures.LiftLegalHold(ctx, req, in.AccountID))
}

// retentionRule is a rule of the retention schedule.
type retentionRule struct {
	Kind   retention.Kind `json:"kind" enum:"act,agreement,result,account,staff,registration"`
	Months int            `json:"months" doc:"Of documents, from the last signature; of an account, from the last thing done in it; of one of staff, from when it was closed; of a registration that nobody confirmed, from when it was sent"`
	Basis  string         `json:"basis" doc:"What asks for it; at most 4000 characters"`
}

type retentionAnswer struct {
	Written
	Body struct {
		Rules []retentionRule `json:"rules"`
	}
}

func (r *Routes) changeRetention(ctx context.Context, in *struct {
	Administered
	Body struct {
		Rules []retentionRule `json:"rules" doc:"One of each kind" maxItems:"10"`
	}
},
) (*retentionAnswer, error) {
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	rules := make([]retention.Rule, len(in.Body.Rules))
	for i, rule := range in.Body.Rules {
		rules[i] = retention.Rule(rule)
	}
	outcome, err := r.Commands.Erasures.Schedule(ctx, req, rules)
	if err != nil {
		return nil, err
	}
	answer := &retentionAnswer{Written: writtenAt(outcome)}
	answer.Body.Rules = []retentionRule{}
	for _, rule := range outcome.State.Rules() {
		answer.Body.Rules = append(answer.Body.Rules, retentionRule(rule))
	}
	return answer, nil
}
