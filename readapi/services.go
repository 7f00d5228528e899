package readapi

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/categories"
	"services.example/portal/projections/providers"
	"services.example/portal/projections/servicecatalogue"
)

// Card is a service as lists show it.
type Card struct {
	ID          string       `json:"id" format:"uuid"`
	Name        text.Text    `json:"name"`
	Description text.Text    `json:"description"`
	Provider    Organisation `json:"provider"`
	CategoryID  string       `json:"categoryId" format:"uuid"`
	Kind        service.Kind `json:"kind"`
	Term        service.Term `json:"term"`
	Logo        string       `json:"logo,omitempty"`
}

// Organisation is a provider as a card names it.
type Organisation struct {
	ID   string    `json:"id" format:"uuid"`
	Name text.Text `json:"name"`
	Logo string    `json:"logo,omitempty"`
}

func (s *snapshot) card(o *offer) Card {
	provider := s.providers[o.ProviderID]
	return Card{
		ID: o.ID, Name: o.Name, Description: o.Description, CategoryID: o.CategoryID, Kind: o.Kind, Term: o.Term, Logo: o.Logo,
		Provider: Organisation{ID: o.ProviderID, Name: provider.Name, Logo: provider.Logo},
	}
}

type servicesInput struct {
	Consistent
	Paged
	Category string `query:"category" doc:"Its id; with everything below it"`
	Query    string `query:"q" maxLength:"200" doc:"Words or parts of words in Kazakh, Russian or English, also without Kazakh letters"`
}

type servicesAnswer struct {
	Body struct {
		Items []Card `json:"items"`
		Total int    `json:"total"`
		Next  string `json:"next,omitempty"`
	}
}

func (q *Queries) registerServices(api huma.API) {
	huma.Register(api, operation("list-services", "/services", "Find services", catalogueTag), q.listServices)
}

func (q *Queries) listServices(ctx context.Context, in *servicesInput) (*servicesAnswer, error) {
	s, err := q.snapshot(ctx, in.Consistent, servicecatalogue.Name, providers.Name, categories.Name)
	if err != nil {
		return nil, err
	}
	var within map[string]bool
	if in.Category != "" {
		if within = withChildren(s.tree, in.Category); within == nil {
			return nil, problem.New(problem.NotFound, "category-not-found")
		}
	}
	found := s.find(within, in.Query)
	from, err := placeAfter(found, in)
	if err != nil {
		return nil, err
	}
	answer := &servicesAnswer{}
	answer.Body.Total, answer.Body.Items = len(found), []Card{}
	for _, o := range found[from:min(from+in.Limit, len(found))] {
		answer.Body.Items = append(answer.Body.Items, s.card(o))
	}
	if from+in.Limit < len(found) {
		answer.Body.Next = cursor(in, found[from+in.Limit-1].ID)
	}
	return answer, nil
}

// cursor names the last service of a page, bound to what was asked.
func cursor(in *servicesInput, last string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(asked(in) + last))
}

// asked is a short hash of what a list was asked for.
func asked(in *servicesInput) string {
	sum := sha256.Sum256([]byte(in.Category + "\x00" + in.Query))
	return string(sum[:6])
}

// placeAfter finds where the page after a cursor begins.
func placeAfter(found []*offer, in *servicesInput) (int, error) {
	if in.After == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(in.After)
	if err != nil {
		return 0, readstore.ErrCursor
	}
	last, ours := strings.CutPrefix(string(raw), asked(in))
	if !ours {
		return 0, readstore.ErrCursor
	}
	i := slices.IndexFunc(found, func(o *offer) bool { return o.ID == last })
	if i < 0 { // the service went out of the catalogue in between
		return 0, readstore.ErrCursor
	}
	return i + 1, nil
}
