package myapplications_test

import (
	"testing"
	"time"

	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/service"
	"services.example/portal/projections/envelope"
	"services.example/portal/projections/lifecycle"
	"services.example/portal/projections/myapplications"
	"services.example/portal/projections/projectionstest"
)

const (
	applicant = "11111111-1111-4111-8111-111111111111"
	executor  = "44444444-4444-4444-8444-444444444444"
	id        = "22222222-2222-4222-8222-222222222222" // with hyphens, as ids have
	stream    = "application-" + id
	thread    = "correspondence-" + id
	readings  = "reading-" + id
	offered   = "33333333-3333-4333-8333-333333333333"
)

var (
	monday  = time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC)
	tuesday = monday.AddDate(0, 0, 1)
	due     = monday.AddDate(0, 0, 22)
	later   = due.AddDate(0, 0, 3)
	started = application.DraftStarted{
		Applicant: applicant, ServiceID: offered, ServiceVersion: 3, RunningNumber: 2065, Number: "2065-16-11-26", At: monday,
	}
	submitted = application.Submitted{
		ServiceID: offered, Term: service.Term{Days: 15, Kind: service.WorkingDays}, DueAt: due, At: tuesday,
	}
	question = correspondence.MessagePosted{Side: correspondence.Applicant, Author: applicant}
	answer   = correspondence.MessagePosted{Side: correspondence.Staff, Author: executor}
)

func draft() myapplications.Row {
	return myapplications.Row{
		Applicant: applicant, RunningNumber: 2065, Number: "2065-16-11-26", ServiceID: offered, ServiceVersion: 3,
		Standing: lifecycle.Standing{Status: "draft", Executors: []string{}}, StartedAt: monday,
	}
}

// sent is the row of an application that was sent, changed.
func sent(change func(row *myapplications.Row)) myapplications.Row {
	row := draft()
	row.Status, row.SubmittedAt, row.DueAt, row.TermKind = "submitted", &tuesday, &due, service.WorkingDays
	change(&row)
	return row
}

// closed makes the row's envelope one with something unread.
func closed(row *myapplications.Row, news envelope.News) {
	row.Unread, row.UnreadOf, row.News = news.Count(), applicant, news
}

func TestRows(t *testing.T) {
	byApplicant := func(h projectionstest.History, events ...any) projectionstest.History {
		return h.In(stream, applicant, "applicant", events...)
	}
	byStaff := func(h projectionstest.History, stream string, events ...any) projectionstest.History {
		return h.Of(applicant, stream, executor, "executor", events...)
	}
	whenSent := byApplicant(nil, started, submitted)
	inWork := byStaff(whenSent, stream, application.ExecutorAssigned{Executor: executor}, application.TakenIntoWork{Executor: executor})
	for name, test := range map[string]struct {
		given projectionstest.History
		then  map[string]myapplications.Row
	}{
		"nothing happened": {nil, map[string]myapplications.Row{}},
		"a draft is listed from its start, with its number": {
			byApplicant(nil, started), map[string]myapplications.Row{id: draft()},
		},
		"saving a step changes nothing in the list": {
			byApplicant(nil, started, application.StepSaved{StepID: "company", At: tuesday}), map[string]myapplications.Row{id: draft()},
		},
		"sending gives dates and the kind of days; what one does oneself is no news": {
			whenSent, map[string]myapplications.Row{id: sent(func(*myapplications.Row) {})},
		},
		"what the provider does closes the envelope": {
			inWork, map[string]myapplications.Row{id: sent(func(row *myapplications.Row) {
				row.Status, row.Executors = "in_work", []string{executor}
				closed(row, envelope.News{Events: []int64{2, 3}})
			})},
		},
		"a removed executor works on it no more": {
			byStaff(inWork, stream, application.ExecutorRemoved{Executor: executor}),
			map[string]myapplications.Row{id: sent(func(row *myapplications.Row) {
				row.Status = "in_work"
				closed(row, envelope.News{Events: []int64{2, 3, 4}})
			})},
		},
		"of the messages those of the other side are unread": {
			byStaff(whenSent.In(thread, applicant, "applicant", question), thread, answer),
			map[string]myapplications.Row{id: sent(func(row *myapplications.Row) { closed(row, envelope.News{First: 1, Since: "n"}) })},
		},
		"reading opens the envelope, and it stays open": {
			byStaff(whenSent, thread, answer).In(readings, applicant, "applicant",
				correspondence.ThreadRead{Reader: applicant, Side: correspondence.Applicant, Messages: 1, Application: 2},
				correspondence.ThreadRead{Reader: applicant, Side: correspondence.Applicant, Messages: 0, Application: 1}),
			map[string]myapplications.Row{id: sent(func(row *myapplications.Row) {
				row.News = envelope.News{Messages: 1, Application: 2}
			})},
		},
		"what staff reads is not read by the applicant": {
			byStaff(byStaff(whenSent, thread, answer), readings,
				correspondence.ThreadRead{Reader: executor, Side: correspondence.Staff, Messages: 1, Application: 2}),
			map[string]myapplications.Row{id: sent(func(row *myapplications.Row) { closed(row, envelope.News{Since: "n"}) })},
		},
		"an application sent again is due later": {
			byApplicant(byStaff(inWork, stream, application.ReturnedForCompletion{Executor: executor}), application.Resubmitted{DueAt: later}),
			map[string]myapplications.Row{id: sent(func(row *myapplications.Row) {
				row.Executors, row.DueAt = []string{executor}, &later
				closed(row, envelope.News{Events: []int64{2, 3, 4}})
			})},
		},
		"a moved due date is the due date": {
			byStaff(whenSent, stream, application.DueDateMoved{DueAt: later}),
			map[string]myapplications.Row{id: sent(func(row *myapplications.Row) {
				row.DueAt = &later
				closed(row, envelope.News{Events: []int64{2}})
			})},
		},
		"a refused application is completed, and found among the refused": {
			byStaff(inWork, stream, application.RefusalIssued{}, application.ApplicationCompleted{Outcome: application.OutcomeRefused}),
			map[string]myapplications.Row{id: sent(func(row *myapplications.Row) {
				row.Status, row.Outcome, row.Decided, row.Executors = "completed", "refused", "refused", []string{executor}
				row.RefusedOf = applicant
				closed(row, envelope.News{Events: []int64{2, 3, 4, 5}})
			})},
		},
		"what waits for a signature waits until every document is signed": {
			byStaff(inWork, stream, application.DecidedPositive{},
				application.DocumentIssued{DocumentID: "result"},
				application.DocumentIssued{DocumentID: "old", Signers: []string{"applicant"}},
				application.DocumentIssued{DocumentID: "new", Signers: []string{"applicant"}, Supersedes: "old"}),
			map[string]myapplications.Row{id: sent(func(row *myapplications.Row) {
				row.Status, row.Decided, row.Unsigned, row.Executors = "awaiting_signature", "approved", []string{"new"}, []string{executor}
				closed(row, envelope.News{Events: []int64{2, 3, 4, 5, 6, 7}})
			})},
		},
		"what is signed is approved again": {
			byStaff(inWork, stream, application.DecidedPositive{},
				application.DocumentIssued{DocumentID: "new", Signers: []string{"applicant"}}, application.DocumentSigned{DocumentID: "new"}),
			map[string]myapplications.Row{id: sent(func(row *myapplications.Row) {
				row.Status, row.Decided, row.Executors = "approved", "approved", []string{executor}
				closed(row, envelope.News{Events: []int64{2, 3, 4, 5, 6}})
			})},
		},
		"a withdrawn application stays listed": {
			byApplicant(whenSent, application.Withdrawn{ServiceID: offered, At: due}),
			map[string]myapplications.Row{id: sent(func(row *myapplications.Row) {
				row.Status = "withdrawn"
			})},
		},
		"a deleted draft is gone": {
			byApplicant(nil, started, application.DraftDeleted{ServiceID: offered, At: tuesday}), map[string]myapplications.Row{},
		},
		"what happens to an application that never started is no row": {
			byApplicant(nil, submitted, application.Withdrawn{ServiceID: offered}).In(thread, applicant, "applicant", question),
			map[string]myapplications.Row{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			projectionstest.Expect(t, myapplications.Model, test.given, test.then)
		})
	}
}
