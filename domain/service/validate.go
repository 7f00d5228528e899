package service

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"services.example/portal/domain/identity"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
)

// The bounds of a service's content.
const (
	MaxTermDays   = 365
	MaxSteps      = 50
	MaxTextRunes  = 20_000   // of one text in one language
	MaxTotalBytes = 1 << 30  // the most that a service may let an application attach
	maxFileBytes  = 1 << 28  // the most that it may allow for one file
	maxSchemaSize = 64 << 10 // bytes of one step's schema
)

var (
	stepID    = regexp.MustCompile(`^[a-z][a-z0-9-]{0,49}$`)
	mediaType = regexp.MustCompile(`^[a-z]+/[a-z0-9][a-z0-9.+-]*$`)
)

// Validate names every fault of a content at once, each at its JSON pointer in the content. The error is the problem
// invalid, or nil.
func (c Content) Validate() error {
	var f faultList
	f.passport(c.Passport)
	f.steps(c.Steps)
	f.files("/files", c.Files)
	f.workflow("/workflow", c.Workflow)
	return problem.Input(f...)
}

// faultList gathers faults.
type faultList []problem.Field

func (f *faultList) add(location, code string, params ...string) {
	field := problem.Field{Location: location, Code: code}
	for i := 0; i+1 < len(params); i += 2 {
		if field.Params == nil {
			field.Params = map[string]string{}
		}
		field.Params[params[i]] = params[i+1]
	}
	*f = append(*f, field)
}

// text asks for words in every language.
func (f *faultList) text(location string, t text.Text) {
	for _, one := range []struct {
		language text.Language
		words    string
	}{{text.Kazakh, t.KK}, {text.Russian, t.RU}, {text.English, t.EN}} {
		at := location + "/" + string(one.language)
		switch {
		case strings.TrimSpace(one.words) == "":
			f.add(at, "required")
		case utf8.RuneCountInString(one.words) > MaxTextRunes:
			f.add(at, "too-long", "max", strconv.Itoa(MaxTextRunes))
		}
	}
}

// oneOf asks for a value out of a list.
func oneOf[T ~string](f *faultList, location string, value T, allowed ...T) {
	if value == "" {
		f.add(location, "required")
	} else if !slices.Contains(allowed, value) {
		f.add(location, "not-in-list")
	}
}

func (f *faultList) link(location, address string) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" {
		f.add(location, "wrong-format", "format", "url")
	}
}

func (f *faultList) passport(p Passport) {
	const at = "/passport"
	f.text(at+"/name", p.Name)
	f.text(at+"/description", p.Description)
	f.text(at+"/conditions", p.Conditions)
	f.text(at+"/recipients", p.Recipients)
	f.text(at+"/result", p.Result)
	oneOf(f, at+"/kind", p.Kind, Consultation, SupportMeasure)
	if p.Term.Days < 1 || p.Term.Days > MaxTermDays {
		f.add(at+"/term/days", "out-of-range", "min", "1", "max", strconv.Itoa(MaxTermDays))
	}
	oneOf(f, at+"/term/kind", p.Term.Kind, WorkingDays, CalendarDays)
	if p.CategoryID == "" {
		f.add(at+"/categoryId", "required")
	}
	if p.ProviderID == "" {
		f.add(at+"/providerId", "required")
	}
	f.contacts(at+"/contacts", p.Contacts)
	for i, document := range p.Documents {
		at := fmt.Sprintf("%s/documents/%d", at, i)
		f.text(at+"/title", document.Title)
		if document.URL != "" {
			f.link(at+"/url", document.URL)
		}
	}
	if p.Logo != "" {
		f.link(at+"/logo", p.Logo)
	}
}

func (f *faultList) contacts(at string, c Contacts) {
	if len(c.Phones) == 0 && c.Email == "" {
		f.add(at, "required")
	}
	for i, phone := range c.Phones {
		if strings.TrimSpace(phone) == "" {
			f.add(at+"/phones/"+strconv.Itoa(i), "required")
		}
	}
	if c.Email != "" {
		if _, err := identity.ParseEmail(c.Email); err != nil {
			f.add(at+"/email", "wrong-format", "format", "email")
		}
	}
	if c.Website != "" {
		f.link(at+"/website", c.Website)
	}
	if c.Address != (text.Text{}) {
		f.text(at+"/address", c.Address)
	}
}

func (f *faultList) steps(steps []Step) {
	if len(steps) == 0 {
		f.add("/steps", "required")
	}
	if len(steps) > MaxSteps {
		f.add("/steps", "too-many", "max", strconv.Itoa(MaxSteps))
		return
	}
	seen := map[string]bool{}
	for i, step := range steps {
		at := "/steps/" + strconv.Itoa(i)
		switch {
		case !stepID.MatchString(step.ID):
			f.add(at+"/id", "wrong-format", "format", "step-id")
		case seen[step.ID]:
			f.add(at+"/id", "repeated")
		}
		seen[step.ID] = true
		oneOf(f, at+"/kind", step.Kind, FormStep, DocumentStep, QuestionStep)
		f.text(at+"/title", step.Title)
		f.schema(at+"/schema", step.Schema)
	}
}

func (f *faultList) schema(at string, raw json.RawMessage) {
	if len(raw) > maxSchemaSize {
		f.add(at, "too-long", "max", strconv.Itoa(maxSchemaSize))
		return
	}
	compiled, err := compileSchema(raw)
	if err != nil {
		f.add(at, "invalid-schema", "reason", err.Error())
		return
	}
	for _, p := range compiled.properties {
		f.property(at+p.location, p)
	}
}

// property asks for what the screen needs beside the assertions: a title, and an example of a right answer.
func (f *faultList) property(at string, p property) {
	f.rawText(at+"/title", p.Title)
	if p.Description != nil {
		f.rawText(at+"/description", *p.Description)
	}
	f.enumTitles(at, p.annotations)
	var items annotations
	if unmarshalNumbers(p.Items, &items) == nil {
		f.enumTitles(at+"/items", items)
	}
	for _, pointer := range p.Prefill {
		if !strings.HasPrefix(pointer, "/") {
			f.add(at+"/x-prefill", "wrong-format", "format", "json-pointer")
		}
	}
	valid := func(example any) bool { return p.schema != nil && p.schema.Validate(example) == nil }
	switch {
	case len(p.Examples) == 0:
		f.add(at+"/examples", "required")
	case !slices.ContainsFunc(p.Examples, valid):
		f.add(at+"/examples", "no-valid-example")
	}
}

// enumTitles asks that, where a choice has words, every option has them.
func (f *faultList) enumTitles(at string, a annotations) {
	if a.EnumTitles == nil {
		return
	}
	for _, value := range a.Enum {
		name := fmt.Sprint(value)
		f.text(at+"/x-enum-titles/"+escape(name), a.EnumTitles[name])
	}
}

func (f *faultList) rawText(at string, raw json.RawMessage) {
	var words text.Text
	if len(raw) > 0 && json.Unmarshal(raw, &words) != nil {
		f.add(at, "wrong-type", "type", "text")
		return
	}
	f.text(at, words)
}

func (f *faultList) files(at string, rules FileRules) {
	inRange := func(name string, value, most int64) {
		if value < 1 || value > most {
			f.add(at+"/"+name, "out-of-range", "min", "1", "max", strconv.FormatInt(most, 10))
		}
	}
	inRange("maxTotalBytes", rules.MaxTotalBytes, MaxTotalBytes)
	inRange("maxFileBytes", rules.MaxFileBytes, min(maxFileBytes, max(rules.MaxTotalBytes, 1)))
	if len(rules.Types) == 0 {
		f.add(at+"/types", "required")
	}
	for i, name := range rules.Types {
		switch {
		case !mediaType.MatchString(name):
			f.add(at+"/types/"+strconv.Itoa(i), "wrong-format", "format", "media-type")
		case slices.Contains(rules.Types[:i], name):
			f.add(at+"/types/"+strconv.Itoa(i), "repeated")
		}
	}
}

func (f *faultList) workflow(at string, w Workflow) {
	if !stepID.MatchString(w.ID) {
		f.add(at+"/id", "wrong-format", "format", "id")
	}
	documents := map[string]bool{}
	for i, rule := range w.Signatures {
		at := fmt.Sprintf("%s/signatures/%d", at, i)
		oneOf(f, at+"/document", rule.Document, "act", "agreement", "result")
		if documents[rule.Document] {
			f.add(at+"/document", "repeated")
		}
		documents[rule.Document] = true
		oneOf(f, at+"/by", rule.By, "eds", "acceptance")
		if len(rule.Signers) == 0 {
			f.add(at+"/signers", "required")
		}
		for j, signer := range rule.Signers {
			at := fmt.Sprintf("%s/signers/%d", at, j)
			oneOf(f, at, signer, "applicant", "provider")
			if slices.Contains(rule.Signers[:j], signer) {
				f.add(at, "repeated")
			}
		}
	}
	asked := map[string]bool{}
	for i, item := range w.Questionnaire {
		at := fmt.Sprintf("%s/questionnaire/%d", at, i)
		switch {
		case !stepID.MatchString(item.ID):
			f.add(at+"/id", "wrong-format", "format", "id")
		case asked[item.ID]:
			f.add(at+"/id", "repeated")
		}
		asked[item.ID] = true
		oneOf(f, at+"/kind", item.Kind, "score", "text")
		f.text(at+"/title", item.Title)
	}
}
