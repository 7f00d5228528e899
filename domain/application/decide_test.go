package application_test

import (
	"encoding/json"
	"testing"

	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
)

func TestStarting(t *testing.T) {
	t.Parallel()
	other := start()
	other.Number, other.RunningNumber = "2066-23-11-26", 2066
	run(t, []scenario{
		{name: "opens a draft", when: start(), then: []application.Event{application.DraftStarted(start())}},
		{name: "again changes nothing, whatever it says", given: draft(), when: other},
		{name: "again changes nothing after the draft was deleted", given: draft(application.DraftDeleted{}), when: start()},
	})
}

func TestSavingAStep(t *testing.T) {
	t.Parallel()
	run(t, []scenario{
		{
			name: "with everything in it", given: draft(), when: save("company", companyData),
			then: []application.Event{saved("company", companyData, true)},
		},
		{
			name: "incomplete, which never keeps it from being saved", given: draft(), when: save("company", `{"phone":"1"}`),
			then: []application.Event{saved("company", `{"phone":"1"}`, false)},
		},
		{
			name: "emptied", given: filled(), when: save("question", `{}`),
			then: []application.Event{saved("question", `{}`, false)},
		},
		{name: "as it is", given: draft(saved("company", companyData, true)), when: save("company", companyData)},
		{name: "as the client card filled it", given: draft(), when: save("company", `{"name":"«Қиял» ЖШС"}`)},
		{
			name: "as it is, where its check mark was wrong", given: draft(saved("company", companyData, false)),
			when: save("company", companyData), then: []application.Event{saved("company", companyData, true)},
		},
		{
			name: "of documents, which are complete by their files", given: draft(attached("f1")), when: save("papers", `{"note":"1"}`),
			then: []application.Event{saved("papers", `{"note":"1"}`, true)},
		},
		{name: "that does not exist", given: draft(), when: save("nowhere", `{}`), refused: errNoStep},
		{
			name: "that the form does not know", given: draft(), refused: errNoStep,
			when: application.SaveStep{Applicant: dana, Form: fakeForm{}, StepID: "company", Data: json.RawMessage(`{}`), At: noon},
		},
	})
}

func TestRemovingAFile(t *testing.T) {
	t.Parallel()
	removed := func(id string, complete bool) []application.Event {
		return []application.Event{application.FileRemoved{FileID: id, StepID: "papers", Complete: complete, At: noon}}
	}
	run(t, []scenario{
		{name: "the only one", given: draft(attached("f1")), when: remove("f1"), then: removed("f1", false)},
		{name: "one of two", given: draft(attached("f1"), attached("f2")), when: remove("f1"), then: removed("f1", true)},
		{name: "that never was", given: draft(attached("f1")), when: remove("f2"), refused: errNoFile},
		{
			name: "that was removed already", given: draft(attached("f1"), application.FileRemoved{FileID: "f1", StepID: "papers"}),
			when: remove("f1"), refused: errNoFile,
		},
		{name: "of a draft that was deleted", given: draft(application.DraftDeleted{}), when: remove("f1"), refused: errNotFound},
	})
}

func TestSending(t *testing.T) {
	t.Parallel()
	missing := func(fields ...problem.Field) error {
		return &problem.Problem{Kind: problem.Invalid, Code: "incomplete", Fields: fields}
	}
	phone := problem.Field{Location: "/steps/company/data/phone", Code: "required"}
	file := problem.Field{Location: "/steps/papers/files", Code: "file-required"}
	text := problem.Field{Location: "/steps/question/data/text", Code: "required"}
	run(t, []scenario{
		{name: "with everything in it", given: filled(), when: submit(), then: []application.Event{submitted}},
		{name: "names everything missing, by step and in the order of the form", given: draft(), when: submit(), refused: missing(phone, file, text)},
		{name: "names what is missing in the last step", given: filled(saved("question", `{}`, false)), when: submit(), refused: missing(text)},
		{
			name: "names the document whose only file was removed", refused: missing(file), when: submit(),
			given: filled(application.FileRemoved{FileID: "f1", StepID: "papers"}),
		},
		{
			name: "does not trust a check mark", given: draft(saved("company", `{}`, true), attached("f1"), saved("question", questionData, true)),
			when: submit(), refused: missing(problem.Field{Location: "/steps/company/data/name", Code: "required"}, phone),
		},
		{
			name: "with a step that the form does not know", given: filled(), refused: errNoStep,
			when: application.Submit{Applicant: dana, Form: fakeForm{}, Term: term, DueAt: later, At: noon},
		},
	})
}

// TestSomebodyElse: for anybody but its applicant an application does not exist, whatever its status, nor does one that
// was never started.
func TestSomebodyElse(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]application.Command{
		"saves":     application.SaveStep{Applicant: aibek, Form: form, StepID: "company", Data: json.RawMessage(`{}`)},
		"attaches":  application.AttachFile{Applicant: aibek, Form: form, Rules: rules, StepID: "papers", File: pdf("f1")},
		"removes":   application.RemoveFile{Applicant: aibek, Form: form, FileID: "f1"},
		"sends":     application.Submit{Applicant: aibek, Form: form},
		"withdraws": application.Withdraw{Applicant: aibek},
		"deletes":   application.DeleteDraft{Applicant: aibek},
	} {
		run(t, []scenario{
			{name: "somebody else " + name + " a draft", given: filled(), when: when, refused: errNotFound},
			{name: "somebody else " + name + " what was sent", given: filled(submitted), when: when, refused: errNotFound},
			{name: "somebody else " + name + " what was deleted", given: draft(application.DraftDeleted{}), when: when, refused: errNotFound},
			{name: "somebody " + name + " what never was", when: when, refused: errNotFound},
		})
	}
	run(t, []scenario{
		{name: "nobody", given: draft(), when: application.Withdraw{}, refused: errNotFound},
		{name: "nobody, where nothing is", when: application.Withdraw{}, refused: errNotFound},
		{name: "no command", given: draft(), when: nil, refused: problem.New(problem.WrongState, "unknown-command")},
	})
}
