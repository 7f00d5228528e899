package service_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
)

func TestValidateNamesEachFaultAtItsPlace(t *testing.T) {
	tests := map[string]struct {
		change func(*service.Content)
		want   []string // location and code
	}{
		"nothing wrong":      {func(*service.Content) {}, nil},
		"a language missing": {func(c *service.Content) { c.Passport.Name.EN = " " }, []string{"/passport/name/en required"}},
		"an endless text":    {func(c *service.Content) { c.Passport.Result.RU = strings.Repeat("ә", service.MaxTextRunes+1) }, []string{"/passport/result/ru too-long"}},
		"no term":            {func(c *service.Content) { c.Passport.Term = service.Term{} }, []string{"/passport/term/days out-of-range", "/passport/term/kind required"}},
		"a term of years":    {func(c *service.Content) { c.Passport.Term.Days = 366 }, []string{"/passport/term/days out-of-range"}},
		"an unknown process": {func(c *service.Content) { c.Passport.Kind = "lottery" }, []string{"/passport/kind not-in-list"}},
		"no place":           {func(c *service.Content) { c.Passport.CategoryID, c.Passport.ProviderID = "", "" }, []string{"/passport/categoryId required", "/passport/providerId required"}},
		"nobody to ask":      {func(c *service.Content) { c.Passport.Contacts = service.Contacts{} }, []string{"/passport/contacts required"}},
		"contacts of no use": {func(c *service.Content) {
			c.Passport.Contacts = service.Contacts{Phones: []string{""}, Email: "help", Website: "example.kz", Address: text.Text{KK: "Астана"}}
		}, []string{
			"/passport/contacts/phones/0 required", "/passport/contacts/email wrong-format", "/passport/contacts/website wrong-format",
			"/passport/contacts/address/ru required", "/passport/contacts/address/en required",
		}},
		"a law without a name": {func(c *service.Content) {
			c.Passport.Documents[0] = service.NormativeDocument{URL: "javascript:alert(1)"}
		}, []string{
			"/passport/documents/0/title/kk required", "/passport/documents/0/title/ru required", "/passport/documents/0/title/en required",
			"/passport/documents/0/url wrong-format",
		}},
		"a logo that is no link":  {func(c *service.Content) { c.Passport.Logo = "logo.png" }, []string{"/passport/logo wrong-format"}},
		"no steps":                {func(c *service.Content) { c.Steps = nil }, []string{"/steps required"}},
		"too many steps":          {func(c *service.Content) { c.Steps = make([]service.Step, service.MaxSteps+1) }, []string{"/steps too-many"}},
		"a step's id":             {func(c *service.Content) { c.Steps[0].ID, c.Steps[2].ID = "1", "identity-document" }, []string{"/steps/0/id wrong-format", "/steps/2/id repeated"}},
		"an id of 51 letters":     {func(c *service.Content) { c.Steps[0].ID = strings.Repeat("a", 51) }, []string{"/steps/0/id wrong-format"}},
		"a step's kind and title": {func(c *service.Content) { c.Steps[1].Kind, c.Steps[1].Title.KK = "dance", "" }, []string{"/steps/1/kind not-in-list", "/steps/1/title/kk required"}},
		"no schema":               {schema(``), []string{"/steps/1/schema invalid-schema"}},
		"a schema that is none":   {schema(`{"type": "object", "properties": 1}`), []string{"/steps/1/schema invalid-schema"}},
		"an endless schema":       {schema(`{"x":"` + strings.Repeat("x", 64<<10) + `"}`), []string{"/steps/1/schema too-long"}},
		"a field without a title": {schema(`{"type": "object", "properties": {"a": {"type": "string", "examples": ["x"]}}}`), []string{
			"/steps/1/schema/properties/a/title/kk required", "/steps/1/schema/properties/a/title/ru required", "/steps/1/schema/properties/a/title/en required",
		}},
		"a title in one language": {schema(`{"type": "object", "properties": {"a": {"title": "A", "examples": ["x"]}}}`), []string{
			"/steps/1/schema/properties/a/title wrong-type",
		}},
		"no examples": {schema(`{"type": "object", "properties": {"a": {` + titled + `, "type": "string"}}}`), []string{
			"/steps/1/schema/properties/a/examples required",
		}},
		"no example that is right": {schema(`{"type": "object", "properties": {"a": {` + titled + `, "type": "string", "format": "bin", "examples": ["600240000002", 1]}}}`), []string{
			"/steps/1/schema/properties/a/examples no-valid-example",
		}},
		"one right example is enough": {schema(`{"type": "object", "properties": {"a": {` + titled + `, "type": "integer", "examples": ["x", 1]}}}`), nil},
		"fields of rows count too": {schema(`{"type": "object", "properties": {"a": {` + titled + `, "type": "array", "examples": [[]], "items": {
			"type": "object", "properties": {"b": {"type": "string"}}}}}}`), []string{
			"/steps/1/schema/properties/a/items/properties/b/title/kk required", "/steps/1/schema/properties/a/items/properties/b/title/ru required",
			"/steps/1/schema/properties/a/items/properties/b/title/en required", "/steps/1/schema/properties/a/items/properties/b/examples required",
		}},
		"options without words": {schema(`{"type": "object", "properties": {
			"a": {` + titled + `, "enum": ["x", "y"], "x-enum-titles": {"x": {"kk": "Х", "ru": "Х", "en": "X"}}, "examples": ["x"]},
			"b": {` + titled + `, "type": "array", "items": {"enum": ["z"], "x-enum-titles": {}}, "examples": [["z"]]}}}`), []string{
			"/steps/1/schema/properties/a/x-enum-titles/y/kk required", "/steps/1/schema/properties/a/x-enum-titles/y/ru required",
			"/steps/1/schema/properties/a/x-enum-titles/y/en required",
			"/steps/1/schema/properties/b/items/x-enum-titles/z/kk required", "/steps/1/schema/properties/b/items/x-enum-titles/z/ru required",
			"/steps/1/schema/properties/b/items/x-enum-titles/z/en required",
		}},
		"prefill from nowhere": {schema(`{"type": "object", "properties": {"a": {` + titled + `, "examples": ["x"], "x-prefill": "email"}}}`), []string{
			"/steps/1/schema/properties/a/x-prefill wrong-format",
		}},
		"file rules of nothing": {func(c *service.Content) { c.Files = service.FileRules{} }, []string{
			"/files/maxTotalBytes out-of-range", "/files/maxFileBytes out-of-range", "/files/types required",
		}},
		"a file larger than all": {func(c *service.Content) { c.Files.MaxFileBytes = c.Files.MaxTotalBytes + 1 }, []string{"/files/maxFileBytes out-of-range"}},
		"file types":             {func(c *service.Content) { c.Files.Types = []string{"pdf", "image/png", "image/png"} }, []string{"/files/types/0 wrong-format", "/files/types/2 repeated"}},
		"a workflow's signatures": {func(c *service.Content) {
			c.Workflow = service.Workflow{Signatures: []service.SignatureRule{
				{Document: "contract", By: "stamp"}, {Document: "act", By: "eds", Signers: []string{"applicant", "applicant", "notary"}}, {Document: "act", By: "acceptance", Signers: []string{"provider"}},
			}}
		}, []string{
			"/workflow/id wrong-format",
			"/workflow/signatures/0/document not-in-list", "/workflow/signatures/0/by not-in-list", "/workflow/signatures/0/signers required",
			"/workflow/signatures/1/signers/1 repeated", "/workflow/signatures/1/signers/2 not-in-list",
			"/workflow/signatures/2/document repeated",
		}},
		"a questionnaire": {func(c *service.Content) {
			c.Workflow.Questionnaire = []service.QuestionnaireItem{{ID: "a", Kind: "score", Title: words("a")}, {ID: "a", Kind: "poem", Title: words("a")}, {Title: words("a")}}
		}, []string{
			"/workflow/questionnaire/1/id repeated", "/workflow/questionnaire/1/kind not-in-list",
			"/workflow/questionnaire/2/id wrong-format", "/workflow/questionnaire/2/kind required",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			content := consultation()
			test.change(&content)
			if diff := cmp.Diff(test.want, codes(content.Validate())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

const titled = `"title": {"kk": "Атауы", "ru": "Название", "en": "Name"}`

// schema puts a schema into the second step.
func schema(s string) func(*service.Content) {
	return func(c *service.Content) { c.Steps[1].Schema = json.RawMessage(s) }
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
