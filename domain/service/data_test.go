package service_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
)

func TestCheckData(t *testing.T) {
	nested := func(depth int) string { return strings.Repeat(`{"a":`, depth-1) + `{}` + strings.Repeat(`}`, depth-1) }
	long := func(bytes int) string { return `{"a":"` + strings.Repeat("x", bytes-8) + `"}` }
	for name, test := range map[string]struct {
		data string
		want error
	}{
		"an empty object":              {`{}`, nil},
		"Kazakh letters":               {`{"сұрақ": "Қай мерзімде? ✓", "list": [1, 2.5, true, null, {"a": []}]}`, nil},
		"the same name in two objects": {`{"a": {"x": 1}, "b": {"x": 1}, "x": [{"x": 1}, {"x": 2}]}`, nil},
		"as deep as allowed":           {nested(service.MaxDataDepth), nil},
		"as long as allowed":           {long(service.MaxDataBytes), nil},
		"nothing":                      {``, problem.New(problem.Malformed, "invalid-json")},
		"cut off":                      {`{"a": `, problem.New(problem.Malformed, "invalid-json")},
		"two objects":                  {`{} {}`, problem.New(problem.Malformed, "invalid-json")},
		"a comma too many":             {`{"a": 1,}`, problem.New(problem.Malformed, "invalid-json")},
		"broken UTF-8":                 {"{\"a\": \"\xff\"}", problem.New(problem.Malformed, "invalid-utf8")},
		"half a rune":                  {"{\"a\": \"\xd0\"}", problem.New(problem.Malformed, "invalid-utf8")},
		"a member twice":               {`{"a": 1, "b": {}, "a": 2}`, problem.New(problem.Malformed, "duplicate-member")},
		"a member twice, after a list": {`{"a": [1, {"b": 2}], "a": 2}`, problem.New(problem.Malformed, "duplicate-member")},
		"a member twice, one escaped":  {`{"a": 1, "\u0061": 2}`, problem.New(problem.Malformed, "duplicate-member")},
		"a list":                       {`[{}]`, problem.New(problem.Invalid, "not-an-object")},
		"null":                         {` null`, problem.New(problem.Invalid, "not-an-object")},
		"too deep":                     {nested(service.MaxDataDepth + 1), problem.New(problem.Invalid, "data-too-deep")},
		"too deep in lists":            {`{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, problem.New(problem.Invalid, "data-too-deep")},
		"too long":                     {long(service.MaxDataBytes + 1), problem.New(problem.TooLarge, "data-too-large")},
		"a monstrous number":           {`{"a": 1e1000000000}`, problem.New(problem.Invalid, "number-out-of-range")},
		"a vanishing number":           {`{"a": [1E-999]}`, problem.New(problem.Invalid, "number-out-of-range")},
		"an endless number":            {`{"a": 0.` + strings.Repeat("3", 1000) + `}`, problem.New(problem.Invalid, "number-out-of-range")},
		"NUL in a text":                {`{"a": "\u0000"}`, problem.New(problem.Invalid, "control-character")},
		"NUL in a name":                {`{"a\u0000": 1}`, problem.New(problem.Invalid, "control-character")},
	} {
		t.Run(name, func(t *testing.T) {
			got := service.CheckData(json.RawMessage(test.data))
			if diff := cmp.Diff(test.want, got, cmp.Comparer(sameProblem)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzCheckData: what is accepted can be read, stored, read again, and checked against a form; nothing makes it panic.
func FuzzCheckData(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"kind":"legal","number":"600240000001","consent":true}`, `{"a":[{"b":1e5}]}`, `{"a":"\ud800"}`, `[`, `null`,
		"{\"a\":\"\xff\"}", `{"a":1,"a":2}`, `{"costs":[{"what":"","sum":-0}]}`, `{"staff":1e99}`,
	} {
		f.Add([]byte(seed))
	}
	compiled := form(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		err := service.CheckData(raw)
		faults, checkErr := compiled.Check("application-form", raw, 0)
		if err != nil {
			return
		}
		if !utf8.Valid(raw) || len(raw) > service.MaxDataBytes {
			t.Fatalf("accepted %q", raw)
		}
		if checkErr != nil {
			t.Fatalf("accepted but cannot be checked: %v", checkErr)
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(raw, &members); err != nil {
			t.Fatalf("accepted but cannot be read: %v", err)
		}
		again, err := json.Marshal(members)
		if err != nil {
			t.Fatalf("accepted but cannot be written: %v", err)
		}
		faultsAgain, err := compiled.Check("application-form", again, 0)
		if err != nil {
			t.Fatalf("written again it cannot be checked: %v", err)
		}
		if diff := cmp.Diff(faults, faultsAgain); diff != "" {
			t.Fatalf("written again it has other faults:\n%s", diff)
		}
	})
}
