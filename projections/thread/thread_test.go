package thread_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/projections/lifecycle"
	"services.example/portal/projections/projectionstest"
	"services.example/portal/projections/thread"
)

const (
	applicant = "11111111-1111-4111-8111-111111111111"
	executor  = "44444444-4444-4444-8444-444444444444"
	id        = "22222222-2222-4222-8222-222222222222"
	stream    = "application-" + id
	messages  = "correspondence-" + id
	readings  = "reading-" + id
	offered   = "33333333-3333-4333-8333-333333333333"
)

func at(minute int) time.Time {
	return time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC).Add(time.Duration(minute) * time.Minute)
}

func byApplicant(h projectionstest.History, stream string, events ...any) projectionstest.History {
	return h.In(stream, applicant, "applicant", events...)
}

func byStaff(h projectionstest.History, stream string, events ...any) projectionstest.History {
	return h.Of(applicant, stream, executor, "executor", events...)
}

func question(minute int) correspondence.MessagePosted {
	return correspondence.MessagePosted{
		MessageID: fmt.Sprint("question ", minute), Applicant: applicant, Author: applicant, Side: correspondence.Applicant,
		Text: "Құжат қайда?", Files: []correspondence.File{{ID: "scan", Name: "scan.pdf", MIME: "application/pdf", Size: 5, SHA256: "ab"}},
		At: at(minute),
	}
}

func answer(minute int) correspondence.MessagePosted {
	return correspondence.MessagePosted{
		MessageID: fmt.Sprint("answer ", minute), Applicant: applicant, Author: executor, Side: correspondence.Staff, Notice: true,
		Text: "Жолда.", At: at(minute),
	}
}

// sent is the history of a draft, filled in and sent.
func sent() projectionstest.History {
	return byApplicant(nil, stream,
		application.DraftStarted{Applicant: applicant, ServiceID: offered, At: at(0)},
		application.StepSaved{StepID: "company", Data: json.RawMessage(`{}`), At: at(1)},
		application.Submitted{ServiceID: offered, ProviderID: "p", DueAt: at(99), At: at(2)})
}

func status(minute int, actor string, line lifecycle.Line) thread.Status {
	return thread.Status{At: at(minute), Actor: actor, Line: line}
}

func TestADraftHasNoThread(t *testing.T) {
	history := byApplicant(nil, stream, application.DraftStarted{Applicant: applicant}, application.DraftDeleted{})
	projectionstest.Expect(t, thread.Model, history, map[string]thread.Document{})
}

func TestMessagesAndWhatHappenedAreOneThread(t *testing.T) {
	history := byApplicant(sent(), messages, question(3))
	history = byStaff(history, stream,
		application.ExecutorAssigned{Executor: executor, At: at(4)}, application.TakenIntoWork{Executor: executor, At: at(4)})
	history = byStaff(history, messages, answer(5))
	history = byApplicant(history, readings, correspondence.ThreadRead{
		Reader: applicant, Side: correspondence.Applicant, Messages: 2, Application: 5, At: at(6),
	})
	history = byStaff(history, stream,
		application.DueSoon{DueAt: at(99), At: at(7)}, // only staff is to know
		application.DecidedPositive{Executor: executor, Text: "x", At: at(8)},
		application.DocumentIssued{DocumentID: "d", Kind: "agreement", Signers: []string{"applicant"}, At: at(9)})
	history = history.Of(applicant, stream, "", "", application.DocumentSigned{DocumentID: "d", At: at(10)})

	due := thread.Head{
		ProviderID: "p", ServiceID: offered,
		Statuses: []thread.Status{
			status(2, applicant, lifecycle.Line{What: "submitted"}),
			status(4, executor, lifecycle.Line{What: "executor-assigned", Person: executor}),
			status(4, executor, lifecycle.Line{What: "taken-into-work", Person: executor}),
			status(8, executor, lifecycle.Line{What: "approved"}),
			status(9, executor, lifecycle.Line{What: "document-issued", Detail: "agreement", Document: "d"}),
			status(10, "", lifecycle.Line{What: "document-signed", Detail: "agreement", Document: "d"}),
		},
		Files: []string{"scan"},
	}
	projectionstest.Expect(t, thread.Model, history, map[string]thread.Document{
		id: {Applicant: applicant, Head: &due},
		id + "/0": {Message: &thread.Message{
			Applicant: applicant, ID: "question 3", At: at(3), Author: applicant, Side: correspondence.Applicant, Text: "Құжат қайда?",
			Files: []thread.File{{ID: "scan", Name: "scan.pdf", MIME: "application/pdf", Size: 5, SHA256: "ab"}},
		}},
		id + "/1": {Message: &thread.Message{
			Applicant: applicant, ID: "answer 5", At: at(5), Author: executor, Side: correspondence.Staff, Notice: true, Text: "Жолда.",
		}},
	})
}

// However long people write, no document of words grows: every message is one of its own.
func TestEveryMessageIsADocument(t *testing.T) {
	history := sent()
	const count = 17
	for n := range count {
		history = byStaff(history, messages, answer(n))
	}
	documents := projectionstest.Documents(t, thread.Model, history)
	got, want := map[string]string{}, map[string]string{}
	for name, doc := range documents {
		if doc.Message != nil {
			got[name] = doc.Message.ID
		}
	}
	for n := range count {
		want[thread.MessageID(id, int64(n))] = fmt.Sprint("answer ", n)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages by document (-want +got):\n%s", diff)
	}
	if statuses := len(documents[id].Head.Statuses); statuses != 1 {
		t.Errorf("%d things happened, want 1", statuses)
	}
}

// What is left of an erased applicant's thread is what is built of it when the key is gone; another's stays as it is.
func TestOfAnErasedApplicantsThreadNoWordsAreLeft(t *testing.T) {
	const other = "99999999-9999-4999-8999-999999999999"
	others := question(4)
	others.Applicant, others.Author = other, other
	history := byStaff(byApplicant(sent(), messages, question(3)), messages, answer(4)).
		In("application-of-another", other, "applicant", application.Submitted{ServiceID: offered, At: at(1)}).
		In("correspondence-of-another", other, "applicant", others).
		In("account-"+applicant, "", "", account.Erased{})

	got := projectionstest.Documents(t, thread.Model, history)
	want := projectionstest.Documents(t, thread.Model, history.WithoutKey(applicant))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("built of erased events, and erased afterwards (-want +got):\n%s", diff)
	}
	for _, name := range []string{thread.MessageID(id, 0), thread.MessageID(id, 1)} {
		if message := got[name].Message; message == nil || message.Text != "" || message.Files != nil {
			t.Errorf("of %s is left %+v", name, message)
		}
	}
	if text := got[thread.MessageID("of-another", 0)].Message.Text; text != "Құжат қайда?" {
		t.Errorf("another's message reads %q", text)
	}
	if got[id].Head.Shows("scan") || !got["of-another"].Head.Shows("scan") {
		t.Error("files of messages: the erased applicant's are shown, or another's are not")
	}
}
