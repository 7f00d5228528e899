package servicestatistics_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/projections/projectionstest"
	"services.example/portal/projections/servicestatistics"
)

const (
	applicant = "11111111-1111-4111-8111-111111111111"
	executor  = "44444444-4444-4444-8444-444444444444"
	offered   = "33333333-3333-4333-8333-333333333333"
	stream    = "application-22222222-2222-4222-8222-222222222222"
)

var (
	october  = time.Date(2026, 10, 30, 5, 0, 0, 0, time.UTC)
	november = october.Add(78 * time.Hour) // three days and six hours
	due      = october.AddDate(0, 0, 21)
)

// figures are those of a month, changed.
func figures(month string, change func(f *servicestatistics.Figures)) servicestatistics.Figures {
	none := servicestatistics.Durations{Days: []servicestatistics.Days{}}
	f := servicestatistics.Figures{
		ServiceID: offered, Month: month, FirstAnswer: none, Decision: none,
		Refusals: []servicestatistics.Tally{}, Outcomes: []servicestatistics.Tally{}, Questions: []servicestatistics.Question{},
	}
	change(&f)
	return f
}

// once is how long something took that happened once.
func once(took time.Duration, days int) servicestatistics.Durations {
	return servicestatistics.Durations{
		Count: 1, Seconds: int64(took / time.Second), Days: []servicestatistics.Days{{Days: days, Count: 1}},
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	const in10, in11 = offered + "/2026-10", offered + "/2026-11"
	sent := application.Submitted{ServiceID: offered, DueAt: due, At: october}
	sentFigures := figures("2026-10", func(f *servicestatistics.Figures) { f.Sent = 1 })
	for name, test := range map[string]struct {
		given []any
		then  map[string]servicestatistics.Figures
	}{
		"nothing happened": {nil, map[string]servicestatistics.Figures{}},
		"a draft, talk and work on it are no figures": {
			[]any{
				application.DraftStarted{ServiceID: offered},
				application.DraftDeleted{ServiceID: offered},
				application.TakenIntoWork{},
				application.Resubmitted{},
				application.DocumentSigned{},
				application.DueSoon{},
				correspondence.MessagePosted{},
			}, map[string]servicestatistics.Figures{},
		},
		"an application that was sent": {[]any{sent}, map[string]servicestatistics.Figures{in10: sentFigures}},
		"the last hours of a month are the first of the next in Almaty": {
			[]any{application.Submitted{ServiceID: offered, At: time.Date(2026, 10, 31, 19, 0, 0, 0, time.UTC)}},
			map[string]servicestatistics.Figures{in11: figures("2026-11", func(f *servicestatistics.Figures) { f.Sent = 1 })},
		},
		"one that was withdrawn, after its due date had passed": {
			[]any{sent, application.Overdue{ServiceID: offered, DueAt: due, At: november}, application.Withdrawn{ServiceID: offered, At: november}},
			map[string]servicestatistics.Figures{in10: sentFigures, in11: figures("2026-11", func(f *servicestatistics.Figures) {
				f.Withdrawn, f.Overdue = 1, 1
			})},
		},
		"a return is a first answer, what follows is not": {
			[]any{
				sent,
				application.ReturnedForCompletion{ServiceID: offered, SubmittedAt: october, First: true, At: october.Add(23 * time.Hour)},
				application.ReturnedForCompletion{ServiceID: offered, SubmittedAt: october, At: october.Add(30 * time.Hour)},
				application.ResponseIssued{ServiceID: offered, SubmittedAt: october, DueAt: due, At: november},
				application.ApplicationCompleted{ServiceID: offered, Outcome: application.OutcomeAnswered, At: november},
			},
			map[string]servicestatistics.Figures{
				in10: figures("2026-10", func(f *servicestatistics.Figures) {
					f.Sent, f.Returned, f.FirstAnswer = 1, 2, once(23*time.Hour, 0)
				}),
				in11: figures("2026-11", func(f *servicestatistics.Figures) {
					f.Decision = once(78*time.Hour, 3)
					f.Outcomes = []servicestatistics.Tally{{Code: "answered", Count: 1}}
				}),
			},
		},
		"decisions, one of them late": {
			[]any{
				application.DecidedPositive{ServiceID: offered, SubmittedAt: october, DueAt: due, First: true, At: november},
				application.RefusalIssued{ServiceID: offered, Reason: "duplicate", SubmittedAt: october, DueAt: november, At: november.Add(time.Hour)},
				application.ApplicationCompleted{ServiceID: offered, Outcome: application.OutcomeRefused, At: november},
			},
			map[string]servicestatistics.Figures{in11: figures("2026-11", func(f *servicestatistics.Figures) {
				f.FirstAnswer = once(78*time.Hour, 3)
				f.Decision = servicestatistics.Durations{
					Count: 2, Seconds: 157 * 3600, Days: []servicestatistics.Days{{Days: 3, Count: 2}},
				}
				f.Late = 1
				f.Refusals = []servicestatistics.Tally{{Code: "duplicate", Count: 1}}
				f.Outcomes = []servicestatistics.Tally{{Code: "refused", Count: 1}}
			})},
		},
		"times are told apart by whole days, up to the longest; a clock set back makes none negative": {
			[]any{
				application.DecidedPositive{ServiceID: offered, SubmittedAt: november.AddDate(-3, 0, 0), DueAt: due, At: november},
				application.DecidedPositive{ServiceID: offered, SubmittedAt: november.Add(time.Hour), DueAt: due, At: november},
				application.DecidedPositive{ServiceID: offered, SubmittedAt: november.Add(-25 * time.Hour), DueAt: due, At: november},
			},
			map[string]servicestatistics.Figures{in11: figures("2026-11", func(f *servicestatistics.Figures) {
				f.Decision = servicestatistics.Durations{
					Count: 3, Seconds: (1096*24 + 25) * 3600,
					Days: []servicestatistics.Days{{Days: 0, Count: 1}, {Days: 1, Count: 1}, {Days: servicestatistics.MostDays, Count: 1}},
				}
			})},
		},
		"questionnaires": {
			[]any{
				application.QuestionnaireAnswered{ServiceID: offered, At: november, Scores: []application.QuestionScore{
					{Question: "speed", Score: 1}, {Question: "politeness", Score: 5},
				}},
				application.QuestionnaireAnswered{ServiceID: offered, At: november, Scores: []application.QuestionScore{
					{Question: "politeness", Score: 4}, {Question: "speed", Score: 6}, {Question: "speed", Score: 0},
				}},
			},
			map[string]servicestatistics.Figures{in11: figures("2026-11", func(f *servicestatistics.Figures) {
				f.Questions = []servicestatistics.Question{
					{Question: "speed", Scores: []int64{1, 0, 0, 0, 0}}, {Question: "politeness", Scores: []int64{0, 0, 0, 1, 1}},
				}
			})},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var history projectionstest.History
			history = history.Of(applicant, stream, executor, "executor", test.given...)
			projectionstest.Expect(t, servicestatistics.Model, history, test.then)
		})
	}
}

func TestHowLongMostTook(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		days         []servicestatistics.Days
		median, most int
	}{
		"none":             {nil, 0, 0},
		"one":              {[]servicestatistics.Days{{Days: 7, Count: 1}}, 7, 7},
		"ten, one of them": {[]servicestatistics.Days{{Days: 1, Count: 5}, {Days: 3, Count: 4}, {Days: 90, Count: 1}}, 1, 3},
		"a slow half":      {[]servicestatistics.Days{{Days: 1, Count: 4}, {Days: 20, Count: 6}}, 20, 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := servicestatistics.Durations{Days: test.days}
			for _, days := range test.days {
				d.Count += days.Count
			}
			if d.Median() != test.median || d.Most() != test.most {
				t.Errorf("half within %d days and nine of ten within %d, want %d and %d", d.Median(), d.Most(), test.median, test.most)
			}
		})
	}
}

// TestASumIsThatOfOneLongMonth: however events are spread over months, the sum of the months is what one month would have
// been in which all of them happened.
func TestASumIsThatOfOneLongMonth(t *testing.T) {
	t.Parallel()
	reason := rapid.SampledFrom([]string{"duplicate", "other", "budget-exhausted"})
	rapid.Check(t, func(rt *rapid.T) {
		var apart, together projectionstest.History
		for range rapid.IntRange(0, 20).Draw(rt, "events") {
			month := rapid.IntRange(0, 3).Draw(rt, "month")
			took := time.Duration(rapid.IntRange(0, 2000).Draw(rt, "hours")) * time.Hour
			at := func(months int) (sent, happened time.Time) {
				happened = october.AddDate(0, months, -20)
				return happened.Add(-took), happened
			}
			event := func(months int) any {
				sent, happened := at(months)
				return application.RefusalIssued{
					ServiceID: offered, Reason: "duplicate", SubmittedAt: sent, DueAt: sent.AddDate(0, 0, 15), First: took%(2*time.Hour) == 0, At: happened,
				}
			}
			if rapid.Bool().Draw(rt, "a questionnaire") {
				score := application.QuestionScore{
					Question: rapid.SampledFrom([]string{"speed", "politeness"}).Draw(rt, "question"), Score: rapid.IntRange(1, 5).Draw(rt, "score"),
				}
				event = func(months int) any {
					_, happened := at(months)
					return application.QuestionnaireAnswered{ServiceID: offered, Scores: []application.QuestionScore{score}, At: happened}
				}
			} else if rapid.Bool().Draw(rt, "of another reason") {
				code, before := reason.Draw(rt, "reason"), event
				event = func(months int) any {
					refused, _ := before(months).(application.RefusalIssued)
					refused.Reason = code
					return refused
				}
			}
			apart = apart.Of(applicant, stream, executor, "executor", event(month))
			together = together.Of(applicant, stream, executor, "executor", event(0))
		}
		sum := func(h projectionstest.History) servicestatistics.Figures {
			all := servicestatistics.Figures{}
			documents := projectionstest.Documents(t, servicestatistics.Model, h)
			for months := range 4 { // in their order, in which codes come up
				if f, found := documents[servicestatistics.ID(offered, servicestatistics.MonthOf(october.AddDate(0, months, -20)))]; found {
					all.Add(&f)
				}
			}
			all.Sort()
			return all
		}
		if diff := cmp.Diff(sum(together), sum(apart)); diff != "" {
			rt.Errorf("sum of the months (-one month +several):\n%s", diff)
		}
	})
}
