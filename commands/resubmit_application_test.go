package commands

import (
	"encoding/json"
	"testing"
	"time"

	"services.example/portal/domain/application"
)

// almaty is the last second of a day there.
func almaty(t *testing.T, day string) time.Time {
	t.Helper()
	end, err := time.Parse(time.RFC3339, day+"T23:59:59+05:00")
	done(t, err)
	return end.UTC()
}

// returnedOn has an application that was sent on Monday 23 November, due on Monday 14 December, and was returned some
// days later.
func (w *world) returnedOn(who string, after time.Duration) string {
	w.t.Helper()
	a := w.start(who)
	w.fill(who, a.ID)
	sent, err := w.Applications.SubmitApplication(w.t.Context(), by(who), a.ID)
	done(w.t, err)
	if want := almaty(w.t, "2026-12-14"); !sent.State.DueAt.Equal(want) {
		w.t.Fatalf("due %s, want %s", sent.State.DueAt, want)
	}
	w.clock.pass(after)
	w.append("application-"+a.ID, who, application.TakenIntoWork{Executor: "e", At: w.clock.Now()},
		application.ReturnedForCompletion{ServiceID: adviceID, Executor: "e", Reason: "other", Text: "x", First: true, At: w.clock.Now()})
	return a.ID
}

// TestSendingAgain: the term goes on, later by the working days for which it stood still. 16 December is a holiday.
func TestSendingAgain(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, tt := range []struct {
		name            string
		returned, again time.Duration // after Monday noon, and after the return
		due             string
	}{
		{"on the same day", 2 * day, time.Hour, "2026-12-14"},
		{"on the next day", 2 * day, day, "2026-12-15"},
		{"over the weekend", 4 * day, 3 * day, "2026-12-15"},
		{"so that the holiday lies between", 2 * day, 2 * day, "2026-12-17"},
		{"after it would have been due", 2 * day, 30 * day, "2027-01-13"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withCatalogue()
			who := w.enrol(dana(1))
			id := w.returnedOn(who, tt.returned)
			_, err := w.Applications.SaveStep(t.Context(), by(who), id, "company", json.RawMessage(`{"name":"Қиял 2"}`))
			done(t, err)
			w.clock.pass(tt.again)
			end := w.end()
			again, err := w.Applications.SubmitApplication(t.Context(), by(who), id)
			done(t, err)
			due := almaty(t, tt.due)
			w.happened(end, application.Resubmitted{DueAt: due, At: w.clock.Now()})
			if again.State.Status != application.StatusSubmitted || !again.State.DueAt.Equal(due) {
				t.Errorf("%s, due %s", again.State.Status, again.State.DueAt)
			}
			_, err = w.Applications.SubmitApplication(t.Context(), by(who), id)
			done(t, err)
			w.happened(end, application.Resubmitted{DueAt: due, At: w.clock.Now()})
		})
	}
}

// TestAnotherCalendarChangesNoDueDate: neither what is stored nor what a pause begins from; the days of the pause are
// counted by the calendar of the day on which it ends.
func TestAnotherCalendarChangesNoDueDate(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	id := w.returnedOn(who, 48*time.Hour) // Wednesday
	before := w.history("application-" + id)
	_, err := w.Catalogue.DefineCalendar(t.Context(), NewRequest("system"), calendarID, []string{"2026-11-26", "2026-12-07"}, nil)
	done(t, err)
	w.restart()
	if after := w.history("application-" + id); len(after) != len(before) {
		t.Errorf("%d events, before %d", len(after), len(before))
	}
	if due := w.stateOf(id).DueAt; !due.Equal(almaty(t, "2026-12-14")) {
		t.Errorf("due %s", due)
	}
	w.clock.pass(48 * time.Hour) // Friday; Thursday is a holiday now
	again, err := w.Applications.SubmitApplication(t.Context(), by(who), id)
	done(t, err)
	if want := almaty(t, "2026-12-15"); !again.State.DueAt.Equal(want) {
		t.Errorf("due %s, want %s", again.State.DueAt, want)
	}
}
