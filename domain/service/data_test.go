package service_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
)

func TestReadData(t *testing.T) {
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
		"many members":                 {members(100, ""), nil},
		"one of many twice":            {members(100, `"m7": 1`), problem.New(problem.Malformed, "duplicate-member")},
		"the 33rd twice":               {members(33, `"m32": 1`), problem.New(problem.Malformed, "duplicate-member")},
		"a quote and a backslash":      {`{"a\\": "\\\"", "a": "\\u0000"}`, nil},
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
			if diff := cmp.Diff(test.want, slowReadData([]byte(test.data)), cmp.Comparer(sameProblem)); diff != "" {
				t.Errorf("by tokens (-want +got):\n%s", diff)
			}
			_, got := service.ReadData(json.RawMessage(test.data))
			if diff := cmp.Diff(test.want, got, cmp.Comparer(sameProblem)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// members is an object of n members m0, m1 and so on, and one more.
func members(n int, more string) string {
	var all []string
	for i := range n {
		all = append(all, `"m`+strconv.Itoa(i)+`": {"m0": [1, {}]}`)
	}
	if more != "" {
		all = append(all, more)
	}
	return "{" + strings.Join(all, ", ") + "}"
}

// FuzzReadData: what is accepted can be read, stored, read again, and checked against a form; nothing makes it panic.
func FuzzReadData(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"kind":"legal","number":"600240000001","consent":true}`, `{"a":[{"b":1e5}]}`, `{"a":"\ud800"}`, `[`, `null`,
		"{\"a\":\"\xff\"}", `{"a":1,"a":2}`, `{"costs":[{"what":"","sum":-0}]}`, `{"staff":1e99}`,
	} {
		f.Add([]byte(seed))
	}
	compiled := form(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		read, err := service.ReadData(raw)
		if diff := cmp.Diff(slowReadData(raw), err, cmp.Comparer(sameProblem)); diff != "" {
			t.Fatalf("(-by tokens +got):\n%s", diff)
		}
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
		var compact bytes.Buffer
		if err := json.Compact(&compact, raw); err != nil || compact.String() != string(read.JSON) {
			t.Fatalf("read as %q, error %v, want %q", read.JSON, err, &compact)
		}
		faultsOfRead, err := compiled.CheckRead("application-form", read, 0)
		if err != nil {
			t.Fatalf("read but cannot be checked: %v", err)
		}
		if diff := cmp.Diff(faults, faultsOfRead); diff != "" {
			t.Fatalf("read once it has other faults (-stored +read):\n%s", diff)
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

// slowReadData says the same as ReadData by way of the standard library's tokens.
func slowReadData(raw []byte) error {
	switch {
	case len(raw) > service.MaxDataBytes:
		return problem.New(problem.TooLarge, "data-too-large")
	case !utf8.Valid(raw):
		return problem.New(problem.Malformed, "invalid-utf8")
	case !json.Valid(raw):
		return problem.New(problem.Malformed, "invalid-json")
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	type container struct {
		names map[string]bool // nil for a list
		value bool
	}
	var open []*container
	for {
		token, err := decoder.Token()
		if err != nil {
			return fmt.Errorf("read valid JSON: %w", err)
		}
		if len(open) == 0 && token != json.Delim('{') { // nothing comes after the object that closes, so this is the beginning
			return problem.New(problem.Invalid, "not-an-object")
		}
		var in *container
		if len(open) > 0 {
			in = open[len(open)-1]
		}
		name := in != nil && in.names != nil && !in.value
		if in != nil && token != json.Delim('}') && token != json.Delim(']') {
			in.value = name
		}
		switch token := token.(type) {
		case json.Delim:
			switch token {
			case '{':
				open = append(open, &container{names: map[string]bool{}})
			case '[':
				open = append(open, &container{})
			default:
				open = open[:len(open)-1]
				if len(open) == 0 {
					return nil
				}
			}
			if len(open) > service.MaxDataDepth {
				return problem.New(problem.Invalid, "data-too-deep")
			}
		case string:
			if strings.ContainsRune(token, 0) {
				return problem.New(problem.Invalid, "control-character")
			}
			if name && in.names[token] {
				return problem.New(problem.Malformed, "duplicate-member")
			}
			if name {
				in.names[token] = true
			}
		case json.Number:
			mantissa, exponent, _ := strings.Cut(strings.ToLower(token.String()), "e")
			if n, err := strconv.Atoi(exponent); len(token) > 40 || exponent != "" && (err != nil || n < -100 || n > 100) || mantissa == "" {
				return problem.New(problem.Invalid, "number-out-of-range")
			}
		}
	}
}

// BenchmarkReadData measures the data of fifteen fields, as a person saves them.
func BenchmarkReadData(b *testing.B) {
	_, data := fifteenFields()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := service.ReadData(data); err != nil {
			b.Fatal(err)
		}
	}
}
