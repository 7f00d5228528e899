package analytics

import "math"

// ProtectedFigures are what is told of a cell.
type ProtectedFigures struct {
	Applications *int64              `json:"applications" doc:"That were sent. Null: fewer than five, or of fewer than five people, and nothing else is told of them"`
	Returned     *int64              `json:"returned" doc:"For completion, at least once"`
	Overdue      *int64              `json:"overdue" doc:"The due date passed before a response or a decision"`
	OverdueShare *float64            `json:"overdueShare" doc:"Of the applications, by the figures as they are told; 0 to 1"`
	FirstAnswer  ProtectedDurations  `json:"firstAnswer" doc:"From sending to the first return, response or decision"`
	Decision     ProtectedDurations  `json:"decision" doc:"From sending to response or decision, with the time for which it was returned"`
	Decisions    []ProtectedCode     `json:"decisions"`
	Refusals     []ProtectedCode     `json:"refusals" doc:"By reason"`
	Outcomes     []ProtectedCode     `json:"outcomes" doc:"Of those completed"`
	Questions    []ProtectedQuestion `json:"questions" doc:"Of the questionnaire, those that ask for a score"`
}

// ProtectedCode is how many have a code.
type ProtectedCode struct {
	Code  string `json:"code"`
	Text  string `json:"text,omitempty" doc:"In the reader's language"`
	Count *int64 `json:"count" doc:"Null: fewer than five"`
}

// ProtectedQuestion is how people answered a question.
type ProtectedQuestion struct {
	Question string   `json:"question" doc:"Its id"`
	Count    *int64   `json:"count" doc:"Null: fewer than five"`
	Mean     *float64 `json:"mean" doc:"1 to 5, to one decimal: of rounded counts, so it says little of few"`
	Scores   []*int64 `json:"scores" doc:"How often 1, 2, 3, 4 and 5"`
}

// Published is what is told of the cell.
func (c *Cell) Published() ProtectedFigures {
	f := ProtectedFigures{Decisions: []ProtectedCode{}, Refusals: []ProtectedCode{}, Outcomes: []ProtectedCode{}, Questions: []ProtectedQuestion{}}
	switch {
	case c.Applications.N == 0:
		f.Applications = c.Applications.Published()
		return f
	case !c.Told():
		return f
	}
	f.Applications = c.Applications.Published()
	f.Returned, f.Overdue = c.Returned.Published(), c.Overdue.Published()
	f.OverdueShare = share(f.Overdue, f.Applications)
	f.FirstAnswer, f.Decision = c.FirstAnswer.Published(), c.Decision.Published()
	f.Decisions, f.Refusals, f.Outcomes = codes(c.Decisions), codes(c.Refusals), codes(c.Outcomes)
	for _, q := range c.Questions {
		f.Questions = append(f.Questions, q.published())
	}
	return f
}

func codes(list []Coded) []ProtectedCode {
	told := make([]ProtectedCode, len(list))
	for i, c := range list {
		told[i] = ProtectedCode{Code: c.Code, Count: c.Tally.Published()}
	}
	return told
}

// published tells a mean of rounded counts, also of those that are not told: an exact mean would give those away.
func (q Question) published() ProtectedQuestion {
	var all Tally
	told := ProtectedQuestion{Question: q.ID, Scores: []*int64{}}
	for _, tally := range q.Scores {
		all.merge(tally)
	}
	told.Count = all.Published()
	if !all.Told() {
		return told
	}
	var sum, count int64
	for i, tally := range q.Scores {
		told.Scores = append(told.Scores, tally.Published())
		sum, count = sum+tally.rounded()*int64(i+1), count+tally.rounded()
	}
	if count > 0 {
		mean := math.Round(10*float64(sum)/float64(count)) / 10
		told.Mean = &mean
	}
	return told
}

// share is a part of a whole to two decimals, of figures that are both told.
func share(part, whole *int64) *float64 {
	if part == nil || whole == nil || *whole == 0 {
		return nil
	}
	of := math.Round(100*min(1, float64(*part)/float64(*whole))) / 100
	return &of
}
