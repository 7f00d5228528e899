package application_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
)

func invalid(faults ...string) error {
	p := &problem.Problem{Kind: problem.Invalid, Code: "invalid"}
	for _, fault := range faults {
		location, code, _ := strings.Cut(fault, " ")
		field := problem.Field{Location: location, Code: code}
		if code, most, limited := strings.Cut(code, " "); limited {
			field.Code, field.Params = code, map[string]string{"max": most}
		}
		p.Fields = append(p.Fields, field)
	}
	return p
}

func TestWhatIsWrongWithAReturn(t *testing.T) {
	t.Parallel()
	of := func(reason, text string) application.ReturnForCompletion {
		return application.ReturnForCompletion{By: serik, Provider: qidi, Reason: reason, Text: text, At: noon}
	}
	scenarios := []scenario{
		{name: "everything", given: working(), when: of("", ""), refused: invalid("reason required", "text text-required")},
		{name: "a reason of 201 characters", given: working(), when: of(strings.Repeat("ә", 201), "x"), refused: invalid("reason too-long 200")},
		{name: "a reason of control characters", given: working(), when: of("a\x00b", "x"), refused: invalid("reason bad-text")},
		{name: "4001 characters", given: working(), when: of("other", strings.Repeat("ә", 4001)), refused: invalid("text too-long 4000")},
		{name: "control characters", given: working(), when: of("other", "a\x00b"), refused: invalid("text bad-text")},
	}
	own := returned
	own.Reason, own.Text = "other", "Екінші бет жоқ\n\nx"
	scenarios = append(scenarios, scenario{name: "a reason in words of one's own", given: working(), when: of(" Екінші бет жоқ ", "x"), then: events(own)})
	for _, reason := range application.ReturnReasons {
		event := returned
		event.Reason, event.Text = reason, "<b>x</b>"
		scenarios = append(scenarios, scenario{name: reason, given: working(), when: of(reason, "<b>x</b>"), then: events(event)})
	}
	run(t, scenarios)
}

func TestWhatIsWrongWithADecision(t *testing.T) {
	t.Parallel()
	of := func(outcome application.Outcome, reason, text string, files ...string) application.DecideSupport {
		return application.DecideSupport{
			By: serik, Provider: qidi, Kind: service.SupportMeasure, Workflow: support, Outcome: outcome, Reason: reason, Text: text, FileIDs: files, At: noon,
		}
	}
	wrongKind, wrongMeasure := respond(serik), approve(serik)
	wrongKind.Kind, wrongMeasure.Kind = service.SupportMeasure, service.Consultation
	empty := respond(serik)
	empty.Text = " \n"
	scenarios := []scenario{
		{name: "no outcome", given: working(), when: of("", "", "x"), refused: invalid("outcome unknown-value")},
		{name: "an outcome that nobody decides", given: working(), when: of(application.OutcomeNotSigned, "", "x"), refused: invalid("outcome unknown-value")},
		{name: "a refusal without a reason", given: working(), when: of("refused", "", "x"), refused: invalid("reason required")},
		{name: "a reason of 201 characters", given: working(), when: of("refused", strings.Repeat("ә", 201), "x"), refused: invalid("reason too-long 200")},
		{name: "an approval with a reason", given: working(), when: of("approved", "other", "x"), refused: invalid("reason not-expected")},
		{name: "no text", given: working(), when: of("approved", "", ""), refused: invalid("text text-required")},
		{
			name: "files of the applicant, unknown ones, and one twice", given: working(), when: of("approved", "", "x", "s1", "a1", "f1", "s9", "s1"),
			refused: invalid("fileIds[1] file-not-found", "fileIds[2] file-not-found", "fileIds[3] file-not-found", "fileIds[4] repeated"),
		},
		{name: "a response to a support measure", given: working(), when: wrongKind, refused: problem.New(problem.WrongState, "not-a-consultation")},
		{name: "a decision on a consultation", given: working(), when: wrongMeasure, refused: problem.New(problem.WrongState, "not-a-support-measure")},
		{name: "an empty response", given: working(), when: empty, refused: invalid("text text-required")},
	}
	for _, reason := range application.RefusalReasons {
		event := refusal
		event.Reason, event.Text = reason, "x"
		scenarios = append(scenarios, scenario{
			name: reason, given: working(), when: of("refused", reason, "x"), then: events(event, completed(application.OutcomeRefused, noon)),
		})
	}
	run(t, scenarios)
}

func TestWhatIsWrongWithADocument(t *testing.T) {
	t.Parallel()
	of := func(kind, by string, signers ...string) application.IssueDocument {
		c := issue(serik, "d1", kind, advice)
		c.Method, c.Signers = by, signers
		return c
	}
	eds := advice
	eds.Signatures = []service.SignatureRule{{Document: "act", Signers: []string{"provider"}, By: "eds"}}
	strict := of("act", "acceptance")
	strict.Workflow = eds
	unknown, ofApplicant := of("act", ""), of("act", "")
	unknown.FileID, ofApplicant.FileID = "s9", "a1"
	noApplicant := of("act", "", "provider")
	noApplicant.Workflow = eds
	given := working(answered)
	run(t, []scenario{
		{name: "an unknown kind", given: given, when: of("letter", ""), refused: invalid("kind unknown-value")},
		{name: "no kind", given: given, when: of("", ""), refused: invalid("kind unknown-value")},
		{name: "an unknown file", given: given, when: unknown, refused: invalid("fileId file-not-found")},
		{name: "a file of the applicant", given: given, when: ofApplicant, refused: invalid("fileId file-not-found")},
		{
			name: "unknown signers, and one twice", given: given, when: of("act", "", "applicant", "minister", "applicant"),
			refused: invalid("signers[1] unknown-value", "signers[2] repeated"),
		},
		{name: "without the applicant, whom the rule names", given: given, when: of("act", "", "provider"), refused: invalid("signers applicant-must-sign")},
		{name: "an unknown method", given: given, when: of("act", "fax"), refused: invalid("by unknown-value")},
		{name: "acceptance where the rule says signature", given: given, when: strict, refused: invalid("by acceptance-not-allowed")},
		{name: "acceptance of a kind without a rule", given: given, when: of("result", "acceptance", "applicant"), refused: invalid("by acceptance-not-allowed")},
		{
			name: "other signers in another order, by signature", given: given, when: of("act", "eds", "applicant", "provider"),
			then: events(issued("d1", "act", 1, "eds", "", "applicant", "provider")),
		},
		{name: "only the applicant", given: given, when: of("act", "", "applicant"), then: events(issued("d1", "act", 1, "acceptance", "", "applicant"))},
		{name: "only the provider, whom alone the rule names", given: given, when: noApplicant, then: events(issued("d1", "act", 1, "eds", "", "provider"))},
		{name: "of a kind without a rule, for nobody to sign", given: given, when: of("result", ""), then: events(issued("d1", "result", 1, "eds", ""))},
		{
			name: "of a kind without a rule, for somebody", given: given, when: of("result", "", "provider"),
			then: events(issued("d1", "result", 1, "eds", "", "provider")),
		},
	})
}

func TestWhatIsWrongWithAnswers(t *testing.T) {
	t.Parallel()
	of := func(answers map[string]any) application.AnswerQuestionnaire {
		return application.AnswerQuestionnaire{Applicant: dana, Workflow: advice, Answers: answers, At: noon}
	}
	given := working(answered)
	scenarios := []scenario{
		{name: "none", given: given, when: of(nil), refused: invalid("answers.overall required", "answers.speed required")},
		{
			name: "of unknown questions, in order", given: given, when: of(map[string]any{"overall": 1, "speed": 5, "z": 1, "a": "x"}),
			refused: invalid("answers.a unknown-field", "answers.z unknown-field"),
		},
		{
			name: "in words that are too long", given: given, when: of(map[string]any{"overall": 1, "speed": 5, "wishes": strings.Repeat("ә", 2001)}),
			refused: invalid("answers.wishes too-long 2000"),
		},
		{
			name: "in words that are a number", given: given, when: of(map[string]any{"overall": 1, "speed": 5, "wishes": 5.0}),
			refused: invalid("answers.wishes not-text"),
		},
		{
			name: "without words", given: given, when: of(map[string]any{"overall": 1, "speed": 5, "wishes": " "}),
			then: events(application.QuestionnaireAnswered{
				ServiceID: "advice", Scores: []application.QuestionScore{{Question: "overall", Score: 1}, {Question: "speed", Score: 5}},
				Words: []application.QuestionWords{}, At: noon,
			}),
		},
		{name: "by somebody else", given: given, when: application.AnswerQuestionnaire{Applicant: aibek, Workflow: advice, At: noon}, refused: errNotFound},
		{
			name: "where nothing is asked", given: given, refused: problem.New(problem.WrongState, "no-questionnaire"),
			when: application.AnswerQuestionnaire{Applicant: dana, Workflow: plain, At: noon},
		},
	}
	for _, score := range []any{0, 6, -1, 4.5, 1e300, "5", "", true, []any{5.0}, json.Number("5.5"), json.Number("99999999999999999999")} {
		scenarios = append(scenarios, scenario{
			name: fmt.Sprintf("a score of %v (%T)", score, score), given: given, when: of(map[string]any{"overall": score, "speed": json.Number("3")}),
			refused: invalid("answers.overall score-invalid"),
		})
	}
	run(t, scenarios)
}

func TestWhatIsWrongWithADueDate(t *testing.T) {
	t.Parallel()
	silent := move(madina, later.Add(day))
	silent.Reason = ""
	run(t, []scenario{
		{name: "no reason", given: working(), when: silent, refused: invalid("reason text-required")},
		{name: "now", given: working(), when: move(madina, noon), refused: invalid("dueAt date-in-past")},
		{name: "too far", given: working(), when: move(madina, noon.Add(application.MaxDueDateMove+1)), refused: invalid("dueAt date-too-far")},
		{name: "as it is", given: working(), when: move(madina, later)},
		{
			name: "earlier", given: working(), when: move(madina, noon.Add(day)),
			then: events(application.DueDateMoved{DueAt: noon.Add(day), Reason: "Сараптама керек", At: noon}),
		},
	})
}

// TestUploading: each side has the whole room of the service's rules, so that neither can keep the other from its work.
func TestUploading(t *testing.T) {
	t.Parallel()
	of := func(id string, staff bool, size int64) application.FileUploaded {
		event := uploaded(id, staff)
		event.Size = size
		return event
	}
	sized := func(c application.UploadFile, size int64) application.UploadFile {
		c.File.Size = size
		return c
	}
	named := uploadByDana("a2")
	named.File.Name = `C:\docs\..\Өтініш.pdf`
	clean := uploaded("a2", false)
	clean.Name = "Өтініш.pdf"
	typed := uploadByDana("a2")
	typed.File.MIME = "text/html"
	many := func(staff bool) []application.Event {
		list := filled(submitted)
		for i := range 100 {
			list = append(list, uploaded(fmt.Sprintf("old-%d", i), staff))
		}
		return list
	}
	full := []application.Event{of("b1", false, 20<<20), of("b2", false, 20<<20), of("b3", false, 10<<20-1000)}
	limit := func(code, param, value string, kind problem.Kind) error {
		return &problem.Problem{Kind: kind, Code: code, Fields: []problem.Field{{Location: "file", Code: code, Params: map[string]string{param: value}}}}
	}
	tooLarge := limit("files-too-large", "max", "50", problem.TooLarge)
	tooMany := limit("too-many-files", "max", "100", problem.TooLarge)
	returnedFull := append(slices.Clip(filled(submitted, taken(serik), returned)), full...)
	run(t, []scenario{
		{name: "with a path in its name", given: sent(), when: named, then: events(clean)},
		{name: "of a type that is not allowed", given: sent(), when: typed, refused: limit("file-type-not-allowed", "allowed", "application/pdf, image/png", problem.WrongType)},
		{name: "too large", given: sent(), when: sized(uploadByDana("a2"), 20<<20+1), refused: limit("file-too-large", "max", "20", problem.TooLarge)},
		{name: "that fills the room beside the steps", given: filled(append([]application.Event{submitted}, full[:2]...)...), when: sized(uploadByDana("b3"), 10<<20-1000), then: full[2:]},
		{name: "a byte more than the room beside the steps", given: filled(append([]application.Event{submitted}, full[:2]...)...), when: sized(uploadByDana("b3"), 10<<20-999), refused: tooLarge},
		{name: "by staff, though the applicant's room is full", given: filled(append([]application.Event{submitted}, full...)...), when: sized(uploadByStaff(serik, "s2"), 20<<20), then: events(of("s2", true, 20<<20))},
		{name: "into a step, beside uploads that fill the room", given: returnedFull, when: attach("papers", pdf("f2")), refused: tooLarge},
		{name: "one too many of the applicant", given: many(false), when: uploadByDana("a2"), refused: tooMany},
		{name: "one too many of staff", given: many(true), when: uploadByStaff(serik, "s2"), refused: tooMany},
		{name: "of the applicant beside a hundred of staff", given: many(true), when: uploadByDana("a2"), then: events(uploaded("a2", false))},
		{name: "by another applicant", given: sent(), when: application.UploadFile{Applicant: aibek, Rules: rules, File: pdf("a2"), At: noon}, refused: errNotFound},
		{name: "by staff of another provider", given: sent(), when: application.UploadFile{By: foreign, Provider: qidi, Rules: rules, File: pdf("a2"), At: noon}, refused: errNotFound},
		{name: "by nobody", given: sent(), when: application.UploadFile{Provider: qidi, Rules: rules, File: pdf("a2"), At: noon}, refused: errNotFound},
	})
}
