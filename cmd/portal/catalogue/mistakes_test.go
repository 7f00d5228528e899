package catalogue_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/cmd/portal/catalogue"
	"services.example/portal/domain/service"
)

// small is a catalogue with one of everything.
func small() map[string]string {
	return map[string]string{
		"categories.yaml":        "- {slug: law, name: {kk: Заң, ru: Право, en: Law}}\n",
		"calendars/kz.yaml":      "holidays:\n  - {date: \"2026-12-16\", note: Independence Day}\nworkingWeekends:\n  - {date: \"2026-12-19\"}\n",
		"providers/chamber.yaml": "name: {kk: А, ru: Б, en: C}\nshortName: {kk: А, ru: Б, en: C}\ncontacts: {phones: [\"1432\"]}\ncalendar: kz\n",
		"workflows/advice.yaml":  "kind: consultation\nsignatures:\n  - {document: act, signers: [applicant], by: acceptance}\nquestionnaire: []\n",
		"laws.yaml":              "code:\n  title: {kk: Кодекс, ru: Кодекс, en: Code}\n",
		"fields/person.yaml":     "- {id: name, type: string, required: true, title: {kk: Аты, ru: Имя, en: Name}, prefill: /fullName, examples: [Үлгі]}\n",
		"steps/identity.yaml":    "id: identity\nkind: document\nrequired: true\ntitle: {kk: Құжат, ru: Документ, en: Document}\n",
		"services/advice.yaml": `category: law
provider: chamber
workflow: advice
name: {kk: Кеңес, ru: Совет, en: Advice}
description: {kk: Кеңес, ru: Совет, en: Advice}
conditions: {kk: Жоқ, ru: Нет, en: None}
recipients: {kk: Бәрі, ru: Все, en: All}
result: {kk: Жауап, ru: Ответ, en: Answer}
term: {days: 5, kind: working}
documents:
  - use: code
steps:
  - id: form
    kind: form
    required: true
    title: {kk: Өтінім, ru: Заявка, en: Application}
    fields:
      - use: person
      - {id: age, type: integer, min: 18, title: {kk: Жасы, ru: Возраст, en: Age}, examples: [30]}
      - id: kind
        type: choice
        requiredWhen: {field: age}
        title: {kk: Түрі, ru: Вид, en: Kind}
        options:
          - {value: one, title: {kk: Бір, ru: Один, en: One}}
        examples: [one]
      - {id: why, type: text, requiredWhen: {field: kind, is: [one]}, title: {kk: Неге, ru: Почему, en: Why}, examples: [Керек]}
  - use: identity
`,
	}
}

func files(of map[string]string) fstest.MapFS {
	tree := fstest.MapFS{}
	for name, text := range of {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return tree
}

func TestASmallCatalogue(t *testing.T) {
	c, err := catalogue.Load(files(small()))
	if err != nil {
		t.Fatal(err)
	}
	want := service.Step{
		ID: "form", Kind: service.FormStep, Required: true, Title: c.Services[0].Content.Steps[0].Title,
		Schema: []byte(`{"type":"object","properties":{` +
			`"name":{"title":{"kk":"Аты","ru":"Имя","en":"Name"},"type":"string","maxLength":300,"x-prefill":"/fullName","examples":["Үлгі"]},` +
			`"age":{"title":{"kk":"Жасы","ru":"Возраст","en":"Age"},"type":"integer","minimum":18,"examples":[30]},` +
			`"kind":{"title":{"kk":"Түрі","ru":"Вид","en":"Kind"},"type":"string","enum":["one"],"x-enum-titles":{"one":{"kk":"Бір","ru":"Один","en":"One"}},"examples":["one"]},` +
			`"why":{"title":{"kk":"Неге","ru":"Почему","en":"Why"},"type":"string","maxLength":4000,"x-multiline":true,"examples":["Керек"]}},` +
			`"required":["name"],"dependentRequired":{"age":["kind"]},` +
			`"allOf":[{"if":{"properties":{"kind":{"enum":["one"]}},"required":["kind"]},"then":{"required":["why"]}}],` +
			`"additionalProperties":false}`),
	}
	if diff := cmp.Diff(string(want.Schema), string(c.Services[0].Content.Steps[0].Schema)); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, c.Services[0].Content.Steps[0]); diff != "" {
		t.Errorf("step (-want +got):\n%s", diff)
	}
	passport := c.Services[0].Content.Passport
	if passport.Kind != service.Consultation || passport.Contacts.Phones[0] != "1432" || passport.Documents[0].Title.EN != "Code" {
		t.Errorf("what the passport takes from other files: %+v", passport)
	}
}

func TestAMistakeIsNamedWithItsFileAndPlace(t *testing.T) {
	const advice = "services/advice.yaml"
	for name, test := range map[string]struct {
		file, old, new string
		want           []string // parts of the message
	}{
		"a misspelt key":            {advice, "recipients:", "recipient:", []string{advice + ": [7:1]", `"recipient"`}},
		"a misspelt key inside":     {advice, "type: integer", "typ: integer", []string{advice + ": [", `"typ"`}},
		"broken YAML":               {advice, "category: law", "category: {law", []string{advice + ": ["}},
		"a number for a text":       {advice, "days: 5", "days: five", []string{advice + ": [9:"}},
		"an unknown category":       {advice, "category: law", "category: lav", []string{advice + `: category: there is no category "lav"`}},
		"an unknown provider":       {advice, "provider: chamber", "provider: x", []string{advice + ": provider: there is no providers/x.yaml"}},
		"an unknown workflow":       {advice, "workflow: advice", "workflow: x", []string{advice + ": workflow: there is no workflows/x.yaml"}},
		"an unknown law":            {advice, "- use: code", "- use: kode", []string{advice + ": documents[0].use: there is no kode in laws.yaml"}},
		"an unknown step":           {advice, "use: identity", "use: identify", []string{advice + ": steps[1].use: there is no steps/identify.yaml"}},
		"a shared step and more":    {advice, "- use: identity", "- {use: identity, required: true}", []string{advice + ": steps[1]: a step that uses a shared one says nothing else"}},
		"an unknown group":          {advice, "use: person", "use: people", []string{advice + ": steps[0]: steps[0].fields[0].use: there is no fields/people.yaml"}},
		"a missing language":        {advice, "name: {kk: Кеңес, ru: Совет, en: Advice}", "name: {kk: Кеңес, ru: Совет}", []string{advice + ": /passport/name/en: required"}},
		"a title without Kazakh":    {advice, "{kk: Жасы, ru: Возраст, en: Age}", "{ru: Возраст, en: Age}", []string{advice + ": /steps/0/schema/properties/age/title/kk: required"}},
		"an absurd term":            {advice, "days: 5", "days: 1000", []string{advice + ": /passport/term/days: out-of-range min=1 max=365"}},
		"a wrong example":           {advice, "examples: [30]", "examples: [17]", []string{advice + ": /steps/0/schema/properties/age/examples: no-valid-example"}},
		"no example":                {advice, ", examples: [30]", "", []string{advice + ": /steps/0/schema/properties/age/examples: required"}},
		"a step's id":               {advice, "id: form", "id: Form", []string{advice + ": /steps/0/id: wrong-format"}},
		"an unknown type":           {advice, "type: integer", "type: int", []string{advice + ": steps[0]: steps[0].fields[1]", `"int"`}},
		"a field without id":        {advice, "{id: age, ", "{", []string{advice + ": steps[0]: steps[0].fields[1].id: a field needs one"}},
		"a field twice":             {advice, "id: age", "id: name", []string{advice + ": steps[0]: steps[0].fields[1].id: there are two fields name"}},
		"a condition on nothing":    {advice, "{field: age}", "{field: edge}", []string{advice + `: steps[0]: steps[0].fields[2].requiredWhen.field: there is no field "edge"`}},
		"options of a number":       {advice, "min: 18", "options: [{value: a, title: {kk: А, ru: А, en: A}}]", []string{advice + `: steps[0]: steps[0].fields[1].options: a field of type "integer" has no use for it`}},
		"a choice of nothing":       {"fields/person.yaml", "type: string", "type: choice", []string{advice + ": steps[0]: steps[0].fields[0].options"}},
		"rows of nothing":           {"fields/person.yaml", "type: string", "type: list", []string{advice + ": steps[0]: steps[0].fields[0].fields"}},
		"a group in a group":        {"fields/person.yaml", "- {id", "- use: person\n- {id", []string{advice + ": steps[0]: fields/person.yaml[0].use"}},
		"a kind of file":            {advice, "documents:", "files: {types: [pdf, exe]}\ndocuments:", []string{advice + `: files.types[1]: "exe"`}},
		"a file larger than all":    {advice, "documents:", "files: {maxFileMB: 200}\ndocuments:", []string{advice + ": /files/maxFileBytes: out-of-range"}},
		"a workflow's signature":    {"workflows/advice.yaml", "by: acceptance", "by: stamp", []string{advice + ": /workflow/signatures/0/by: not-in-list"}},
		"a workflow's process":      {"workflows/advice.yaml", "kind: consultation", "kind: x", []string{advice + ": /passport/kind: not-in-list"}},
		"a provider without phone":  {"providers/chamber.yaml", "contacts: {phones: [\"1432\"]}", "contacts: {}", []string{"providers/chamber.yaml: /contacts: required"}},
		"a provider's calendar":     {"providers/chamber.yaml", "calendar: kz", "calendar: uz", []string{"providers/chamber.yaml: calendar: there is no calendars/uz.yaml"}},
		"a category without a name": {"categories.yaml", ", name: {kk: Заң, ru: Право, en: Law}", "", []string{"categories.yaml: /tree/0/name/kk: required", "categories.yaml: /tree/0/name/en: required"}},
		"no date":                   {"calendars/kz.yaml", "2026-12-16", "16.12.2026", []string{`calendars/kz.yaml: holidays[0].date: "16.12.2026" is not a date`}},
		"a holiday on a Sunday":     {"calendars/kz.yaml", "2026-12-16", "2026-12-20", []string{"calendars/kz.yaml: holidays[0].date: 2026-12-20 is a Sunday, which is off anyway"}},
		"a weekend on a Monday":     {"calendars/kz.yaml", "2026-12-19", "2026-12-21", []string{"calendars/kz.yaml: workingWeekends[0].date: 2026-12-21 is a Monday, which is worked anyway"}},
		"several at once":           {advice, "category: law\nprovider: chamber", "category: lav\nprovider: x", []string{"category: there is", "provider: there is"}},
	} {
		t.Run(name, func(t *testing.T) {
			written := small()
			changed := strings.Replace(written[test.file], test.old, test.new, 1)
			if changed == written[test.file] {
				t.Fatalf("%q is not in %s", test.old, test.file)
			}
			written[test.file] = changed
			_, err := catalogue.Load(files(written))
			if err == nil {
				t.Fatal("the mistake went unnoticed")
			}
			for _, part := range test.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is missing in:\n%v", part, err)
				}
			}
		})
	}
}

func TestAFileWithABadNameIsAMistake(t *testing.T) {
	written := small()
	written["services/My Service.yaml"] = written["services/advice.yaml"]
	_, err := catalogue.Load(files(written))
	if err == nil || !strings.Contains(err.Error(), "services/My Service.yaml: the file's name") {
		t.Errorf("got %v", err)
	}
}

func TestNothingAtAllIsAMistake(t *testing.T) {
	_, err := catalogue.Load(files(nil))
	if err == nil || !strings.Contains(err.Error(), "categories.yaml: read:") {
		t.Errorf("got %v", err)
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := catalogue.Load(catalogue.Embedded()); err != nil {
			b.Fatal(err)
		}
	}
}
