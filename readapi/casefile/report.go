package casefile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"services.example/portal/domain/application"
	"services.example/portal/domain/calendar"
	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
	"services.example/portal/infra/casebundle/report"
	"services.example/portal/readapi/sentences"
)

// mostTold is how many entries of a kind the report tells. All are in the file of events.
const mostTold = 5000

// Report tells the case in a language. It is the same whenever and wherever it is made of the same records.
func (c *Case) Report(l text.Language) *report.Document {
	w := &writer{c: c, l: l}
	return &report.Document{
		Language: l, Title: w.word("title") + c.Number(), Lead: []string{w.word("lead"), w.word("lead-names")}, Facts: w.head(),
		Sections: []report.Section{
			w.form(), w.files(), w.documents(), w.thread(), w.readings(), w.notices(), w.notes(), w.questionnaire(), w.chronicle(), w.proof(),
		},
		Foot: w.word("title") + c.Number(), At: c.Signed.At,
	}
}

type writer struct {
	c *Case
	l text.Language
}

func (w *writer) word(key string) string { return words[key].In(w.l) }

// known is the word for a value; the value itself if there is none.
func (w *writer) known(prefix, value string) string {
	return cmp.Or(words[prefix+value].In(w.l), value)
}

func (w *writer) name(account string) string {
	if account == "" {
		return ""
	}
	return cmp.Or(w.c.Context.People[account], w.word("erased-name")+" "+account)
}

// moment is as people in Kazakhstan write it.
func moment(at time.Time) string { return calendar.Local(at).Format("02.01.2006 15:04:05") }

// facts are those that have a value.
func (w *writer) facts(pairs ...string) []report.Fact {
	var list []report.Fact
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			list = append(list, report.Fact{Label: w.word(pair[0]), Value: pair[1]})
		}
	}
	return list
}

func optional(at *time.Time) string {
	if at == nil || at.IsZero() {
		return ""
	}
	return moment(*at)
}

func (w *writer) head() []report.Fact {
	p := w.c.page
	var executors []string
	for _, id := range p.Executors {
		executors = append(executors, w.name(id))
	}
	last := ""
	if n := len(w.c.events); n > 0 {
		last = moment(w.c.events[n-1].Created)
	}
	outcome := ""
	if p.Outcome != "" {
		outcome = w.known("outcome-", p.Outcome)
	}
	return w.facts(
		"applicant", w.name(p.Applicant), "service", w.c.content.Passport.Name.In(w.l), "version", strconv.Itoa(w.c.start.ServiceVersion),
		"provider", w.c.Context.Provider[string(w.l)], "status", w.known("status-", p.Status), "outcome", outcome,
		"executors", strings.Join(executors, ", "), "started", moment(p.StartedAt), "submitted", optional(p.SubmittedAt), "due", optional(p.DueAt),
		"withdrawn", optional(p.WithdrawnAt), "completed", optional(p.CompletedAt), "as-of", last,
	)
}

// form tells what was filled in, with the words of the form as it was then.
func (w *writer) form() report.Section {
	s := report.Section{Title: w.word("form"), Empty: w.word("form-empty")}
	steps := map[string]service.Step{}
	for _, step := range w.c.content.Steps {
		steps[step.ID] = step
	}
	for i := range w.c.page.Steps {
		step := &w.c.page.Steps[i]
		described := steps[step.ID]
		e := report.Entry{
			Mark: strconv.Itoa(i + 1), Text: cmp.Or(described.Title.In(w.l), step.ID),
			Facts: answers(described.Schema, json.RawMessage(step.Data), w.l),
		}
		for _, file := range step.Files {
			e.Facts = append(e.Facts, report.Fact{Label: w.word("attached"), Value: cmp.Or(file.Name, file.ID)})
		}
		if len(e.Facts) == 0 {
			e.Who = w.word("step-empty")
		}
		s.Entries = append(s.Entries, e)
	}
	return s
}

// files lists all that were ever attached or uploaded.
func (w *writer) files() report.Section {
	s := report.Section{Title: w.word("files"), Empty: w.word("files-empty")}
	add := func(id, name, sha256 string, size int64, at time.Time, by string) {
		s.Entries = append(s.Entries, report.Entry{When: moment(at), Who: w.name(by), Text: cmp.Or(name, id), Facts: append(
			w.facts("size", strconv.FormatInt(size, 10), "in-bundle", filePath(id, name)), report.Fact{Label: "SHA-256", Value: sha256},
		)})
	}
	for i := range w.c.events {
		by := w.c.events[i].Meta.Actor
		switch e := w.c.events[i].Event.(type) {
		case application.FileAttached:
			add(e.FileID, e.Name, e.SHA256, e.Size, e.At, by)
		case application.FileUploaded:
			add(e.FileID, e.Name, e.SHA256, e.Size, e.At, by)
		}
	}
	return s
}

func (w *writer) documents() report.Section {
	s := report.Section{Title: w.word("documents"), Empty: w.word("documents-empty")}
	for i := range w.c.page.Documents {
		issued := &w.c.page.Documents[i]
		e := report.Entry{
			Mark: w.known("", issued.Kind) + ", " + strconv.Itoa(issued.Version), When: moment(issued.IssuedAt), Text: cmp.Or(issued.Name, issued.ID),
			Facts: append(w.facts("in-bundle", filePath(issued.FileID, issued.Name)), report.Fact{Label: "SHA-256", Value: issued.SHA256}),
		}
		if issued.Superseded {
			e.Facts = append(e.Facts, report.Fact{Label: w.word("superseded"), Value: w.word("yes")})
		}
		signed := false
		if d := w.c.documents[issued.ID]; d != nil {
			for k := range d.Signatures {
				sign := &d.Signatures[k]
				said := w.word("waiting")
				if sign.At != nil {
					signed = true
					said = moment(*sign.At) + ", " + w.known("", sign.Method) + ", " + w.name(sign.Account)
				}
				if sign.Certificate != nil {
					said += "\n" + w.certificate(issued.ID, sign.Signer)
				}
				e.Facts = append(e.Facts, report.Fact{Label: w.known("sign-", sign.Signer), Value: strings.TrimSpace(said)})
			}
			e.Facts = append(e.Facts, w.facts("signed-by-all", optional(d.SignedAt))...)
		}
		if signed {
			e.Facts = append(e.Facts, w.facts("evidence", evidencePath(issued.ID))...)
		}
		s.Entries = append(s.Entries, e)
	}
	return s
}

func (w *writer) questionnaire() report.Section {
	s := report.Section{Title: w.word("questionnaire"), Empty: w.word("form-empty")}
	q := w.c.page.Questionnaire
	if q == nil {
		return s
	}
	titles := map[string]string{}
	for _, item := range w.c.content.Workflow.Questionnaire {
		titles[item.ID] = item.Title.In(w.l)
	}
	for _, score := range q.Scores {
		s.Facts = append(s.Facts, report.Fact{Label: cmp.Or(titles[score.Question], score.Question), Value: strconv.Itoa(score.Score)})
	}
	for _, said := range q.Words {
		s.Facts = append(s.Facts, report.Fact{Label: cmp.Or(titles[said.Question], said.Question), Value: said.Text})
	}
	return s
}

// chronicle tells every record.
func (w *writer) chronicle() report.Section {
	s := report.Section{Title: w.word("chronicle"), Lead: w.word("chronicle-lead")}
	for i := range w.c.events {
		if i == mostTold {
			s.Entries = append(s.Entries, report.Entry{Text: fmt.Sprintf(w.word("chronicle-more"), len(w.c.events)-mostTold)})
			break
		}
		e := &w.c.events[i]
		stream, _, _ := strings.Cut(e.Stream, "-")
		entry := report.Entry{
			Mark: fmt.Sprintf("#%d %s/%d", e.Position.Commit-1, stream, e.Revision), When: moment(e.Created), Who: w.name(e.Meta.Actor),
			Text: sentences.Of(*e).In(w.l),
		}
		s.Entries = append(s.Entries, entry)
	}
	return s
}

func (w *writer) proof() report.Section {
	erased := 0
	for i := range w.c.events {
		if w.c.events[i].Erased {
			erased++
		}
	}
	facts := w.facts(
		"records", strconv.Itoa(len(w.c.events)), "log-key", w.c.Log, "log-size", strconv.FormatUint(w.c.Signed.Size, 10),
		"log-root", w.c.Signed.Root.String(), "log-at", moment(w.c.Signed.At),
	)
	if erased > 0 {
		facts = append(facts, w.facts("erased-records", strconv.Itoa(erased))...)
	}
	return report.Section{Title: w.word("proof"), Lead: w.word("proof-lead"), Facts: facts}
}
