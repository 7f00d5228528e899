package catalogue_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/catalogue"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
)

var monday = time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)

func words(s string) text.Text { return text.Text{KK: s + " (kk)", RU: s + " (ru)", EN: s + " (en)"} }

func node(slug string, children ...catalogue.Category) catalogue.Category {
	return catalogue.Category{ID: "id-" + slug, Slug: slug, Name: words(slug), Children: children}
}

func TestDecideCategories(t *testing.T) {
	tree := []catalogue.Category{node("financing", node("grants"), node("leasing")), node("sales")}
	reordered := []catalogue.Category{node("financing", node("leasing"), node("grants")), node("sales")}
	type events = []catalogue.CategoryEvent
	for name, test := range map[string]struct {
		given, when []catalogue.Category
		then        events
		faults      []string
	}{
		"a first tree":                  {nil, tree, events{catalogue.CategoriesDefined{Tree: tree, At: monday}}, nil},
		"the same tree changes nothing": {tree, tree, nil, nil},
		"the order is part of the tree": {tree, reordered, events{catalogue.CategoriesDefined{Tree: reordered, At: monday}}, nil},
		"a tree of nothing":             {nil, nil, nil, []string{"/tree required"}},
		"nodes without id, slug, name": {nil, []catalogue.Category{{}}, nil, []string{
			"/tree/0/id required", "/tree/0/slug required", "/tree/0/name/kk required", "/tree/0/name/ru required", "/tree/0/name/en required",
		}},
		"a node twice": {nil, []catalogue.Category{node("a", node("b")), node("b")}, nil, []string{"/tree/1/id repeated", "/tree/1/slug repeated"}},
		"too deep": {nil, []catalogue.Category{node("a", node("b", node("c", node("d", node("e")))))}, nil, []string{
			"/tree/0/children/0/children/0/children/0/children too-deep",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			state := catalogue.Categories{}
			if test.given != nil {
				state = catalogue.EvolveCategories(state, catalogue.CategoriesDefined{Tree: test.given})
			}
			got, err := catalogue.DecideCategories(state, catalogue.DefineCategories{Tree: test.when, At: monday})
			if diff := cmp.Diff(test.then, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.faults, codes(err)); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTheSameTreeAgain: whatever tree was decided, it is in effect afterwards and asking again gives nothing.
func TestTheSameTreeAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var state catalogue.Categories
		for range rapid.IntRange(1, 5).Draw(t, "commands") {
			var tree []catalogue.Category
			for _, slug := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), rapid.ID[string]).Draw(t, "slugs") {
				tree = append(tree, node(slug))
			}
			command := catalogue.DefineCategories{Tree: tree, At: monday}
			events, err := catalogue.DecideCategories(state, command)
			if (err != nil) != (len(tree) == 0) {
				t.Fatalf("%d nodes: %v", len(tree), err)
			}
			for _, event := range events {
				state = catalogue.EvolveCategories(state, event)
			}
			if err != nil {
				continue
			}
			if diff := cmp.Diff(tree, state.Tree); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			if again, err := catalogue.DecideCategories(state, command); err != nil || len(again) > 0 {
				t.Fatalf("again: %v, %v", again, err)
			}
		}
	})
}

// codes lists the faults of a problem as location and code.
func codes(err error) []string {
	var p *problem.Problem
	if !errors.As(err, &p) {
		return nil
	}
	var all []string
	for _, field := range p.Fields {
		all = append(all, field.Location+" "+field.Code)
	}
	return all
}
