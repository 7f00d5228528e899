package commands

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
)

// TestWhatIsNear: the bound by which lists are looked through agrees with the days left by the provider's calendar, around
// weekends and a holiday.
func TestWhatIsNear(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	days, err := w.process().Terms.streams.calendarOf(t.Context(), providerID)
	done(t, err)
	began := w.clock.Now()
	rapid.Check(t, func(t *rapid.T) {
		w.clock.pass(began.Add(time.Duration(rapid.IntRange(0, 40*24*3600).Draw(t, "now")) * time.Second).Sub(w.clock.Now()))
		due := w.clock.Now().Add(time.Duration(rapid.IntRange(-3*24*3600, 9*24*3600).Draw(t, "due")) * time.Second)
		until, err := w.Terms.NearUntil(t.Context(), providerID)
		if err != nil {
			t.Fatal(err)
		}
		left := days.WorkingDaysLeft(w.clock.Now(), due)
		if near := !due.After(until); near != (left <= application.DueSoonDays) {
			t.Fatalf("on %s, due %s: %d days left, near until %s", w.clock.Now(), due, left, until)
		}
	})
}

func TestTermsOfWhatDoesNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	for name, err := range map[string]error{
		"warning":   w.Terms.WarnOfDueDate(t.Context(), NewRequest("system"), adviceID, w.clock.Now()),
		"reminding": w.Terms.RemindApplicant(t.Context(), NewRequest("system"), adviceID, application.ForSignature),
		"closing":   w.Terms.CloseWaiting(t.Context(), NewRequest("system"), adviceID, application.ForSignature),
	} {
		if !problem.Has(err, "application-not-found") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
