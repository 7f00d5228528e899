package myapplications_test

import (
	"testing"
	"time"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
	"services.example/portal/projections/myapplications"
	"services.example/portal/projections/projectionstest"
)

const (
	applicant = "11111111-1111-4111-8111-111111111111"
	id        = "22222222-2222-4222-8222-222222222222" // with hyphens, as ids have
	stream    = "application-" + id
	offered   = "33333333-3333-4333-8333-333333333333"
)

var (
	monday  = time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC)
	tuesday = monday.AddDate(0, 0, 1)
	due     = monday.AddDate(0, 0, 22)
	started = application.DraftStarted{
		Applicant: applicant, ServiceID: offered, ServiceVersion: 3, RunningNumber: 2065, Number: "2065-16-11-26", At: monday,
	}
	submitted = application.Submitted{
		ServiceID: offered, Term: service.Term{Days: 15, Kind: service.WorkingDays}, DueAt: due, At: tuesday,
	}
)

func draft() myapplications.Row {
	return myapplications.Row{
		Applicant: applicant, RunningNumber: 2065, Number: "2065-16-11-26", ServiceID: offered, ServiceVersion: 3,
		Status: "draft", StartedAt: monday, Executors: []string{},
	}
}

func sent() myapplications.Row {
	row := draft()
	row.Status, row.SubmittedAt, row.DueAt, row.TermKind = "submitted", &tuesday, &due, service.WorkingDays
	return row
}

func withdrawn() myapplications.Row {
	row := sent()
	row.Status = "withdrawn"
	return row
}

func TestRows(t *testing.T) {
	for name, test := range map[string]struct {
		given []any
		then  map[string]myapplications.Row
	}{
		"nothing happened": {nil, map[string]myapplications.Row{}},
		"a draft is listed from its start, with its number": {
			[]any{started}, map[string]myapplications.Row{id: draft()},
		},
		"saving a step changes nothing in the list": {
			[]any{started, application.StepSaved{StepID: "company", At: tuesday}}, map[string]myapplications.Row{id: draft()},
		},
		"sending gives dates and the kind of days": {
			[]any{started, submitted}, map[string]myapplications.Row{id: sent()},
		},
		"a withdrawn application stays listed": {
			[]any{started, submitted, application.Withdrawn{ServiceID: offered, At: due}},
			map[string]myapplications.Row{id: withdrawn()},
		},
		"a deleted draft is gone": {
			[]any{started, application.DraftDeleted{ServiceID: offered, At: tuesday}}, map[string]myapplications.Row{},
		},
		"what happens to an application that never started is no row": {
			[]any{submitted, application.Withdrawn{ServiceID: offered}}, map[string]myapplications.Row{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			history := projectionstest.History{}.In(stream, applicant, "applicant", test.given...)
			projectionstest.Expect(t, myapplications.Model, history, test.then)
		})
	}
}
