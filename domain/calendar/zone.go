package calendar

import "time"

// Time in Almaty is kept here and not asked of the system: a machine with a zone database from before 2024 would still
// count +06:00 and set every due date an hour wrong. Before 2004 there was summer time too; nothing here is as old.
var (
	almaty      = time.FixedZone("+05", 5*60*60)
	almatyUntil = time.FixedZone("+06", 6*60*60)
	// almatySwitch is when clocks went back from 00:00 on 2024-03-01 to 23:00 on 2024-02-29, for good.
	almatySwitch = time.Date(2024, 3, 1, 0, 0, 0, 0, almatyUntil)
)

// Local gives the same instant by the clocks of Almaty, which the whole portal goes by.
func Local(t time.Time) time.Time {
	if t.Before(almatySwitch) {
		return t.In(almatyUntil)
	}
	return t.In(almaty)
}

// Suffix is the date of t in Almaty as application numbers end with it: dd-mm-yy.
func Suffix(t time.Time) string { return Local(t).Format("02-01-06") }
