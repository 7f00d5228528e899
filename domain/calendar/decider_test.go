package calendar_test

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/calendar"
	"services.example/portal/domain/problem"
)

var noon = time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC)

func TestDefiningACalendar(t *testing.T) {
	t.Parallel()
	first := calendar.Defined{Version: 1, Holidays: []string{"2026-03-23", "2026-05-01"}, WorkingWeekends: []string{"2026-04-04"}, At: noon}
	for _, tt := range []struct {
		name  string
		given []calendar.Event
		when  calendar.Define
		then  []calendar.Event
		fault error
	}{
		{
			name: "the days are kept in order, each once",
			when: calendar.Define{Holidays: []string{"2026-05-01", "2026-03-23", "2026-05-01"}, WorkingWeekends: []string{"2026-04-04"}, At: noon},
			then: []calendar.Event{first},
		},
		{
			name: "a calendar may have no exceptions",
			when: calendar.Define{At: noon},
			then: []calendar.Event{calendar.Defined{Version: 1, Holidays: []string{}, WorkingWeekends: []string{}, At: noon}},
		},
		{
			name:  "the same days again change nothing",
			given: []calendar.Event{first},
			when:  calendar.Define{Holidays: []string{"2026-05-01", "2026-03-23"}, WorkingWeekends: []string{"2026-04-04"}, At: noon.Add(time.Hour)},
		},
		{
			name:  "other days are a new version",
			given: []calendar.Event{first},
			when:  calendar.Define{Holidays: []string{"2026-03-23"}, At: noon},
			then:  []calendar.Event{calendar.Defined{Version: 2, Holidays: []string{"2026-03-23"}, WorkingWeekends: []string{}, At: noon}},
		},
		{
			name: "everything wrong is told at once",
			when: calendar.Define{
				Holidays:        []string{"2026-04-04", "2026-02-30", "1 May"},
				WorkingWeekends: []string{"2026-04-04", "2026-04-06", "", "2026-04-05"},
			},
			fault: problem.Input(
				problem.Field{Location: "/holidays/1", Code: "date-invalid"},
				problem.Field{Location: "/holidays/2", Code: "date-invalid"},
				problem.Field{Location: "/workingWeekends/0", Code: "day-in-both-lists"},
				problem.Field{Location: "/workingWeekends/1", Code: "not-a-weekend"},
				problem.Field{Location: "/workingWeekends/2", Code: "date-invalid"},
			),
		},
		{
			name: "absurdly many days are refused",
			when: calendar.Define{Holidays: manyDates(5001)},
			fault: problem.Input(problem.Field{
				Location: "/holidays", Code: "too-many-items", Params: map[string]string{"max": strconv.Itoa(5000)},
			}),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := calendar.Decide(fold(tt.given), tt.when)
			if diff := cmp.Diff(tt.fault, err); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.then, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnUnknownCommandIsAnErrorOfTheProgram(t *testing.T) {
	t.Parallel()
	var p *problem.Problem
	if _, err := calendar.Decide(calendar.State{}, nil); err == nil || errors.As(err, &p) {
		t.Errorf("error %v", err)
	}
}

func TestAStoredCalendarCounts(t *testing.T) {
	t.Parallel()
	s := fold([]calendar.Event{calendar.Defined{Version: 3, Holidays: []string{"2026-03-23", "no date"}, WorkingWeekends: []string{"2026-03-28"}}})
	if s.Version != 3 {
		t.Errorf("version %d", s.Version)
	}
	got := map[string]bool{}
	for _, day := range []string{"2026-03-22", "2026-03-23", "2026-03-24", "2026-03-28"} {
		got[day] = s.Calendar().Working(date(t, day))
	}
	want := map[string]bool{"2026-03-22": false, "2026-03-23": false, "2026-03-24": true, "2026-03-28": true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The state is always the last definition that was accepted, its version the number of changes.
func TestEveryDefinitionThatDiffersIsOneVersion(t *testing.T) {
	t.Parallel()
	days := []string{"2026-03-21", "2026-03-23", "2026-03-24", "2026-03-28", "not a date"}
	rapid.Check(t, func(t *rapid.T) {
		var s, want calendar.State
		for range rapid.IntRange(1, 20).Draw(t, "commands") {
			c := calendar.Define{
				Holidays:        rapid.SliceOf(rapid.SampledFrom(days)).Draw(t, "holidays"),
				WorkingWeekends: rapid.SliceOf(rapid.SampledFrom(days)).Draw(t, "weekends"), At: noon,
			}
			events, err := calendar.Decide(s, c)
			if (err != nil) == valid(c) {
				t.Fatalf("%+v: %v", c, err)
			}
			if err == nil {
				next := calendar.State{Version: want.Version, Holidays: ordered(c.Holidays), WorkingWeekends: ordered(c.WorkingWeekends)}
				if want.Version == 0 || !cmp.Equal(next, want) {
					next.Version++
				}
				want = next
			}
			for _, e := range events {
				s = calendar.Evolve(s, e)
			}
			if diff := cmp.Diff(want, s); diff != "" {
				t.Fatal(diff)
			}
			if again, err := calendar.Decide(s, c); len(again) > 0 || (err == nil) != valid(c) {
				t.Fatalf("again: %v, %v", again, err)
			}
		}
	})
}

func valid(c calendar.Define) bool {
	ok := !slices.Contains(c.Holidays, "not a date")
	for _, day := range c.WorkingWeekends {
		ok = ok && (day == "2026-03-21" || day == "2026-03-28") && !slices.Contains(c.Holidays, day)
	}
	return ok
}

func ordered(days []string) []string {
	days = append([]string{}, days...)
	slices.Sort(days)
	return slices.Compact(days)
}

func manyDates(n int) []string {
	days := make([]string, n)
	for i := range days {
		days[i] = noon.AddDate(0, 0, i).Format(time.DateOnly)
	}
	return days
}

func fold(events []calendar.Event) calendar.State {
	var s calendar.State
	for _, e := range events {
		s = calendar.Evolve(s, e)
	}
	return s
}
