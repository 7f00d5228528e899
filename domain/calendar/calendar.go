// Package calendar counts terms: in working days, by the holidays and moved working days of a calendar, or in calendar
// days. Days begin and end at midnight in Almaty. The day of sending does not count; a term ends with the last second of
// its last day.
package calendar

import (
	"errors"
	"slices"
	"time"

	"services.example/portal/domain/service"
)

// MaxTerm is the longest term, in days. Longer ones are refused.
const MaxTerm = 3650

// Errors of terms that cannot be counted.
var (
	ErrTerm  = errors.New("count a term: its length must be 0 to 3650 days, working or calendar")
	ErrRange = errors.New("count a term: it ends beyond the year 9999")
)

// Calendar knows which days are working days. The zero value works from Monday to Friday. It never changes and may be
// shared.
type Calendar struct {
	off []Date // from Monday to Friday and yet not worked, in order
	on  []Date // Saturdays and Sundays that are worked, in order
}

// New makes a calendar from its holidays and the days at weekends that are worked in exchange. A holiday at a weekend
// changes nothing, nor does a working day that is one anyway.
func New(holidays, workingWeekends []Date) Calendar {
	return Calendar{
		off: only(holidays, func(d Date) bool { return !weekend(d) }),
		on:  only(workingWeekends, weekend),
	}
}

func only(dates []Date, keep func(Date) bool) []Date {
	var kept []Date
	for _, d := range dates {
		if !d.IsZero() && keep(d) {
			kept = append(kept, d)
		}
	}
	slices.SortFunc(kept, Date.Compare)
	return slices.Compact(kept)
}

func weekend(d Date) bool { return d.Weekday() == time.Saturday || d.Weekday() == time.Sunday }

// Working tells whether people work on that day.
func (c Calendar) Working(d Date) bool {
	exceptions := c.off
	if weekend(d) {
		exceptions = c.on
	}
	_, exception := slices.BinarySearchFunc(exceptions, d, Date.Compare)
	return weekend(d) == exception
}

// Due gives the end of a term that starts at from.
func (c Calendar) Due(from time.Time, term service.Term) (time.Time, error) {
	switch term.Kind {
	case service.WorkingDays:
		return c.AddWorkingDays(from, term.Days)
	case service.CalendarDays:
		return addDays(from, term.Days)
	default:
		return time.Time{}, ErrTerm
	}
}

// DaysLeft gives the days of that kind from now to due: 0 on the last day, below 0 when it is over. It counts calendar
// days for a kind that it does not know.
func (c Calendar) DaysLeft(kind service.TermKind, now, due time.Time) int {
	if kind == service.WorkingDays {
		return c.WorkingDaysLeft(now, due)
	}
	return daysLeft(now, due)
}

// AddWorkingDays gives the end of the nth working day after the day of from; for 0 days, of that day itself.
func (c Calendar) AddWorkingDays(from time.Time, days int) (time.Time, error) {
	if days < 0 || days > MaxTerm {
		return time.Time{}, ErrTerm
	}
	return c.afterWorkingDays(DateOf(from), days)
}

// afterWorkingDays gives the end of the nth working day after a day; for 0 days, of that day itself.
func (c Calendar) afterWorkingDays(d Date, days int) (time.Time, error) {
	for days > 0 {
		if d = (Date{d.number + 1}); d.Compare(lastDay) > 0 {
			return time.Time{}, ErrRange
		}
		if c.Working(d) {
			days--
		}
	}
	return d.End(), nil
}

// addDays gives the end of the nth day after the day of from.
func addDays(from time.Time, days int) (time.Time, error) {
	if days < 0 || days > MaxTerm {
		return time.Time{}, ErrTerm
	}
	return end(Date{DateOf(from).number + days})
}

// end is the last second of a day, if there is such a day.
func end(d Date) (time.Time, error) {
	if d.Compare(lastDay) > 0 {
		return time.Time{}, ErrRange
	}
	return d.End(), nil
}

// WorkingDaysLeft gives the working days after today up to the day of due: 0 on that day. After it, the working days
// since, below 0; there it is -1 at least, though no working day has passed.
func (c Calendar) WorkingDaysLeft(now, due time.Time) int {
	today, last := DateOf(now), DateOf(due)
	if today.Compare(last) <= 0 {
		return c.workingDays(today, last)
	}
	return -max(1, c.workingDays(last, today))
}

// daysLeft gives the days after today up to the day of due: 0 on that day, below 0 after it.
func daysLeft(now, due time.Time) int { return DateOf(due).number - DateOf(now).number }

// workingDays counts the working days after one day up to another, without walking through them: lists of applications
// ask for it in every row.
func (c Calendar) workingDays(after, upTo Date) int {
	return weekdays(upTo) - weekdays(after) - between(c.off, after, upTo) + between(c.on, after, upTo)
}

// weekdays counts the days from Monday to Friday up to d. Day 1, 0001-01-01, was a Monday.
func weekdays(d Date) int { return d.number/7*5 + min(d.number%7, 5) }

// between counts the dates of an ordered list after one day up to another.
func between(dates []Date, after, upTo Date) int {
	until := func(d Date) int {
		i, found := slices.BinarySearchFunc(dates, d, Date.Compare)
		if found {
			i++
		}
		return i
	}
	return until(upTo) - until(after)
}
