package correspondence_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/problem"
)

const (
	dana  = "account-of-dana" // the applicant
	aibek = "account-of-aibek"
	saule = "account-of-saule"
)

// noon is when everything happens.
var noon = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

// papers are what the author's side has uploaded.
func papers(n int) []correspondence.File {
	files := make([]correspondence.File, n)
	for i := range files {
		files[i] = correspondence.File{ID: fmt.Sprintf("f%d", i), Name: "құжат.pdf", MIME: "application/pdf", Size: 10, SHA256: "ab"}
	}
	return files
}

func ids(files []correspondence.File) []string {
	var all []string
	for _, f := range files {
		all = append(all, f.ID)
	}
	return all
}

// by is a message of somebody.
func by(author, words string) correspondence.Post {
	return correspondence.Post{
		MessageID: "m1", Applicant: dana, Author: author, Side: correspondence.Staff, Text: words, PerMinute: 3, At: noon,
	}
}

func with(c correspondence.Post, change func(*correspondence.Post)) correspondence.Post {
	change(&c)
	return c
}

// wrote says who wrote how long before noon.
func wrote(author string, before ...time.Duration) []correspondence.Event {
	var events []correspondence.Event
	for _, d := range before {
		events = append(events, correspondence.MessagePosted{MessageID: "m0", Author: author, At: noon.Add(-d)})
	}
	return events
}

func fold(events ...correspondence.Event) correspondence.State {
	var s correspondence.State
	for _, e := range events {
		s = correspondence.Evolve(s, e)
	}
	return s
}

func invalid(fields ...problem.Field) *problem.Problem {
	return &problem.Problem{Kind: problem.Invalid, Code: "invalid", Fields: fields}
}

func flooded(wait time.Duration) *problem.Problem {
	return &problem.Problem{Kind: problem.TooMany, Code: "too-many-messages", RetryAfter: wait}
}

// refusal is the problem that an error is.
func refusal(t *testing.T, err error) *problem.Problem {
	t.Helper()
	var p *problem.Problem
	if err != nil && !errors.As(err, &p) {
		t.Fatalf("answered %v, want a problem", err)
	}
	return p
}

func TestPosting(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		given   []correspondence.Event
		when    correspondence.Post
		then    []correspondence.Event
		refused *problem.Problem
	}{
		"by the applicant": {
			when: correspondence.Post{
				MessageID: "m1", Applicant: dana, Author: dana, Side: correspondence.Applicant, Text: " Қашан?\r\n ",
				FileIDs: []string{"f1", "f0"}, Uploads: papers(3), PerMinute: 3, At: noon,
			},
			then: []correspondence.Event{correspondence.MessagePosted{
				MessageID: "m1", Applicant: dana, Author: dana, Side: correspondence.Applicant, Text: "Қашан?",
				Files: []correspondence.File{papers(2)[1], papers(2)[0]}, At: noon,
			}},
		},
		"a notice": {
			when: with(by(aibek, "Құжат дайын."), func(c *correspondence.Post) { c.Notice = true }),
			then: []correspondence.Event{correspondence.MessagePosted{
				MessageID: "m1", Applicant: dana, Author: aibek, Side: correspondence.Staff, Notice: true, Text: "Құжат дайын.", At: noon,
			}},
		},
		"HTML stays text": {
			when: by(aibek, `<script>alert("1")</script>`),
			then: []correspondence.Event{correspondence.MessagePosted{
				MessageID: "m1", Applicant: dana, Author: aibek, Side: correspondence.Staff, Text: `<script>alert("1")</script>`, At: noon,
			}},
		},
		"nothing": {
			when:    by(aibek, " \n"),
			refused: invalid(problem.Field{Location: "text", Code: "text-required"}),
		},
		"too much": {
			when: by(aibek, strings.Repeat("ә", 4001)),
			refused: invalid(problem.Field{
				Location: "text", Code: "too-long", Params: map[string]string{"max": "4000"},
			}),
		},
		"everything wrong at once": {
			when: with(by(aibek, "a\x00"), func(c *correspondence.Post) {
				c.FileIDs, c.Uploads = []string{"f0", "f9", "f0"}, papers(1)
			}),
			refused: invalid(
				problem.Field{Location: "text", Code: "bad-text"},
				problem.Field{Location: "fileIds[1]", Code: "file-not-found"},
				problem.Field{Location: "fileIds[2]", Code: "repeated"},
			),
		},
		"with eleven files": {
			when: with(by(aibek, "Міне"), func(c *correspondence.Post) { c.FileIDs, c.Uploads = ids(papers(11)), papers(11) }),
			refused: invalid(problem.Field{
				Location: "fileIds", Code: "too-many-items", Params: map[string]string{"max": "10"},
			}),
		},
		"the fourth within a minute": {
			given:   wrote(aibek, 50*time.Second, 40*time.Second, 0),
			when:    by(aibek, "Және"),
			refused: flooded(10 * time.Second),
		},
		"the fourth, when the first is a minute old": {
			given: wrote(aibek, time.Minute, 40*time.Second, 0),
			when:  by(aibek, "Және"),
			then: []correspondence.Event{correspondence.MessagePosted{
				MessageID: "m1", Applicant: dana, Author: aibek, Side: correspondence.Staff, Text: "Және", At: noon,
			}},
		},
		"after others' three": {
			given: append(wrote(saule, 2, 1, 0), wrote(dana, 2, 1, 0)...),
			when:  by(aibek, "Және"),
			then: []correspondence.Event{correspondence.MessagePosted{
				MessageID: "m1", Applicant: dana, Author: aibek, Side: correspondence.Staff, Text: "Және", At: noon,
			}},
		},
		"where no limit is set": {
			given: wrote(aibek, 2, 1, 0),
			when:  with(by(aibek, "Және"), func(c *correspondence.Post) { c.PerMinute = 0 }),
			then: []correspondence.Event{correspondence.MessagePosted{
				MessageID: "m1", Applicant: dana, Author: aibek, Side: correspondence.Staff, Text: "Және", At: noon,
			}},
		},
		"by a clock that went back": {
			given:   wrote(aibek, -time.Hour, -time.Hour, -time.Hour),
			when:    by(aibek, "Және"),
			refused: flooded(time.Minute),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := correspondence.Decide(fold(test.given...), test.when)
			if diff := cmp.Diff(test.refused, refusal(t, err)); diff != "" {
				t.Errorf("refusal (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.then, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReading(t *testing.T) {
	t.Parallel()
	read := func(reader string, messages, application int64) correspondence.MarkRead {
		return correspondence.MarkRead{
			Applicant: dana, Reader: reader, Side: correspondence.Staff, Messages: messages, Application: application, At: noon,
		}
	}
	mark := func(reader string, messages, application int64) correspondence.ReadingEvent {
		return correspondence.ThreadRead{Reader: reader, Side: correspondence.Staff, Messages: messages, Application: application, At: noon}
	}
	beyond := &problem.Problem{Kind: problem.Invalid, Code: "beyond-the-end", Fields: []problem.Field{{Location: "upTo", Code: "beyond-the-end"}}}
	type events = []correspondence.ReadingEvent
	for name, test := range map[string]struct {
		given   events
		when    correspondence.MarkRead
		then    events
		refused *problem.Problem
	}{
		"for the first time":       {when: read(aibek, 2, 7), then: events{mark(aibek, 2, 7)}},
		"nothing":                  {when: read(aibek, 0, 0)},
		"on":                       {given: events{mark(aibek, 2, 7)}, when: read(aibek, 3, 9), then: events{mark(aibek, 3, 9)}},
		"on in one of two streams": {given: events{mark(aibek, 2, 7)}, when: read(aibek, 3, 5), then: events{mark(aibek, 3, 7)}},
		"as far as before":         {given: events{mark(aibek, 2, 7)}, when: read(aibek, 2, 7)},
		"less far":                 {given: events{mark(aibek, 2, 7)}, when: read(aibek, 1, 7)},
		"as far as somebody else":  {given: events{mark(aibek, 2, 7)}, when: read(saule, 2, 7), then: events{mark(saule, 2, 7)}},
		"after marks out of order": {given: events{mark(aibek, 3, 9), mark(aibek, 2, 7)}, when: read(aibek, 3, 9)},
		"before the first message": {when: read(aibek, -1, 0), refused: beyond},
		"before the first event":   {when: read(aibek, 0, -1), refused: beyond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s correspondence.Readings
			for _, e := range test.given {
				s = correspondence.EvolveReading(s, e)
			}
			got, err := correspondence.DecideReading(s, test.when)
			if diff := cmp.Diff(test.refused, refusal(t, err)); diff != "" {
				t.Errorf("refusal (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.then, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWritingANote(t *testing.T) {
	t.Parallel()
	got, err := correspondence.DecideNote(correspondence.Notes{}, correspondence.WriteNote{
		NoteID: "n1", Applicant: dana, Author: aibek, Text: " Қайта тексеру керек. ", At: noon,
	})
	want := []correspondence.NoteEvent{correspondence.NoteWritten{NoteID: "n1", Author: aibek, Text: "Қайта тексеру керек.", At: noon}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("answered %v; events (-want +got):\n%s", err, diff)
	}
	for words, code := range map[string]string{"": "text-required", "a\x01": "bad-text", strings.Repeat("a", 4001): "too-long"} {
		events, err := correspondence.DecideNote(correspondence.Notes{}, correspondence.WriteNote{NoteID: "n1", Author: aibek, Text: words, At: noon})
		if p := refusal(t, err); p == nil || len(p.Fields) != 1 || p.Fields[0].Code != code || events != nil {
			t.Errorf("%.10q: %v and %v, want %s", words, events, err, code)
		}
	}
}
