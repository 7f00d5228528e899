package calendar

import (
	"errors"
	"time"
)

// Date is a day without a time, from 0001-01-01 to 9999-12-31. The zero value is no date.
type Date struct{ number int } // days from 0000-12-31

// errDate does not repeat what it could not read.
var errDate = errors.New("read a date: it is not yyyy-mm-dd")

const day = 24 * time.Hour

var (
	dayZero = time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC)
	lastDay = dateOf(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC))
)

// ParseDate reads yyyy-mm-dd.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1 {
		return Date{}, errDate
	}
	return dateOf(t), nil
}

// DateOf gives the day in Almaty at that instant; of years that no Date can hold, the nearest day that it can.
func DateOf(t time.Time) Date {
	local := Local(t)
	switch year := local.Year(); {
	case year < 1:
		return Date{1}
	case year > 9999:
		return lastDay
	default:
		return dateOf(local)
	}
}

// dateOf gives the day that t shows, in whatever zone it is.
func dateOf(t time.Time) Date {
	year, month, dayOfMonth := t.Date()
	midnight := time.Date(year, month, dayOfMonth, 0, 0, 0, 0, time.UTC)
	return Date{int((midnight.Unix() - dayZero.Unix()) / int64(day/time.Second))}
}

// midnight is the beginning of the day in UTC.
func (d Date) midnight() time.Time { return dayZero.AddDate(0, 0, d.number) }

// End is the last second of the day in Almaty.
func (d Date) End() time.Time {
	year, month, dayOfMonth := d.midnight().Date()
	end := time.Date(year, month, dayOfMonth, 23, 59, 59, 0, almaty)
	if end.Before(almatySwitch) {
		end = time.Date(year, month, dayOfMonth, 23, 59, 59, 0, almatyUntil)
	}
	return end
}

// Weekday gives the day of the week.
func (d Date) Weekday() time.Weekday { return d.midnight().Weekday() }

// IsZero tells whether this is no date.
func (d Date) IsZero() bool { return d.number == 0 }

// Compare is below 0 if d comes before other, above 0 if after.
func (d Date) Compare(other Date) int { return d.number - other.number }

// String gives yyyy-mm-dd, and nothing for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.midnight().Format(time.DateOnly)
}

// MarshalText gives what String gives.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText gave.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	date, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = date
	return nil
}
