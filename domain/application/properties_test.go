package application_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
)

// model is what people would say of an application, kept beside the decider in the simplest way.
type model struct {
	status string
	data   map[string]string
	files  []string
}

// expect does to the model what the command should do to the application. It returns the code with which the command
// should be refused, or nothing.
func (m *model) expect(command application.Command, applicant string) string {
	editable := m.status == "draft" || m.status == "returned"
	start, starts := command.(application.Start)
	_, deletes := command.(application.DeleteDraft)
	switch {
	case starts && m.status == "":
		m.status = "draft"
		m.data = map[string]string{"company": string(start.Prefilled["company"])}
		return ""
	case starts:
		return ""
	case m.status == "", applicant != dana, m.status == "deleted" && !deletes:
		return "application-not-found"
	}
	switch c := command.(type) {
	case application.SaveStep:
		if !editable {
			return "not-editable"
		}
		if !slices.Contains([]string{"company", "papers", "question"}, c.StepID) {
			return "unknown-step"
		}
		m.data[c.StepID] = string(c.Data)
	case application.AttachFile:
		switch {
		case slices.Contains(m.files, c.File.ID):
			return ""
		case !editable:
			return "not-editable"
		case c.StepID == "nowhere":
			return "unknown-step"
		case c.StepID != "papers":
			return "invalid"
		}
		m.files = append(m.files, c.File.ID)
	case application.RemoveFile:
		i := slices.Index(m.files, c.FileID)
		if i < 0 {
			return "file-not-found"
		}
		if !editable {
			return "not-editable"
		}
		m.files = slices.Delete(m.files, i, i+1)
	case application.Submit:
		switch {
		case m.status == "submitted":
		case !editable:
			return "not-editable"
		case !m.complete():
			return "incomplete"
		default:
			m.status = "submitted"
		}
	case application.Withdraw:
		switch m.status {
		case "draft":
			return "not-submitted"
		default:
			m.status = "withdrawn"
		}
	case application.DeleteDraft:
		if m.status != "draft" && m.status != "deleted" {
			return "not-a-draft"
		}
		m.status = "deleted"
	}
	return ""
}

func (m *model) complete() bool {
	return strings.Contains(m.data["company"], "name") && strings.Contains(m.data["company"], "phone") &&
		len(m.files) > 0 && strings.Contains(m.data["question"], "text")
}

// seen is what the model and a state both can tell.
type seen struct {
	Status string
	Data   map[string]string
	Files  []string
}

func (m *model) seen() seen {
	data := map[string]string{}
	for step, d := range m.data {
		if d != "" {
			data[step] = d
		}
	}
	return seen{Status: m.status, Data: data, Files: append([]string{}, m.files...)}
}

func seenOf(s application.State) seen {
	is := seen{Status: string(s.Status), Data: map[string]string{}, Files: []string{}}
	for _, step := range s.Steps {
		if step.Data != nil {
			is.Data[step.ID] = string(step.Data)
		}
		for _, f := range step.Files {
			is.Files = append(is.Files, f.ID)
		}
	}
	return is
}

// drawCommand draws a command and who gives it: mostly the applicant.
func drawCommand(t *rapid.T) (command application.Command, applicant string) {
	applicant = rapid.SampledFrom([]string{dana, dana, dana, dana, aibek}).Draw(t, "applicant")
	step := rapid.SampledFrom([]string{"company", "papers", "question", "nowhere"})
	file := rapid.SampledFrom([]string{"f1", "f2", "f3"})
	data := rapid.SampledFrom([]string{`{}`, companyData, questionData, `{"name":"x"}`})
	kinds := []string{"start", "save", "save", "save", "attach", "attach", "remove", "submit", "submit", "withdraw", "delete"}
	switch rapid.SampledFrom(kinds).Draw(t, "command") {
	case "start":
		return start(), dana
	case "save":
		c := save(step.Draw(t, "step"), data.Draw(t, "data"))
		c.Applicant = applicant
		return c, applicant
	case "attach":
		c := attach(rapid.SampledFrom([]string{"papers", "papers", "company", "nowhere"}).Draw(t, "step"), pdf(file.Draw(t, "file")))
		c.Applicant = applicant
		return c, applicant
	case "remove":
		c := remove(file.Draw(t, "file"))
		c.Applicant = applicant
		return c, applicant
	case "submit":
		c := submit()
		c.Applicant = applicant
		return c, applicant
	case "withdraw":
		return application.Withdraw{Applicant: applicant, At: noon}, applicant
	default:
		return application.DeleteDraft{Applicant: applicant, At: noon}, applicant
	}
}

// TestAnyCommands: whatever is asked in whatever order, the folded state is what the model says, a refusal has the code
// that the model gives and changes nothing, and the same command again gives no events.
func TestAnyCommands(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var state application.State
		m := &model{data: map[string]string{}}
		for range rapid.IntRange(1, 40).Draw(t, "commands") {
			command, applicant := drawCommand(t)
			want := m.expect(command, applicant)
			events, err := application.Decide(state, command)
			if got := code(err); got != want {
				t.Fatalf("%T was refused with %q, want %q", command, got, want)
			}
			if err != nil && events != nil {
				t.Fatalf("%T was refused and yet gave %v", command, events)
			}
			for _, event := range events {
				state = application.Evolve(state, event)
			}
			if diff := cmp.Diff(m.seen(), seenOf(state)); diff != "" {
				t.Fatalf("after %T (-model +state):\n%s", command, diff)
			}
			checkMarks(t, state)
			again, err := application.Decide(state, command)
			_, removes := command.(application.RemoveFile)
			switch {
			case len(again) > 0:
				t.Fatalf("%T again gave %v", command, again)
			case removes && want == "":
				want = "file-not-found" // what was removed cannot be told from what never was
			}
			if code(err) != want {
				t.Fatalf("%T again was refused with %q, want %q", command, code(err), want)
			}
		}
	})
}

func code(err error) string {
	var p *problem.Problem
	if errors.As(err, &p) {
		return p.Code
	}
	if err != nil {
		return "no problem: " + err.Error()
	}
	return ""
}

// checkMarks: a step that was touched has its check mark exactly if the form finds nothing missing in it.
func checkMarks(t *rapid.T, s application.State) {
	for _, step := range s.Steps {
		missing, err := form.Check(step.ID, step.Data, len(step.Files))
		if err != nil {
			t.Fatal(err)
		}
		if step.Complete != (len(missing) == 0) {
			t.Fatalf("step %s is marked complete: %t, and lacks %v", step.ID, step.Complete, missing)
		}
	}
}

// TestAnyEvents: Evolve takes events in any order, also those that no decision gives, and never changes a state that
// somebody else holds.
func TestAnyEvents(t *testing.T) {
	t.Parallel()
	step := rapid.SampledFrom([]string{"company", "papers", "question", "nowhere", ""})
	file := rapid.SampledFrom([]string{"f1", "f2", "f3"})
	event := rapid.Custom(func(t *rapid.T) application.Event {
		switch rapid.IntRange(0, 11).Draw(t, "event") {
		case 0:
			return application.DraftStarted(start())
		case 1:
			return saved(step.Draw(t, "step"), rapid.SampledFrom([]string{`{}`, companyData}).Draw(t, "data"), rapid.Bool().Draw(t, "complete"))
		case 2, 3, 7, 8, 9, 10: // many, so that lists grow beyond the room they had
			e := attached(file.Draw(t, "file"))
			e.StepID = rapid.SampledFrom([]string{"papers", "papers", "papers", "papers", "company", "nowhere"}).Draw(t, "step")
			return e
		case 4:
			return application.FileRemoved{FileID: file.Draw(t, "file"), StepID: step.Draw(t, "step")}
		case 5:
			return rapid.SampledFrom([]application.Event{submitted, application.Submitted{}}).Draw(t, "submitted")
		case 6:
			return application.Withdrawn{}
		default:
			return rapid.SampledFrom([]application.Event{application.DraftDeleted{}, application.StepSaved{}, nil}).Draw(t, "other")
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		var held []application.State
		var copies []application.State
		s := application.Evolve(application.State{}, application.DraftStarted(start()))
		if rapid.Bool().Draw(t, "never started") {
			s = application.State{}
		}
		for _, e := range rapid.SliceOfN(event, 0, 40).Draw(t, "events") {
			next := application.Evolve(s, e)
			held, copies = append(held, next), append(copies, deepCopy(next))
			// Another future of the same state: what happens there must not be seen in the first.
			application.Evolve(s, attached("of another future"))
			application.Evolve(s, saved("company", "of another future", true))
			s = next
		}
		if diff := cmp.Diff(copies, held); diff != "" {
			t.Fatalf("states that were held changed (-before +after):\n%s", diff)
		}
	})
}

func deepCopy(s application.State) application.State {
	s.Steps = slices.Clone(s.Steps)
	for i := range s.Steps {
		s.Steps[i].Data = json.RawMessage(slices.Clone([]byte(s.Steps[i].Data)))
		s.Steps[i].Files = slices.Clone(s.Steps[i].Files)
	}
	return s
}

func TestEvolveKeepsWhatAnApplicationWasStartedWith(t *testing.T) {
	t.Parallel()
	want := application.State{
		Status: application.StatusSubmitted, Applicant: dana, ServiceID: "advice", ServiceVersion: 3, Number: "2065-23-11-26",
		Steps: []application.Step{
			{ID: "company", Kind: service.FormStep, Data: json.RawMessage(companyData), Complete: true},
			{ID: "papers", Kind: service.DocumentStep, Files: []application.File{pdf("f1")}, Complete: true},
			{ID: "question", Kind: service.QuestionStep, Data: json.RawMessage(questionData), Complete: true},
		},
		SubmittedAt: noon, DueAt: later,
	}
	if diff := cmp.Diff(want, fold(filled(submitted))); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
}
