package calendar

import (
	"time"

	"services.example/portal/domain/service"
)

// Resume gives the due date of a term that stood still from the day on which an application was returned until the day on
// which it was sent again. Like the day of sending, the day of the return does not count, and the day of sending again
// does: so many days of the term's kind are added after the day on which it was due before. As many days are left then as
// were left at the return. Sent again on the same day, it is due when it was; returned on its last day and sent again on a
// day without work, it is due on that day, and not overdue already. One that was overdue before its return stays overdue,
// also when no working day had passed since: then the first working day of the pause makes up for that and is not added.
func (c Calendar) Resume(kind service.TermKind, due, returned, again time.Time) (time.Time, error) {
	last, from, to := DateOf(due), DateOf(returned), DateOf(again)
	switch {
	case kind != service.WorkingDays && kind != service.CalendarDays:
		return time.Time{}, ErrTerm
	case to.Compare(from) <= 0:
		return due, nil
	case kind == service.CalendarDays:
		return end(Date{last.number + to.number - from.number})
	}
	resumed, days := due, c.workingDays(from, to)
	if from.Compare(last) > 0 && c.workingDays(last, from) == 0 {
		days-- // the day that WorkingDaysLeft counts though it has not passed
	}
	if days > 0 {
		var err error
		if resumed, err = c.afterWorkingDays(last, days); err != nil {
			return time.Time{}, err
		}
	}
	if from.Compare(last) <= 0 && DateOf(resumed).Compare(to) < 0 {
		return to.End(), nil
	}
	return resumed, nil
}
