package casefile

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/notification"
	"services.example/portal/domain/service"
	"services.example/portal/domain/signature"
	"services.example/portal/domain/text"
	"services.example/portal/infra/casebundle"
	"services.example/portal/infra/casebundle/report"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eds/bundle"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/transparency"
)

const (
	caseID   = "0b8f4c1e-7a57-4c06-8a51-0a7c7d1f2e33"
	dana     = "2da06e30-9c79-4e28-ac73-2c9e9f304055"
	saule    = "3eb17f41-ad8a-4f39-bd84-3daf0a415166"
	attached = "4fc28052-be9b-404a-8e95-4eb01b526277"
	issued   = "50d39163-cfac-415b-9fa6-5fc12c637388"
)

var noon = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

// happened are the events of a case, in the order of the log, each a minute after the one before.
func happened(of ...event) []codec.Envelope {
	next := map[string]int64{}
	list := make([]codec.Envelope, len(of))
	for i, h := range of {
		place := uint64(i + 1)
		list[i] = codec.Envelope{
			Stream: h.stream, Revision: next[h.stream], Position: eventstore.Position{Commit: place, Prepare: place},
			Created: noon.Add(time.Duration(i) * time.Minute), Event: h.what, Meta: codec.Metadata{Actor: dana, Role: "applicant"},
		}
		next[h.stream]++
	}
	return list
}

// event is one of a stream.
type event struct {
	stream string
	what   any
}

func in(stream string, what any) event { return event{stream, what} }

// aCase is one with a bit of everything.
func aCase() []codec.Envelope {
	const own, signed = "application-" + caseID, "signature-" + issued
	return happened(
		in("service-s", service.Revised{Version: 3, Content: service.Content{
			Passport: service.Passport{Name: text.Text{KK: "Кеңес", RU: "Консультация", EN: "Advice"}},
			Steps: []service.Step{{ID: "question", Title: text.Text{KK: "Сұрақ", RU: "Вопрос", EN: "Question"}, Schema: json.RawMessage(
				`{"properties":{"topic":{"title":{"kk":"Тақырып","ru":"Тема","en":"Topic"},"x-enum-titles":{"tax":{"kk":"Салық","ru":"Налог","en":"Tax"}}}}}`)}},
		}, At: noon}),
		in(own, application.DraftStarted{
			Applicant: dana, ServiceID: "s", ServiceVersion: 3, RunningNumber: 7, Number: "7-23-11-26",
			Steps: []application.StepState{{ID: "question", Kind: service.FormStep}}, At: noon,
		}),
		in(own, application.StepSaved{StepID: "question", Data: json.RawMessage(`{"topic":"tax"}`), Complete: true, At: noon}),
		in(own, application.FileAttached{FileID: attached, StepID: "question", Name: "Қағаз.PDF", Size: 5, SHA256: "aa", At: noon}),
		in(own, application.Submitted{ServiceID: "s", At: noon}),
		in("correspondence-"+caseID, correspondence.MessagePosted{
			MessageID: "m", Applicant: dana, Author: dana, Side: correspondence.Applicant, Text: "Сәлем", At: noon,
		}),
		in("reading-"+caseID, correspondence.ThreadRead{Reader: saule, Side: correspondence.Staff, Messages: 1, Application: 4, At: noon}),
		in("notification-n", notification.Requested{
			Recipient: dana, Channel: notification.SMS, Kind: "message", ApplicationID: caseID, Text: "Жаңа хабар", At: noon,
		}),
		in("notification-n", notification.Sent{Attempt: 1, At: noon}),
		in("note-"+caseID, correspondence.NoteWritten{NoteID: "n", Author: saule, Text: "Ішкі", At: noon}),
		in(own, application.DocumentIssued{
			DocumentID: issued, Applicant: dana, ProviderID: "p", Kind: "act", Version: 1, FileID: issued, Name: "Акт.pdf", Size: 9, SHA256: "bb",
			Signers: []string{"applicant"}, By: "eds", At: noon,
		}),
		in(signed, signature.Accepted{
			Signer: signature.Applicant, Account: dana, Method: signature.EDS, CMS: "cc",
			Certificate: &signature.Certificate{Owner: "САМҰРЫҚ ДАНА", Serial: "01"}, At: noon,
		}),
	)
}

func told(events []codec.Envelope) *Case {
	return New(caseID, "log+key", transparency.Checkpoint{Size: 12, At: noon}, events, casebundle.Context{
		People: map[string]string{dana: "Самұрық Дана", saule: "Қызметкер Сәуле"}, Provider: map[string]string{"kk": "Палата"},
	})
}

func TestEverybodyWhoIsNamedIsKnown(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff([]string{dana, saule}, People(aCase())); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
}

// TestTheFilesOfACase: what was attached, and each signed document with its evidence, by the path in a bundle.
func TestTheFilesOfACase(t *testing.T) {
	t.Parallel()
	want := []Attachment{
		{Path: "documents/" + issued + ".evidence.zip", Size: 9, Subject: dana, Evidence: &bundle.Manifest{
			Document:   bundle.Document{File: bundle.File{SHA256: "bb"}, ID: issued, Kind: "act", Version: 1, Name: "Акт.pdf", IssuedAt: noon},
			Signatures: []bundle.Signature{{Signer: "applicant", Method: "eds", ReceivedAt: noon, Container: &bundle.File{SHA256: "cc"}}},
		}},
		{Path: "files/" + attached + ".pdf", SHA256: "aa", Size: 5, Subject: dana},
	}
	got := told(aCase()).Attachments()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(bundle.Signature{}, "Status")); diff != "" {
		t.Errorf("attachments (-want +got):\n%s", diff)
	}
}

func TestNamesOfFilesMakeNoPaths(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a.pdf": ".pdf", "A.PDF": ".pdf", "a": "", "": "", "a.tar.gz": ".gz", "../../a.p/f": "", "a.p\x00f": "", "a.қағаз": "", "a.toolong": "", "a.": "",
	} {
		if got := filePath("id", name); got != "files/id"+want {
			t.Errorf("%q: %q, want the extension %q", name, got, want)
		}
	}
}

// TestTheReportTellsTheCase: in each language, with the words of the form as it was.
func TestTheReportTellsTheCase(t *testing.T) {
	t.Parallel()
	c := told(aCase())
	for l, want := range map[text.Language]struct{ title, question, topic, tax, who string }{
		text.Kazakh:  {"Өтінім ісі № 7-23-11-26", "Сұрақ", "Тақырып", "Салық", "Самұрық Дана, өтініш беруші"},
		text.Russian: {"Дело заявки № 7-23-11-26", "Вопрос", "Тема", "Налог", "Самұрық Дана, заявитель"},
		text.English: {"Case of application 7-23-11-26", "Question", "Topic", "Tax", "Самұрық Дана, applicant"},
	} {
		d := c.Report(l)
		step := d.Sections[0].Entries[0]
		if d.Title != want.title || step.Text != want.question {
			t.Errorf("%s: %q, %q", l, d.Title, step.Text)
		}
		if diff := cmp.Diff(report.Fact{Label: want.topic, Value: want.tax}, step.Facts[0]); diff != "" {
			t.Errorf("%s: the answer (-want +got):\n%s", l, diff)
		}
		if message := d.Sections[3].Entries[0]; message.Who != want.who || message.Quote != "Сәлем" {
			t.Errorf("%s: the message is %+v", l, message)
		}
		if all := d.Sections[8].Entries; len(all) != 12 || all[2].Mark != "#2 application/1" || all[2].When != "23.11.2026 12:02:00" {
			t.Errorf("%s: what happened is %+v", l, all)
		}
	}
	page := told(aCase())
	signed := page.Report(text.English).Sections[2].Entries[0]
	if got := signed.Facts[2].Value; got != "23.11.2026 12:00:00, digital signature, Самұрық Дана\nСАМҰРЫҚ ДАНА · 01" {
		t.Errorf("the signature is told as %q", got)
	}
}

// TestOfWhoWasErasedTheReportSaysSo: neither name nor words, and how many records there are of whom.
func TestOfWhoWasErasedTheReportSaysSo(t *testing.T) {
	t.Parallel()
	events := aCase()
	for i := range events {
		if m, ok := events[i].Event.(correspondence.MessagePosted); ok {
			m.Text = ""
			events[i].Event, events[i].Erased = m, true
		}
	}
	c := New(caseID, "log+key", transparency.Checkpoint{}, events, casebundle.Context{})
	d := c.Report(text.English)
	if who := d.Sections[3].Entries[0].Who; who != "(data erased) "+dana+", applicant" {
		t.Errorf("the message is of %q", who)
	}
	proof := d.Sections[len(d.Sections)-1].Facts
	if diff := cmp.Diff(report.Fact{Label: "Records whose personal data was erased", Value: "1"}, proof[len(proof)-1]); diff != "" {
		t.Errorf("the last fact (-want +got):\n%s", diff)
	}
}

// TestWhatIsMadeTwiceIsTheSame: whoever checks a bundle makes its files again and compares.
func TestWhatIsMadeTwiceIsTheSame(t *testing.T) {
	t.Parallel()
	first, second := told(aCase()).Made(), told(aCase()).Made()
	if len(first) != 7 {
		t.Errorf("%d files are made", len(first))
	}
	for i := range first {
		var a, b bytes.Buffer
		if err := first[i].Write(&a); err != nil {
			t.Fatal(err)
		}
		if err := second[i].Write(&b); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) || a.Len() == 0 {
			t.Errorf("%s differs, or is empty", first[i].Path)
		}
	}
}

func TestEventsForProgramsAreALineEach(t *testing.T) {
	t.Parallel()
	var to bytes.Buffer
	if err := told(aCase()).WriteEvents(&to); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(to.String(), "\n"), "\n")
	var second struct {
		Index    uint64
		Stream   string
		Sentence text.Text
		Event    struct{ Number string }
	}
	if err := json.Unmarshal([]byte(lines[1]), &second); err != nil {
		t.Fatal(err)
	}
	if len(lines) != 12 || second.Index != 1 || second.Stream != "application-"+caseID || second.Event.Number != "7-23-11-26" || second.Sentence.EN == "" {
		t.Errorf("%d lines, the second %+v", len(lines), second)
	}
}

// TestADraftThatWasDeletedIsToldAsSuch: its page is gone, and its records are not.
func TestADraftThatWasDeletedIsToldAsSuch(t *testing.T) {
	t.Parallel()
	events := slices.Concat(aCase()[:3], happened(in("application-"+caseID, application.DraftDeleted{At: noon})))
	c := told(events)
	if c.Number() != "7-23-11-26" || c.page.Status != "deleted" || len(c.Report(text.Kazakh).Sections[8].Entries) != 4 {
		t.Errorf("number %q, status %q", c.Number(), c.page.Status)
	}
}

// TestAnswers: what was filled in, whatever it is, in the order of the form.
func TestAnswers(t *testing.T) {
	t.Parallel()
	const schema = `{"properties":{
		"b":{"title":{"kk":"Бірінші","en":"First"}},
		"a":{"title":{"kk":"Екінші","en":"Second"},"properties":{"city":{"title":{"kk":"Қала","en":"City"}}}},
		"list":{"title":{"kk":"Тізім","en":"List"},"items":{"x-enum-titles":{"x":{"kk":"Икс","en":"Ex"}}}},
		"people":{"title":{"kk":"Адамдар","en":"People"},"items":{"properties":{"name":{"title":{"kk":"Аты","en":"Name"}}}}}}}`
	for name, row := range map[string]struct {
		schema, data string
		want         []report.Fact
	}{
		"in the form's order, then by name": {
			schema, `{"z":1,"a":{"city":"Орал"},"b":true,"c":null}`,
			[]report.Fact{{Label: "First", Value: "yes"}, {Label: "Second · City", Value: "Орал"}, {Label: "c", Value: "—"}, {Label: "z", Value: "1"}},
		},
		"lists":                    {schema, `{"list":["x","y"],"people":[{"name":"А"},{"name":"Б"}]}`, []report.Fact{{Label: "List", Value: "Ex, y"}, {Label: "People · 1 · Name", Value: "А"}, {Label: "People · 2 · Name", Value: "Б"}}},
		"a large number":           {schema, `{"b":12345678901234567890}`, []report.Fact{{Label: "First", Value: "12345678901234567890"}}},
		"a schema that is none":    {`[]`, `{"b":"x"}`, []report.Fact{{Label: "b", Value: "x"}}},
		"a title that is no text":  {`{"properties":{"b":{"title":"x"}}}`, `{"b":"x"}`, []report.Fact{{Label: "b", Value: "x"}}},
		"nothing":                  {schema, ``, nil},
		"data that is no object":   {schema, `[1]`, nil},
		"deeper than anybody asks": {``, strings.Repeat(`{"a":`, 40) + `1` + strings.Repeat(`}`, 40), nil},
	} {
		if diff := cmp.Diff(row.want, answers(json.RawMessage(row.schema), json.RawMessage(row.data), text.English)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// FuzzAnswers: whatever was saved, and whatever the form was, there is a report.
func FuzzAnswers(f *testing.F) {
	f.Add(`{"properties":{"a":{"items":{"properties":{}}}}}`, `{"a":[{"b":[1,[2]]}]}`)
	f.Fuzz(func(t *testing.T, schema, data string) {
		for _, fact := range answers(json.RawMessage(schema), json.RawMessage(data), text.Kazakh) {
			if strings.Count(fact.Label, " · ") > 1000 {
				t.Errorf("a label of %d parts", strings.Count(fact.Label, " · "))
			}
		}
	})
}
