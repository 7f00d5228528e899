package application_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
)

func TestAttachingAFile(t *testing.T) {
	t.Parallel()
	refused := func(kind problem.Kind, code, param, value string) error {
		return &problem.Problem{Kind: kind, Code: code, Fields: []problem.Field{
			{Location: "file", Code: code, Params: map[string]string{param: value}},
		}}
	}
	tooLarge := refused(problem.TooLarge, "file-too-large", "max", "20")
	tooLargeTogether := refused(problem.TooLarge, "files-too-large", "max", "50")
	sized := func(id string, size int64) application.File {
		file := pdf(id)
		file.Size = size
		return file
	}
	of := func(size int64, id, step string) application.FileAttached {
		event := attached(id)
		event.Size, event.StepID = size, step
		return event
	}
	typed := func(mime string) application.File {
		file := pdf("f1")
		file.MIME = mime
		return file
	}
	image := attached("f1")
	image.MIME = "image/png"
	many := func(n int) []application.Event {
		events := draft()
		for i := range n {
			events = append(events, attached(fmt.Sprintf("old-%d", i)))
		}
		return events
	}
	needsTwo := attach("papers", pdf("f1"))
	needsTwo.Form = fakeForm{"papers": {files: 2}}
	first := attached("f1")
	first.Complete = false
	run(t, []scenario{
		{name: "completes a document step", given: draft(), when: attach("papers", pdf("f1")), then: []application.Event{attached("f1")}},
		{name: "that needs another one", given: draft(), when: needsTwo, then: []application.Event{first}},
		{name: "of another allowed type", given: draft(), when: attach("papers", typed("image/png")), then: []application.Event{image}},
		{
			name: "of a type that is not allowed", given: draft(), when: attach("papers", typed("text/html")),
			refused: refused(problem.WrongType, "file-type-not-allowed", "allowed", "application/pdf, image/png"),
		},
		{
			name: "as large as may be", given: draft(), when: attach("papers", sized("f1", 20<<20)),
			then: []application.Event{of(20<<20, "f1", "papers")},
		},
		{name: "a byte too large", given: draft(), when: attach("papers", sized("f1", 20<<20+1)), refused: tooLarge},
		{
			name: "that fills the application", given: draft(of(20<<20, "a", "papers"), of(20<<20, "b", "papers")),
			when: attach("papers", sized("f1", 10<<20)), then: []application.Event{of(10<<20, "f1", "papers")},
		},
		{
			name: "a byte more than the application may hold", given: draft(of(20<<20, "a", "papers"), of(20<<20, "b", "papers")),
			when: attach("papers", sized("f1", 10<<20+1)), refused: tooLargeTogether,
		},
		{
			name: "in room that was made", when: attach("papers", sized("f1", 20<<20)),
			given: draft(of(20<<20, "a", "papers"), of(20<<20, "b", "papers"), application.FileRemoved{FileID: "a", StepID: "papers"}),
			then:  []application.Event{of(20<<20, "f1", "papers")},
		},
		{name: "the hundredth", given: many(99), when: attach("papers", pdf("f1")), then: []application.Event{attached("f1")}},
		{
			name: "one too many", given: many(100), when: attach("papers", pdf("f1")),
			refused: refused(problem.TooLarge, "too-many-files", "max", "100"),
		},
		{
			name: "to a step that takes none", given: draft(), when: attach("company", pdf("f1")),
			refused: problem.Input(problem.Field{Location: "step", Code: "not-a-document-step"}),
		},
		{name: "to a step that does not exist", given: draft(), when: attach("nowhere", pdf("f1")), refused: errNoStep},
		{name: "again", given: draft(attached("f1")), when: attach("papers", pdf("f1"))},
		{
			name: "the same bytes as another file", given: draft(attached("f1")), then: []application.Event{attached("f2")},
			when: attach("papers", application.File{ID: "f2", Name: "f2.pdf", MIME: "application/pdf", Size: 1000, SHA256: "sum of f2"}),
		},
	})
}

// nameOf attaches a file and returns the name that it got.
func nameOf(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, name string,
) string {
	t.Helper()
	file := pdf("f1")
	file.Name = name
	events, err := application.Decide(fold(draft()), attach("papers", file))
	if err != nil || len(events) != 1 {
		t.Fatalf("attaching %q: %v, %v", name, events, err)
	}
	return events[0].(application.FileAttached).Name
}

func TestFileNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ә", 300)
	for name, want := range map[string]string{
		"Құжат № 1.pdf":                       "Құжат № 1.pdf",
		"  report.pdf ":                       "report.pdf",
		"../../etc/passwd":                    "passwd",
		`C:\Users\dana\Desktop\есеп.pdf`:      "есеп.pdf",
		`a/b\c.pdf`:                           "c.pdf",
		"/":                                   "file",
		"..":                                  "file",
		"a/..":                                "file",
		".":                                   "file",
		"":                                    "file",
		" \t ":                                "file",
		"..\u202e":                            "file",
		".\x00.":                              "file",
		".hidden":                             ".hidden",
		"line\r\nSet-Cookie: a=b.pdf":         "lineSet-Cookie: a=b.pdf",
		"tab\there\x7f\u0085.pdf":             "tabhere.pdf",
		"act\u202efdp.exe":                    "actfdp.exe",
		"\u2066act\u2069.pdf":                 "act.pdf",
		"a\u200bb\ufeff.pdf":                  "ab.pdf",
		"two\u2028lines\u2029here.pdf":        "twolineshere.pdf",
		"می\u200cخواهم.pdf":                   "می\u200cخواهم.pdf",
		"\U0001f468\u200d\U0001f4bb.png":      "\U0001f468\u200d\U0001f4bb.png",
		"broken\xff\xfe.pdf":                  "broken.pdf",
		`quote".pdf`:                          `quote".pdf`,
		long + ".pdf":                         strings.Repeat("ә", 251) + ".pdf",
		long:                                  strings.Repeat("ә", 255),
		"a." + long:                           "a." + strings.Repeat("ә", 253),
		strings.Repeat("a", 251) + ".pdf":     strings.Repeat("a", 251) + ".pdf",
		strings.Repeat("a", 254) + " " + long: strings.Repeat("a", 254),
		strings.Repeat("../", 100) + "есеп.xlsx": "есеп.xlsx",
	} {
		if got := nameOf(t, name); got != want {
			t.Errorf("%q became %q, want %q", name, got, want)
		}
	}
}

// TestAnyFileName: whatever a file is called, the name that is kept shows itself as it is, leads nowhere, and stays the
// same when it is cleaned again.
func TestAnyFileName(t *testing.T) {
	t.Parallel()
	letters := []rune("аa.ә/\\ \t\x00\u0085\u202e\u2066\u200b\u2028\ufeff\u200d\ufffd\"\U0001f468")
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(
			rapid.StringN(0, 400, -1), rapid.StringOfN(rapid.SampledFrom(letters), 0, 400, -1),
			rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		).Draw(t, "name")
		got := nameOf(t, name)
		switch {
		case got == "" || got == "." || got == "..":
			t.Errorf("%q became %q", name, got)
		case !utf8.ValidString(got) || utf8.RuneCountInString(got) > application.MaxFileName:
			t.Errorf("%q became %q of %d characters", name, got, utf8.RuneCountInString(got))
		case strings.ContainsAny(got, `/\`) || strings.ContainsFunc(got, unicode.IsControl) || strings.TrimSpace(got) != got:
			t.Errorf("%q became %q", name, got)
		}
		if diff := cmp.Diff(got, nameOf(t, got)); diff != "" {
			t.Errorf("cleaned again (-once +twice):\n%s", diff)
		}
	})
}

func TestAcceptsFile(t *testing.T) {
	t.Parallel()
	returned := fold(filled())
	returned.Status = application.Returned
	for name, test := range map[string]struct {
		state application.State
		step  string
		want  error
	}{
		"a draft":       {fold(draft()), "papers", nil},
		"returned":      {returned, "papers", nil},
		"sent":          {fold(filled(submitted)), "papers", errNotEditable},
		"deleted":       {fold(draft(application.DraftDeleted{})), "papers", errNotFound},
		"no such step":  {fold(draft()), "nowhere", errNoStep},
		"a form's step": {fold(draft()), "company", problem.Input(problem.Field{Location: "step", Code: "not-a-document-step"})},
		"never a draft": {application.State{}, "papers", errNotEditable},
		"a question's":  {fold(draft()), "question", problem.Input(problem.Field{Location: "step", Code: "not-a-document-step"})},
	} {
		if diff := cmp.Diff(test.want, test.state.AcceptsFile(test.step)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
