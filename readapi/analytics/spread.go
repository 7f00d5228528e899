package analytics

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// mostDays is the longest time that is told apart, in whole days.
const mostDays = 366

// Spread is how long something took, each time.
type Spread struct {
	Tally   Tally
	seconds int64
	days    []daysCount // by whole days of 24 hours, shortest first
}

type daysCount struct {
	days int
	n    int64
}

func (s *Spread) add(key uint64, took time.Duration) {
	took = max(0, took) // a clock was set back
	s.Tally.add(key)
	s.seconds += int64(took / time.Second)
	s.count(daysCount{min(int(took/(24*time.Hour)), mostDays), 1})
}

func (s *Spread) count(more daysCount) {
	i, found := slices.BinarySearchFunc(s.days, more.days, func(d daysCount, days int) int { return cmp.Compare(d.days, days) })
	if found {
		s.days[i].n += more.n
		return
	}
	s.days = slices.Insert(s.days, i, more)
}

func (s *Spread) merge(more *Spread) {
	s.Tally.merge(more.Tally)
	s.seconds += more.seconds
	for _, d := range more.days {
		s.count(d)
	}
}

// ProtectedDurations say how long something took.
type ProtectedDurations struct {
	Count      *int64 `json:"count" doc:"Null: fewer than five"`
	MeanHours  *int64 `json:"meanHours" doc:"To the hour"`
	MedianDays *int   `json:"medianDays" doc:"Half took no more whole days"`
	MostDays   *int   `json:"mostDays" doc:"Nine of ten took no more whole days; 366 stands for more as well"`
}

// Published is what is told of the times: nothing, if there are too few.
func (s *Spread) Published() ProtectedDurations {
	d := ProtectedDurations{Count: s.Tally.Published()}
	if !s.Tally.Told() {
		return d
	}
	mean := int64(math.Round(float64(s.seconds) / float64(s.Tally.N) / time.Hour.Seconds()))
	median, most := s.within(0.5), s.within(0.9)
	d.MeanHours, d.MedianDays, d.MostDays = &mean, &median, &most
	return d
}

// within is the number of whole days within which that part was done.
func (s *Spread) within(part float64) int {
	var sum int64
	for _, d := range s.days {
		if sum += d.n; float64(sum) >= part*float64(s.Tally.N) {
			return d.days
		}
	}
	return 0
}
