package readapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/service"
	"services.example/portal/domain/signature"
	"services.example/portal/domain/text"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/servicepassport"
	"services.example/portal/projections/thread"
	"services.example/portal/projections/workqueue"
)

const (
	saule = "00000000-0000-4000-8000-000000000005" // executor
	marat = "00000000-0000-4000-8000-000000000006" // operator
)

// bySaule is the cookie of Saule, who works at the provider of all services here; byMarat is that of her colleague.
var (
	bySaule = staff(saule, id("provider", 1), "executor")
	byMarat = staff(marat, id("provider", 1), "operator")
)

func streamOf(n int) string   { return "application-" + id("application", n) }
func messagesOf(n int) string { return "correspondence-" + id("application", n) }
func readingsOf(n int) string { return "reading-" + id("application", n) }

// withPeople names Dana, Aibek, and the staff.
func (w *world) withPeople() *world {
	w.t.Helper()
	for who, name := range map[string]string{dana: "Дана", aibek: "Айбек"} {
		w.write("account-"+who, who, account.RegistrationStarted{
			RegistrationID: "r", Kind: account.Individual, Number: "x", LastName: "Самұрық", FirstName: name, Language: text.Kazakh, At: noon,
		}, account.RegistrationConfirmed{RegistrationID: "r", At: noon})
	}
	for who, name := range map[string]string{saule: "Сәуле", marat: "Марат"} {
		w.write("account-"+who, who, account.StaffAccountCreated{
			Number: "x", LastName: "Қызметкер", FirstName: name, Roles: []account.Role{account.Executor}, ProviderID: id("provider", 1), At: noon,
		})
	}
	return w
}

// sentBy starts and sends the nth application of somebody for the service.
func (w *world) sentBy(who string, n, of int) *world {
	w.t.Helper()
	sent := submitted(friday, of)
	sent.ProviderID = id("provider", 1)
	return w.write(streamOf(n), who, started(who, n, of), sent)
}

// does tells what Saule does with the nth application, which is Dana's.
func (w *world) does(n int, happened ...any) *world {
	w.t.Helper()
	return w.writeBy(saule, "executor", streamOf(n), dana, happened...)
}

func (w *world) asks(n int, words string, files ...correspondence.File) *world {
	w.t.Helper()
	return w.write(messagesOf(n), dana, correspondence.MessagePosted{
		MessageID: uuid.NewString(), Applicant: dana, Author: dana, Side: correspondence.Applicant, Text: words, Files: files, At: noon,
	})
}

func (w *world) answers(n int, words string, files ...correspondence.File) *world {
	w.t.Helper()
	return w.writeBy(saule, "executor", messagesOf(n), dana, correspondence.MessagePosted{
		MessageID: uuid.NewString(), Applicant: dana, Author: saule, Side: correspondence.Staff, Text: words, Files: files, At: noon,
	})
}

func (w *world) reads(n int, reader string, side correspondence.Side, messages, events int64) *world {
	w.t.Helper()
	return w.writeBy(reader, "", readingsOf(n), dana, correspondence.ThreadRead{
		Reader: reader, Side: side, Messages: messages, Application: events, At: noon,
	})
}

type shownThread struct {
	Items []struct {
		Number int
		ID     string
		At     time.Time
		Author struct{ Kind, Name string }
		Text   string
		Unread bool
		Notice bool
		Files  []struct{ ID, Name string }
	}
	Total int
	Next  string
}

// lines says of every item what a person sees of it.
func (s shownThread) lines() []string {
	list := []string{}
	for _, item := range s.Items {
		seen := "read"
		if item.Unread {
			seen = "unread"
		}
		list = append(list, fmt.Sprintf("%d %s %s: %s (%s)", item.Number, item.Author.Kind, item.Author.Name, item.Text, seen))
	}
	return list
}

func TestTheThreadIsMessagesAndWhatHappened(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople().sentBy(dana, 1, 1)
	w.asks(1, "Құжат керек пе? <b>")
	w.does(1, application.ExecutorAssigned{Executor: saule, At: noon}, application.TakenIntoWork{Executor: saule, At: noon},
		application.DueSoon{DueAt: friday, At: noon})
	w.answers(1, "Иә", correspondence.File{ID: id("file", 1), Name: "list.pdf", MIME: "application/pdf", Size: 1})
	w.reads(1, dana, correspondence.Applicant, 1, 3)
	w.does(1, application.ReturnedForCompletion{Reason: "documents-incomplete", Text: "x", At: noon})
	w.write(streamOf(1), dana, application.Resubmitted{DueAt: friday, At: noon})
	w.does(1, application.DueDateMoved{DueAt: friday, Reason: "x", At: noon})

	path := "/applications/" + id("application", 1) + "/messages"
	for name, test := range map[string]struct {
		who, language string
		want          []string
	}{
		"the applicant, by default in Kazakh": {dana, "", []string{
			"1 system Жүйе: Өтінім жіберілді (read)",
			"2 applicant Самұрық Дана: Құжат керек пе? <b> (read)",
			"3 system Жүйе: Орындаушы тағайындалды: Қызметкер Сәуле (read)",
			"4 system Жүйе: Өтінім жұмысқа алынды: Қызметкер Сәуле (unread)",
			"5 staff Қызметкер Сәуле: Иә (unread)",
			"6 system Жүйе: Өтінім толықтыруға қайтарылды: құжаттар толық емес (unread)",
			"7 system Жүйе: Өтінім қайта жіберілді: 27.11.2026 (read)",
			"8 system Жүйе: Мерзім өзгертілді: 27.11.2026 (unread)",
		}},
		"staff who have read nothing, in Russian": {byMarat, "ru", []string{
			"1 system Система: Заявка отправлена (unread)",
			"2 applicant Самұрық Дана: Құжат керек пе? <b> (unread)",
			"3 system Система: Назначен исполнитель: Қызметкер Сәуле (read)",
			"4 system Система: Заявка принята в работу: Қызметкер Сәуле (read)",
			"5 staff Қызметкер Сәуле: Иә (read)",
			"6 system Система: Заявка возвращена на доработку: документы неполные (read)",
			"7 system Система: Заявка отправлена повторно: 27.11.2026 (unread)",
			"8 system Система: Срок изменён: 27.11.2026 (read)",
		}},
	} {
		var page shownThread
		w.getIn(test.who, path, w.at.String(), test.language).into(t, &page)
		if diff := cmp.Diff(test.want, page.lines()); diff != "" || page.Total != 8 || page.Next != "" {
			t.Errorf("%s: %d items, next %q (-want +got):\n%s", name, page.Total, page.Next, diff)
		}
	}
	var english shownThread
	w.getIn(bySaule, path, w.at.String(), "en").into(t, &english)
	if got, want := english.Items[2].Text, "A case manager was assigned: Қызметкер Сәуле"; got != want {
		t.Errorf("in English %q, want %q", got, want)
	}
	if files := english.Items[4].Files; len(files) != 1 || files[0].ID != id("file", 1) || files[0].Name != "list.pdf" {
		t.Errorf("files of the answer %v", files)
	}
	ids := map[string]bool{}
	for _, item := range english.Items {
		ids[item.ID] = true
		if _, err := uuid.Parse(item.ID); err != nil {
			t.Errorf("id of item %d: %v", item.Number, err)
		}
	}
	if len(ids) != 8 {
		t.Errorf("8 items have %d ids", len(ids))
	}
}

// Pages of every size, in both orders, are the thread: nothing twice, nothing left out, also over the edges of documents.
func TestPagesOfAThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople().sentBy(dana, 1, 1)
	const messages = 70
	want := []string{"Өтінім жіберілді"}
	for n := range messages {
		words := fmt.Sprint("message ", n)
		if n%5 == 0 {
			w.does(1, application.ExecutorRemoved{Executor: "nobody", At: noon})
			want = append(want, "Орындаушы өтінімнен босатылды")
		}
		w.asks(1, words)
		want = append(want, words)
	}
	walk := func(limit int, order string) []string {
		var texts []string
		number, step, after := 1, 1, ""
		if order == "newest" {
			number, step = len(want), -1
		}
		for {
			var page shownThread
			w.get(dana, fmt.Sprintf("/applications/%s/messages?limit=%d&order=%s&after=%s", id("application", 1), limit, order, url.QueryEscape(after))).into(t, &page)
			if page.Total != len(want) || len(page.Items) > limit || page.Next != "" && len(page.Items) != limit {
				t.Fatalf("a page of %d of %d items, limit %d", len(page.Items), page.Total, limit)
			}
			for _, item := range page.Items {
				if item.Number != number {
					t.Fatalf("item %d where %d is due", item.Number, number)
				}
				number += step
				texts = append(texts, item.Text)
			}
			if page.Next == "" {
				return texts
			}
			after = page.Next
		}
	}
	backwards := slices.Clone(want)
	slices.Reverse(backwards)
	for _, limit := range []int{1, 7, 32, 33, 85, 100} {
		if diff := cmp.Diff(want, walk(limit, "oldest")); diff != "" {
			t.Errorf("pages of %d (-want +got):\n%s", limit, diff)
		}
		if diff := cmp.Diff(backwards, walk(limit, "newest")); diff != "" {
			t.Errorf("pages of %d, newest first (-want +got):\n%s", limit, diff)
		}
	}
}

func TestBadPlacesInAThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().sentBy(dana, 1, 1).sentBy(dana, 2, 1).asks(1, "a").asks(1, "b").asks(2, "c")
	path := func(n int) string { return "/applications/" + id("application", n) + "/messages" }
	var page shownThread
	w.get(dana, path(1)+"?limit=1").into(t, &page)
	w.get(dana, path(1)+"?limit=1&after="+page.Next).into(t, &shownThread{})
	w.get(dana, path(2)+"?after="+page.Next).refuses(t, http.StatusBadRequest, "bad-cursor")              // another thread's
	w.get(dana, path(1)+"?order=newest&after="+page.Next).refuses(t, http.StatusBadRequest, "bad-cursor") // another order's
	for _, after := range []string{"x", "%00", page.Next + "AA", page.Next[:8], strings.Repeat("A", 10_000)} {
		w.get(dana, path(1)+"?after="+after).refuses(t, http.StatusBadRequest, "bad-cursor")
	}
	for _, query := range []string{"?limit=0", "?limit=101", "?limit=-1", "?limit=x", "?order=sideways"} {
		if got := w.get(dana, path(1)+query); got.status != http.StatusUnprocessableEntity && got.status != http.StatusBadRequest {
			t.Errorf("%s: answered %d %s", query, got.status, got.body)
		}
	}
}

// Of whom an application is not, it does not exist: not the thread, nor the page, the timeline or its files.
func TestWhoMayReadAnApplication(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople().sentBy(dana, 1, 1)
	w.write(streamOf(2), dana, started(dana, 2, 1))                       // a draft
	w.write(streamOf(3), dana, started(dana, 3, 1), submitted(friday, 1)) // as events were that did not name the provider
	readers := map[string][3]bool{                                        // who reads 1, 2 and 3
		dana: {true, true, true}, bySaule: {true, false, true}, byMarat: {true, false, true},
		staff("a", id("provider", 1), "provider-admin"): {true, false, true},
		aibek: {}, staff("b", id("provider", 2), "executor"): {}, staff("c", "", "executor"): {}, staff("d", "", "auditor"): {},
		staff("e", id("provider", 1), "auditor"): {}, staff("f", id("provider", 1), "admin", "analyst"): {},
	}
	for who, may := range readers {
		for i, allowed := range may {
			for _, path := range []string{"", "/timeline", "/messages"} {
				got := w.get(who, "/applications/"+id("application", i+1)+path)
				if allowed != (got.status == http.StatusOK) {
					t.Errorf("%s of %d%s: answered %d", who, i+1, path, got.status)
				}
				if !allowed {
					got.refuses(t, http.StatusNotFound, "application-not-found")
				}
			}
		}
	}
	var empty shownThread
	w.get(dana, "/applications/"+id("application", 2)+"/messages").into(t, &empty)
	if len(empty.Items) != 0 || empty.Items == nil || empty.Total != 0 {
		t.Errorf("the thread of a draft: %+v", empty)
	}
	w.get("", "/applications/"+id("application", 1)+"/messages").refuses(t, http.StatusUnauthorized, "sign-in-required")
}

func TestTheBell(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople().sentBy(dana, 1, 1).sentBy(dana, 2, 2).sentBy(aibek, 3, 1)
	type bell struct {
		Total        int
		Applications []struct {
			ID, Number string
			Unread     int
		}
	}
	ring := func(who string) string {
		var b bell
		w.get(who, "/my/unread").into(t, &b)
		shown := []string{fmt.Sprint(b.Total, ":")}
		for _, a := range b.Applications {
			shown = append(shown, fmt.Sprint(a.Number, "=", a.Unread))
		}
		return strings.Join(shown, " ")
	}
	expect := func(when, want string) {
		t.Helper()
		if got := ring(dana); got != want {
			t.Errorf("%s: the bell shows %q, want %q", when, got, want)
		}
		unread := 0
		var rows struct{ Items []struct{ Unread int } }
		w.get(dana, "/my/applications").into(t, &rows)
		for _, row := range rows.Items {
			unread += row.Unread
		}
		if !strings.HasPrefix(want, fmt.Sprint(unread, ":")) {
			t.Errorf("%s: the envelopes hold %d, the bell %q", when, unread, want)
		}
	}
	expect("nothing from the provider", "0:")
	w.answers(1, "a").answers(1, "b").does(2, application.TakenIntoWork{Executor: saule, At: noon}).asks(1, "c")
	expect("two answers and a change of status", "3: 2-23-11-26=1 1-23-11-26=2")
	w.reads(1, dana, correspondence.Applicant, 1, 2)
	expect("one answer is read", "2: 2-23-11-26=1 1-23-11-26=1")
	w.reads(1, saule, correspondence.Staff, 3, 2)
	expect("staff reads", "2: 2-23-11-26=1 1-23-11-26=1")
	w.reads(1, dana, correspondence.Applicant, 3, 2).reads(2, dana, correspondence.Applicant, 0, 3)
	expect("all is read", "0:")
	if got := ring(aibek); got != "0:" {
		t.Errorf("somebody else's bell shows %q", got)
	}
	w.get("", "/my/unread").refuses(t, http.StatusUnauthorized, "sign-in-required")
}

func TestThePageOfAnApplicationThatWasWorkedOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	content := contentOf(words("support"), words("x"), 2)
	content.Workflow.Questionnaire = []service.QuestionnaireItem{
		{ID: "quality", Kind: "score", Title: words("quality")}, {ID: "wishes", Kind: "text", Title: words("wishes")},
	}
	w.write("service-"+id("service", 8), "", service.Revised{Version: 1, Content: content, At: noon}, service.Published{Version: 1, At: noon})
	w.sentBy(dana, 1, 8)
	uploaded := func(n int, staff bool) application.FileUploaded {
		return application.FileUploaded{FileID: id("file", n), Staff: staff, Name: fmt.Sprint(n, ".pdf"), MIME: "application/pdf", Size: 1, SHA256: "s", At: noon}
	}
	w.write(streamOf(1), dana, uploaded(1, false))
	w.does(1, application.ExecutorAssigned{Executor: saule, At: noon}, uploaded(2, true), uploaded(3, true), uploaded(4, true),
		application.ReturnedForCompletion{Executor: saule, Reason: "data-incorrect", Text: "БСН қате", At: noon})
	w.write(streamOf(1), dana, application.Resubmitted{DueAt: friday, At: noon})
	w.does(1, application.Overdue{DueAt: friday, At: noon},
		application.DecidedPositive{Executor: saule, Text: "Құттықтаймыз", FileIDs: []string{id("file", 2)}, At: noon},
		application.DocumentIssued{
			DocumentID: id("document", 1), Kind: "agreement", Version: 1, FileID: id("file", 3), Name: "3.pdf", MIME: "application/pdf", Size: 1,
			SHA256: "s", Signers: []string{"applicant", "provider"}, By: "eds", At: noon,
		})
	w.write("signature-"+id("document", 1), dana, signature.Accepted{Signer: signature.Applicant, Account: dana, Method: signature.EDS, At: noon})
	w.write(streamOf(1), dana, application.QuestionnaireAnswered{
		Scores: []application.QuestionScore{{Question: "quality", Score: 5}},
		Words:  []application.QuestionWords{{Question: "wishes", Text: "Рақмет"}}, At: noon,
	})
	w.does(1, application.DocumentSigned{DocumentID: id("document", 1), At: noon},
		application.ApplicationCompleted{Outcome: application.OutcomeApproved, At: noon})

	type page struct {
		Status, Outcome string
		Applicant       *struct{ ID, Name string }
		Executors       []string
		Assigned        []struct{ ID, Name string }
		Uploads         []struct{ ID string }
		Documents       []struct {
			ID, Kind, By, SHA256 string
			Version              int
			Signers              []string
			Signatures           []struct{ Signer, Status, Name, Method string }
			Signed, Superseded   bool
		}
		Decision *struct {
			Outcome, Text, Executor string
			Files                   []string
		}
		Returned      *struct{ Reason, ReasonText, Text, Executor string }
		Questionnaire *struct {
			Open, Answered bool
			Questions      []struct {
				ID, Kind string
				Answer   any
			}
		}
		DaysLeft *int
	}
	var seen, worked page
	path := "/applications/" + id("application", 1)
	w.get(dana, path).into(t, &seen)
	w.get(bySaule, path).into(t, &worked)
	if seen.Status != "completed" || seen.Outcome != "approved" || seen.DaysLeft != nil || !slices.Equal(seen.Executors, []string{"Қызметкер Сәуле"}) {
		t.Errorf("page %+v", seen)
	}
	if d := seen.Decision; d == nil || d.Outcome != "approved" || d.Text != "Құттықтаймыз" || d.Executor != "Қызметкер Сәуле" || !slices.Equal(d.Files, []string{id("file", 2)}) {
		t.Errorf("decision %+v", d)
	}
	if r := seen.Returned; r == nil || r.Reason != "data-incorrect" || r.ReasonText != "деректер дұрыс емес" || r.Text != "БСН қате" {
		t.Errorf("returned %+v", r)
	}
	if len(seen.Documents) != 1 || seen.Documents[0].Kind != "agreement" || !seen.Documents[0].Signed || seen.Documents[0].Superseded ||
		!slices.Equal(seen.Documents[0].Signers, []string{"applicant", "provider"}) {
		t.Errorf("documents %+v", seen.Documents)
	}
	signatures := []struct{ Signer, Status, Name, Method string }{
		{"applicant", "accepted", "Самұрық Дана", "eds"}, {"provider", "waiting", "", ""},
	}
	if diff := cmp.Diff(signatures, seen.Documents[0].Signatures); diff != "" {
		t.Errorf("signatures (-want +got):\n%s", diff)
	}
	if q := seen.Questionnaire; q == nil || q.Open || !q.Answered || len(q.Questions) != 2 || q.Questions[0].Answer != 5.0 || q.Questions[1].Answer != "Рақмет" {
		t.Errorf("questionnaire %+v", q)
	}
	files := func(p page) (list []string) {
		for _, u := range p.Uploads {
			list = append(list, u.ID)
		}
		return list
	}
	if diff := cmp.Diff([]string{id("file", 1), id("file", 2), id("file", 3)}, files(seen)); diff != "" {
		t.Errorf("uploads that the applicant sees (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{id("file", 1), id("file", 2), id("file", 3), id("file", 4)}, files(worked)); diff != "" {
		t.Errorf("uploads that staff sees (-want +got):\n%s", diff)
	}
	if seen.Applicant != nil || seen.Assigned != nil {
		t.Errorf("the applicant is told %+v, %+v", seen.Applicant, seen.Assigned)
	}
	if a := worked.Applicant; a == nil || a.ID != dana || a.Name != "Самұрық Дана" || len(worked.Assigned) != 1 || worked.Assigned[0].ID != saule {
		t.Errorf("staff is told %+v, %+v", a, worked.Assigned)
	}

	told := func(who string) (list []string) {
		var timeline []struct{ What, Text string }
		w.getIn(who, path+"/timeline", w.at.String(), "en").into(t, &timeline)
		for _, entry := range timeline {
			list = append(list, entry.Text)
		}
		return list
	}
	all := []string{
		"The draft was started", "The application was sent", "A file was uploaded", "A case manager was assigned: Қызметкер Сәуле",
		"A file was uploaded", "A file was uploaded", "A file was uploaded", "The application was returned for completion: data is incorrect",
		"The application was sent again: 27.11.2026", "The due date has passed: 27.11.2026", "The decision is positive",
		"A document was issued: agreement", "The questionnaire was answered", "The document has been signed: agreement",
		"The application is completed: positive decision",
	}
	if diff := cmp.Diff(all, told(bySaule)); diff != "" {
		t.Errorf("timeline of staff (-want +got):\n%s", diff)
	}
	applicants := slices.Concat(all[:4], all[7:9], all[10:]) // without staff's files and the provider's delay
	if diff := cmp.Diff(applicants, told(dana)); diff != "" {
		t.Errorf("timeline of the applicant (-want +got):\n%s", diff)
	}
}

// A file that staff has uploaded is the applicant's to read once a message, a decision or a document has shown it.
func TestFilesOfNoStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().sentBy(dana, 1, 1)
	for n, staff := range map[int]bool{1: false, 2: true, 3: true, 4: true} {
		w.files[dana+"/"+id("file", n)] = fmt.Sprint("content ", n)
		w.does(1, application.FileUploaded{FileID: id("file", n), Staff: staff, Name: "a.pdf", MIME: "application/pdf", Size: 9, SHA256: id("file", n), At: noon})
	}
	w.answers(1, "see", correspondence.File{ID: id("file", 2), Name: "a.pdf"})
	w.does(1, application.ResponseIssued{Executor: saule, Text: "x", FileIDs: []string{id("file", 3)}, At: noon})
	path := func(n int) string { return "/applications/" + id("application", 1) + "/files/" + id("file", n) }
	for n := 1; n <= 4; n++ {
		if got, want := w.get(bySaule, path(n)), fmt.Sprint("content ", n); got.status != http.StatusOK || got.body != want {
			t.Errorf("staff reads file %d: %d %s", n, got.status, got.body)
		}
	}
	for n := 1; n <= 3; n++ {
		if got, want := w.get(dana, path(n)), fmt.Sprint("content ", n); got.status != http.StatusOK || got.body != want {
			t.Errorf("the applicant reads file %d: %d %s", n, got.status, got.body)
		}
	}
	w.get(dana, path(4)).refuses(t, http.StatusNotFound, "file-not-found")
	w.get(bySaule, path(5)).refuses(t, http.StatusNotFound, "file-not-found")
	w.get(aibek, path(1)).refuses(t, http.StatusNotFound, "application-not-found")
}

// Refused applications are completed, and found as either; days are counted only while the provider's time runs.
func TestApplicationsThatEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().sentBy(dana, 1, 1).sentBy(dana, 2, 1).sentBy(dana, 3, 1)
	w.does(1, application.RefusalIssued{Reason: "duplicate", At: noon}, application.ApplicationCompleted{Outcome: application.OutcomeRefused, At: noon})
	w.does(2, application.ResponseIssued{At: noon}, application.ApplicationCompleted{Outcome: application.OutcomeAnswered, At: noon})
	w.does(3, application.ReturnedForCompletion{Reason: "other", At: noon})
	for query, want := range map[string][]string{
		"&status=refused": {"1-23-11-26"}, "&status=completed": {"2-23-11-26", "1-23-11-26"}, "&status=returned": {"3-23-11-26"},
		"&status=answered": {}, "&status=submitted": {},
	} {
		if diff := cmp.Diff(want, w.mine(dana, query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	var rows struct {
		Items []struct {
			Outcome  string
			DaysLeft *int
		}
	}
	w.get(dana, "/my/applications").into(t, &rows)
	for i, outcome := range []string{"", "answered", "refused"} {
		if row := rows.Items[i]; row.Outcome != outcome || row.DaysLeft != nil {
			t.Errorf("row %d: %+v", i, row)
		}
	}
}

// A page is kept, but not beyond what it is made of: an executor who is renamed is so in the list, a moment later at most.
func TestARenamedExecutorIsRenamedInTheList(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople().sentBy(dana, 1, 1).sentBy(dana, 2, 1)
	w.does(1, application.ExecutorAssigned{Executor: saule, At: noon})
	w.does(2, application.ExecutorAssigned{Executor: marat, At: noon}, application.ExecutorAssigned{Executor: "nobody", At: noon})
	expect := func(want ...[]string) {
		t.Helper()
		for range 3 { // made, and twice as it was kept
			var page rowsPage
			w.get(dana, "/my/applications").into(t, &page)
			var got [][]string
			for _, row := range page.Items {
				got = append(got, row.Executors)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("executors (-want +got):\n%s", diff)
			}
		}
	}
	expect([]string{"Қызметкер Марат"}, []string{"Қызметкер Сәуле"})
	w.write("account-"+saule, saule, account.ClientCardSaved{Card: account.Card{LastName: "Жаңа", FirstName: "Сәуле"}, At: noon})
	w.awaitAll()
	w.clock.set(noon.Add(freshness))
	expect([]string{"Қызметкер Марат"}, []string{"Жаңа Сәуле"})
	w.does(2, application.ExecutorRemoved{Executor: marat, At: noon}) // one row changes, the other is kept
	expect([]string{}, []string{"Жаңа Сәуле"})
	w.write("account-"+saule, saule, account.Erased{At: noon})
	w.awaitAll()
	w.clock.set(noon.Add(2 * freshness))
	expect([]string{}, []string{})
}

// lagging is a read store that has not got some documents yet: where documents are not stored at once, a thread's head may
// be there before the latest messages.
type lagging struct {
	readstore.Store
	without []string // ids
}

func (l lagging) Get(ctx context.Context, collection, id string) (readstore.Document, error) {
	if slices.Contains(l.without, id) {
		return readstore.Document{}, readstore.ErrNotFound
	}
	return l.Store.Get(ctx, collection, id)
}

func (l lagging) View(ctx context.Context, collection, id string, use func(readstore.Document) error) error {
	if slices.Contains(l.without, id) {
		return readstore.ErrNotFound
	}
	return l.Store.View(ctx, collection, id, use)
}

func (l lagging) GetMany(ctx context.Context, collection string, ids []string) (map[string]readstore.Document, error) {
	found, err := l.Store.GetMany(ctx, collection, ids)
	for _, id := range l.without {
		delete(found, id)
	}
	return found, err
}

// TestAPageIsBehindWhereItsServiceIs: the read models of applications and services may not have come equally far.
func TestAPageIsBehindWhereItsServiceIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().sentBy(dana, 1, 1)
	w.awaitAll()
	deps := w.queries.deps
	deps.Reads = lagging{Store: deps.Reads, without: []string{servicepassport.VersionID(id("service", 1), 1)}}
	w.server = serve(t, New(deps))
	got := w.get(dana, "/applications/"+id("application", 1))
	if got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, `"code":"read-model-behind"`) {
		t.Errorf("answered %d %s", got.status, got.body)
	}
}

func TestAThreadEndsBeforeTheMessagesThatAreNotStoredYet(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().sentBy(dana, 1, 1).asks(1, "first").asks(1, "second")
	w.awaitAll()
	deps := w.queries.deps
	w.asks(1, "third").does(1, application.TakenIntoWork{Executor: saule, At: noon}).asks(1, "fourth")
	w.awaitAll()
	later := []string{thread.MessageID(id("application", 1), 2), thread.MessageID(id("application", 1), 3)}
	deps.Reads = lagging{Store: deps.Reads, without: later}
	w.server = serve(t, New(deps))
	for order, want := range map[string][]string{"oldest": {"first", "second"}, "newest": {"second", "first"}} {
		var page shownThread
		w.get(dana, "/applications/"+id("application", 1)+"/messages?order="+order).into(t, &page)
		var got []string
		for _, item := range page.Items {
			if item.Author.Kind == "applicant" {
				got = append(got, item.Text)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || len(page.Items) != 3 {
			t.Errorf("%s: %d items; messages (-want +got):\n%s", order, len(page.Items), diff)
		}
	}
}

// apart is a read store in which a collection is not as far as the others: a view of it shows a document as it was.
type apart struct {
	readstore.Store
	collection string
	was        *readstore.Document // nil: it is as far
}

func (a *apart) View(ctx context.Context, collection, id string, use func(readstore.Document) error) error {
	if collection == a.collection && a.was != nil {
		return use(*a.was)
	}
	return a.Store.View(ctx, collection, id, use)
}

// TestAThreadOfTwoReadModelsEndsWhereOneOfThemIsBehind: one says in which order its items come, the other what happened. The
// page is right as soon as both are there.
func TestAThreadOfTwoReadModelsEndsWhereOneOfThemIsBehind(t *testing.T) {
	t.Parallel()
	for _, behind := range []string{thread.Name, workqueue.Name} {
		w := newWorld(t).withCatalogue().withPeople().sentBy(dana, 1, 1).asks(1, "Сұрақ")
		w.awaitAll()
		deps := w.queries.deps
		collection, err := deps.Progress.Directory().Serving(t.Context(), behind)
		done(t, err)
		was, err := deps.Reads.Get(t.Context(), collection, id("application", 1))
		done(t, err)
		w.does(1, application.TakenIntoWork{Executor: saule, At: noon})
		w.awaitAll()
		reads := &apart{deps.Reads, collection, &was}
		deps.Reads = reads
		w.server = serve(t, New(deps))
		lines := func() []string {
			t.Helper()
			var page shownThread
			w.getIn(dana, "/applications/"+id("application", 1)+"/messages", "", "en").into(t, &page)
			return page.lines()
		}
		want := []string{"1 system System: The application was sent (read)", "2 applicant Самұрық Дана: Сұрақ (read)"}
		if diff := cmp.Diff(want, lines()); diff != "" {
			t.Errorf("%s is behind (-want +got):\n%s", behind, diff)
		}
		reads.was = nil
		want = append(want, "3 system System: The application was taken into work: Қызметкер Сәуле (unread)")
		if diff := cmp.Diff(want, lines()); diff != "" {
			t.Errorf("%s has followed (-want +got):\n%s", behind, diff)
		}
	}
}
