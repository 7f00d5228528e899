package codec_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/codectest"
)

// same is an upcast that changes nothing.
func same(older json.RawMessage) (json.RawMessage, error) { return older, nil }

type (
	nestedPersonal struct {
		Person struct {
			Name string `json:"name" personal:"true"`
		} `json:"person"`
	}
	selfEncoding struct{}
	tree         struct {
		Children []tree `json:"children"`
	}
)

func (selfEncoding) MarshalText() ([]byte, error) { return nil, nil }

func TestRegistryThatCouldNotBeReadBackIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		types   map[string]any
		upcasts []codec.Upcast
		want    string
	}{
		"no version":       {map[string]any{"case.opened": opened{}}, nil, "is not a stored name"},
		"version 0":        {map[string]any{"case.opened.v0": opened{}}, nil, "is not a stored name"},
		"version 01":       {map[string]any{"case.opened.v01": opened{}}, nil, "is not a stored name"},
		"capitals":         {map[string]any{"Case.Opened.v1": opened{}}, nil, "is not a stored name"},
		"no aggregate":     {map[string]any{"opened.v1": opened{}}, nil, "is not a stored name"},
		"one struct twice": {map[string]any{"case.a.v1": opened{}, "case.b.v1": opened{}}, nil, "is registered as case.a.v1 and as case.b.v1"},
		"nothing":          {map[string]any{"case.a.v1": nil}, nil, "is not a struct"},
		"a pointer":        {map[string]any{"case.a.v1": &opened{}}, nil, "is not a struct"},
		"encodes itself":   {map[string]any{"case.a.v1": selfEncoding{}}, nil, "encodes itself"},
		"unexported field": {map[string]any{"case.a.v1": struct{ a int }{}}, nil, "is not exported"},
		"no json name":     {map[string]any{"case.a.v1": struct{ A int }{}}, nil, "has no json name"},
		"hidden field": {map[string]any{"case.a.v1": struct {
			A int `json:"-"`
		}{}}, nil, "has no json name"},
		"reserved name": {map[string]any{"case.a.v1": struct {
			A int `json:"$a"`
		}{}}, nil, "has a reserved json name"},
		"embedded struct": {map[string]any{"case.a.v1": struct {
			Embedded `json:"a"`
		}{}}, nil, "is embedded"},
		"names that differ only in case": {
			map[string]any{"case.a.v1": struct {
				A int `json:"id"`
				B int `json:"ID"`
			}{}}, nil, "have the json name ID",
		},
		"mark of another word": {map[string]any{"case.a.v1": struct {
			A int `json:"a" personal:"yes"`
		}{}}, nil, `personal is "true" or absent`},
		"personal inside": {map[string]any{"case.a.v1": nestedPersonal{}}, nil, "only fields of the event itself are encrypted"},
		"interface": {map[string]any{"case.a.v1": struct {
			A any `json:"a"`
		}{}}, nil, "cannot be read back from JSON"},
		"function in a list": {map[string]any{"case.a.v1": struct {
			A []func() `json:"a"`
		}{}}, nil, "cannot be read back from JSON"},
		"map by number": {map[string]any{"case.a.v1": struct {
			A map[int]int `json:"a"`
		}{}}, nil, "cannot be read back from JSON"},
		"version without its upcast": {map[string]any{"case.a.v2": opened{}}, nil, "case.a.v2 has no upcast from case.a.v1"},
		"a version left out": {
			map[string]any{"case.a.v3": opened{}},
			[]codec.Upcast{{From: "case.a.v1", To: "case.a.v3", Do: same}},
			"case.a.v3 has no upcast from case.a.v2",
		},
		"upcast to nowhere": {
			map[string]any{"case.a.v1": opened{}},
			[]codec.Upcast{{From: "case.b.v1", To: "case.b.v2", Do: same}},
			"end at case.b.v2, which is not registered",
		},
		"upcasts in a circle": {
			map[string]any{"case.a.v1": opened{}},
			[]codec.Upcast{{From: "case.b.v1", To: "case.b.v2", Do: same}, {From: "case.b.v2", To: "case.b.v1", Do: same}},
			"go round in a circle",
		},
		"two upcasts": {
			map[string]any{"case.a.v2": opened{}},
			[]codec.Upcast{{From: "case.a.v1", To: "case.a.v2", Do: same}, {From: "case.a.v1", To: "case.a.v2", Do: same}},
			"two upcasts from case.a.v1",
		},
		"upcast without a function": {
			map[string]any{"case.a.v2": opened{}}, []codec.Upcast{{From: "case.a.v1", To: "case.a.v2"}}, "does nothing",
		},
		"upcast of what has a struct": {
			map[string]any{"case.a.v1": opened{}, "case.a.v2": named{}},
			[]codec.Upcast{{From: "case.a.v1", To: "case.a.v2", Do: same}},
			"only the newest version has a struct",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := codec.New(codectest.NewKeys(), codec.Events("case", test.types, test.upcasts...))
			if err == nil || !strings.HasPrefix(err.Error(), "events of case: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// Embedded is a struct to embed.
type Embedded struct{}

func TestOneNameInTwoAggregatesIsRefused(t *testing.T) {
	_, err := codec.New(codectest.NewKeys(),
		codec.Events("one", map[string]any{"case.a.v1": opened{}}), codec.Events("two", map[string]any{"case.a.v1": named{}}))

	if want := "events of two: the name case.a.v1 is registered twice"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestTreesAreStorable(t *testing.T) {
	if _, err := codec.New(codectest.NewKeys(), codec.Events("case", map[string]any{"case.a.v1": tree{}})); err != nil {
		t.Error(err)
	}
}

func TestNamesAreOrderedByEventAndVersion(t *testing.T) {
	types := map[string]any{"case.b.v1": opened{}, "case.a.v11": named{}}
	var upcasts []codec.Upcast
	for _, step := range [][2]string{
		{"1", "2"}, {"2", "3"}, {"3", "4"}, {"4", "5"}, {"5", "6"}, {"6", "7"}, {"7", "8"}, {"8", "9"}, {"9", "10"}, {"10", "11"},
	} {
		upcasts = append(upcasts, codec.Upcast{From: "case.a.v" + step[0], To: "case.a.v" + step[1], Do: same})
	}
	c, err := codec.New(codectest.NewKeys(), codec.Events("case", types, upcasts...))
	if err != nil {
		t.Fatal(err)
	}

	want := []string{
		"case.a.v1", "case.a.v2", "case.a.v3", "case.a.v4", "case.a.v5", "case.a.v6", "case.a.v7", "case.a.v8", "case.a.v9",
		"case.a.v10", "case.a.v11", "case.b.v1",
	}
	if diff := cmp.Diff(want, c.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}
