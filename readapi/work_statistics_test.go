package readapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"services.example/portal/domain/application"
)

// withHistory tells what happened to applications of the first two services: in October 1 and 2 were sent, and 1 was
// returned after 23 hours; in November 1 was answered, on the third day, and 2 was refused too late.
func (w *world) withHistory() *world {
	w.t.Helper()
	october := time.Date(2026, 10, 30, 5, 0, 0, 0, time.UTC)
	november := october.Add(78 * time.Hour)
	legal, tax := id("service", 1), id("service", 2)
	for n, of := range map[int]string{1: legal, 2: tax} {
		w.write(streamOf(n), dana, application.Submitted{ServiceID: of, ProviderID: id("provider", 1), At: october})
	}
	w.does(1, application.ReturnedForCompletion{ServiceID: legal, SubmittedAt: october, First: true, At: october.Add(23 * time.Hour)},
		application.ResponseIssued{ServiceID: legal, SubmittedAt: october, DueAt: friday, At: november})
	w.write(streamOf(1), dana, application.QuestionnaireAnswered{ServiceID: legal, At: november, Scores: []application.QuestionScore{
		{Question: "speed", Score: 2}, {Question: "politeness", Score: 5},
	}}, application.ApplicationCompleted{ServiceID: legal, Outcome: application.OutcomeAnswered, At: november})
	return w.does(2, application.Overdue{ServiceID: tax, At: october.AddDate(0, 0, 12)}, application.RefusalIssued{
		ServiceID: tax, Reason: "duplicate", SubmittedAt: october, DueAt: october.AddDate(0, 0, 12), First: true, At: october.AddDate(0, 0, 20),
	}, application.ApplicationCompleted{ServiceID: tax, Outcome: application.OutcomeRefused, At: october.AddDate(0, 0, 20)})
}

func some[T any](value T) *T { return &value }

// counted is figures of which nothing is missing but what a test is not about.
func counted(change func(f *Figures)) Figures {
	f := Figures{}
	change(&f)
	return f
}

func expectFigures(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestStatisticsOfWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withHistory()
	legal := counted(func(f *Figures) {
		f.Sent, f.Returned, f.LateShare = 1, 1, some(0.0)
		f.FirstAnswer = durations{Count: 1, MeanHours: some(23.0), MedianDays: some(0), MostDays: some(0), ByDays: []dayCount{{0, 1}}}
		f.Decision = durations{Count: 1, MeanHours: some(78.0), MedianDays: some(3), MostDays: some(3), ByDays: []dayCount{{3, 1}}}
		f.Outcomes = []codeCount{{"answered", "дан ответ", 1}}
		f.Questions = []questionCount{
			{"politeness", 1, some(5.0), []int64{0, 0, 0, 0, 1}}, {"speed", 1, some(2.0), []int64{0, 1, 0, 0, 0}},
		}
	})
	tax := counted(func(f *Figures) {
		f.Sent, f.Overdue, f.Late, f.LateShare = 1, 1, 1, some(1.0)
		f.FirstAnswer = durations{Count: 1, MeanHours: some(480.0), MedianDays: some(20), MostDays: some(20), ByDays: []dayCount{{20, 1}}}
		f.Decision = f.FirstAnswer
		f.Refusals = []codeCount{{"duplicate", "заявка повторная", 1}}
		f.Outcomes = []codeCount{{"refused", "отрицательное решение", 1}}
	})
	total := counted(func(f *Figures) {
		f.Sent, f.Returned, f.Overdue, f.Late, f.LateShare = 2, 1, 1, 1, some(0.5)
		f.FirstAnswer = durations{Count: 2, MeanHours: some(251.5), MedianDays: some(0), MostDays: some(20), ByDays: []dayCount{{0, 1}, {20, 1}}}
		f.Decision = durations{Count: 2, MeanHours: some(279.0), MedianDays: some(3), MostDays: some(20), ByDays: []dayCount{{3, 1}, {20, 1}}}
		f.Refusals, f.Outcomes = tax.Refusals, slices.Concat(legal.Outcomes, tax.Outcomes)
		f.Questions = legal.Questions
	})
	october := counted(func(f *Figures) { f.Sent, f.Returned, f.FirstAnswer = 2, 1, legal.FirstAnswer })
	november := total
	november.Sent, november.Returned, november.FirstAnswer = 0, 0, tax.FirstAnswer

	admin := staff(saule, "", "admin")
	read := func(who, query string) workStatistics {
		t.Helper()
		var got workStatistics
		w.getIn(who, "/work/statistics"+query, w.at.String(), "ru").into(t, &got)
		return got
	}
	named := func(s workStatistics) string {
		list := []string{}
		for _, of := range s.Services {
			list = append(list, of.Service.Name.EN)
		}
		return strings.Join(list, ", ")
	}
	year := read(admin, "")
	expectFigures(t, "the year", total, year.Total)
	if year.From != "2025-12" || year.To != "2026-11" || len(year.Months) != 2 || len(year.Services) != 2 {
		t.Fatalf("the year: %+v", year)
	}
	expectFigures(t, "by month", []monthFigures{{"2026-10", october}, {"2026-11", november}}, year.Months)
	if named(year) != "Tax advice, Legal advice" { // by their Russian names
		t.Errorf("services: %s", named(year))
	}
	expectFigures(t, "legal advice", legal, year.Services[1].Figures)
	expectFigures(t, "tax advice", tax, year.Services[0].Figures)

	expectFigures(t, "one service", tax, read(bySaule, "?service="+id("service", 2)).Total)
	expectFigures(t, "one month", october, read(bySaule, "?from=2026-10&to=2026-10").Total)
	expectFigures(t, "one month of a service", counted(func(f *Figures) { f.Sent = 1 }), read(bySaule, "?to=2026-10&service="+id("service", 2)).Total)
	expectFigures(t, "a month of nothing", Figures{}, read(bySaule, "?from=2026-09&to=2026-09").Total)
	for _, query := range []string{"?from=2026-12", "?from=2026-11&to=2026-10", "?from=2010-01", "?from=2026-13", "?to=2026-1", "?to=0000-01", "?from=x"} {
		w.get(admin, "/work/statistics"+query).refuses(t, http.StatusUnprocessableEntity, "invalid")
	}
}

func TestWhoseStatisticsTheyAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withHistory()
	for name, test := range map[string]struct {
		who  string
		sent int64
	}{
		"an admin":    {staff(saule, "", "admin"), 2},
		"an operator": {byMarat, 2}, "an executor": {bySaule, 2}, "an admin of the provider": {staff(saule, id("provider", 1), "provider-admin"), 2},
		"an executor of another provider":      {staff(saule, id("provider", 2), "executor"), 0},
		"a provider's admin who is an analyst": {staff(saule, id("provider", 2), "provider-admin", "analyst"), 0},
	} {
		var got workStatistics
		w.get(test.who, "/work/statistics").into(t, &got)
		if got.Total.Sent != test.sent || len(got.Services) != int(test.sent) {
			t.Errorf("%s sees %d sent to %d services, want %d", name, got.Total.Sent, len(got.Services), test.sent)
		}
	}
	for _, who := range []string{dana, analyst, staff(saule, "", "auditor"), staff(saule, "", "executor"), staff(saule, id("provider", 1), "auditor")} {
		w.get(who, "/work/statistics").refuses(t, http.StatusNotFound, "not-found")
	}
	for _, service := range []string{id("service", 1), id("service", 99)} {
		w.get(staff(saule, id("provider", 2), "executor"), "/work/statistics?service="+service).refuses(t, http.StatusNotFound, "service-not-found")
	}
}

func TestSpansOfMonths(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 10, 31, 19, 0, 0, 0, time.UTC) // November in Almaty
	for _, test := range []struct{ from, to, want string }{
		{"", "", "2025-12 2026-11 <nil>"},
		{"", "2026-01", "2025-02 2026-01 <nil>"},
		{"2026-11", "", "2026-11 2026-11 <nil>"},
		{"2016-12", "", "2016-12 2026-11 <nil>"},
		{"2016-11", "", "  invalid (from: out-of-range)"},
		{"2026-12", "", "  invalid (from: out-of-range)"},
	} {
		from, to, err := months(test.from, test.to, now)
		if got := fmt.Sprintf("%s %s %v", from, to, err); got != test.want {
			t.Errorf("%q to %q: %s, want %s", test.from, test.to, got, test.want)
		}
	}
}
