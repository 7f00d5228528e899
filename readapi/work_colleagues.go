package readapi

import (
	"context"
	"slices"
	"strings"

	"services.example/portal/domain/account"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/accountprofile"
)

// colleague is somebody whom an application can be assigned to.
type colleague struct {
	ID    string         `json:"id" format:"uuid"`
	Name  string         `json:"name"`
	Roles []account.Role `json:"roles"`
}

type colleaguesAnswer struct {
	Body struct {
		Items []colleague `json:"items"`
	}
}

// colleagues lists the executors of the caller's provider who may sign in, by name.
func (q *Queries) colleagues(ctx context.Context, in *Consistent) (*colleaguesAnswer, error) {
	caller, err := staffCaller(ctx)
	if err != nil {
		return nil, err
	}
	if err := q.await(ctx, *in, accountprofile.Name); err != nil {
		return nil, err
	}
	answer := &colleaguesAnswer{}
	answer.Body.Items = []colleague{}
	query := readstore.Query{Index: accountprofile.ByProvider, Prefix: []any{caller.Provider}, Limit: readstore.MaxLimit}
	for {
		people, next, err := list[accountprofile.Profile](ctx, q.deps, accountprofile.Name, query)
		if err != nil {
			return nil, err
		}
		for i := range people {
			if p := &people[i].Doc; p.Active && !p.Blocked && slices.Contains(p.Roles, account.Executor) {
				answer.Body.Items = append(answer.Body.Items, colleague{ID: people[i].ID, Name: name(p), Roles: p.Roles})
			}
		}
		if next == "" {
			break
		}
		query.After = next
	}
	slices.SortStableFunc(answer.Body.Items, func(a, b colleague) int { return strings.Compare(a.Name, b.Name) })
	return answer, nil
}
