package readapi

import (
	"slices"
	"testing"

	"services.example/portal/domain/application"
	"services.example/portal/domain/text"
	"services.example/portal/projections/envelope"
	"services.example/portal/projections/lifecycle"
)

// Whatever happens to an application, there are words for it in every language, and for every code that they go with.
func TestThereAreWordsForEverythingThatHappens(t *testing.T) {
	t.Parallel()
	for name, event := range application.EventTypes {
		line, _ := lifecycle.Tell(event)
		if _, deleted := event.(application.DraftDeleted); deleted {
			if line != nil {
				t.Errorf("%s: nobody is left to be told %q", name, line.What)
			}
			continue
		}
		if line == nil || !happened[line.What].Complete() {
			t.Errorf("%s: no words", name)
		}
	}
	codes := slices.Concat(application.ReturnReasons, application.RefusalReasons, []string{
		"act", "agreement", "result",
		string(application.OutcomeAnswered), string(application.OutcomeApproved), string(application.OutcomeRefused), string(application.OutcomeNotSigned),
		string(application.ForSignature), string(application.ForQuestionnaire), string(application.ForCompletion),
	})
	for _, code := range codes {
		if !details[code].Complete() {
			t.Errorf("%s: no words", code)
		}
	}
	if !system.Complete() {
		t.Error("the system has no name")
	}
}

// An item of a thread has a line to say: without, the thread's head and its envelope would not agree.
func TestEveryItemOfAThreadSaysSomething(t *testing.T) {
	t.Parallel()
	items := 0
	for name, event := range application.EventTypes {
		line, _ := lifecycle.Tell(event)
		if !envelope.InThread(event) {
			continue
		}
		items++
		if line == nil {
			t.Errorf("%s is in the thread and says nothing", name)
		}
	}
	if items != 16 {
		t.Errorf("%d types of events are in the thread, want 16", items)
	}
}

func TestLinesAreWordedInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	due := friday
	for _, test := range []struct {
		line lifecycle.Line
		l    text.Language
		want string
	}{
		{lifecycle.Line{What: lifecycle.Submitted}, text.English, "The application was sent"},
		{lifecycle.Line{What: lifecycle.ExecutorAssigned, Person: "a"}, text.Russian, "Назначен исполнитель: Сәуле"},
		{lifecycle.Line{What: lifecycle.ExecutorAssigned, Person: "erased"}, text.Russian, "Назначен исполнитель"},
		{lifecycle.Line{What: lifecycle.Refused, Detail: "duplicate"}, text.Kazakh, "Бас тарту туралы хабарлама: өтінім қайталанған"},
		{lifecycle.Line{What: lifecycle.Refused, Detail: "a code of later days"}, text.Kazakh, "Бас тарту туралы хабарлама"},
		{lifecycle.Line{What: lifecycle.DueDateMoved, DueAt: &due}, text.English, "The due date was changed: 27.11.2026"},
		{lifecycle.Line{What: "of later days"}, text.English, ""},
	} {
		if got := told(&test.line, map[string]string{"a": "Сәуле", "erased": ""}, test.l); got != test.want {
			t.Errorf("%+v in %s: %q, want %q", test.line, test.l, got, test.want)
		}
	}
}
