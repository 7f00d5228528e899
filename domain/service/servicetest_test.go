package service_test

import (
	"encoding/json"
	"testing"
	"time"

	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
)

// words makes a text in three languages.
func words(s string) text.Text {
	return text.Text{KK: s + " (kk)", RU: s + " (ru)", EN: s + " (en)"}
}

// monday is a moment; which one does not matter.
var monday = time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)

// consultation is the content of a small service that breaks no rule. Tests change one thing in it.
func consultation() service.Content {
	return service.Content{
		Passport: service.Passport{
			Name: words("name"), Description: words("description"), Conditions: words("conditions"),
			Recipients: words("recipients"), Result: words("result"),
			Kind: service.Consultation, Term: service.Term{Days: 15, Kind: service.WorkingDays},
			CategoryID: "category", ProviderID: "provider",
			Contacts:  service.Contacts{Phones: []string{"1432"}, Email: "help@example.kz", Website: "https://example.kz"},
			Documents: []service.NormativeDocument{{Title: words("law"), URL: "https://example.kz/law"}},
		},
		Steps: []service.Step{
			{
				ID: "application-form", Kind: service.FormStep, Title: words("form"), Required: true,
				Schema: json.RawMessage(applicantSchema),
			},
			{
				ID: "identity-document", Kind: service.DocumentStep, Title: words("identity"), Required: true,
				Schema: json.RawMessage(`{"type":"object","additionalProperties":false}`),
			},
			{
				ID: "question", Kind: service.QuestionStep, Title: words("question"),
				Schema: json.RawMessage(`{"type":"object","properties":{"text":{
					"title":{"kk":"Сұрақ","ru":"Вопрос","en":"Question"},
					"type":"string","minLength":10,"maxLength":40,"examples":["Қай мерзімде тапсыру керек?"]}},
					"required":["text"],"additionalProperties":false}`),
			},
		},
		Files: service.FileRules{MaxFileBytes: 20 << 20, MaxTotalBytes: 100 << 20, Types: []string{"application/pdf"}},
		Workflow: service.Workflow{
			ID:            "consultation",
			Signatures:    []service.SignatureRule{{Document: "act", Signers: []string{"provider", "applicant"}, By: "eds"}},
			Questionnaire: []service.QuestionnaireItem{{ID: "overall", Kind: "score", Title: words("overall")}},
		},
	}
}

// applicantSchema is a form with every kind of field and condition that the portal's services use.
const applicantSchema = `{
	"type": "object",
	"properties": {
		"kind": {"title": {"kk": "Түрі", "ru": "Вид", "en": "Kind"}, "type": "string", "enum": ["legal", "person"],
			"x-enum-titles": {"legal": {"kk": "Заңды", "ru": "Юридическое", "en": "Legal"}, "person": {"kk": "Жеке", "ru": "Физическое", "en": "Person"}},
			"examples": ["legal"]},
		"organization": {"title": {"kk": "Атауы", "ru": "Название", "en": "Name"}, "type": "string", "maxLength": 20,
			"x-prefill": "/organization", "examples": ["«Үлгі» ЖШС"]},
		"number": {"title": {"kk": "Нөмірі", "ru": "Номер", "en": "Number"}, "type": "string", "format": "iin-or-bin",
			"x-prefill": ["/bin", "/iin"], "examples": ["600240000001"]},
		"email": {"title": {"kk": "Пошта", "ru": "Почта", "en": "E-mail"}, "type": "string", "format": "email",
			"x-prefill": "/email", "examples": ["ulgi@example.kz"]},
		"founded": {"title": {"kk": "Күні", "ru": "Дата", "en": "Date"}, "type": "string", "format": "date", "examples": ["2015-04-20"]},
		"staff": {"title": {"kk": "Саны", "ru": "Число", "en": "Staff"}, "type": "integer", "minimum": 0, "maximum": 250, "examples": [12]},
		"code": {"title": {"kk": "Коды", "ru": "Код", "en": "Code"}, "type": "string", "pattern": "^[0-9]{2}$", "examples": ["62"]},
		"bank": {"title": {"kk": "Банк", "ru": "Банк", "en": "Bank"}, "type": "string", "examples": ["Үлгі"]},
		"iban": {"title": {"kk": "Шот", "ru": "Счёт", "en": "Account"}, "type": "string", "format": "iban-kz", "examples": ["KZ60000B000001234567"]},
		"costs": {"title": {"kk": "Шығын", "ru": "Затраты", "en": "Costs"}, "type": "array", "minItems": 1, "maxItems": 12,
			"items": {"type": "object", "properties": {
				"what": {"title": {"kk": "Не", "ru": "Что", "en": "What"}, "type": "string", "examples": ["көрме"]},
				"sum": {"title": {"kk": "Сома", "ru": "Сумма", "en": "Sum"}, "type": "number", "exclusiveMinimum": 0, "examples": [10.5]}
			}, "required": ["what", "sum"], "additionalProperties": false},
			"examples": [[{"what": "көрме", "sum": 10.5}]]},
		"consent": {"title": {"kk": "Келісім", "ru": "Согласие", "en": "Consent"}, "type": "boolean", "const": true, "examples": [true]},
		"a/b~c": {"title": {"kk": "Белгі", "ru": "Знак", "en": "Sign"}, "type": "string", "maxLength": 1, "examples": ["x"]}
	},
	"required": ["kind", "number", "consent"],
	"dependentRequired": {"bank": ["iban"]},
	"allOf": [{
		"if": {"properties": {"kind": {"const": "legal"}}, "required": ["kind"]},
		"then": {"required": ["organization"]}
	}],
	"additionalProperties": false
}`

// form compiles the form of consultation.
func form(tb testing.TB) *service.Form {
	tb.Helper()
	f, err := service.CompileForm(consultation().Steps)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}
