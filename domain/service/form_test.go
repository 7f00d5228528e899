package service_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
)

// at is a fault of the step application-form.
func at(pointer, code string, params ...string) problem.Field {
	field := problem.Field{Location: "/steps/application-form/data" + pointer, Code: code}
	for i := 0; i < len(params); i += 2 {
		if field.Params == nil {
			field.Params = map[string]string{}
		}
		field.Params[params[i]] = params[i+1]
	}
	return field
}

func TestCheckNamesEveryFaultInTheOrderOfTheFields(t *testing.T) {
	const person = `"kind": "person", "number": "600102500002", "consent": true`
	tests := map[string]struct {
		data string
		want []problem.Field
	}{
		"a person's minimum is complete": {`{` + person + `}`, nil},
		"everything right is complete": {`{"kind": "legal", "organization": "«Үлгі» ЖШС", "number": "600240000001", "email": "a@example.kz",
			"founded": "2015-04-20", "staff": 12, "code": "62", "bank": "Үлгі", "iban": "KZ60 000B 0000 0123 4567",
			"costs": [{"what": "көрме", "sum": 10.5}], "consent": true, "a/b~c": "x"}`, nil},
		"no data at all":                   {``, []problem.Field{at("/kind", "required"), at("/number", "required"), at("/consent", "required")}},
		"null for data":                    {`null`, []problem.Field{at("/kind", "required"), at("/number", "required"), at("/consent", "required")}},
		"an empty object":                  {`{}`, []problem.Field{at("/kind", "required"), at("/number", "required"), at("/consent", "required")}},
		"an empty text":                    {`{"kind": "person", "number": "", "consent": true}`, []problem.Field{at("/number", "required")}},
		"only spaces":                      {`{"kind": "person", "number": "\u00a0 \t", "consent": true}`, []problem.Field{at("/number", "required")}},
		"null for a value":                 {`{"kind": null, "number": "600102500002", "consent": true}`, []problem.Field{at("/kind", "required")}},
		"an optional field may stay empty": {`{` + person + `, "email": "", "costs": [], "staff": null}`, nil},
		"what the condition asks for": {
			`{"kind": "legal", "number": "600240000001", "consent": true}`,
			[]problem.Field{at("/organization", "required")},
		},
		"the condition is met by no empty text": {
			`{"kind": "legal", "organization": " ", "number": "600240000001", "consent": true}`,
			[]problem.Field{at("/organization", "required")},
		},
		"what another field asks for":     {`{` + person + `, "bank": "Үлгі"}`, []problem.Field{at("/iban", "required")}},
		"an empty field asks for nothing": {`{` + person + `, "bank": ""}`, nil},
		"consent refused":                 {`{"kind": "person", "number": "600102500002", "consent": false}`, []problem.Field{at("/consent", "not-accepted")}},
		"not in the list":                 {`{"kind": "state", "number": "600102500002", "consent": true}`, []problem.Field{at("/kind", "not-in-list")}},
		"too long":                        {`{` + person + `, "organization": "жиырма әріптен ұзағырақ"}`, []problem.Field{at("/organization", "too-long", "max", "20")}},
		"wrong check digit":               {`{"kind": "person", "number": "600102500003", "consent": true}`, []problem.Field{at("/number", "wrong-format", "format", "iin-or-bin", "example", "600240000001")}},
		"wrong e-mail":                    {`{` + person + `, "email": "a@"}`, []problem.Field{at("/email", "wrong-format", "format", "email", "example", "ulgi@example.kz")}},
		"no such day":                     {`{` + person + `, "founded": "2015-02-30"}`, []problem.Field{at("/founded", "wrong-format", "format", "date", "example", "2015-04-20")}},
		"wrong pattern":                   {`{` + person + `, "code": "6"}`, []problem.Field{at("/code", "wrong-format", "format", "pattern", "example", "62")}},
		"wrong account":                   {`{` + person + `, "iban": "KZ61000B000001234567"}`, []problem.Field{at("/iban", "wrong-format", "format", "iban-kz", "example", "KZ60000B000001234567")}},
		"text for a number":               {`{` + person + `, "staff": "12"}`, []problem.Field{at("/staff", "wrong-type", "type", "integer")}},
		"half a person":                   {`{` + person + `, "staff": 1.5}`, []problem.Field{at("/staff", "wrong-type", "type", "integer")}},
		"too few":                         {`{` + person + `, "staff": -1}`, []problem.Field{at("/staff", "out-of-range", "min", "0")}},
		"too many people":                 {`{` + person + `, "staff": 251}`, []problem.Field{at("/staff", "out-of-range", "max", "250")}},
		"too many rows":                   {`{` + person + `, "costs": [` + rows(13) + `]}`, []problem.Field{at("/costs", "too-many", "max", "12")}},
		"rows in their order": {`{` + person + `, "costs": [` + rows(9) + `, {}, {"what": " ", "sum": 0}, {"what": "x"}]}`, []problem.Field{
			at("/costs/9/what", "required"), at("/costs/9/sum", "required"),
			at("/costs/10/what", "required"), at("/costs/10/sum", "out-of-range", "above", "0"),
			at("/costs/11/sum", "required"),
		}},
		"what the form does not have comes last": {`{"zz": 1, "aa": 2}`, []problem.Field{
			at("/kind", "required"), at("/number", "required"), at("/consent", "required"), at("/aa", "unknown-field"), at("/zz", "unknown-field"),
		}},
		"odd names are escaped": {`{` + person + `, "a/b~c": "xy"}`, []problem.Field{at("/a~1b~0c", "too-long", "max", "1")}},
		"several kinds at once": {`{"consent": false, "staff": 999, "organization": "«Үлгі» ЖШС", "kind": "legal"}`, []problem.Field{
			at("/number", "required"), at("/staff", "out-of-range", "max", "250"), at("/consent", "not-accepted"),
		}},
	}
	f := form(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := f.Check("application-form", json.RawMessage(test.data), 0)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func rows(n int) string {
	return strings.TrimSuffix(strings.Repeat(`{"what": "x", "sum": 1}, `, n), ", ")
}

func TestCheckOfADocumentStepAsksForAFile(t *testing.T) {
	f := form(t)
	want := []problem.Field{{Location: "/steps/identity-document/files", Code: "file-required"}}
	for _, test := range []struct {
		files int
		want  []problem.Field
	}{{0, want}, {1, nil}, {5, nil}} {
		got, err := f.Check("identity-document", nil, test.files)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("with %d files (-want +got):\n%s", test.files, diff)
		}
	}
}

func TestCheckOfAStepThatIsNotRequired(t *testing.T) {
	f := form(t)
	for data, want := range map[string][]problem.Field{
		``:                 nil,
		`{}`:               nil,
		`{"text": "  "}`:   nil,
		`{"text": "Неге"}`: {{Location: "/steps/question/data/text", Code: "too-short", Params: map[string]string{"min": "10"}}},
	} {
		got, err := f.Check("question", json.RawMessage(data), 0)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", data, diff)
		}
	}
}

func TestCheckRefusesWhatItCannotRead(t *testing.T) {
	f := form(t)
	for _, test := range []struct {
		step, data string
		want       *problem.Problem
	}{
		{"result", `{}`, problem.New(problem.NotFound, "unknown-step")},
		{"question", `{"text":`, problem.New(problem.Malformed, "invalid-json")},
		{"question", `{} {}`, problem.New(problem.Malformed, "invalid-json")},
		{"question", `[]`, problem.New(problem.Invalid, "not-an-object")},
		{"application-form", `{"staff": 1e1000000000}`, problem.New(problem.Invalid, "number-out-of-range")},
		{"application-form", `{"costs": [{"sum": 1e400}]}`, problem.New(problem.Invalid, "number-out-of-range")},
	} {
		faults, err := f.Check(test.step, json.RawMessage(test.data), 0)
		if diff := cmp.Diff(error(test.want), err, cmp.Comparer(sameProblem)); diff != "" || faults != nil {
			t.Errorf("%s %s: faults %v, error (-want +got):\n%s", test.step, test.data, faults, diff)
		}
	}
}

func TestPrefillTakesFromTheClientCardWhatTheFieldsTake(t *testing.T) {
	const everything = `{"organization": "«Үлгі» ЖШС", "bin": "600240000001", "iin": "600102500002", "email": "a@example.kz", "bank": "Үлгі"}`
	for name, test := range map[string]struct {
		card string
		want map[string]string
	}{
		"a legal entity": {everything, map[string]string{
			"application-form": `{"email":"a@example.kz","number":"600240000001","organization":"«Үлгі» ЖШС"}`,
		}},
		"a person has another number": {`{"iin": "600102500002", "bin": ""}`, map[string]string{
			"application-form": `{"number":"600102500002"}`,
		}},
		"what the field would refuse is left out": {`{"organization": "жиырма әріптен ұзағырақ", "email": "a@", "iin": 12}`, map[string]string{}},
		"an empty card": {`{}`, map[string]string{}},
		"no card":       {``, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := map[string]string{}
			for step, data := range form(t).Prefill(json.RawMessage(test.card)) {
				got[step] = string(data)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if got := form(t).Prefill(json.RawMessage(`broken`)); got != nil {
		t.Errorf("from a card that cannot be read: %v", got)
	}
}

func TestCompileFormRefusesWhatIsNoSchema(t *testing.T) {
	for name, schema := range map[string]string{
		"not JSON":                    `{`,
		"not an object":               `true`,
		"not the schema of an object": `{"type": "string"}`,
		"a wrong keyword":             `{"type": "object", "required": "kind"}`,
		"another draft":               `{"type": "object", "$schema": "http://json-schema.org/draft-07/schema#"}`,
		"a file":                      `{"type": "object", "properties": {"a": {"$ref": "file:///etc/passwd"}}}`,
		"the network":                 `{"type": "object", "properties": {"a": {"$ref": "https://example.kz/schema"}}}`,
		"a pattern that is none":      `{"type": "object", "properties": {"a": {"pattern": "("}}}`,
	} {
		_, err := service.CompileForm([]service.Step{{ID: "form", Kind: service.FormStep, Schema: json.RawMessage(schema)}})
		if err == nil {
			t.Errorf("%s was compiled", name)
		}
	}
}

func TestAPropertyMayBeNamedLikeAnAnnotation(t *testing.T) {
	f, err := service.CompileForm([]service.Step{{ID: "form", Kind: service.FormStep, Required: true, Schema: json.RawMessage(
		`{"type": "object", "properties": {"title": {"title": {"kk": "Тақырып"}, "type": "string", "maxLength": 3}}, "required": ["title"]}`,
	)}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.Check("form", json.RawMessage(`{"title": "ұзақ"}`), 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []problem.Field{{Location: "/steps/form/data/title", Code: "too-long", Params: map[string]string{"max": "3"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// BenchmarkCheck measures a complete form of fifteen fields; the bar is 20 µs.
func BenchmarkCheck(b *testing.B) {
	schema, data := fifteenFields()
	f, err := service.CompileForm([]service.Step{{ID: "form", Kind: service.FormStep, Required: true, Schema: schema}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if faults, err := f.Check("form", data, 0); err != nil || len(faults) > 0 {
			b.Fatal(faults, err)
		}
	}
}

func fifteenFields() (schema, data json.RawMessage) {
	const title = `"title": {"kk": "Атауы", "ru": "Название", "en": "Name"}`
	values := []struct{ name, schema, value string }{
		{"kind", `"type": "string", "enum": ["legal", "person"]`, `"legal"`},
		{"organization", `"type": "string", "maxLength": 300`, `"«Үлгі-Сынақ» жауапкершілігі шектеулі серіктестігі"`},
		{"number", `"type": "string", "format": "iin-or-bin"`, `"600240000001"`},
		{"name", `"type": "string", "maxLength": 300`, `"Сынақбаев Үлгі Мысалұлы"`},
		{"position", `"type": "string", "maxLength": 300`, `"Бас директор"`},
		{"phone", `"type": "string", "format": "kz-phone"`, `"+77990000001"`},
		{"email", `"type": "string", "format": "email"`, `"ulgi@example.kz"`},
		{"region", `"type": "string", "maxLength": 300`, `"Астана қаласы"`},
		{"address", `"type": "string", "maxLength": 300`, `"010000, Астана қаласы, Үлгі көшесі, 1-үй"`},
		{"founded", `"type": "string", "format": "date"`, `"2015-04-20"`},
		{"bank", `"type": "string", "maxLength": 300`, `"«Үлгі Банк» АҚ"`},
		{"iban", `"type": "string", "format": "iban-kz"`, `"KZ60000B000001234567"`},
		{"code", `"type": "string", "pattern": "^[0-9]{2}$"`, `"62"`},
		{"staff", `"type": "integer", "minimum": 0, "maximum": 250`, `12`},
		{"consent", `"type": "boolean", "const": true`, `true`},
	}
	properties, required, object := "", "", ""
	for i, v := range values {
		if i > 0 {
			properties, required, object = properties+",", required+",", object+","
		}
		properties += `"` + v.name + `": {` + title + `, ` + v.schema + `, "examples": [` + v.value + `]}`
		required += `"` + v.name + `"`
		object += `"` + v.name + `": ` + v.value
	}
	return json.RawMessage(`{"type": "object", "properties": {` + properties + `}, "required": [` + required + `],
		"allOf": [{"if": {"properties": {"kind": {"enum": ["legal"]}}, "required": ["kind"]}, "then": {"required": ["organization"]}}],
		"additionalProperties": false}`), json.RawMessage(`{` + object + `}`)
}

func sameProblem(a, b error) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	pa, ok := a.(*problem.Problem) //nolint:errorlint // Only what is returned itself counts here.
	return ok && pa.Is(b)
}

// TestAnyFieldsLeftOut: whichever fields of a complete form a person leaves empty, in whatever way, exactly those that are
// required are named, in their order.
func TestAnyFieldsLeftOut(t *testing.T) {
	f := form(t)
	complete := map[string]string{
		"kind": `"legal"`, "organization": `"«Үлгі» ЖШС"`, "number": `"600240000001"`, "email": `"a@example.kz"`, "founded": `"2015-04-20"`,
		"staff": `12`, "code": `"62"`, "bank": `"Үлгі"`, "iban": `"KZ60000B000001234567"`, "costs": `[{"what": "көрме", "sum": 10.5}]`, "consent": `true`,
	}
	order := []string{"kind", "organization", "number", "email", "founded", "staff", "code", "bank", "iban", "costs", "consent"}
	rapid.Check(t, func(t *rapid.T) {
		missing := map[string]bool{}
		data := map[string]json.RawMessage{}
		for _, name := range order {
			switch rapid.SampledFrom([]string{"filled", "filled", "absent", "empty", "blank", "null"}).Draw(t, name) {
			case "filled":
				data[name] = json.RawMessage(complete[name])
				continue
			case "empty":
				data[name] = json.RawMessage(`""`)
			case "blank":
				data[name] = json.RawMessage(`" \n "`)
			case "null":
				data[name] = json.RawMessage(`null`)
			}
			missing[name] = true
		}
		var want []problem.Field
		for _, name := range order {
			required := name == "kind" || name == "number" || name == "consent" ||
				name == "organization" && !missing["kind"] || name == "iban" && !missing["bank"]
			if required && missing[name] {
				want = append(want, at("/"+name, "required"))
			}
		}
		raw, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Check("application-form", raw, 0)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", raw, diff)
		}
	})
}
