package readstore_test

import (
	"errors"
	"strings"
	"testing"

	"services.example/portal/infra/readstore"
)

func index(name string, paths ...string) readstore.Index {
	declared := readstore.Index{Name: name}
	for _, path := range paths {
		declared.Fields = append(declared.Fields, readstore.Field{Path: path})
	}
	return declared
}

func TestCollectionsThatCannotBeDeclared(t *testing.T) {
	for name, declared := range map[string]readstore.Collection{
		"no name":               {},
		"a zero byte":           {Name: "a\x00"},
		"a dollar":              {Name: "$a"},
		"a very long name":      {Name: strings.Repeat("a", 101)},
		"index without a name":  {Name: "c", Indexes: []readstore.Index{index("", "a")}},
		"index without fields":  {Name: "c", Indexes: []readstore.Index{index("i")}},
		"index declared twice":  {Name: "c", Indexes: []readstore.Index{index("i", "a"), index("i", "a")}},
		"empty path":            {Name: "c", Indexes: []readstore.Index{index("i", "a", "")}},
		"path that ends early":  {Name: "c", Indexes: []readstore.Index{index("i", "a.")}},
		"path with an operator": {Name: "c", Indexes: []readstore.Index{index("i", "a.$")}},
	} {
		t.Run(name, func(t *testing.T) {
			var invalid *readstore.InvalidError
			if err := declared.Validate(); !errors.As(err, &invalid) {
				t.Fatalf("got error %v, want an InvalidError", err)
			}
		})
	}
	good := readstore.Collection{Name: "my_applications@3", Indexes: []readstore.Index{index("by owner", "owner.id", "number"), index("i", "a")}}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
}

func TestQueriesThatNoIndexServes(t *testing.T) {
	two := index("i", "a", "b")
	for name, query := range map[string]readstore.Query{
		"no limit":                   {},
		"a negative limit":           {Limit: -1},
		"too large a limit":          {Limit: readstore.MaxLimit + 1},
		"too long a prefix":          {Limit: 1, Prefix: []any{1, 2, 3}},
		"a range with nothing left":  {Limit: 1, Prefix: []any{1, 2}, From: 1},
		"a range up to nothing left": {Limit: 1, Prefix: []any{1, 2}, To: 1},
	} {
		t.Run(name, func(t *testing.T) {
			var invalid *readstore.InvalidError
			if err := query.Validate(two); !errors.As(err, &invalid) {
				t.Fatalf("got error %v, want an InvalidError", err)
			}
		})
	}
	for _, query := range []readstore.Query{{Limit: 1}, {Limit: readstore.MaxLimit, Prefix: []any{1, 2}}, {Limit: 1, Prefix: []any{1}, From: 1, To: 2}} {
		if err := query.Validate(two); err != nil {
			t.Errorf("%+v: %v", query, err)
		}
	}
}
