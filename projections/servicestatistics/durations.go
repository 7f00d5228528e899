package servicestatistics

import (
	"cmp"
	"slices"
	"time"
)

// MostDays is the longest time that is told apart, in whole days: whatever took longer counts as that.
const MostDays = 366

// Durations say how long something took, each time.
type Durations struct {
	Count   int64  `bson:"count"`
	Seconds int64  `bson:"seconds"` // all together
	Days    []Days `bson:"days"`    // by whole days; shortest first
}

// Days is how often something took so many whole days of 24 hours.
type Days struct {
	Days  int   `bson:"days"`
	Count int64 `bson:"count"`
}

// add counts one more. What a clock that was set back makes negative took no time.
func (d *Durations) add(took time.Duration) {
	took = max(0, took)
	d.Count++
	d.Seconds += int64(took / time.Second)
	d.count(Days{Days: min(int(took/(24*time.Hour)), MostDays), Count: 1})
}

func (d *Durations) count(more Days) {
	i, found := slices.BinarySearchFunc(d.Days, more.Days, func(have Days, days int) int { return cmp.Compare(have.Days, days) })
	if found {
		d.Days[i].Count += more.Count
		return
	}
	d.Days = slices.Insert(d.Days, i, more)
}

// percentile gives within how many whole days that part of them was done; 0 of none.
func (d *Durations) percentile(part float64) int {
	var sum int64
	for _, days := range d.Days {
		if sum += days.Count; float64(sum) >= part*float64(d.Count) {
			return days.Days
		}
	}
	return 0
}

// Median is within how many whole days half of them were done; 0 of none.
func (d *Durations) Median() int { return d.percentile(0.5) }

// Most is within how many whole days nine of ten were done; 0 of none.
func (d *Durations) Most() int { return d.percentile(0.9) }
