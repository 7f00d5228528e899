package workqueue_test

import (
	"testing"
	"time"

	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/service"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/envelope"
	"services.example/portal/projections/lifecycle"
	"services.example/portal/projections/projectionstest"
	"services.example/portal/projections/workqueue"
)

const (
	applicant = "11111111-1111-4111-8111-111111111111"
	executor  = "44444444-4444-4444-8444-444444444444"
	colleague = "55555555-5555-4555-8555-555555555555"
	chamber   = "66666666-6666-4666-8666-666666666666"
	id        = "22222222-2222-4222-8222-222222222222" // with hyphens, as ids have
	stream    = "application-" + id
	thread    = "correspondence-" + id
	readings  = "reading-" + id
	offered   = "33333333-3333-4333-8333-333333333333"
)

var (
	monday    = time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC)
	tuesday   = monday.AddDate(0, 0, 1)
	wednesday = monday.AddDate(0, 0, 2)
	thursday  = monday.AddDate(0, 0, 3)
	due       = monday.AddDate(0, 0, 22)
	later     = due.AddDate(0, 0, 3)
	never     = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

	started = application.DraftStarted{
		Applicant: applicant, ServiceID: offered, ServiceVersion: 3, RunningNumber: 2065, Number: "2065-16-11-26", At: monday,
	}
	submitted = application.Submitted{
		ServiceID: offered, ProviderID: chamber, Term: service.Term{Days: 15, Kind: service.WorkingDays}, DueAt: due, At: monday,
	}
	question = correspondence.MessagePosted{Side: correspondence.Applicant, Author: applicant}
	answer   = correspondence.MessagePosted{Side: correspondence.Staff, Author: executor}
)

func read(by string, messages, events int64) correspondence.ThreadRead {
	return correspondence.ThreadRead{Reader: by, Side: correspondence.Staff, Messages: messages, Application: events}
}

// history tells of one application.
type history struct{ projectionstest.History }

func (h history) applicant(in string, events ...any) history {
	return history{h.In(in, applicant, "applicant", events...)}
}

func (h history) staff(in string, events ...any) history {
	return history{h.Of(applicant, in, executor, "executor", events...)}
}

func draft() workqueue.Row {
	return workqueue.Row{
		Applicant: applicant, RunningNumber: 2065, Number: "2065-16-11-26", ServiceID: offered, ServiceVersion: 3,
		Standing: lifecycle.Standing{Status: "draft", Executors: []string{}},
	}
}

// sent is the row of an application that was sent, changed.
func sent(change func(row *workqueue.Row)) workqueue.Row {
	row := draft()
	row.Status, row.SubmittedAt, row.DueAt = "submitted", &monday, &due
	row.ProviderID, row.TermKind = chamber, service.WorkingDays
	row.Envelope = envelope.Envelope{Items: "o", Statuses: []int64{1}}
	row.Places = workqueue.Places{New: chamber, Term: chamber, Turn: &due, Due: &due}
	if change != nil {
		change(&row)
	}
	return row
}

// inWork is the row of an application on which the executor works, who has seen that it was sent; changed.
func inWork(change func(row *workqueue.Row)) workqueue.Row {
	return sent(func(row *workqueue.Row) {
		row.Status, row.Executors = "in_work", []string{executor}
		row.Envelope = envelope.Envelope{
			Items: "oee", Statuses: []int64{1, 2, 3}, Marks: []envelope.Mark{{Reader: executor, Application: 4}},
		}
		row.Places = workqueue.Places{Term: chamber, Mine: []string{executor}, Turn: &due, Due: &due}
		change(row)
	})
}

// thread makes the row's thread one of these items after those of inWork.
func further(row *workqueue.Row, items string, statuses ...int64) {
	row.Envelope.Items += items
	row.Envelope.Statuses = append(row.Envelope.Statuses, statuses...)
}

var (
	whenSent   = history{}.applicant(stream, started, submitted)
	whenInWork = whenSent.staff(stream, application.ExecutorAssigned{Executor: executor}, application.TakenIntoWork{Executor: executor}).
			staff(readings, read(executor, 0, 4))
	whenAnswered = whenInWork.staff(stream, application.ResponseIssued{At: tuesday})
	// stands is where a row is that waits for its applicant.
	stands = workqueue.Places{Mine: []string{executor}, Turn: &never}
)

func TestRowsUntilTheDecision(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		given history
		then  map[string]workqueue.Row
	}{
		"nothing happened": {history{}, map[string]workqueue.Row{}},
		"a draft is in no list": {
			history{}.applicant(stream, started, application.StepSaved{StepID: "a"}), map[string]workqueue.Row{id: draft()},
		},
		"a deleted draft is gone": {
			history{}.applicant(stream, started, application.DraftDeleted{ServiceID: offered}), map[string]workqueue.Row{},
		},
		"what happens to an application that never started is no row": {
			history{}.applicant(stream, submitted).applicant(thread, question), map[string]workqueue.Row{},
		},
		"what was sent is new": {whenSent, map[string]workqueue.Row{id: sent(nil)}},
		"what was sent before events named the provider is in nobody's list, but its term runs": {
			history{}.applicant(stream, started, application.Submitted{ServiceID: offered, DueAt: due, At: monday}),
			map[string]workqueue.Row{id: sent(func(row *workqueue.Row) {
				row.ProviderID, row.TermKind = "", ""
				row.Places = workqueue.Places{Turn: &due, Due: &due}
			})},
		},
		"what somebody is on is not new, and they have something to read": {
			whenSent.staff(stream, application.ExecutorAssigned{Executor: executor}),
			map[string]workqueue.Row{id: sent(func(row *workqueue.Row) {
				row.Executors = []string{executor}
				row.Envelope = envelope.Envelope{Items: "oe", Statuses: []int64{1, 2}}
				row.Places = workqueue.Places{
					Term: chamber, Mine: []string{executor}, Turn: &due, Unread: []string{executor}, Due: &due,
				}
			})},
		},
		"what everybody left is new again": {
			whenSent.staff(stream, application.ExecutorAssigned{Executor: executor}, application.ExecutorRemoved{Executor: executor}),
			map[string]workqueue.Row{id: sent(func(row *workqueue.Row) {
				row.Envelope = envelope.Envelope{Items: "oee", Statuses: []int64{1, 2, 3}}
			})},
		},
		"somebody works on it": {whenInWork, map[string]workqueue.Row{id: inWork(func(*workqueue.Row) {})}},
		"the applicant's question is unread by each executor who has not read it": {
			whenInWork.staff(stream, application.ExecutorAssigned{Executor: colleague}).
				applicant(thread, question).staff(readings, read(colleague, 0, 5)).staff(readings, read(executor, 1, 5)).
				staff(thread, answer),
			map[string]workqueue.Row{id: inWork(func(row *workqueue.Row) {
				row.Executors = []string{executor, colleague}
				further(row, "eas", 4)
				row.Envelope.Marks = []envelope.Mark{
					{Reader: executor, Messages: 1, Application: 5}, {Reader: colleague, Application: 5},
				}
				row.Places = workqueue.Places{
					Term: chamber, Mine: []string{executor, colleague}, Turn: &due, Unread: []string{colleague}, Due: &due,
				}
			})},
		},
		"what the applicant read is nothing to staff": {
			whenInWork.applicant(readings, correspondence.ThreadRead{Reader: applicant, Side: correspondence.Applicant, Messages: 1}),
			map[string]workqueue.Row{id: inWork(func(row *workqueue.Row) {
				row.Envelope.Marks = append(row.Envelope.Marks, envelope.Mark{Reader: applicant, Messages: 1})
			})},
		},
		"while it is returned the term stands still": {
			whenInWork.staff(stream, application.ReturnedForCompletion{Executor: executor, At: tuesday}),
			map[string]workqueue.Row{id: inWork(func(row *workqueue.Row) {
				row.Status = "returned"
				row.Waiting = workqueue.Waiting{For: application.ForCompletion, Since: &tuesday}
				further(row, "e", 4)
				row.Places = stands
			})},
		},
		"sent again it is due later, and is not new to anybody": {
			whenInWork.staff(stream, application.ReturnedForCompletion{Executor: executor, At: tuesday}).
				applicant(stream, application.Resubmitted{DueAt: later, At: wednesday}),
			map[string]workqueue.Row{id: inWork(func(row *workqueue.Row) {
				row.Status, row.DueAt = "submitted", &later
				further(row, "eo", 4, 5)
				row.Places = workqueue.Places{
					Term: chamber, Mine: []string{executor}, Turn: &later, Unread: []string{executor}, Due: &later,
				}
			})},
		},
		"a term that was said to be over runs on, but nobody need say it again": {
			whenInWork.staff(stream, application.DueSoon{DueAt: due, At: wednesday}, application.Overdue{DueAt: due, At: thursday}),
			map[string]workqueue.Row{id: inWork(func(row *workqueue.Row) {
				row.DueSoonFor, row.OverdueFor = &due, &due
				row.Places.Due = nil
			})},
		},
		"another due date may be missed anew": {
			whenInWork.staff(stream, application.Overdue{DueAt: due, At: thursday}, application.DueDateMoved{DueAt: later}),
			map[string]workqueue.Row{id: inWork(func(row *workqueue.Row) {
				row.DueAt, row.OverdueFor = &later, &due
				further(row, "e", 5)
				row.Places.Turn, row.Places.Due = &later, &later
			})},
		},
		"what was withdrawn is in the list of all, and unread until its executors have seen it": {
			whenInWork.applicant(stream, application.Withdrawn{ServiceID: offered, At: tuesday}),
			map[string]workqueue.Row{id: inWork(func(row *workqueue.Row) {
				row.Status = "withdrawn"
				further(row, "o", 4)
				row.Places = workqueue.Places{Unread: []string{executor}}
			})},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			projectionstest.Expect(t, workqueue.Model, test.given.History, test.then)
		})
	}
}

func TestRowsFromTheDecisionOn(t *testing.T) {
	t.Parallel()
	toSign := func(id, supersedes string, at time.Time) application.DocumentIssued {
		return application.DocumentIssued{DocumentID: id, Signers: []string{"applicant"}, Supersedes: supersedes, At: at}
	}
	for name, test := range map[string]struct {
		given history
		then  workqueue.Row
	}{
		"an answered consultation waits for its questionnaire": {
			whenAnswered, inWork(func(row *workqueue.Row) {
				row.Status, row.Decided = "answered", "answered"
				row.Waiting = workqueue.Waiting{For: application.ForQuestionnaire, Since: &tuesday}
				further(row, "e", 4)
				row.Places = stands
			}),
		},
		"then for the signature of its act": {
			whenAnswered.staff(stream, toSign("act", "", wednesday)), inWork(func(row *workqueue.Row) {
				row.Status, row.Decided, row.Unsigned = "awaiting_signature", "answered", []string{"act"}
				row.Waiting = workqueue.Waiting{For: application.ForSignature, Since: &wednesday}
				further(row, "ee", 4, 5)
				row.Places = stands
			}),
		},
		"anew for that of a corrected act": {
			whenAnswered.staff(stream, toSign("act", "", wednesday), toSign("corrected", "act", thursday)), inWork(func(row *workqueue.Row) {
				row.Status, row.Decided, row.Unsigned = "awaiting_signature", "answered", []string{"corrected"}
				row.Waiting = workqueue.Waiting{For: application.ForSignature, Since: &thursday}
				further(row, "eee", 4, 5, 6)
				row.Places = stands
			}),
		},
		"a document that nobody signs changes nothing in this": {
			whenAnswered.staff(stream, toSign("act", "", wednesday), application.DocumentIssued{DocumentID: "leaflet", At: thursday}),
			inWork(func(row *workqueue.Row) {
				row.Status, row.Decided, row.Unsigned = "awaiting_signature", "answered", []string{"act"}
				row.Waiting = workqueue.Waiting{For: application.ForSignature, Since: &wednesday}
				further(row, "eee", 4, 5, 6)
				row.Places = stands
			}),
		},
		"signed, it waits for the questionnaire again; of a signature the applicant was reminded": {
			whenAnswered.staff(stream, toSign("act", "", tuesday), application.ApplicantReminded{Of: "signature", At: wednesday},
				application.DocumentSigned{DocumentID: "act", At: thursday}),
			inWork(func(row *workqueue.Row) {
				row.Status, row.Decided, row.Unsigned = "answered", "answered", nil
				row.Waiting = workqueue.Waiting{For: application.ForQuestionnaire, Since: &thursday}
				row.RemindedOf = []string{"signature"}
				further(row, "eeee", 4, 5, 6, 7)
				row.Places = stands
			}),
		},
		"with the questionnaire answered it waits for nothing": {
			whenAnswered.applicant(stream, application.QuestionnaireAnswered{At: wednesday}), inWork(func(row *workqueue.Row) {
				row.Status, row.Decided, row.Rated = "answered", "answered", true
				further(row, "eo", 4, 5)
				row.Places = stands
				row.Places.Unread = []string{executor}
			}),
		},
		"an approved support measure waits for nothing": {
			whenInWork.staff(stream, application.DecidedPositive{At: tuesday}), inWork(func(row *workqueue.Row) {
				row.Status, row.Decided = "approved", "approved"
				further(row, "e", 4)
				row.Places = stands
			}),
		},
		"what has ended is in the list of all alone": {
			whenInWork.staff(stream, application.RefusalIssued{At: tuesday},
				application.ApplicationCompleted{Outcome: application.OutcomeRefused, At: tuesday}),
			inWork(func(row *workqueue.Row) {
				row.Status, row.Outcome, row.Decided = "completed", "refused", "refused"
				further(row, "ee", 4, 5)
				row.Places = workqueue.Places{}
			}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			projectionstest.Expect(t, workqueue.Model, test.given.History, map[string]workqueue.Row{id: test.then})
		})
	}
}

// A row takes a letter for each message, so a thread of any length is cheap to go on with.
func TestARowGrowsByALetterForEachMessage(t *testing.T) {
	t.Parallel()
	size := func(messages int) int {
		h := whenSent
		for range messages {
			h = h.applicant(thread, question)
		}
		row := projectionstest.Documents(t, workqueue.Model, h.History)[id]
		body, err := readstore.Encode(&row)
		if err != nil {
			t.Fatal(err)
		}
		return len(body)
	}
	if growth := size(1001) - size(1); growth != 1000 {
		t.Errorf("a thousand messages more take %d bytes", growth)
	}
}
