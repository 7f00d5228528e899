package calendars_test

import (
	"testing"

	"services.example/portal/domain/calendar"
	"services.example/portal/projections/calendars"
	"services.example/portal/projections/projectionstest"
)

func TestACalendarIsTheOneDefinedLastAndCanCount(t *testing.T) {
	history := projectionstest.History{}.In("calendar-kz-1", "", "",
		calendar.Defined{Version: 1, Holidays: []string{"2026-01-01"}},
		calendar.Defined{Version: 2, Holidays: []string{"2026-12-16"}, WorkingWeekends: []string{"2026-12-19"}})
	want := calendars.Calendar{
		CalendarID: "kz-1", Version: 2, Holidays: []string{"2026-12-16"}, WorkingWeekends: []string{"2026-12-19"},
	}
	projectionstest.Expect(t, calendars.Model, history, map[string]calendars.Calendar{"kz-1": want})
	for day, working := range map[string]bool{"2026-12-15": true, "2026-12-16": false, "2026-12-19": true, "2026-12-20": false} {
		date, err := calendar.ParseDate(day)
		if err != nil {
			t.Fatal(err)
		}
		if got := want.Days().Working(date); got != working {
			t.Errorf("%s is a working day: %t, want %t", day, got, working)
		}
	}
}
