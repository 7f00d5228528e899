package commands

import (
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
	"services.example/portal/infra/eventstore"
)

func TestStartingAnApplication(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	end := w.end()
	a := w.start(who)
	steps := []application.StepState{
		{ID: "person", Kind: service.FormStep, Complete: true},
		{ID: "company", Kind: service.FormStep},
		{ID: "papers", Kind: service.DocumentStep},
		{ID: "question", Kind: service.QuestionStep},
	}
	w.happened(end,
		application.NumberAssigned{ApplicationID: a.ID, At: w.clock.Now()},
		application.DraftStarted{
			Applicant: who, ServiceID: adviceID, ServiceVersion: 1, RunningNumber: 1, Number: "1-23-11-26", Steps: steps,
			Prefilled: map[string]json.RawMessage{"person": json.RawMessage(`{"name":"Самұрық"}`)}, At: w.clock.Now(),
		})
	if a.State.Number != "1-23-11-26" || a.State.Status != application.Draft || len(a.Service.Steps) != 4 {
		t.Errorf("started %+v", a)
	}
}

// TestTheNumberHasTheDayInAlmaty: shortly before midnight there, and shortly after.
func TestTheNumberHasTheDayInAlmaty(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	w.clock.pass(11*time.Hour + 59*time.Minute) // 18:59 UTC
	before := w.start(who)
	w.clock.pass(time.Minute)
	after := w.start(who)
	if before.State.Number != "1-23-11-26" || after.State.Number != "2-24-11-26" {
		t.Errorf("numbers %s and %s", before.State.Number, after.State.Number)
	}
}

// TestNumbersAreDense: of 64 that start at once, in two processes, each has another number and none is left out.
func TestNumbersAreDense(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	processes := []*Commands{w.Commands, w.process()}
	const starters = 64
	numbers := make([]int64, starters)
	var racing sync.WaitGroup
	for n := range starters {
		racing.Go(func() {
			a, err := processes[n%2].Applications.StartApplication(t.Context(), by(who), adviceID)
			if err != nil {
				t.Errorf("starter %d: %v", n, err)
				return
			}
			numbers[n] = w.history("application-" + a.ID)[0].(application.DraftStarted).RunningNumber
		})
	}
	racing.Wait()
	slices.Sort(numbers)
	want := make([]int64, starters)
	for i := range want {
		want[i] = int64(i + 1)
	}
	if diff := cmp.Diff(want, numbers); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
}

func TestARepeatedStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who, somebody := w.enrol(dana(1)), w.enrol(dana(2))
	start := func(actor string) (Application, error) {
		return w.Applications.StartApplication(t.Context(), keyed(actor, "k", "advice"), adviceID)
	}
	first, err := start(who)
	done(t, err)
	end := w.end()
	w.append("service-"+adviceID, "", service.Withdrawn{At: w.clock.Now()}) // no reason not to answer again
	end2 := w.end()
	w.restart()
	again, err := start(who)
	done(t, err)
	if again.ID != first.ID || again.State.Number != first.State.Number || len(again.Service.Steps) != 4 {
		t.Errorf("started %s, %s and then %s, %s", first.ID, first.State.Number, again.ID, again.State.Number)
	}
	w.happened(end2)
	if w.happened(end, service.Withdrawn{At: w.clock.Now()}); t.Failed() {
		return
	}
	_, err = w.Applications.StartApplication(t.Context(), keyed(who, "k", "another"), adviceID)
	refused(t, err, "idempotency-key-reused")
	_, err = start(somebody)
	refused(t, err, "service-not-found")
}

// TestAStartThatFailsHalfway: the number is given out, the application is not there yet; the same command again gives it
// the same number.
func TestAStartThatFailsHalfway(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	start := func() (Application, error) {
		return w.Applications.StartApplication(t.Context(), keyed(who, "k", "advice"), adviceID)
	}
	failing := true
	w.events.fail(func(stream string) error {
		if failing && stream != application.NumbersStream {
			failing = false
			return eventstore.ErrUnavailable
		}
		return nil
	}, nil)
	if _, err := start(); !errors.Is(err, eventstore.ErrUnavailable) {
		t.Fatalf("answered %v, want that the store is unavailable", err)
	}
	w.restart()
	a, err := start()
	done(t, err)
	next := w.start(who)
	if a.State.Number != "1-23-11-26" || next.State.Number != "2-23-11-26" {
		t.Errorf("numbers %s and %s", a.State.Number, next.State.Number)
	}
	if n := len(w.history(application.NumbersStream)); n != 2 {
		t.Errorf("%d numbers were given out, want 2", n)
	}
}

func TestAServiceThatIsNotOffered(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	const draftOnly = "55555555-5555-4555-8555-555555555555"
	w.append("service-"+draftOnly, "", service.Revised{Version: 1, Content: advice(), At: w.clock.Now()})
	w.append("service-"+adviceID, "", service.Withdrawn{At: w.clock.Now()})
	end := w.end()
	for name, id := range map[string]string{
		"withdrawn": adviceID, "never published": draftOnly, "unknown": "66666666-6666-4666-8666-666666666666",
		"no id": "advice", "empty": "", "another stream": "../account",
	} {
		if _, err := w.Applications.StartApplication(t.Context(), by(who), id); !problem.Has(err, "service-not-found") {
			t.Errorf("%s: %v, want service-not-found", name, err)
		}
	}
	w.happened(end)
}

// TestAnApplicationKeepsItsServiceVersion: what was started by one form is saved and sent by it.
func TestAnApplicationKeepsItsServiceVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	old := w.start(who)
	revised := advice()
	revised.Steps = revised.Steps[1:]
	revised.Steps[0].Schema = field("title", "/organization")
	revised.Passport.Term.Days = 5
	_, err := w.Catalogue.PublishService(t.Context(), NewRequest("system"), adviceID, revised)
	done(t, err)
	next := w.start(who)
	if old.State.ServiceVersion != 1 || next.State.ServiceVersion != 2 || len(next.State.Steps) != 3 {
		t.Errorf("started versions %d and %d", old.State.ServiceVersion, next.State.ServiceVersion)
	}
	for _, restarted := range []bool{false, true} {
		if restarted {
			w.restart()
		}
		saved, err := w.Applications.SaveStep(t.Context(), by(who), old.ID, "company", json.RawMessage(`{"name":"Қиял"}`))
		done(t, err)
		if len(saved.Missing) != 0 {
			t.Errorf("by the old form, the old data lacks %v", saved.Missing)
		}
		saved, err = w.Applications.SaveStep(t.Context(), by(who), next.ID, "company", json.RawMessage(`{"name":"Қиял"}`))
		done(t, err)
		if len(saved.Missing) == 0 {
			t.Error("by the new form, the old data lacks nothing")
		}
	}
	w.fill(who, old.ID)
	sent, err := w.Applications.SubmitApplication(t.Context(), by(who), old.ID)
	done(t, err)
	almaty := time.FixedZone("Almaty", 5*60*60)
	if due := sent.State.DueAt.In(almaty).Format(time.DateOnly); due != "2026-12-14" {
		t.Errorf("due on %s, want the fifteenth working day", due)
	}
}

// TestTheTermCountsByTheProvidersCalendar: 16 December is a holiday.
func TestTheTermCountsByTheProvidersCalendar(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	a := w.start(who)
	w.fill(who, a.ID)
	w.clock.pass(48 * time.Hour) // Wednesday 25 November
	end := w.end()
	sent, err := w.Applications.SubmitApplication(t.Context(), by(who), a.ID)
	done(t, err)
	due := time.Date(2026, 12, 17, 18, 59, 59, 0, time.UTC)
	if got := sent.State.DueAt.Truncate(time.Second); !got.Equal(due) {
		t.Errorf("due at %s, want %s", got, due)
	}
	w.happened(end, application.Submitted{
		ServiceID: adviceID, ProviderID: providerID, Term: service.Term{Days: 15, Kind: service.WorkingDays}, DueAt: sent.State.DueAt, At: w.clock.Now(),
	})
}

func TestSavingSendingWithdrawing(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	a := w.start(who)

	saved, err := w.Applications.SaveStep(t.Context(), by(who), a.ID, "company", json.RawMessage(" { \"name\" : \"\" } "))
	done(t, err)
	want := []problem.Field{{Location: "/steps/company/data/name", Code: "required"}}
	if diff := cmp.Diff(want, saved.Missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	if step, _ := w.stateOf(a.ID).Step("company"); string(step.Data) != `{"name":""}` {
		t.Errorf("saved %s", step.Data)
	}
	end := w.end()
	_, err = w.Applications.SubmitApplication(t.Context(), by(who), a.ID)
	var incomplete *problem.Problem
	if !errors.As(err, &incomplete) || incomplete.Code != "incomplete" {
		t.Fatalf("answered %v", err)
	}
	want = []problem.Field{
		{Location: "/steps/company/data/name", Code: "required"},
		{Location: "/steps/papers/files", Code: "file-required"},
		{Location: "/steps/question/data/text", Code: "required"},
	}
	if diff := cmp.Diff(want, incomplete.Fields); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	_, err = w.Applications.WithdrawApplication(t.Context(), by(who), a.ID)
	refused(t, err, "not-submitted")
	w.happened(end)

	w.fill(who, a.ID)
	sent, err := w.Applications.SubmitApplication(t.Context(), by(who), a.ID)
	done(t, err)
	end = w.end()
	w.clock.pass(time.Hour)
	again, err := w.Applications.SubmitApplication(t.Context(), by(who), a.ID)
	done(t, err)
	if again.State.SubmittedAt != sent.State.SubmittedAt || again.Revision != sent.Revision {
		t.Errorf("sent twice: %+v", again.State)
	}
	_, err = w.Applications.SaveStep(t.Context(), by(who), a.ID, "company", json.RawMessage(`{}`))
	refused(t, err, "not-editable")
	_, err = w.Applications.DeleteDraft(t.Context(), by(who), a.ID)
	refused(t, err, "not-a-draft")
	w.happened(end)

	_, err = w.Applications.WithdrawApplication(t.Context(), by(who), a.ID)
	done(t, err)
	w.happened(end, application.Withdrawn{ServiceID: adviceID, At: w.clock.Now()})
}

func TestADeletedDraftExistsForNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	a := w.start(who)
	_, err := w.Applications.DeleteDraft(t.Context(), by(who), a.ID)
	done(t, err)
	end := w.end()
	_, err = w.Applications.DeleteDraft(t.Context(), by(who), a.ID)
	done(t, err)
	for name, err := range w.everyCommandOn(who, a.ID) {
		if name != "delete" && !problem.Has(err, "application-not-found") {
			t.Errorf("%s: %v, want application-not-found", name, err)
		}
	}
	w.happened(end)
}

// everyCommandOn gives every command on an application and returns what was refused.
func (w *world) everyCommandOn(actor, id string) map[string]error {
	w.t.Helper()
	ctx, a := w.t.Context(), w.Applications
	refusals := map[string]error{}
	_, refusals["save"] = a.SaveStep(ctx, by(actor), id, "company", json.RawMessage(`{}`))
	_, _, refusals["attach"] = a.AttachFile(ctx, by(actor), id, "papers", "a.pdf", pdf("x"))
	_, refusals["remove"] = a.RemoveFile(ctx, by(actor), id, adviceID)
	_, refusals["submit"] = a.SubmitApplication(ctx, by(actor), id)
	_, refusals["withdraw"] = a.WithdrawApplication(ctx, by(actor), id)
	_, refusals["delete"] = a.DeleteDraft(ctx, by(actor), id)
	return refusals
}

func TestSomebodyElsesApplication(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who, somebody := w.enrol(dana(1)), w.enrol(dana(2))
	a := w.start(who)
	w.fill(who, a.ID)
	end, kept := w.end(), w.files.kept
	for _, id := range []string{a.ID, adviceID, "", "no id", strings.ToUpper(a.ID), "{" + a.ID + "}", "urn:uuid:" + a.ID} {
		for _, actor := range []string{somebody, ""} {
			for name, err := range w.everyCommandOn(actor, id) {
				if !problem.Has(err, "application-not-found") {
					t.Errorf("%s %q by %q: %v, want application-not-found", name, id, actor, err)
				}
			}
		}
	}
	w.happened(end)
	if w.files.kept != kept {
		t.Errorf("%d files were stored", w.files.kept-kept)
	}
}

func TestDataThatCannotBeSaved(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	a := w.start(who)
	end := w.end()
	for code, data := range map[string]string{
		"invalid-json": `{"name":`, "not-an-object": `[]`, "duplicate-member": `{"name":"a","name":"b"}`,
		"control-character": `{"name":"\u0000"}`, "invalid-utf8": "{\"name\":\"\xff\"}",
		"data-too-large": `{"name":"` + strings.Repeat("x", service.MaxDataBytes) + `"}`,
	} {
		_, err := w.Applications.SaveStep(t.Context(), by(who), a.ID, "company", json.RawMessage(data))
		refused(t, err, code)
	}
	_, err := w.Applications.SaveStep(t.Context(), by(who), a.ID, "nowhere", json.RawMessage(`{}`))
	refused(t, err, "unknown-step")
	w.happened(end)
}

func TestAttachingAndRemovingAFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	a := w.start(who)
	end := w.end()
	_, file, err := w.Applications.AttachFile(t.Context(), keyed(who, "k", "file"), a.ID, "papers", `C:\құжат.pdf`, pdf("x"))
	done(t, err)
	if !regexp.MustCompile(`^[0-9a-f-]{36}$`).MatchString(file.ID) || file.Name != "құжат.pdf" || file.MIME != "application/pdf" || file.Size != 10 {
		t.Errorf("attached %+v", file)
	}
	w.happened(end, application.FileAttached{
		FileID: file.ID, StepID: "papers", Name: file.Name, MIME: file.MIME, Size: file.Size, SHA256: file.SHA256,
		Complete: true, At: w.clock.Now(),
	})

	end = w.end()
	w.restart()
	_, again, err := w.Applications.AttachFile(t.Context(), keyed(who, "k", "file"), a.ID, "papers", `C:\құжат.pdf`, pdf("x"))
	done(t, err)
	if again != file || w.files.kept != 1 {
		t.Errorf("attached %+v again, %d files are stored", again, w.files.kept)
	}
	w.happened(end)

	_, err = w.Applications.RemoveFile(t.Context(), by(who), a.ID, file.ID)
	done(t, err)
	w.happened(end, application.FileRemoved{FileID: file.ID, StepID: "papers", At: w.clock.Now()})
	_, err = w.Applications.RemoveFile(t.Context(), by(who), a.ID, file.ID)
	refused(t, err, "file-not-found")
}

// TestAnAttachmentWhoseAnswerWasLost: the same command is answered as before even if the application was sent since.
func TestAnAttachmentWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	a := w.start(who)
	_, file, err := w.Applications.AttachFile(t.Context(), keyed(who, "k", "file"), a.ID, "papers", "a.pdf", pdf("a"))
	done(t, err)
	w.fill(who, a.ID)
	_, err = w.Applications.SubmitApplication(t.Context(), by(who), a.ID)
	done(t, err)
	end := w.end()
	_, again, err := w.Applications.AttachFile(t.Context(), keyed(who, "k", "file"), a.ID, "papers", "a.pdf", pdf("a"))
	done(t, err)
	if again != file {
		t.Errorf("attached %+v, and again %+v", file, again)
	}
	w.happened(end)
}

// brokenReader is an upload that ends too early.
type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestAFileThatIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	a := w.start(who)
	for range 2 { // 1500 bytes is all that the application may hold
		_, _, err := w.Applications.AttachFile(t.Context(), by(who), a.ID, "papers", "a.pdf", pdf(strings.Repeat("x", 491)))
		done(t, err)
	}
	end, kept := w.end(), w.files.kept
	for name, upload := range map[string]struct {
		step    string
		content io.Reader
		code    string
		stored  bool // its bytes had to be looked at
	}{
		"too large":               {"papers", pdf(strings.Repeat("x", 992)), "file-too-large", false},
		"too large together":      {"papers", pdf(strings.Repeat("x", 492)), "files-too-large", true},
		"of a wrong type":         {"papers", strings.NewReader("<html>"), "file-type-not-allowed", true},
		"for a step without":      {"company", pdf("x"), "invalid", false},
		"for a step that is none": {"nowhere", pdf("x"), "unknown-step", false},
	} {
		_, _, err := w.Applications.AttachFile(t.Context(), by(who), a.ID, upload.step, "a.pdf", upload.content)
		if !problem.Has(err, upload.code) {
			t.Errorf("%s: %v, want %s", name, err, upload.code)
		}
		if upload.stored {
			kept++
		}
		if w.files.kept != kept {
			t.Errorf("%s: %d files are stored, want %d", name, w.files.kept, kept)
		}
	}
	if _, _, err := w.Applications.AttachFile(t.Context(), by(who), a.ID, "papers", "a.pdf", brokenReader{}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("an upload that ends too early: %v", err)
	}
	w.happened(end)
}

// TestRacingAttachments: the limits hold also for files that arrive at once.
func TestRacingAttachments(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	who := w.enrol(dana(1))
	a := w.start(who)
	var racing sync.WaitGroup
	for range 8 {
		racing.Go(func() {
			_, _, err := w.Applications.AttachFile(t.Context(), by(who), a.ID, "papers", "a.pdf", pdf(strings.Repeat("x", 491)))
			if err != nil && !problem.Has(err, "files-too-large") {
				t.Errorf("answered %v", err)
			}
		})
	}
	racing.Wait()
	if step, _ := w.stateOf(a.ID).Step("papers"); len(step.Files) != 3 {
		t.Errorf("%d files of 500 bytes are in an application of 1500", len(step.Files))
	}
}
