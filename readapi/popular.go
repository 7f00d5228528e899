package readapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/infra/readstore"
	"services.example/portal/projections/popularservices"
	"services.example/portal/projections/providers"
	"services.example/portal/projections/servicecatalogue"
)

type popularService struct {
	Card
	Applications int64 `json:"applications" doc:"Sent so far"`
}

type popularAnswer struct {
	Body struct {
		Items []popularService `json:"items"`
	}
}

func (q *Queries) registerPopular(api huma.API) {
	huma.Register(api, operation("popular-services", "/services/popular", "The services used most, from real applications", catalogueTag),
		q.popular)
}

func (q *Queries) popular(ctx context.Context, in *struct {
	Consistent
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"10"`
},
) (*popularAnswer, error) {
	s, err := q.snapshot(ctx, in.Consistent, popularservices.Name, servicecatalogue.Name, providers.Name)
	if err != nil {
		return nil, err
	}
	answer := &popularAnswer{}
	answer.Body.Items = []popularService{}
	query := readstore.Query{Index: popularservices.ByUse, Limit: readstore.MaxLimit}
	for {
		used, next, err := list[popularservices.Use](ctx, q.deps, popularservices.Name, query)
		if err != nil {
			return nil, err
		}
		for _, use := range used {
			o, found := s.services[use.ID]
			if !found || !o.Published {
				continue
			}
			answer.Body.Items = append(answer.Body.Items, popularService{Card: s.card(o), Applications: use.Doc.Sent})
			if len(answer.Body.Items) == in.Limit {
				return answer, nil
			}
		}
		if next == "" {
			return answer, nil
		}
		query.After = next
	}
}
