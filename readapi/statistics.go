package readapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	domaincatalogue "services.example/portal/domain/catalogue"
	"services.example/portal/domain/text"
	"services.example/portal/projections/categories"
	"services.example/portal/projections/statisticsbycategory"
)

// categoryFigures counts a category with everything below it.
type categoryFigures struct {
	ID           string            `json:"id" format:"uuid"`
	Name         text.Text         `json:"name"`
	Services     int               `json:"services" doc:"Published now"`
	Applications int64             `json:"applications" doc:"Sent so far"`
	Children     []categoryFigures `json:"children"`
}

func (q *Queries) registerStatistics(api huma.API) {
	huma.Register(api, operation("service-statistics", "/statistics/services", "Services and applications by category", catalogueTag),
		func(ctx context.Context, in *Consistent) (*struct{ Body []categoryFigures }, error) {
			s, err := q.snapshot(ctx, *in, statisticsbycategory.Name, categories.Name)
			if err != nil {
				return nil, err
			}
			figures, err := all[statisticsbycategory.Figures](ctx, q.deps, statisticsbycategory.Name, statisticsbycategory.ByService)
			if err != nil {
				return nil, err
			}
			own := map[string]categoryFigures{}
			for _, f := range figures {
				sum := own[f.Doc.CategoryID]
				sum.Applications += f.Doc.Sent
				if f.Doc.Published {
					sum.Services++
				}
				own[f.Doc.CategoryID] = sum
			}
			return &struct{ Body []categoryFigures }{summed(s.tree, own)}, nil
		})
}

func summed(tree []domaincatalogue.Category, own map[string]categoryFigures) []categoryFigures {
	list := make([]categoryFigures, len(tree))
	for i, c := range tree {
		f := own[c.ID]
		f.ID, f.Name, f.Children = c.ID, c.Name, summed(c.Children, own)
		for _, child := range f.Children {
			f.Services += child.Services
			f.Applications += child.Applications
		}
		list[i] = f
	}
	return list
}
