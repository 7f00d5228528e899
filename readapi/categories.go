package readapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	domaincatalogue "services.example/portal/domain/catalogue"
	"services.example/portal/domain/text"
	"services.example/portal/projections/categories"
	"services.example/portal/projections/servicecatalogue"
)

const catalogueTag = "Catalogue"

// categoryNode is a category with the number of published services in it and below it.
type categoryNode struct {
	ID       string         `json:"id" format:"uuid"`
	Name     text.Text      `json:"name"`
	Services int            `json:"services"`
	Children []categoryNode `json:"children"`
}

func (q *Queries) registerCategories(api huma.API) {
	huma.Register(api, operation("list-categories", "/categories", "The tree of categories", catalogueTag),
		func(ctx context.Context, in *Consistent) (*struct{ Body []categoryNode }, error) {
			s, err := q.snapshot(ctx, *in, categories.Name, servicecatalogue.Name)
			if err != nil {
				return nil, err
			}
			counts := map[string]int{}
			for _, o := range s.published {
				counts[o.CategoryID]++
			}
			return &struct{ Body []categoryNode }{nodes(s.tree, counts)}, nil
		})
}

// snapshot returns the catalogue, as fresh as the query wants it.
func (q *Queries) snapshot(ctx context.Context, in Consistent, models ...string) (*snapshot, error) {
	if in.MinPosition == "" {
		return q.catalogue.now(ctx)
	}
	if err := q.await(ctx, in, models...); err != nil {
		return nil, err
	}
	return q.catalogue.refresh(ctx)
}

func nodes(tree []domaincatalogue.Category, counts map[string]int) []categoryNode {
	list := make([]categoryNode, len(tree))
	for i, c := range tree {
		list[i] = categoryNode{ID: c.ID, Name: c.Name, Services: counts[c.ID], Children: nodes(c.Children, counts)}
		for _, child := range list[i].Children {
			list[i].Services += child.Services
		}
	}
	return list
}

// pathTo returns the categories from a main category down to the one with an id; nothing if there is none.
func pathTo(tree []domaincatalogue.Category, id string) []domaincatalogue.Category {
	for _, c := range tree {
		if c.ID == id {
			return []domaincatalogue.Category{c}
		}
		if below := pathTo(c.Children, id); below != nil {
			return append([]domaincatalogue.Category{c}, below...)
		}
	}
	return nil
}

// withChildren returns the ids of a category and of everything below it; nil if there is no such category.
func withChildren(tree []domaincatalogue.Category, id string) map[string]bool {
	path := pathTo(tree, id)
	if path == nil {
		return nil
	}
	ids := map[string]bool{}
	var collect func(domaincatalogue.Category)
	collect = func(c domaincatalogue.Category) {
		ids[c.ID] = true
		for _, child := range c.Children {
			collect(child)
		}
	}
	collect(path[len(path)-1])
	return ids
}
