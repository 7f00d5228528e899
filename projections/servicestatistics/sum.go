package servicestatistics

import (
	"slices"
	"strings"
)

// Add sums figures up: of several months, or of several services.
func (f *Figures) Add(more *Figures) {
	f.Sent += more.Sent
	f.Withdrawn += more.Withdrawn
	f.Returned += more.Returned
	f.FirstAnswer.merge(&more.FirstAnswer)
	f.Decision.merge(&more.Decision)
	f.Late += more.Late
	f.Overdue += more.Overdue
	f.Refusals = merged(f.Refusals, more.Refusals)
	f.Outcomes = merged(f.Outcomes, more.Outcomes)
	for _, question := range more.Questions {
		f.addQuestion(question)
	}
}

func (d *Durations) merge(more *Durations) {
	d.Count += more.Count
	d.Seconds += more.Seconds
	for _, days := range more.Days {
		d.count(days)
	}
}

func merged(list, more []Tally) []Tally {
	for _, tally := range more {
		i := slices.IndexFunc(list, func(have Tally) bool { return have.Code == tally.Code })
		if i < 0 {
			list = append(list, tally)
			continue
		}
		list[i].Count += tally.Count
	}
	return list
}

func (f *Figures) addQuestion(more Question) {
	i := slices.IndexFunc(f.Questions, func(have Question) bool { return have.Question == more.Question })
	if i < 0 {
		f.Questions = append(f.Questions, Question{Question: more.Question, Scores: slices.Clone(more.Scores)})
		return
	}
	for score := range min(len(more.Scores), len(f.Questions[i].Scores)) {
		f.Questions[i].Scores[score] += more.Scores[score]
	}
}

// Sort puts the lists in the order of their codes: in a sum it would depend on what was added first.
func (f *Figures) Sort() {
	byCode := func(a, b Tally) int { return strings.Compare(a.Code, b.Code) }
	slices.SortFunc(f.Refusals, byCode)
	slices.SortFunc(f.Outcomes, byCode)
	slices.SortFunc(f.Questions, func(a, b Question) int { return strings.Compare(a.Question, b.Question) })
}
