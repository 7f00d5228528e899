package readapi

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/account"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/accountprofile"
)

type meAnswer struct {
	ETag string `header:"ETag" doc:"Of the client card, for If-Match"`
	Body struct {
		ID         string            `json:"id" format:"uuid"`
		Kind       account.Kind      `json:"kind"`
		Login      string            `json:"login" doc:"IIN or BIN"`
		Name       string            `json:"name"`
		Email      string            `json:"email"`
		Phone      string            `json:"phone"`
		Roles      []account.Role    `json:"roles"`
		ProviderID string            `json:"providerId,omitempty" doc:"Of staff"`
		Language   text.Language     `json:"language"`
		NotifyBy   []account.Channel `json:"notifyBy"`
		ClientCard clientCard        `json:"clientCard"`
	}
}

// clientCard is the card with the confirmed contacts beside it.
type clientCard struct {
	account.Card
	Phone string `json:"phone"`
	Email string `json:"email"`
}

func (q *Queries) registerMe(api huma.API) {
	huma.Register(api, httpapi.Brief(httpapi.Private(operation("read-me", "/me", "Who is signed in, with the client card", "Accounts"))), q.me)
}

func (q *Queries) me(ctx context.Context, in *Consistent) (*meAnswer, error) {
	caller, err := httpapi.Signed(ctx)
	if err != nil {
		return nil, err
	}
	if err := q.await(ctx, *in, accountprofile.Name); err != nil {
		return nil, err
	}
	p, err := q.profile(ctx, caller.AccountID)
	if err != nil {
		return nil, err
	}
	answer := &meAnswer{ETag: httpapi.ETag(int64(p.CardVersion))}
	b := &answer.Body
	b.ID, b.Kind, b.Login, b.Name = caller.AccountID, p.Kind, p.Login, name(p)
	b.Email, b.Phone, b.Roles, b.ProviderID = p.Email, p.Phone, orEmpty(p.Roles), p.ProviderID
	b.Language, b.NotifyBy = p.Language, orEmpty(p.NotifyBy)
	if err := json.Unmarshal([]byte(p.ClientCard), &b.ClientCard.Card); err != nil {
		return nil, problem.New(problem.Unavailable, "internal")
	}
	b.ClientCard.Phone, b.ClientCard.Email = p.Phone, p.Email
	return answer, nil
}

// profilePoll is how often a profile is looked for that is on its way.
const profilePoll = 5 * time.Millisecond

// profile reads the profile of somebody with a session. The session exists, so the account does: right after a
// registration its profile may be on its way, and is waited for. Error: read-model-behind.
func (q *Queries) profile(ctx context.Context, accountID string) (*accountprofile.Profile, error) {
	waiting, cancel := context.WithTimeout(ctx, longestWait)
	defer cancel()
	again := time.NewTicker(profilePoll)
	defer again.Stop()
	for {
		p, err := get[accountprofile.Profile](ctx, q.deps, accountprofile.Name, accountID)
		if err == nil && p.Active || err != nil && !errors.Is(err, readstore.ErrNotFound) {
			return p, err
		}
		select {
		case <-waiting.Done():
			return nil, behind()
		case <-again.C:
		}
	}
}

// name is what the portal calls somebody: the organisation, or the person.
func name(p *accountprofile.Profile) string {
	if p.Kind == account.Legal {
		return p.Organization
	}
	return account.Card{LastName: p.LastName, FirstName: p.FirstName, MiddleName: p.MiddleName}.FullName()
}
