package readapi

import (
	"slices"

	"services.example/portal/domain/text"
	"services.example/portal/projections/servicestatistics"
)

// Figures say how services were performed. Shares and means are null where nothing was counted.
type Figures struct {
	Sent        int64           `json:"sent" doc:"For the first time"`
	Withdrawn   int64           `json:"withdrawn"`
	Returned    int64           `json:"returned" doc:"For completion, as often as it happened"`
	FirstAnswer durations       `json:"firstAnswer" doc:"From sending to the first return, response or decision"`
	Decision    durations       `json:"decision" doc:"From sending to response or decision, with the time for which it was returned"`
	Late        int64           `json:"late" doc:"Of those decided: after the due date"`
	LateShare   *float64        `json:"lateShare" doc:"Of those decided, 0 to 1"`
	Overdue     int64           `json:"overdue" doc:"Due dates that passed before a response or a decision"`
	Refusals    []codeCount     `json:"refusals" doc:"By reason"`
	Outcomes    []codeCount     `json:"outcomes" doc:"Of those completed"`
	Questions   []questionCount `json:"questions" doc:"Of the questionnaire, those that ask for a score"`
}

type durations struct {
	Count      int64      `json:"count"`
	MeanHours  *float64   `json:"meanHours"`
	MedianDays *int       `json:"medianDays" doc:"Half took no more whole days"`
	MostDays   *int       `json:"mostDays" doc:"Nine of ten took no more whole days"`
	ByDays     []dayCount `json:"byDays" doc:"By whole days of 24 hours; what took longer than 366 counts as 366"`
}

type dayCount struct {
	Days  int   `json:"days"`
	Count int64 `json:"count"`
}

type codeCount struct {
	Code  string `json:"code"`
	Text  string `json:"text"`
	Count int64  `json:"count"`
}

type questionCount struct {
	Question string   `json:"question" doc:"Its id"`
	Count    int64    `json:"count"`
	Mean     *float64 `json:"mean" doc:"1 to 5"`
	Scores   []int64  `json:"scores" doc:"How often 1, 2, 3, 4 and 5"`
}

// figuresIn shows figures in a language. It puts their lists in order.
func figuresIn(l text.Language, f *servicestatistics.Figures) Figures {
	f.Sort()
	shown := Figures{
		Sent: f.Sent, Withdrawn: f.Withdrawn, Returned: f.Returned, FirstAnswer: durationsOf(&f.FirstAnswer),
		Decision: durationsOf(&f.Decision), Late: f.Late, LateShare: quotient(f.Late, f.Decision.Count), Overdue: f.Overdue,
		Refusals: codesIn(l, f.Refusals), Outcomes: codesIn(l, f.Outcomes), Questions: []questionCount{},
	}
	for _, question := range f.Questions {
		count, sum := int64(0), int64(0)
		for i, given := range question.Scores {
			count, sum = count+given, sum+given*int64(i+1)
		}
		shown.Questions = append(shown.Questions, questionCount{
			Question: question.Question, Count: count, Mean: quotient(sum, count), Scores: slices.Clone(question.Scores),
		})
	}
	return shown
}

func durationsOf(d *servicestatistics.Durations) durations {
	const hour = 3600 // seconds
	shown := durations{Count: d.Count, MeanHours: quotient(d.Seconds, d.Count*hour), ByDays: []dayCount{}}
	if d.Count > 0 {
		median, most := d.Median(), d.Most()
		shown.MedianDays, shown.MostDays = &median, &most
	}
	for _, days := range d.Days {
		shown.ByDays = append(shown.ByDays, dayCount(days))
	}
	return shown
}

func codesIn(l text.Language, tallies []servicestatistics.Tally) []codeCount {
	counts := make([]codeCount, len(tallies))
	for i, tally := range tallies {
		counts[i] = codeCount{Code: tally.Code, Text: details[tally.Code].In(l), Count: tally.Count}
	}
	return counts
}

// quotient divides, nil by nothing.
func quotient(a, b int64) *float64 {
	if b == 0 {
		return nil
	}
	result := float64(a) / float64(b)
	return &result
}
