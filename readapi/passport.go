package readapi

import (
	"context"
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/providers"
	"services.example/portal/projections/servicepassport"
)

// passport is everything that is said about a service before somebody applies.
type passport struct {
	ID          string                      `json:"id" format:"uuid"`
	Version     int                         `json:"version"`
	Name        text.Text                   `json:"name"`
	Description text.Text                   `json:"description"`
	Conditions  text.Text                   `json:"conditions"`
	Recipients  text.Text                   `json:"recipients"`
	Result      text.Text                   `json:"result"`
	Kind        service.Kind                `json:"kind"`
	Term        service.Term                `json:"term"`
	CategoryID  string                      `json:"categoryId" format:"uuid"`
	Logo        string                      `json:"logo,omitempty"`
	Contacts    service.Contacts            `json:"contacts" doc:"For advice on this service"`
	Provider    providerWithContacts        `json:"provider"`
	Documents   []service.NormativeDocument `json:"documents" doc:"Laws and rules on which the service rests"`
	Steps       []service.Step              `json:"steps"`
	Files       service.FileRules           `json:"files"`
}

type providerWithContacts struct {
	Organisation
	ShortName text.Text        `json:"shortName"`
	Website   string           `json:"website,omitempty"`
	Contacts  service.Contacts `json:"contacts"`
}

func (q *Queries) registerPassport(api huma.API) {
	huma.Register(api, operation("read-passport", "/services/{id}", "A service's passport and form", catalogueTag), q.readPassport)
}

func (q *Queries) readPassport(ctx context.Context, in *struct {
	Consistent
	ID string `path:"id"`
},
) (*struct{ Body passport }, error) {
	s, err := q.snapshot(ctx, in.Consistent, servicepassport.Name, providers.Name)
	if err != nil {
		return nil, err
	}
	published, err := get[servicepassport.Document](ctx, q.deps, servicepassport.Name, in.ID)
	if errors.Is(err, readstore.ErrNotFound) || err == nil && (published.Content != nil || !published.Published) {
		return nil, problem.New(problem.NotFound, "service-not-found")
	}
	if err != nil {
		return nil, err
	}
	content, err := q.versions.content(ctx, in.ID, published.Version)
	if err != nil {
		return nil, err
	}
	answer := passportOf(in.ID, published.Version, content, s.providerWithContacts(content.Passport.ProviderID))
	return &struct{ Body passport }{answer}, nil
}

// passportOf shows a version of a service.
func passportOf(id string, number int, content *version, provider providerWithContacts) passport {
	p := &content.Passport
	return passport{
		ID: id, Version: number, Name: p.Name, Description: p.Description, Conditions: p.Conditions,
		Recipients: p.Recipients, Result: p.Result, Kind: p.Kind, Term: p.Term, CategoryID: p.CategoryID, Logo: p.Logo,
		Contacts: p.Contacts, Provider: provider, Documents: orEmpty(p.Documents),
		Steps: orEmpty(content.steps), Files: content.FileRules(),
	}
}

func (s *snapshot) providerWithContacts(id string) providerWithContacts {
	p := s.providers[id]
	return providerWithContacts{
		Organisation: Organisation{ID: id, Name: p.Name, Logo: p.Logo},
		ShortName:    p.ShortName, Website: p.Website, Contacts: p.Contacts,
	}
}

// orEmpty makes a missing list an empty one: JSON has no null lists here.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
