package main

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
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
		"no projection \"\"":                {"projection": {""}},
		"\"yesterday\" is no month":         of("from", "yesterday"),
		"\"2026-13\" is no month":           of("to", "2026-13"),
		"\"2026-1\" is no month":            of("to", "2026-1"),
		"no month from 2026-03 to 2026-02":  {"projection": {"figures"}, "from": {"2026-03"}, "to": {"2026-02"}},
		"term=0:":                           of("set", "term=0"),
		"term=-3:":                          of("set", "term=-3"),
		"term=3651:":                        of("set", "term=3651"),
		"term=99999999999999999999:":        of("set", "term=99999999999999999999"),
		"term=1.5:":                         of("set", "term=1.5"),
		"term=:":                            of("set", "term"),
		"term is set twice":                 of("set", "term=1", "term=2"),
		"term-kind=long":                    of("set", "term-kind=long"),
		"calendar=:":                        of("set", "calendar="),
		"no parameter \"colour\"":           of("set", "colour=red"),
		"no parameter \"\"":                 of("set", ""),
		"\"tomorrow\" is no day such as":    of("calendar", "holidays: [tomorrow]"),
		"\"2026-02-30\" is no day such as":  of("calendar", "holidays: [2026-02-30]"),
		"\"7\" is no day such as":           of("calendar", "workingWeekends: [7]"),
		"reading the calendar: [":           of("calendar", "days: []"),
		"[1:1] string was used":             of("calendar", "not a calendar"),
		"two calendars":                     {"projection": {"figures"}, "set": {"calendar=kz"}, "calendar": {"holidays: []"}},
		"not base64":                        of("key", "***"),
		"has 5 bytes":                       of("key", "c2hvcnQ="),
		"has no parameters":                 {"projection": {"popular_services"}, "set": {"term=10"}},
	} {
		if _, err := parseWhatIf(form); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", form, err, want)
		}
	}
}

// TestNothingStaysOfQuestionsThatWereKilled: what a portal leaves behind when it is killed in the middle of an answer is
// gone when it starts again, and nothing else is.
func TestNothingStaysOfQuestionsThatWereKilled(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	for _, path := range []string{"what-if-1/MANIFEST", "what-if-2/MANIFEST", "events/MANIFEST"} {
		file := filepath.Join(data, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := removeWhatIfs(data); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(data, "*"))
	if want := []string{filepath.Join(data, "events")}; err != nil || !slices.Equal(left, want) {
		t.Errorf("left: %q, want %q; %v", left, want, err)
	}
}
