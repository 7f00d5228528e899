// Package servicestatistics is the read model of how services are performed: how many applications, how fast they are
// answered and decided, how they end and what applicants think. The events alone say it; nothing is looked up.
//
// Document: ID(service, month), where the month is that of the event in Almaty: an application sent in October and decided
// in November is one sent in October and one decided in November. Streams: application-.
package servicestatistics

import (
	"time"

	"services.example/portal/domain/application"
	"services.example/portal/domain/calendar"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
)

// Name is what the directory knows the read model by.
const Name = "service_statistics"

// Indexes.
const (
	ByService = "by_service" // then by month
	ByMonth   = "by_month"   // then by service
)

// Figures are those of a service in a month. Its lists are as long as there are codes, and questions in questionnaires.
type Figures struct {
	ServiceID   string     `bson:"serviceId"`
	Month       string     `bson:"month"` // 2026-11
	Sent        int64      `bson:"sent"`  // for the first time
	Withdrawn   int64      `bson:"withdrawn"`
	Returned    int64      `bson:"returned"`    // for completion; as often as it happened
	FirstAnswer Durations  `bson:"firstAnswer"` // from sending to the provider's first answer: returned, responded or decided
	Decision    Durations  `bson:"decision"`    // from sending to response or decision, with the time while it was returned
	Late        int64      `bson:"late"`        // of those decided: after the due date
	Overdue     int64      `bson:"overdue"`     // due dates that passed before anything was decided
	Refusals    []Tally    `bson:"refusals"`    // by reason
	Outcomes    []Tally    `bson:"outcomes"`    // of those completed
	Questions   []Question `bson:"questions"`   // of the questionnaire
}

// Tally counts what has the same code.
type Tally struct {
	Code  string `bson:"code"`
	Count int64  `bson:"count"`
}

// Question counts the answers to a question that asks for a score.
type Question struct {
	Question string  `bson:"question"` // its id
	Scores   []int64 `bson:"scores"`   // how often 1, 2, 3, 4 and 5
}

// ID is the id of the figures of a service in a month.
func ID(serviceID, month string) string { return serviceID + "/" + month }

// MonthOf is the month of a moment in Almaty, as Figures name it.
func MonthOf(at time.Time) string { return calendar.DateOf(at).String()[:len("2026-11")] }

// Model is the projection.
var Model = projections.ReadModel[Figures]{
	Name:    Name,
	Version: 1,
	Streams: []string{"application-"},
	Ignores: []string{
		"application.draft-started.v1", "application.draft-deleted.v1", "application.step-saved.v1",
		"application.file-attached.v1", "application.file-removed.v1", "application.file-uploaded.v1",
		"application.executor-assigned.v1", "application.executor-removed.v1", "application.taken-into-work.v1",
		"application.resubmitted.v1", "application.document-issued.v1", "application.document-signed.v1",
		"application.due-date-moved.v1", "application.due-soon.v1", "application.reminded.v1",
		"application-number.assigned.v1",
	},
	Indexes: []readstore.Index{
		{Name: ByService, Fields: []readstore.Field{{Path: "serviceId"}, {Path: "month"}}},
		{Name: ByMonth, Fields: []readstore.Field{{Path: "month"}, {Path: "serviceId"}}},
	},
	Keys: func(event codec.Envelope) []string {
		if service, at := concerns(event.Event); service != "" {
			return []string{ID(service, MonthOf(at))}
		}
		return nil
	},
	Fold: fold,
}

// concerns tells which service an event says something of, and when it happened; none if it says nothing.
func concerns(event any) (serviceID string, at time.Time) {
	switch e := event.(type) {
	case application.Submitted:
		return e.ServiceID, e.At
	case application.Withdrawn:
		return e.ServiceID, e.At
	case application.ReturnedForCompletion:
		return e.ServiceID, e.At
	case application.ResponseIssued:
		return e.ServiceID, e.At
	case application.DecidedPositive:
		return e.ServiceID, e.At
	case application.RefusalIssued:
		return e.ServiceID, e.At
	case application.Overdue:
		return e.ServiceID, e.At
	case application.QuestionnaireAnswered:
		return e.ServiceID, e.At
	case application.ApplicationCompleted:
		return e.ServiceID, e.At
	default:
		return "", time.Time{}
	}
}

func fold(f *Figures, _ string, event codec.Envelope) *Figures {
	if f == nil {
		service, at := concerns(event.Event)
		f = &Figures{
			ServiceID: service, Month: MonthOf(at), FirstAnswer: Durations{Days: []Days{}}, Decision: Durations{Days: []Days{}},
			Refusals: []Tally{}, Outcomes: []Tally{}, Questions: []Question{},
		}
	}
	switch e := event.Event.(type) {
	case application.Submitted:
		f.Sent++
	case application.Withdrawn:
		f.Withdrawn++
	case application.ReturnedForCompletion:
		f.Returned++
		f.answered(e.First, e.SubmittedAt, e.At)
	case application.ResponseIssued:
		f.answered(e.First, e.SubmittedAt, e.At)
		f.decided(e.SubmittedAt, e.DueAt, e.At)
	case application.DecidedPositive:
		f.answered(e.First, e.SubmittedAt, e.At)
		f.decided(e.SubmittedAt, e.DueAt, e.At)
	case application.RefusalIssued:
		f.answered(e.First, e.SubmittedAt, e.At)
		f.decided(e.SubmittedAt, e.DueAt, e.At)
		f.Refusals = tallied(f.Refusals, e.Reason)
	case application.Overdue:
		f.Overdue++
	case application.QuestionnaireAnswered:
		for _, score := range e.Scores {
			f.scored(score)
		}
	case application.ApplicationCompleted:
		f.Outcomes = tallied(f.Outcomes, string(e.Outcome))
	}
	return f
}

func (f *Figures) answered(first bool, from, at time.Time) {
	if first {
		f.FirstAnswer.add(at.Sub(from))
	}
}

func (f *Figures) decided(from, due, at time.Time) {
	f.Decision.add(at.Sub(from))
	if at.After(due) {
		f.Late++
	}
}

// bestScore is the highest that a question asks for; the lowest is 1.
const bestScore = 5

func (f *Figures) scored(given application.QuestionScore) {
	if given.Score < 1 || given.Score > bestScore {
		return
	}
	for i := range f.Questions {
		if f.Questions[i].Question == given.Question {
			f.Questions[i].Scores[given.Score-1]++
			return
		}
	}
	scores := make([]int64, bestScore)
	scores[given.Score-1]++
	f.Questions = append(f.Questions, Question{Question: given.Question, Scores: scores})
}

// tallied counts a code. Codes keep the order in which they came up.
func tallied(list []Tally, code string) []Tally {
	for i := range list {
		if list[i].Code == code {
			list[i].Count++
			return list
		}
	}
	return append(list, Tally{Code: code, Count: 1})
}
