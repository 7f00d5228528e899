package main

import (
	"net/url"
	"strings"
	"testing"

	"services.example/portal/domain/calendar"
	"services.example/portal/domain/service"
)

func TestQuestionsToHistory(t *testing.T) {
	t.Parallel()
	q, err := parseWhatIf(url.Values{
		"projection": {"applications"}, "set": {"term=10", "term-kind=calendar"}, "from": {"2026-01"}, "key": {"c2l4dGVlbiBieXRlcyBvciBtb3Jl"},
		"calendar": {"holidays:\n  - {date: \"2026-11-04\", note: a day off}\n  - \"2026-11-05\"\nworkingWeekends: [\"2026-11-07\"]\n"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[string]bool{"2026-11-03": true, "2026-11-04": false, "2026-11-05": false, "2026-11-07": true, "2026-11-08": false} {
		date, err := calendar.ParseDate(day)
		if err != nil || q.rules.Calendar.Working(date) != want {
			t.Errorf("%s is worked: %t, want %t; %v", day, !want, want, err)
		}
	}
	if q.rules.TermDays != 10 || q.rules.TermKind != service.CalendarDays || q.from != "2026-01" || q.to != lastMonth || len(q.key) == 0 {
		t.Errorf("read as %+v", q)
	}
}

func TestQuestionsThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	of := func(name string, values ...string) url.Values {
		return url.Values{"projection": {"figures"}, name: values}
	}
	for want, form := range map[string]url.Values{
		"no projection \"account_profile\"": {"projection": {"account_profile"}}, // it holds people's data
		"no month":                          of("from", "yesterday"),
		"term=0":                            of("set", "term=0"),
		"term=9999":                         of("set", "term=9999"),
		"term-kind=long":                    of("set", "term-kind=long"),
		"no parameter \"colour\"":           of("set", "colour=red"),
		"no day such as":                    of("calendar", "holidays: [tomorrow]"),
		"reading the calendar":              of("calendar", "days: []"),
		"not base64":                        of("key", "***"),
		"has no parameters":                 {"projection": {"popular_services"}, "set": {"term=10"}},
	} {
		if _, err := parseWhatIf(form); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", form, err, want)
		}
	}
}
