package calendar_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"services.example/portal/domain/calendar"
	"services.example/portal/domain/service"
)

func TestATermStandsStillWhileTheApplicationIsReturned(t *testing.T) {
	t.Parallel()
	const due = "2026-03-12T23:59:59+05:00" // a Thursday
	for _, tt := range []struct {
		name, due, returned, again string
		kind                       service.TermKind
		want                       string
	}{
		{"for no day", due, "2026-03-03T09:00:00+05:00", "2026-03-03T18:00:00+05:00", service.WorkingDays, due},
		{"over midnight, for a day", due, "2026-03-03T23:59:59+05:00", "2026-03-04T00:00:00+05:00", service.WorkingDays, "2026-03-13T23:59:59+05:00"},
		{"for two days", due, "2026-03-03T09:00:00+05:00", "2026-03-05T09:00:00+05:00", service.WorkingDays, "2026-03-16T23:59:59+05:00"},
		{"over a weekend, which does not count", due, "2026-03-06T09:00:00+05:00", "2026-03-09T09:00:00+05:00", service.WorkingDays, "2026-03-13T23:59:59+05:00"},
		{"from Friday to Sunday", due, "2026-03-06T09:00:00+05:00", "2026-03-08T09:00:00+05:00", service.WorkingDays, due},
		{"returned on Saturday, sent again on Monday", due, "2026-03-07T09:00:00+05:00", "2026-03-09T09:00:00+05:00", service.WorkingDays, "2026-03-13T23:59:59+05:00"},
		{
			"so that the new due date lies behind holidays", "2026-03-20T23:59:59+05:00", "2026-03-18T09:00:00+05:00",
			"2026-03-19T09:00:00+05:00", service.WorkingDays, "2026-03-26T23:59:59+05:00",
		},
		{"beyond the due date", due, "2026-03-11T09:00:00+05:00", "2026-03-18T09:00:00+05:00", service.WorkingDays, "2026-03-19T23:59:59+05:00"},
		{"when it was overdue already", due, "2026-03-16T09:00:00+05:00", "2026-03-18T09:00:00+05:00", service.WorkingDays, "2026-03-16T23:59:59+05:00"},
		{
			"from its last day, a Friday, to Saturday", "2026-03-13T23:59:59+05:00", "2026-03-13T09:00:00+05:00",
			"2026-03-14T09:00:00+05:00", service.WorkingDays, "2026-03-14T23:59:59+05:00",
		},
		{
			"from its last day, a Friday, to Monday", "2026-03-13T23:59:59+05:00", "2026-03-13T09:00:00+05:00",
			"2026-03-16T09:00:00+05:00", service.WorkingDays, "2026-03-16T23:59:59+05:00",
		},
		{
			"when it was overdue since a Friday, from Saturday to Sunday", "2026-03-13T23:59:59+05:00", "2026-03-14T09:00:00+05:00",
			"2026-03-15T09:00:00+05:00", service.WorkingDays, "2026-03-13T23:59:59+05:00",
		},
		{
			"when it was overdue since a Friday, from Saturday to Monday", "2026-03-13T23:59:59+05:00", "2026-03-14T09:00:00+05:00",
			"2026-03-16T09:00:00+05:00", service.WorkingDays, "2026-03-13T23:59:59+05:00",
		},
		{
			"when it was overdue since a Friday, from Saturday to Tuesday", "2026-03-13T23:59:59+05:00", "2026-03-14T09:00:00+05:00",
			"2026-03-17T09:00:00+05:00", service.WorkingDays, "2026-03-16T23:59:59+05:00",
		},
		{"in calendar days", due, "2026-03-06T09:00:00+05:00", "2026-03-09T09:00:00+05:00", service.CalendarDays, "2026-03-15T23:59:59+05:00"},
		{"in calendar days, for none", due, "2026-03-06T09:00:00+05:00", "2026-03-06T09:00:01+05:00", service.CalendarDays, due},
		{"by evening in UTC, which is the next day", due, "2026-03-03T18:59:59Z", "2026-03-03T19:00:00Z", service.CalendarDays, "2026-03-13T23:59:59+05:00"},
		{"by a clock that went back", due, "2026-03-06T09:00:00+05:00", "2026-03-02T09:00:00+05:00", service.WorkingDays, due},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := spring(t).Resume(tt.kind, at(t, tt.due), at(t, tt.returned), at(t, tt.again))
			if err != nil {
				t.Fatal(err)
			}
			if text := got.Format(time.RFC3339); text != tt.want {
				t.Errorf("due %s, want %s", text, tt.want)
			}
		})
	}
}

// TestAPauseKeepsTheDaysThatAreLeft: whatever the calendar, whoever sends again has as many days left as at the return,
// and never an earlier due date.
func TestAPauseKeepsTheDaysThatAreLeft(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, sent, returned := anyCalendar(t), anyInstant(t), anyInstant(t)
		kind := rapid.SampledFrom([]service.TermKind{service.WorkingDays, service.CalendarDays}).Draw(t, "kind")
		due, err := c.Due(sent, service.Term{Days: rapid.IntRange(1, 60).Draw(t, "days"), Kind: kind})
		if err != nil {
			t.Fatal(err)
		}
		again := returned.Add(time.Duration(rapid.Int64Range(0, 400*24*3600).Draw(t, "pause")) * time.Second)
		resumed, err := c.Resume(kind, due, returned, again)
		if err != nil {
			t.Fatal(err)
		}
		if resumed.Before(due) {
			t.Fatalf("due %s, before the pause %s", resumed, due)
		}
		before, after := c.DaysLeft(kind, returned, due), c.DaysLeft(kind, again, resumed)
		if before != after {
			t.Fatalf("%d days left at the return on %s, %d when it was sent again on %s", before, returned, after, again)
		}
		if calendar.DateOf(returned) == calendar.DateOf(again) && !resumed.Equal(due) {
			t.Fatalf("due %s after a pause of no day, before it %s", resumed, due)
		}
		later, err := c.Resume(kind, due, returned, again.Add(24*time.Hour))
		if err != nil || later.Before(resumed) {
			t.Fatalf("due %s, and %s (%v) when sent again a day later", resumed, later, err)
		}
	})
}

func TestAPauseThatCannotBeCounted(t *testing.T) {
	t.Parallel()
	due, returned, again := at(t, "9999-12-30T23:59:59+05:00"), at(t, "2026-03-02T09:00:00+05:00"), at(t, "2046-03-02T09:00:00+05:00")
	for _, tt := range []struct {
		name string
		kind service.TermKind
		due  time.Time
		want error
	}{
		{"of twenty years", service.WorkingDays, at(t, "2026-03-12T23:59:59+05:00"), nil},
		{"beyond the end of time", service.WorkingDays, due, calendar.ErrRange},
		{"beyond the end of time, in calendar days", service.CalendarDays, due, calendar.ErrRange},
		{"of no kind", "", due, calendar.ErrTerm},
	} {
		if _, err := spring(t).Resume(tt.kind, tt.due, returned, again); !errors.Is(err, tt.want) {
			t.Errorf("%s: error %v, want %v", tt.name, err, tt.want)
		}
	}
}
