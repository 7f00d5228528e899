package cases_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/calendar"
	"services.example/portal/domain/region"
	"services.example/portal/domain/service"
	"services.example/portal/projections/cases"
	"services.example/portal/projections/projectionstest"
	"services.example/portal/projections/stored/storedtest"
)

const (
	applicant = "11111111-1111-4111-8111-111111111111"
	executor  = "44444444-4444-4444-8444-444444444444"
	offered   = "33333333-3333-4333-8333-333333333333"
	provider  = "55555555-5555-4555-8555-555555555555"
	id        = "22222222-2222-4222-8222-222222222222"
	stream    = "application-" + id
)

var (
	monday  = time.Date(2026, 11, 2, 5, 0, 0, 0, time.UTC)
	term    = service.Term{Days: 5, Kind: service.WorkingDays}
	due     = time.Date(2026, 11, 9, 18, 59, 59, 0, time.UTC)
	started = application.DraftStarted{
		Applicant: applicant, ServiceID: offered, ServiceVersion: 2, At: monday,
		Steps:     []application.StepState{{ID: "applicant"}, {ID: "question"}},
		Prefilled: map[string]json.RawMessage{"applicant": json.RawMessage(`{"region":"Астана қаласы"}`)},
	}
	submitted = application.Submitted{ServiceID: offered, ProviderID: provider, Term: term, DueAt: due, At: monday.Add(time.Hour)}
)

// created is when the nth event of a history was recorded.
func created(n int64) time.Time { return time.Unix(n, 0).UTC() }

// draft is the case of a draft that was just started, changed.
func draft(n int64, change func(c *cases.Case)) map[string]cases.Case {
	c := cases.Case{
		Applicant: applicant, ServiceID: offered, ServiceVersion: 2, Region: "KZ-71", Status: "draft", StartedMonth: "2026-11",
		StartedAt: monday, Steps: []cases.Step{{ID: "applicant"}, {ID: "question"}}, ChangedAt: created(n),
	}
	change(&c)
	return map[string]cases.Case{id: c}
}

// sent is the case of an application that was sent, changed.
func sent(n int64, change func(c *cases.Case)) map[string]cases.Case {
	return draft(n, func(c *cases.Case) {
		at, until := submitted.At, due
		c.Status, c.SentMonth, c.SentAt, c.DueAt = "submitted", "2026-11", &at, &until
		c.ProviderID, c.TermDays, c.TermKind = provider, 5, "working"
		change(c)
	})
}

func TestCases(t *testing.T) {
	t.Parallel()
	late := due.Add(time.Hour)
	for name, test := range map[string]struct {
		given []any
		then  map[string]cases.Case
	}{
		"nothing happened": {nil, map[string]cases.Case{}},
		"a draft":          {[]any{started}, draft(1, func(*cases.Case) {})},
		"steps, and another region": {
			[]any{
				started,
				application.StepSaved{StepID: "applicant", Complete: true, Data: json.RawMessage(`{"region":"г. Шымкент"}`)},
				application.StepSaved{StepID: "question", Data: json.RawMessage(`{"region":"нигде"}`)},
				application.StepSaved{StepID: "gone", Data: json.RawMessage(`{"region":7}`)},
			},
			draft(3, func(c *cases.Case) { // the last one changes nothing
				c.Region = "KZ-79"
				c.Steps = []cases.Step{{ID: "applicant", Touched: true, Complete: true}, {ID: "question", Touched: true}}
			}),
		},
		"a step that is saved again": {
			[]any{
				started,
				application.StepSaved{StepID: "question", Complete: true},
				application.StepSaved{StepID: "question", Complete: true},
				application.FileAttached{StepID: "question", Complete: true},
				application.FileRemoved{StepID: "question", Complete: true},
			},
			draft(2, func(c *cases.Case) { c.Steps[1] = cases.Step{ID: "question", Touched: true, Complete: true} }),
		},
		"a step that is not complete any more, in another region": {
			[]any{
				started,
				application.StepSaved{StepID: "question", Complete: true},
				application.FileRemoved{StepID: "question"},
				application.StepSaved{StepID: "question", Data: json.RawMessage(`{"region":"г. Шымкент"}`)},
				application.StepSaved{StepID: "question", Data: json.RawMessage(`{"region":"г. Шымкент"}`)},
			},
			draft(4, func(c *cases.Case) {
				c.Region, c.Steps[1] = "KZ-79", cases.Step{ID: "question", Touched: true}
			}),
		},
		"a draft that was deleted": {
			[]any{started, application.DraftDeleted{ServiceID: offered, At: late}},
			draft(2, func(c *cases.Case) { c.Status, c.EndedAt = "deleted", &late }),
		},
		"sent": {[]any{started, submitted}, sent(2, func(*cases.Case) {})},
		"decided late": {
			[]any{
				started, submitted,
				application.TakenIntoWork{},
				application.RefusalIssued{ServiceID: offered, Reason: "duplicate", First: true, At: late},
				application.ApplicationCompleted{ServiceID: offered, Outcome: application.OutcomeRefused, At: late},
			},
			sent(5, func(c *cases.Case) {
				c.Status, c.Outcome, c.Decision, c.Refusal, c.Overdue = "completed", "refused", "refused", "duplicate", true
				c.FirstAnswerAt, c.DecidedAt, c.EndedAt = &late, &late, &late
			}),
		},
		"returned in time and sent again": {
			[]any{
				started, submitted,
				application.ReturnedForCompletion{First: true, At: monday.Add(2 * time.Hour)},
				application.Resubmitted{DueAt: late, At: due},
			},
			sent(4, func(c *cases.Case) {
				first, until := monday.Add(2*time.Hour), late
				c.FirstAnswerAt, c.DueAt, c.Returns = &first, &until, 1
			}),
		},
		"signing": {
			[]any{
				started, submitted,
				application.ResponseIssued{First: true, At: monday.Add(3 * time.Hour)},
				application.DocumentIssued{DocumentID: "act", Signers: []string{"applicant"}},
			},
			sent(4, func(c *cases.Case) {
				at := monday.Add(3 * time.Hour)
				c.Status, c.Decision, c.FirstAnswerAt, c.DecidedAt, c.Unsigned = "awaiting_signature", "answered", &at, &at, []string{"act"}
			}),
		},
		"signed and rated": {
			[]any{
				started, submitted,
				application.ResponseIssued{First: true, At: monday.Add(3 * time.Hour)},
				application.DocumentIssued{DocumentID: "act", Signers: []string{"applicant"}},
				application.DocumentSigned{DocumentID: "act"},
				application.QuestionnaireAnswered{Scores: []application.QuestionScore{{Question: "speed", Score: 4}}},
			},
			sent(6, func(c *cases.Case) {
				at := monday.Add(3 * time.Hour)
				c.Status, c.Decision, c.FirstAnswerAt, c.DecidedAt = "answered", "answered", &at, &at
				c.Scores = []cases.Score{{Question: "speed", Score: 4}}
			}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var history projectionstest.History
			projectionstest.Expect(t, cases.Model, history.Of(applicant, stream, executor, "executor", test.given...), test.then)
		})
	}
}

// TestAnErasedPersonIsCountedAndNobody: also when the log is folded again, after the key is gone.
func TestAnErasedPersonIsCountedAndNobody(t *testing.T) {
	t.Parallel()
	var history projectionstest.History
	history = history.Of(applicant, stream, applicant, "applicant", started, submitted).
		Of(applicant, "account-"+applicant, applicant, "applicant", account.Erased{})
	want := sent(3, func(c *cases.Case) { c.Applicant, c.Region = "", region.Unknown })
	projectionstest.Expect(t, cases.Model, history, want)
	projectionstest.Expect(t, cases.Model, history.WithoutKey(applicant), want)
}

// TestWhatIf: had the term been three working days and had Wednesday been a holiday.
func TestWhatIf(t *testing.T) {
	t.Parallel()
	holiday, err := calendar.ParseDate("2026-11-04")
	if err != nil {
		t.Fatal(err)
	}
	days := calendar.New([]calendar.Date{holiday}, nil)
	var history projectionstest.History
	history = history.Of(applicant, stream, executor, "executor", started, submitted,
		application.DueDateMoved{DueAt: due.AddDate(1, 0, 0)}, // under the old rules
		application.DecidedPositive{First: true, At: due.Add(-time.Minute)})

	model := cases.With(cases.Rules{TermDays: 3, Calendar: &days})

	got := projectionstest.Documents(t, model, history)[id]
	want := time.Date(2026, 11, 6, 18, 59, 59, 0, time.UTC)
	if got.DueAt == nil || !got.DueAt.Equal(want) || !got.Overdue || got.TermDays != 3 {
		t.Errorf("due %v in %d days, overdue %t; want %v in 3 days, overdue", got.DueAt, got.TermDays, got.Overdue, want)
	}
}

// TestTheSameRulesGiveTheSameCases: to ask what if everything had been as it was changes nothing.
func TestTheSameRulesGiveTheSameCases(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		days := calendar.New(nil, nil)
		first := submitted
		first.Term.Days = rapid.IntRange(0, 30).Draw(rt, "term")
		first.DueAt, _ = days.Due(first.At, first.Term)
		returned := first.At.Add(time.Duration(rapid.IntRange(0, 1000).Draw(rt, "returned")) * time.Hour)
		again := returned.Add(time.Duration(rapid.IntRange(0, 1000).Draw(rt, "again")) * time.Hour)
		until, _ := days.Resume(first.Term.Kind, first.DueAt, returned, again)
		var history projectionstest.History
		history = history.Of(applicant, stream, executor, "executor", started, first,
			application.ReturnedForCompletion{First: true, At: returned}, application.Resubmitted{DueAt: until, At: again},
			application.DecidedPositive{At: again.Add(time.Duration(rapid.IntRange(0, 1000).Draw(rt, "decided")) * time.Hour)})
		was := projectionstest.Documents(t, cases.Model, history)
		asked := projectionstest.Documents(t, cases.With(cases.Rules{Calendar: &days}), history)
		if diff := cmp.Diff(was, asked); diff != "" {
			rt.Errorf("(-as it was +as asked):\n%s", diff)
		}
	})
}

var drawn = rapid.Custom(func(t *rapid.T) cases.Case {
	word := func(label string) string { return rapid.String().Draw(t, label) }
	at := func(label string) time.Time { return time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, label)).UTC() }
	moment := func(label string) *time.Time {
		if !rapid.Bool().Draw(t, label+"?") {
			return nil
		}
		when := at(label)
		return &when
	}
	n := func(label string) int { return int(rapid.Int32().Draw(t, label)) }
	return cases.Case{
		Applicant: word("applicant"), ServiceID: word("service"), ServiceVersion: n("version"), ProviderID: word("provider"),
		Region: region.Code(word("region")), Status: word("status"), StartedMonth: word("started month"), SentMonth: word("sent month"),
		StartedAt: at("started"), SentAt: moment("sent"), DueAt: moment("due"), TermDays: n("days"), TermKind: word("kind"),
		ReturnedAt: moment("returned"), Returns: n("returns"), FirstAnswerAt: moment("answered"), DecidedAt: moment("decided"),
		Decision: word("decision"), Refusal: word("refusal"), Unsigned: rapid.SliceOf(rapid.String()).Draw(t, "unsigned"),
		Overdue: rapid.Bool().Draw(t, "overdue"), EndedAt: moment("ended"), Outcome: word("outcome"),
		Steps: rapid.SliceOf(rapid.Make[cases.Step]()).Draw(t, "steps"), Scores: rapid.SliceOf(rapid.Make[cases.Score]()).Draw(t, "scores"),
		ChangedAt: at("changed"),
	}
})

func TestCasesAreStoredAsTheDriverStoresThem(t *testing.T) {
	t.Parallel()
	storedtest.AsTheDriver(t, drawn)
}

func TestNoFieldOfACaseIsForgotten(t *testing.T) {
	t.Parallel()
	storedtest.NoFieldIsForgotten[cases.Case](t)
}

func FuzzDecodeCase(f *testing.F) {
	body, err := bson.Marshal(&cases.Case{ServiceID: "a", Steps: []cases.Step{{ID: "b"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Fuzz(func(_ *testing.T, body []byte) {
		var c cases.Case
		_ = c.DecodeBSON(body) // no panic, whatever is stored
	})
}
