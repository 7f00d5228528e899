package blackbox_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp/totp"
)

// staffMember is somebody of the demo's staff.
type staffMember struct {
	Role, Name, Login, Password, Provider, TOTP string
}

// office is a portal with an applicant's application and the staff of its provider.
type office struct {
	t           *testing.T
	server      *server
	applicant   *client
	person      person
	service     passport
	application started

	operator, executor, admin *client
	members                   map[string]staffMember
	ids                       map[string]string // account ids by role
}

// staff signs somebody of the demo's staff in: with password and authenticator.
func (s *server) staff(t *testing.T, language string, member staffMember) *client {
	t.Helper()
	c := s.client(t, language)
	var challenge struct{ ChallengeID string }
	c.do(http.MethodPost, "/sessions", map[string]any{"login": member.Login, "password": member.Password}).must(http.StatusAccepted, &challenge)
	code, err := totp.GenerateCode(member.TOTP, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c.do(http.MethodPost, "/sessions/confirm", map[string]any{"challengeId": challenge.ChallengeID, "code": code}).must(http.StatusOK, nil)
	return c
}

// openOffice registers somebody, sends a complete application for the service that a search finds, and signs its staff in.
func openOffice(t *testing.T, who person, search string, flags ...string) *office {
	t.Helper()
	s := start(t, t.TempDir(), flags...)
	o := &office{t: t, server: s, person: who, members: map[string]staffMember{}, ids: map[string]string{}}
	o.applicant = s.client(t, "kk")
	j := journey{t: t, c: o.applicant, person: who, said: "Бұл өрісті толтырыңыз."}
	o.service = j.browse(search)
	o.applicant.register(who)
	j.fillCard()
	o.application = j.apply(o.service)
	j.complete(o.application, o.service)

	var accounts []staffMember
	s.client(t, "kk").do(http.MethodGet, "/dev/accounts", nil).must(http.StatusOK, &accounts)
	for _, member := range accounts {
		if member.Provider == o.service.Provider.ID {
			o.members[member.Role] = member
		}
	}
	o.operator, o.executor = s.staff(t, "ru", o.members["operator"]), s.staff(t, "ru", o.members["executor"])
	o.admin = s.staff(t, "en", o.members["provider-admin"])
	for role, c := range map[string]*client{"operator": o.operator, "executor": o.executor, "provider-admin": o.admin} {
		var me struct{ ID string }
		c.do(http.MethodGet, "/me", nil).must(http.StatusOK, &me)
		o.ids[role] = me.ID
	}
	return o
}

// path is where something of the application lies.
func (o *office) path(rest string) string { return "/applications/" + o.application.ID + rest }

// by lets somebody do something with the application; what they see next shows it, and so does what the others see.
func (o *office) by(c *client, method, rest string, body any, status int, into any) {
	o.t.Helper()
	c.do(method, o.path(rest), body).must(status, into)
	for _, other := range []*client{o.applicant, o.operator, o.executor, o.admin} {
		if other != nil {
			other.position = c.position
		}
	}
}

type applicationSeen struct {
	Status, Outcome string
	Executors       []string
	DaysLeft        *int
	DueAt           *time.Time
	Decision        *struct {
		Outcome, Reason, Text string
		Files                 []string
	}
	Documents []struct {
		ID, Kind, SHA256 string
		Version          int
		Signed           bool
	}
}

func (o *office) page(c *client) applicationSeen {
	o.t.Helper()
	var page applicationSeen
	c.do(http.MethodGet, o.path(""), nil).must(http.StatusOK, &page)
	return page
}

// stands checks the status, on the page and in the list.
func (o *office) stands(status string) {
	o.t.Helper()
	if got := o.page(o.applicant).Status; got != status {
		o.t.Errorf("the page says %s, want %s", got, status)
	}
	var rows struct{ Items []row }
	o.applicant.do(http.MethodGet, "/my/applications", nil).must(http.StatusOK, &rows)
	if len(rows.Items) != 1 || rows.Items[0].Status != status {
		o.t.Errorf("my applications are %+v, want status %s", rows.Items, status)
	}
}

type threadItem struct {
	Number int
	ID     string
	Author struct{ Kind, Name string }
	Text   string
	Unread bool
}

func (o *office) thread(c *client) []threadItem {
	o.t.Helper()
	var items []threadItem
	for after := ""; ; {
		var page struct {
			Items []threadItem
			Next  string
		}
		c.do(http.MethodGet, o.path("/messages?limit=3&after="+url.QueryEscape(after)), nil).must(http.StatusOK, &page)
		items = append(items, page.Items...)
		if page.Next == "" {
			break
		}
		after = page.Next
	}
	for i, item := range items {
		if item.Number != i+1 {
			o.t.Errorf("item %d has the number %d", i+1, item.Number)
		}
	}
	return items
}

// bell is the number at the bell, which is the sum of the envelopes and what the list says.
func (o *office) bell() int {
	o.t.Helper()
	var bell struct {
		Total        int
		Applications []struct {
			ID, Number string
			Unread     int
		}
	}
	o.applicant.do(http.MethodGet, "/my/unread", nil).must(http.StatusOK, &bell)
	sum := 0
	for _, a := range bell.Applications {
		sum += a.Unread
	}
	var rows struct{ Items []row }
	o.applicant.do(http.MethodGet, "/my/applications", nil).must(http.StatusOK, &rows)
	listed := 0
	for _, r := range rows.Items {
		listed += r.Unread
	}
	if bell.Total != sum || bell.Total != listed {
		o.t.Errorf("the bell says %d, the envelopes %d, the list %d", bell.Total, sum, listed)
	}
	return bell.Total
}

// read marks the whole thread as read.
func (o *office) read(c *client) {
	o.t.Helper()
	items := o.thread(c)
	o.by(c, http.MethodPut, "/messages/read", map[string]any{"upTo": len(items)}, http.StatusNoContent, nil)
}

// uploads a file that belongs to no step.
func (o *office) uploads(c *client, name string) string {
	o.t.Helper()
	var file struct{ ID string }
	o.by(c, http.MethodPost, "/files", pdf(name), http.StatusCreated, &file)
	return file.ID
}

// signs a document with a certificate of the demo.
func (o *office) signs(c *client, login, document string) {
	o.t.Helper()
	var answer struct{ Status string }
	c.do(http.MethodPost, "/documents/"+document+"/signatures", map[string]any{"cms": o.certified(c, login, document)}).
		must(http.StatusCreated, &answer)
	if answer.Status != "accepted" {
		o.t.Errorf("the signature is %s", answer.Status)
	}
	for _, other := range []*client{o.applicant, o.operator, o.executor} {
		other.position = c.position
	}
}

// TestConsultationToItsEnd is the first manual: assigned, in work, asked and answered, returned and sent again, the
// response, the act, the questionnaire.
func TestConsultationToItsEnd(t *testing.T) {
	t.Parallel()
	o := openOffice(t, individual(301), "заңды қызметтер")
	var queue struct{ Items []struct{ ID, Status string } }
	o.operator.position = o.applicant.position
	o.operator.do(http.MethodGet, "/work/applications?view=new", nil).must(http.StatusOK, &queue)
	if len(queue.Items) != 1 || queue.Items[0].ID != o.application.ID {
		t.Fatalf("new applications: %+v", queue.Items)
	}

	o.by(o.operator, http.MethodPost, "/executors/"+o.ids["executor"], nil, http.StatusOK, nil)
	if names := o.page(o.applicant).Executors; len(names) != 1 || names[0] == "" {
		t.Errorf("executors: %q", names)
	}
	o.operator.do(http.MethodPost, o.path("/take"), nil).refused(http.StatusConflict, "role-not-allowed")
	o.applicant.do(http.MethodPost, o.path("/take"), nil).refused(http.StatusNotFound, "application-not-found")
	o.by(o.executor, http.MethodPost, "/take", nil, http.StatusOK, nil)
	o.stands("in_work")
	if n := o.bell(); n != 2 { // assigned, taken
		t.Errorf("the bell says %d", n)
	}
	o.read(o.applicant)
	if n := o.bell(); n != 0 {
		t.Errorf("after reading the bell says %d", n)
	}

	o.by(o.executor, http.MethodPost, "/notes", map[string]any{"text": "Ішкі жазба: тексеру керек"}, http.StatusCreated, nil)
	o.by(o.executor, http.MethodPost, "/messages", map[string]any{"text": "Қай қала? <b>нақтылаңыз</b>"}, http.StatusCreated, nil)
	if n := o.bell(); n != 1 {
		t.Errorf("after a question the bell says %d", n)
	}
	items := o.thread(o.applicant)
	last := items[len(items)-1]
	if last.Text != "Қай қала? <b>нақтылаңыз</b>" || !last.Unread || last.Author.Kind != "staff" {
		t.Errorf("the question is seen as %+v", last)
	}
	if slices.ContainsFunc(items, func(i threadItem) bool { return strings.Contains(i.Text, "Ішкі жазба") }) {
		t.Error("the applicant sees an internal note")
	}
	o.applicant.do(http.MethodGet, o.path("/notes"), nil).refused(http.StatusNotFound, "application-not-found")
	o.read(o.applicant)
	o.by(o.applicant, http.MethodPost, "/messages", map[string]any{"text": "Семей қаласы"}, http.StatusCreated, nil)

	due := o.page(o.applicant).DueAt
	o.by(o.executor, http.MethodPost, "/return", map[string]any{"reason": "data-incorrect", "text": "Сұрақты толықтырыңыз"}, http.StatusOK, nil)
	o.stands("returned")
	j := journey{t: t, c: o.applicant, person: o.person}
	for _, step := range o.service.Steps {
		if step.Kind == "question" {
			o.applicant.do(http.MethodPut, o.path("/steps/"+step.ID), map[string]any{"data": examples(t, step.Schema)}).must(http.StatusOK, nil)
		}
	}
	var sent struct {
		Status string
		DueAt  time.Time
	}
	o.by(j.c, http.MethodPost, "/submit", nil, http.StatusOK, &sent)
	if sent.Status != "submitted" || due == nil || sent.DueAt.Before(*due) {
		t.Errorf("sent again: %+v, due before %v", sent, due)
	}

	file := o.uploads(o.executor, "Жауап.pdf")
	o.by(o.executor, http.MethodPost, "/response", map[string]any{"text": "Міне, жауап", "fileIds": []string{file}}, http.StatusOK, nil)
	o.stands("answered")
	decision := o.page(o.applicant).Decision
	if decision == nil || decision.Outcome != "answered" || decision.Text != "Міне, жауап" || !slices.Equal(decision.Files, []string{file}) {
		t.Errorf("the response is seen as %+v", decision)
	}
	content := o.applicant.do(http.MethodGet, o.path("/files/"+file), nil).must(http.StatusOK, nil)
	if diff := cmp.Diff(pdfBytes, content.body); diff != "" {
		t.Errorf("the file of the response came back changed: %s", diff)
	}

	var act struct{ ID, SHA256 string }
	actFile := o.uploads(o.executor, "Акт.pdf")
	o.by(o.executor, http.MethodPost, "/documents", map[string]any{
		"kind": "act", "fileId": actFile, "signers": []string{"provider", "applicant"}, "by": "acceptance",
	}, http.StatusCreated, &act)
	o.stands("awaiting_signature")
	o.applicant.do(http.MethodPost, "/documents/"+act.ID+"/acceptance", nil).refused(http.StatusConflict, "not-your-turn")
	o.executor.do(http.MethodPost, "/documents/"+act.ID+"/acceptance", nil).must(http.StatusCreated, nil)
	o.applicant.do(http.MethodPost, "/documents/"+act.ID+"/acceptance", nil).must(http.StatusCreated, nil)
	o.stands("answered")

	answers := map[string]any{}
	var questions struct {
		Questionnaire struct {
			Open      bool
			Questions []struct{ ID, Kind string }
		}
	}
	o.applicant.do(http.MethodGet, o.path(""), nil).must(http.StatusOK, &questions)
	for _, q := range questions.Questionnaire.Questions {
		if answers[q.ID] = any(5); q.Kind == "text" {
			answers[q.ID] = "Рақмет!"
		}
	}
	if !questions.Questionnaire.Open || len(answers) == 0 {
		t.Fatalf("the questionnaire is %+v", questions)
	}
	o.by(o.applicant, http.MethodPost, "/questionnaire", map[string]any{"answers": answers}, http.StatusCreated, nil)
	o.stands("completed")
	o.applicant.do(http.MethodPost, o.path("/questionnaire"), map[string]any{"answers": map[string]any{}}).refused(http.StatusConflict, "questionnaire-answered")
	if page := o.page(o.applicant); page.Outcome != "answered" {
		t.Errorf("completed as %q", page.Outcome)
	}
	var outbox []struct{ Channel, Text string }
	o.applicant.do(http.MethodGet, "/dev/outbox?to="+url.QueryEscape(o.person.phone), nil).must(http.StatusOK, &outbox)
	for _, word := range []string{"Жұмыста"} {
		if !slices.ContainsFunc(outbox, func(m struct{ Channel, Text string }) bool { return strings.Contains(m.Text, word) }) {
			t.Logf("messages: %+v", outbox)
		}
	}
}

// TestSupportMeasureToItsEnd is the second manual: approved, with a result and an agreement that both sides sign.
func TestSupportMeasureToItsEnd(t *testing.T) {
	t.Parallel()
	openOffice(t, legal(302), "шығындарды өтеу").supportMeasure()
}

// supportMeasure carries the application to its end.
func (o *office) supportMeasure() {
	o.t.Helper()
	o.by(o.executor, http.MethodPost, "/take", nil, http.StatusOK, nil)
	o.executor.do(http.MethodPost, o.path("/response"), map[string]any{"text": "?"}).refused(http.StatusConflict, "not-a-consultation")
	o.by(o.executor, http.MethodPost, "/decision", map[string]any{"outcome": "approved", "text": "Мақұлданды"}, http.StatusOK, nil)
	o.stands("approved")
	o.executor.do(http.MethodPost, o.path("/decision"), map[string]any{"outcome": "refused", "reason": "requirements-not-met", "text": "Жоқ"}).
		refused(http.StatusConflict, "already-decided")

	var result, agreement struct{ ID, SHA256 string }
	o.by(o.executor, http.MethodPost, "/documents", map[string]any{"kind": "result", "fileId": o.uploads(o.executor, "Нәтиже.pdf"), "signers": []string{}},
		http.StatusCreated, &result)
	o.by(o.executor, http.MethodPost, "/documents", map[string]any{
		"kind": "agreement", "fileId": o.uploads(o.executor, "Келісім.pdf"), "signers": []string{"applicant", "provider"}, "by": "eds",
	}, http.StatusCreated, &agreement)
	o.stands("awaiting_signature")

	o.applicant.do(http.MethodPost, "/documents/"+agreement.ID+"/acceptance", nil).refused(http.StatusConflict, "acceptance-not-allowed")
	o.applicant.do(http.MethodPost, "/documents/"+agreement.ID+"/signatures", map[string]any{"cms": base64.StdEncoding.EncodeToString([]byte("no signature"))}).
		refused(http.StatusUnprocessableEntity, "malformed")
	o.signs(o.applicant, o.person.login, agreement.ID)
	o.signs(o.executor, o.members["executor"].Login, agreement.ID)
	o.stands("completed")
	if page := o.page(o.applicant); page.Outcome != "approved" || len(page.Documents) != 2 {
		o.t.Errorf("completed as %+v", page)
	}
}

// TestARefusalCompletesTheApplication with its reason.
func TestARefusalCompletesTheApplication(t *testing.T) {
	t.Parallel()
	o := openOffice(t, legal(303), "шығындарды өтеу")
	o.by(o.executor, http.MethodPost, "/take", nil, http.StatusOK, nil)
	o.executor.do(http.MethodPost, o.path("/decision"), map[string]any{"outcome": "refused", "text": "Құжаттар толық емес"}).
		refused(http.StatusUnprocessableEntity, "invalid")
	o.by(o.executor, http.MethodPost, "/decision", map[string]any{
		"outcome": "refused", "reason": "documents-incomplete", "text": "Құжаттар толық емес",
	}, http.StatusOK, nil)
	o.stands("completed")
	page := o.page(o.applicant)
	if page.Outcome != "refused" || page.Decision == nil || page.Decision.Reason != "documents-incomplete" || page.Decision.Text != "Құжаттар толық емес" {
		t.Errorf("refused as %+v", page)
	}
	var rows struct{ Items []row }
	o.applicant.do(http.MethodGet, "/my/applications?status=refused", nil).must(http.StatusOK, &rows)
	if len(rows.Items) != 1 {
		t.Errorf("refused applications: %+v", rows.Items)
	}
	items := o.thread(o.applicant)
	if len(items) == 0 || items[len(items)-1].Author.Kind != "system" {
		t.Errorf("the thread is %+v", items)
	}
}
