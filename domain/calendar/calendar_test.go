package calendar_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/calendar"
	"services.example/portal/domain/service"
)

// spring is a calendar of spring 2026: Nauryz on 21 to 23 March, of which 21 and 22 fall on a weekend and move to 24 and
// 25; 9 May is a Saturday and moves to 11 May. That Saturday 4 April is worked for Friday 3 April is invented.
func spring(t *testing.T) calendar.Calendar {
	t.Helper()
	return calendar.New(
		dates(t, "2026-03-21", "2026-03-22", "2026-03-23", "2026-03-24", "2026-03-25", "2026-04-03", "2026-05-09", "2026-05-11"),
		dates(t, "2026-04-04"),
	)
}

func dates(t *testing.T, texts ...string) []calendar.Date {
	t.Helper()
	list := make([]calendar.Date, len(texts))
	for i, text := range texts {
		list[i] = date(t, text)
	}
	return list
}

func date(t *testing.T, text string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return d
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return instant
}

func TestATermEndsWithItsLastWorkingDay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, from string
		days       int
		want       string
	}{
		{"the day of sending does not count", "2026-03-02T10:00:00+05:00", 1, "2026-03-03T23:59:59+05:00"},
		{"a weekend is left out", "2026-03-06T10:00:00+05:00", 1, "2026-03-09T23:59:59+05:00"},
		{"sent on Saturday", "2026-03-07T10:00:00+05:00", 1, "2026-03-09T23:59:59+05:00"},
		{"holidays are left out", "2026-03-20T10:00:00+05:00", 1, "2026-03-26T23:59:59+05:00"},
		{"a moved Saturday counts", "2026-04-02T10:00:00+05:00", 1, "2026-04-04T23:59:59+05:00"},
		{"a moved Saturday and the day after", "2026-04-02T10:00:00+05:00", 2, "2026-04-06T23:59:59+05:00"},
		{"fifteen days", "2026-03-02T10:00:00+05:00", 15, "2026-03-26T23:59:59+05:00"},
		{"no days end the same day", "2026-03-02T10:00:00+05:00", 0, "2026-03-02T23:59:59+05:00"},
		{"last second of the day", "2026-03-02T23:59:59+05:00", 1, "2026-03-03T23:59:59+05:00"},
		{"evening in UTC is the next day in Almaty", "2026-03-02T19:00:00Z", 1, "2026-03-04T23:59:59+05:00"},
		{"before the clocks changed", "2024-02-26T10:00:00+06:00", 1, "2024-02-27T23:59:59+06:00"},
		{"the day of 25 hours", "2024-02-28T10:00:00+06:00", 1, "2024-02-29T23:59:59+05:00"},
		{"after the clocks changed", "2024-02-28T10:00:00+06:00", 2, "2024-03-01T23:59:59+05:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := spring(t).Due(at(t, tt.from), service.Term{Days: tt.days, Kind: service.WorkingDays})
			if err != nil {
				t.Fatal(err)
			}
			if text := got.Format(time.RFC3339); text != tt.want {
				t.Errorf("due %s, want %s", text, tt.want)
			}
		})
	}
}

func TestATermInCalendarDaysCountsEveryDay(t *testing.T) {
	t.Parallel()
	from := at(t, "2026-03-20T10:00:00+05:00")
	term := service.Term{Days: 3, Kind: service.CalendarDays}
	due, err := spring(t).Due(from, term)
	if err != nil || due.Format(time.RFC3339) != "2026-03-23T23:59:59+05:00" {
		t.Fatalf("due %s, %v", due, err)
	}
	for now, want := range map[string]int{
		"2026-03-20T10:00:00+05:00": 3, "2026-03-22T23:59:59+05:00": 1, "2026-03-23T00:00:00+05:00": 0,
		"2026-03-23T23:59:59+05:00": 0, "2026-03-24T00:00:00+05:00": -1, "2026-04-23T00:00:00+05:00": -31,
	} {
		if got := spring(t).DaysLeft(term.Kind, at(t, now), due); got != want {
			t.Errorf("%s: %d days left, want %d", now, got, want)
		}
	}
}

func TestWorkingDaysLeftCountDownAndGoBelowZero(t *testing.T) {
	t.Parallel()
	due := at(t, "2026-03-27T23:59:59+05:00") // Friday; 21 to 25 March are free
	for _, tt := range []struct {
		name, now string
		want      int
	}{
		{"a week before", "2026-03-18T10:00:00+05:00", 4},
		{"before the holidays", "2026-03-20T10:00:00+05:00", 2},
		{"in the holidays", "2026-03-24T10:00:00+05:00", 2},
		{"the day before", "2026-03-26T10:00:00+05:00", 1},
		{"the last day", "2026-03-27T00:00:00+05:00", 0},
		{"the last second", "2026-03-27T23:59:59+05:00", 0},
		{"overdue on Saturday", "2026-03-28T00:00:00+05:00", -1},
		{"overdue on Monday", "2026-03-30T10:00:00+05:00", -1},
		{"overdue on Tuesday", "2026-03-31T10:00:00+05:00", -2},
		{"overdue past the moved days", "2026-04-06T10:00:00+05:00", -6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := spring(t).DaysLeft(service.WorkingDays, at(t, tt.now), due); got != tt.want {
				t.Errorf("%d days left, want %d", got, tt.want)
			}
		})
	}
}

func TestAbsurdTermsAreRefused(t *testing.T) {
	t.Parallel()
	now := at(t, "2026-03-02T10:00:00+05:00")
	for _, tt := range []struct {
		name string
		from time.Time
		term service.Term
		want error
	}{
		{"longest", now, service.Term{Days: calendar.MaxTerm, Kind: service.WorkingDays}, nil},
		{"longest in calendar days", now, service.Term{Days: calendar.MaxTerm, Kind: service.CalendarDays}, nil},
		{"too long", now, service.Term{Days: calendar.MaxTerm + 1, Kind: service.WorkingDays}, calendar.ErrTerm},
		{"too long in calendar days", now, service.Term{Days: calendar.MaxTerm + 1, Kind: service.CalendarDays}, calendar.ErrTerm},
		{"backwards", now, service.Term{Days: -1, Kind: service.WorkingDays}, calendar.ErrTerm},
		{"backwards in calendar days", now, service.Term{Days: -1, Kind: service.CalendarDays}, calendar.ErrTerm},
		{"of no kind", now, service.Term{Days: 1}, calendar.ErrTerm},
		{"at the end of time", at(t, "9999-12-31T10:00:00Z"), service.Term{Days: 1, Kind: service.WorkingDays}, calendar.ErrRange},
		{"at the end of time, in calendar days", at(t, "9999-12-31T10:00:00Z"), service.Term{Days: 1, Kind: service.CalendarDays}, calendar.ErrRange},
		{"after the end of time", time.Unix(1<<60, 0), service.Term{Days: 1, Kind: service.WorkingDays}, calendar.ErrRange},
		{"before the beginning of time", time.Unix(-1<<60, 0), service.Term{Days: 1, Kind: service.WorkingDays}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := spring(t).Due(tt.from, tt.term); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

func TestAlmatyKeepsItsOwnClock(t *testing.T) {
	t.Parallel()
	for instant, want := range map[string]string{
		"2018-11-15T17:59:59Z": "2018-11-15 23:59:59 +0600",
		"2024-02-29T17:59:59Z": "2024-02-29 23:59:59 +0600",
		"2024-02-29T18:00:00Z": "2024-02-29 23:00:00 +0500",
		"2024-02-29T19:00:00Z": "2024-03-01 00:00:00 +0500",
		"2026-06-30T19:00:00Z": "2026-07-01 00:00:00 +0500",
	} {
		if got := calendar.Local(at(t, instant)).Format("2006-01-02 15:04:05 -0700"); got != want {
			t.Errorf("%s is %s, want %s", instant, got, want)
		}
	}
}

func TestApplicationNumbersEndWithTheDateInAlmaty(t *testing.T) {
	t.Parallel()
	for instant, want := range map[string]string{
		"2018-11-15T12:00:00Z": "15-11-18",
		"2018-11-15T18:00:00Z": "16-11-18", // +06:00 then
		"2026-11-15T18:59:59Z": "15-11-26",
		"2026-11-15T19:00:00Z": "16-11-26",
	} {
		if got := calendar.Suffix(at(t, instant)); got != want {
			t.Errorf("%s gives %s, want %s", instant, got, want)
		}
	}
}

// anyCalendar draws a calendar with exceptions around the days that anyInstant draws.
func anyCalendar(t *rapid.T) calendar.Calendar {
	day := rapid.Custom(func(t *rapid.T) calendar.Date { return calendar.DateOf(anyInstant(t)) })
	return calendar.New(rapid.SliceOfN(day, 0, 200).Draw(t, "holidays"), rapid.SliceOfN(day, 0, 60).Draw(t, "weekends"))
}

func anyInstant(t *rapid.T) time.Time {
	return time.Unix(rapid.Int64Range(1_690_000_000, 1_725_000_000).Draw(t, "instant"), 0) // July 2023 to August 2024
}

func TestAddingAndCountingWorkingDaysAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, from := anyCalendar(t), anyInstant(t)
		days := rapid.IntRange(1, 120).Draw(t, "days")
		due, err := c.AddWorkingDays(from, days)
		if err != nil {
			t.Fatal(err)
		}
		if !c.Working(calendar.DateOf(due)) {
			t.Fatalf("due on %s, which is no working day", due)
		}
		if left := c.WorkingDaysLeft(from, due); left != days {
			t.Fatalf("%d days added, %d left", days, left)
		}
		if left := c.WorkingDaysLeft(due, due); left != 0 {
			t.Fatalf("%d left in the last second", left)
		}
		if left := c.WorkingDaysLeft(due.Add(time.Second), due); left != -1 {
			t.Fatalf("%d left a second later", left)
		}
	})
}

func TestCountingIsWalkingThroughTheDays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := anyCalendar(t)
		instants := []time.Time{anyInstant(t), anyInstant(t)}
		slices.SortFunc(instants, time.Time.Compare)
		want := 0
		for day, last := calendar.DateOf(instants[0]), calendar.DateOf(instants[1]); day != last; {
			if day = calendar.DateOf(day.End().Add(time.Second)); c.Working(day) {
				want++
			}
		}
		if got := c.WorkingDaysLeft(instants[0], instants[1]); got != want {
			t.Fatalf("%d working days from %s to %s, want %d", got, instants[0], instants[1], want)
		}
	})
}

func TestTermsAreMonotone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, due := anyCalendar(t), anyInstant(t)
		instants := []time.Time{anyInstant(t), anyInstant(t)}
		slices.SortFunc(instants, time.Time.Compare)
		if before, after := c.WorkingDaysLeft(instants[0], due), c.WorkingDaysLeft(instants[1], due); before < after {
			t.Fatalf("%d days left, later %d", before, after)
		}
		days := rapid.IntRange(0, 60).Draw(t, "days")
		first, err := c.AddWorkingDays(instants[0], days)
		if err != nil {
			t.Fatal(err)
		}
		second, err := c.AddWorkingDays(instants[1], days)
		if err != nil {
			t.Fatal(err)
		}
		longer, err := c.AddWorkingDays(instants[0], days+1)
		if err != nil {
			t.Fatal(err)
		}
		if second.Before(first) || !longer.After(first) {
			t.Fatalf("%d days from %s: %s; sent later: %s; one day longer: %s", days, instants[0], first, second, longer)
		}
	})
}

func TestDatesAreReadAndWritten(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0001-01-01", "1999-12-31", "2024-02-29", "9999-12-31"} {
		var again calendar.Date
		written, err := date(t, text).MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		if err := again.UnmarshalText(written); err != nil || again.String() != text || again != date(t, text) {
			t.Errorf("%s became %s, %v", text, again, err)
		}
	}
	for _, text := range []string{"", "0000-12-31", "2023-02-29", "2024-13-01", "2024-1-1", "24-01-01", "2024-01-01T00:00:00Z", "10000-01-01", "２０２４-01-01"} {
		if d, err := calendar.ParseDate(text); err == nil || !d.IsZero() {
			t.Errorf("%q became %s", text, d)
		}
	}
	if weekday := date(t, "0001-01-01").Weekday(); weekday != time.Monday {
		t.Errorf("day 1 is a %s", weekday)
	}
	var none calendar.Date
	if err := none.UnmarshalText(nil); err != nil || none.String() != "" {
		t.Errorf("no date is %q, %v", none, err)
	}
	if err := none.UnmarshalText([]byte("tomorrow")); err == nil {
		t.Error("tomorrow is a date")
	}
}

func FuzzParseDate(f *testing.F) {
	for _, seed := range []string{"2026-03-21", "0001-01-01", "9999-12-31", "2023-02-29", "", "2026-03-21 "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := calendar.ParseDate(s)
		if err != nil {
			if !d.IsZero() {
				t.Fatalf("%q is an error and %s", s, d)
			}
			return
		}
		if d.String() != s || calendar.DateOf(d.End()) != d || calendar.DateOf(d.End().Add(time.Second)) == d && s != "9999-12-31" {
			t.Fatalf("%q became %s, which ends %s", s, d, d.End())
		}
	})
}

func TestACalendarDoesNotChangeWithItsLists(t *testing.T) {
	t.Parallel()
	holidays := dates(t, "2026-03-23", "2026-03-24")
	c := calendar.New(holidays, nil)
	holidays[0] = date(t, "2026-03-25")
	got := []bool{c.Working(date(t, "2026-03-23")), c.Working(date(t, "2026-03-24")), c.Working(date(t, "2026-03-25"))}
	if diff := cmp.Diff([]bool{false, false, true}, got); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkWorkingDaysLeft(b *testing.B) {
	var holidays []calendar.Date
	now := time.Date(2026, 3, 2, 5, 0, 0, 0, time.UTC)
	for i := range 400 {
		holidays = append(holidays, calendar.DateOf(now.AddDate(0, 0, 11*i)))
	}
	c := calendar.New(holidays, nil)
	due := now.AddDate(0, 0, 45)
	b.ReportAllocs()
	for b.Loop() {
		c.WorkingDaysLeft(now, due)
	}
}
