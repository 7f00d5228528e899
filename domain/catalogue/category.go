// Package catalogue holds what services are found by: the tree of categories and the organisations that provide them.
package catalogue

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
)

// Category is a node of the tree. A service may belong to a node at any level.
type Category struct {
	ID       string     `json:"id" bson:"id"`
	Slug     string     `json:"slug" bson:"slug"`
	Name     text.Text  `json:"name" bson:"name"`
	Children []Category `json:"children,omitempty" bson:"children,omitempty"`
}

// The bounds of the tree.
const (
	MaxDepth      = 4
	MaxCategories = 500
	maxNameRunes  = 500
)

// Stream holds the tree of categories.
const Stream = "catalogue"

// CategoryEvent is something that happened to the tree.
type CategoryEvent interface{ isCategoryEvent() }

// CategoryEventTypes is the storage format: see the warning at application.EventTypes. The tree has one stream,
// catalogue.
var CategoryEventTypes = map[string]CategoryEvent{
	"catalogue.categories-defined.v1": CategoriesDefined{},
}

// CategoriesDefined replaces the tree. The order of its nodes is the order on the screen.
type CategoriesDefined struct {
	Tree []Category `json:"tree"`
	At   time.Time  `json:"at"`
}

func (CategoriesDefined) isCategoryEvent() {}

// DefineCategories asks for a new tree.
type DefineCategories struct {
	Tree []Category
	At   time.Time
}

// Categories is the tree as its events have made it. The zero value is a portal without categories.
type Categories struct {
	Tree []Category
}

// DecideCategories gives what happens when a new tree is asked for, or the problem invalid with every fault of it. The
// tree that is there already gives nothing.
func DecideCategories(state Categories, command DefineCategories) ([]CategoryEvent, error) {
	if err := checkTree(command.Tree); err != nil {
		return nil, err
	}
	if slices.EqualFunc(state.Tree, command.Tree, Category.same) {
		return nil, nil
	}
	return []CategoryEvent{CategoriesDefined(command)}, nil
}

// EvolveCategories applies what happened.
func EvolveCategories(state Categories, event CategoryEvent) Categories {
	if e, ok := event.(CategoriesDefined); ok {
		state.Tree = e.Tree
	}
	return state
}

func (c Category) same(other Category) bool {
	return c.ID == other.ID && c.Slug == other.Slug && c.Name == other.Name &&
		slices.EqualFunc(c.Children, other.Children, Category.same)
}

// treeCheck gathers the faults of a tree.
type treeCheck struct {
	faults []problem.Field
	ids    map[string]bool
	slugs  map[string]bool
}

func checkTree(tree []Category) error {
	c := treeCheck{ids: map[string]bool{}, slugs: map[string]bool{}}
	if len(tree) == 0 {
		c.add("/tree", "required")
	}
	c.nodes("/tree", tree, 1)
	if len(c.ids) > MaxCategories {
		c.add("/tree", "too-many")
	}
	return problem.Input(c.faults...)
}

func (c *treeCheck) add(location, code string) {
	c.faults = append(c.faults, problem.Field{Location: location, Code: code})
}

func (c *treeCheck) nodes(at string, nodes []Category, depth int) {
	if depth > MaxDepth && len(nodes) > 0 {
		c.add(at, "too-deep")
		return
	}
	for i, node := range nodes {
		at := at + "/" + strconv.Itoa(i)
		c.unique(at+"/id", node.ID, c.ids)
		c.unique(at+"/slug", node.Slug, c.slugs)
		c.faults = append(c.faults, nameFaults(at+"/name", node.Name)...)
		c.nodes(at+"/children", node.Children, depth+1)
	}
}

func (c *treeCheck) unique(at, value string, seen map[string]bool) {
	switch {
	case value == "":
		c.add(at, "required")
	case seen[value]:
		c.add(at, "repeated")
	}
	seen[value] = true
}

// nameFaults asks for a name in every language.
func nameFaults(at string, name text.Text) []problem.Field {
	var faults []problem.Field
	for _, one := range []struct {
		language text.Language
		words    string
	}{{text.Kazakh, name.KK}, {text.Russian, name.RU}, {text.English, name.EN}} {
		location := fmt.Sprintf("%s/%s", at, one.language)
		switch {
		case strings.TrimSpace(one.words) == "":
			faults = append(faults, problem.Field{Location: location, Code: "required"})
		case len([]rune(one.words)) > maxNameRunes:
			faults = append(faults, problem.Field{
				Location: location, Code: "too-long", Params: map[string]string{"max": strconv.Itoa(maxNameRunes)},
			})
		}
	}
	return faults
}
