package categories_test

import (
	"testing"
	"time"

	"services.example/portal/domain/catalogue"
	"services.example/portal/domain/text"
	"services.example/portal/projections/categories"
	"services.example/portal/projections/projectionstest"
)

func TestTheTreeIsTheOneDefinedLast(t *testing.T) {
	morning := time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC)
	tree := []catalogue.Category{
		{ID: "2", Slug: "finance", Name: text.Text{KK: "Қаржыландыру"}, Children: []catalogue.Category{
			{ID: "4", Slug: "leasing"}, {ID: "3", Slug: "grants"},
		}},
		{ID: "1", Slug: "career"},
	}
	history := projectionstest.History{}.
		In("catalogue", "", "", catalogue.CategoriesDefined{Tree: tree[1:]}, catalogue.CategoriesDefined{Tree: tree, At: morning}).
		In("catalogue-of-something-else", "", "", catalogue.CategoriesDefined{})
	projectionstest.Expect(t, categories.Model, history, map[string]categories.Tree{
		"catalogue": {Stream: "catalogue", Tree: tree, DefinedAt: morning},
	})
}
