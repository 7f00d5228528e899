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
	MeanHours  *int64 `json:"meanHours" doc:"To the hour, up or down by chance: by about the share of two in all of them"`
	MedianDays *int   `json:"medianDays" doc:"Half took no more whole days; null: of fewer than 10"`
	MostDays   *int   `json:"mostDays" doc:"Nine of ten took no more whole days; 366 stands for more as well; null: of fewer than 50"`
}

// How many there must be for a percentile to be told: so many that Smallest of them lie on its shorter side. Otherwise it
// would be the time of one of a few.
const (
	fewestOfMedian = 2 * Smallest
	fewestOfMost   = 10 * Smallest
)

// Published is what is told of the times: nothing, if there are too few.
func (s *Spread) Published() ProtectedDurations {
	d := ProtectedDurations{Count: s.Tally.Published()}
	if !s.Tally.Told() {
		return d
	}
	mean := s.mean()
	d.MeanHours = &mean
	if s.Tally.N >= fewestOfMedian {
		median := s.within(0.5)
		d.MedianDays = &median
	}
	if s.Tally.N >= fewestOfMost {
		most := s.within(0.9)
		d.MostDays = &most
	}
	return d
}

// mean is in hours, moved by chance by as much as half of Smallest long ones can move it: the means of two sets do not tell
// what took how long in the one but not in the other.
func (s *Spread) mean() int64 {
	const hour = 3600 // seconds
	long := 24 * float64(s.within(0.9)+1)
	moved := float64(s.seconds)/hour + s.Tally.chance()*long*Smallest/2
	return int64(math.Round(max(0, moved) / float64(s.Tally.N)))
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
