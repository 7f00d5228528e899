package blackbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type words struct{ KK, RU, EN string }

type passport struct {
	ID, Kind               string
	Name, Description      words
	Conditions, Recipients words
	Version                int
	Term                   struct {
		Days int
		Kind string
	}
	Provider struct {
		ID       string
		Name     words
		Contacts struct {
			Phones []string
			Email  string
		}
	}
	Documents []struct{ Title words }
	Steps     []struct {
		ID, Kind string
		Title    words
		Required bool
		Schema   map[string]any
	}
}

type started struct {
	ID, Number, Status string
	Steps              []struct {
		ID, Kind string
		Complete bool
		Data     map[string]any
	}
}

type row struct {
	ID, Number, Status string
	Date               *time.Time
	Service            struct {
		ID   string
		Name words
	}
	Executors []string
	DaysLeft  *int
	Unread    int
}

// TestJourney is what an entrepreneur does, from the first look at the catalogue to a recovered password, in each
// language, as an individual and as a legal entity, for a service of each manual.
func TestJourney(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	for i, one := range []struct {
		language string
		person   person
		search   string // finds the service
		said     string // when a required field is missing
	}{
		{"kk", individual(101), "заңды қызметтер", "Бұл өрісті толтырыңыз."},
		{"kk", legal(102), "шығындарды өтеу", "Бұл өрісті толтырыңыз."},
		{"ru", individual(103), "консультация по представлению электронной", "Заполните это поле."},
		{"ru", legal(104), "возмещение части затрат", "Заполните это поле."},
		{"en", individual(105), "public-private partnership", "Fill in this field."},
		{"en", legal(106), "foreign", "Fill in this field."},
	} {
		t.Run(fmt.Sprintf("%d %s", i, one.language), func(t *testing.T) {
			t.Parallel()
			journey{t: t, c: s.client(t, one.language), person: one.person, said: one.said}.run(one.search)
		})
	}
}

type journey struct {
	t      *testing.T
	c      *client
	person person
	said   string
}

func (j journey) run(search string) {
	service := j.browse(search)
	j.c.register(j.person)
	j.me()
	j.fillCard()
	application := j.apply(service)
	j.complete(application, service)
	j.myApplications(application, service)
	j.withdrawAndDelete(application, service)
	j.passwords()
}

// browse walks the tree, searches and reads the passport.
func (j journey) browse(search string) passport {
	j.t.Helper()
	var tree []struct {
		Name     words
		Services int
		Children []struct {
			ID       string
			Name     words
			Services int
		}
	}
	j.c.do(http.MethodGet, "/categories", nil).must(http.StatusOK, &tree)
	if len(tree) != 7 {
		j.t.Fatalf("%d main categories, want 7", len(tree))
	}
	for _, category := range tree {
		for _, child := range category.Children {
			var listed struct{ Total int }
			j.c.do(http.MethodGet, "/services?category="+child.ID, nil).must(http.StatusOK, &listed)
			if listed.Total != child.Services {
				j.t.Errorf("category %s says %d services and lists %d", child.Name.EN, child.Services, listed.Total)
			}
		}
	}
	var found struct {
		Items []struct {
			ID   string
			Name words
		}
		Total int
	}
	j.c.do(http.MethodGet, "/services?q="+url.QueryEscape(search), nil).must(http.StatusOK, &found)
	if found.Total == 0 || len(found.Items) != found.Total {
		j.t.Fatalf("search %q found %d, listed %d", search, found.Total, len(found.Items))
	}
	var p passport
	j.c.do(http.MethodGet, "/services/"+found.Items[0].ID, nil).must(http.StatusOK, &p)
	for _, text := range []words{p.Name, p.Description, p.Conditions, p.Recipients, p.Provider.Name} {
		if text.KK == "" || text.RU == "" || text.EN == "" {
			j.t.Errorf("the passport of %s lacks a text in a language: %+v", p.Name.EN, text)
		}
	}
	if p.Term.Days < 1 || len(p.Provider.Contacts.Phones) == 0 || len(p.Documents) == 0 || len(p.Steps) == 0 {
		j.t.Errorf("the passport of %s is incomplete: %+v", p.Name.EN, p)
	}
	return p
}

// me sees who is signed in.
func (j journey) me() {
	j.t.Helper()
	var me struct {
		Login string
		Roles []string
	}
	j.c.do(http.MethodGet, "/me", nil).must(http.StatusOK, &me)
	if me.Login != j.person.login || !slices.Equal(me.Roles, []string{"applicant"}) {
		j.t.Fatalf("me is %+v", me)
	}
}

func (j journey) fillCard() {
	j.t.Helper()
	card := map[string]any{
		"lastName": "Бозторғай", "firstName": "Айбек", "organization": "«Қиял» ЖШС", "region": "Абай облысы",
		"locality": "Семей", "street": "Қиял көшесі", "building": "7", "postcode": "071400", "headName": "Самұрық Дана",
		"headPosition": "директор", "registrationNumber": "123-1901-07", "registrationDate": "2015-04-01",
		"registrationAuthority": "Әділет департаменті",
	}
	answer := j.c.do(http.MethodPut, "/me/client-card", card).must(http.StatusOK, nil)
	stale := `"0"`
	j.c.do(http.MethodPut, "/me/client-card", card, "If-Match", stale).refused(http.StatusPreconditionFailed, "stale")
	j.c.do(http.MethodPut, "/me/client-card", card, "If-Match", answer.header.Get("ETag")).must(http.StatusOK, nil)
	var me struct{ ClientCard map[string]any }
	j.c.do(http.MethodGet, "/me", nil).must(http.StatusOK, &me)
	for name, value := range card {
		if me.ClientCard[name] != value {
			j.t.Errorf("the card's %s is %v, want %v", name, me.ClientCard[name], value)
		}
	}
}

// apply starts an application, finds the card's data in it, and is told what is missing.
func (j journey) apply(p passport) started {
	j.t.Helper()
	var a started
	answer := j.c.do(http.MethodPost, "/applications", map[string]any{"serviceId": p.ID}).must(http.StatusCreated, &a)
	if a.Status != "draft" || !regexp.MustCompile(`^[1-9][0-9]*-[0-9]{2}-[0-9]{2}-[0-9]{2}$`).MatchString(a.Number) {
		j.t.Fatalf("started %+v", a)
	}
	if location := answer.header.Get("Location"); location != "/api/v1/applications/"+a.ID {
		j.t.Errorf("location %q", location)
	}
	prefilled := false
	for i, step := range a.Steps {
		schema := p.Steps[i].Schema
		for name, property := range properties(schema) {
			if pointer, _ := property["x-prefill"].(string); pointer == "/login" || pointer == "/organization" || pointer == "/phone" {
				if step.Data[name] == nil || step.Data[name] == "" {
					j.t.Errorf("step %s: %s was not taken from the card", step.ID, name)
				}
				prefilled = true
			}
		}
	}
	if !prefilled {
		j.t.Errorf("no field of %s is taken from the card", p.Name.EN)
	}
	required := ""
	for _, step := range p.Steps {
		if step.Kind == "question" || required == "" && step.Kind == "form" {
			required = step.ID
		}
	}
	var saved struct {
		ID       string
		Complete bool
		Missing  []struct{ Location, Message, Code string }
	}
	j.c.do(http.MethodPut, "/applications/"+a.ID+"/steps/"+required, map[string]any{"data": map[string]any{}}).must(http.StatusOK, &saved)
	if saved.ID != required || saved.Complete || len(saved.Missing) == 0 {
		j.t.Fatalf("an empty step was saved as %+v", saved)
	}
	for _, m := range saved.Missing {
		if !strings.HasPrefix(m.Location, "/steps/"+required+"/data/") || m.Code != "required" || m.Message != j.said {
			j.t.Errorf("missing %+v", m)
		}
	}
	refused := j.c.do(http.MethodPost, "/applications/"+a.ID+"/submit", nil).refused(http.StatusUnprocessableEntity, "incomplete")
	for _, step := range p.Steps {
		named := slices.ContainsFunc(refused.faults(), func(f string) bool { return strings.HasPrefix(f, "/steps/"+step.ID+"/") })
		if step.Required && step.Kind == "document" && !named {
			j.t.Errorf("sending without the document %s did not name it: %v", step.ID, refused.faults())
		}
	}
	var page struct{ Status string }
	j.c.do(http.MethodGet, "/applications/"+a.ID, nil).must(http.StatusOK, &page)
	if page.Status != "draft" {
		j.t.Errorf("a refused sending left the status %s", page.Status)
	}
	return a
}

func properties(schema map[string]any) map[string]map[string]any {
	list := map[string]map[string]any{}
	all, _ := schema["properties"].(map[string]any)
	for name, p := range all {
		if property, ok := p.(map[string]any); ok {
			list[name] = property
		}
	}
	return list
}

// examples fills a step from the examples of its schema.
func examples(t *testing.T, schema map[string]any) map[string]any {
	t.Helper()
	data := map[string]any{}
	for name, property := range properties(schema) {
		title, _ := property["title"].(map[string]any)
		for _, l := range []string{"kk", "ru", "en"} {
			if word, _ := title[l].(string); word == "" {
				t.Errorf("field %s has no title in %s", name, l)
			}
		}
		list, _ := property["examples"].([]any)
		if len(list) == 0 {
			t.Fatalf("field %s has no example", name)
		}
		data[name] = list[0]
	}
	return data
}

// complete fills every step and sends the application.
func (j journey) complete(a started, p passport) {
	j.t.Helper()
	for _, step := range p.Steps {
		var saved struct {
			Complete bool
			Missing  []struct{ Location, Code string }
		}
		if step.Kind == "document" {
			var file struct {
				ID, Name, MIME, SHA256 string
				Size                   int64
			}
			j.c.do(http.MethodPost, "/applications/"+a.ID+"/files?step="+step.ID, pdf("Құжат № 1.pdf")).must(http.StatusCreated, &file)
			if file.Name != "Құжат № 1.pdf" || file.MIME != "application/pdf" || file.Size != int64(len(pdfBytes)) {
				j.t.Errorf("attached %+v", file)
			}
			content := j.c.do(http.MethodGet, "/applications/"+a.ID+"/files/"+file.ID, nil).must(http.StatusOK, nil)
			if diff := cmp.Diff(pdfBytes, content.body); diff != "" {
				j.t.Errorf("the file came back changed: %s", diff)
			}
			continue
		}
		j.c.do(http.MethodPut, "/applications/"+a.ID+"/steps/"+step.ID, map[string]any{"data": examples(j.t, step.Schema)}).
			must(http.StatusOK, &saved)
		if !saved.Complete || len(saved.Missing) != 0 {
			j.t.Fatalf("step %s filled from its examples lacks %+v", step.ID, saved.Missing)
		}
	}
	var sent struct {
		Status             string
		SubmittedAt, DueAt time.Time
	}
	j.c.do(http.MethodPost, "/applications/"+a.ID+"/submit", nil).must(http.StatusOK, &sent)
	if sent.Status != "submitted" || !sent.DueAt.After(sent.SubmittedAt) {
		j.t.Fatalf("sent %+v", sent)
	}
	var again struct{ SubmittedAt, DueAt time.Time }
	j.c.do(http.MethodPost, "/applications/"+a.ID+"/submit", nil).must(http.StatusOK, &again)
	if again.SubmittedAt != sent.SubmittedAt || again.DueAt != sent.DueAt {
		j.t.Errorf("a second click changed %+v to %+v", sent, again)
	}
	j.c.do(http.MethodPut, "/applications/"+a.ID+"/steps/"+p.Steps[0].ID, map[string]any{"data": map[string]any{}}).
		refused(http.StatusConflict, "not-editable")
}

var pdfBytes = []byte("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")

func pdf(name string) upload { return file(name, pdfBytes) }

func file(name string, content []byte) upload {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err != nil || form.Close() != nil {
		panic("a buffer takes everything")
	}
	return upload{kind: form.FormDataContentType(), body: &body}
}

func (j journey) rows(query string) []row {
	j.t.Helper()
	var rows []row
	after := ""
	for {
		var page struct {
			Items []row
			Next  string
		}
		j.c.do(http.MethodGet, "/my/applications?limit=2&after="+url.QueryEscape(after)+query, nil).must(http.StatusOK, &page)
		rows = append(rows, page.Items...)
		if page.Next == "" {
			return rows
		}
		after = page.Next
	}
}

// myApplications shows what was sent beside drafts, newest number first.
func (j journey) myApplications(a started, p passport) {
	j.t.Helper()
	var drafts []string
	for range 3 {
		var draft started
		j.c.do(http.MethodPost, "/applications", map[string]any{"serviceId": p.ID}).must(http.StatusCreated, &draft)
		drafts = append(drafts, draft.ID)
	}
	rows := j.rows("")
	var ids []string
	for _, r := range rows {
		ids = append(ids, r.ID)
		sent := r.ID == a.ID
		if r.Service.ID != p.ID || r.Service.Name != p.Name || (r.Date != nil) != sent || (r.DaysLeft != nil) != sent || r.Unread != 0 {
			j.t.Errorf("row %+v", r)
		}
	}
	if diff := cmp.Diff([]string{drafts[2], drafts[1], drafts[0], a.ID}, ids); diff != "" {
		j.t.Errorf("my applications: %s", diff)
	}
	sent := rows[len(rows)-1]
	if *sent.DaysLeft != p.Term.Days || sent.Status != "submitted" {
		j.t.Errorf("sent with a term of %d days, and %d are left; status %s", p.Term.Days, *sent.DaysLeft, sent.Status)
	}
	if found := j.rows("&status=submitted"); len(found) != 1 || found[0].ID != a.ID {
		j.t.Errorf("those sent: %+v", found)
	}
	if found := j.rows("&q=" + url.QueryEscape(a.Number)); len(found) != 1 || found[0].ID != a.ID {
		j.t.Errorf("searched by number: %+v", found)
	}
	var page struct {
		Number, Status string
		Revision       int64
		DaysLeft       *int
		Steps          []struct {
			ID       string
			Complete bool
			Data     json.RawMessage
		}
	}
	answer := j.c.do(http.MethodGet, "/applications/"+a.ID, nil).must(http.StatusOK, &page)
	if page.Number != a.Number || page.Status != "submitted" || answer.header.Get("ETag") != fmt.Sprintf(`"%d"`, page.Revision) {
		j.t.Errorf("page %+v with ETag %s", page, answer.header.Get("ETag"))
	}
	for _, step := range page.Steps {
		if !step.Complete {
			j.t.Errorf("step %s of what was sent has no check mark", step.ID)
		}
	}
	j.popular(p)
}

// popular finds the service among the most used, and its category counted.
func (j journey) popular(p passport) {
	j.t.Helper()
	var popular struct {
		Items []struct {
			ID           string
			Applications int
		}
	}
	j.c.do(http.MethodGet, "/services/popular", nil).must(http.StatusOK, &popular)
	if !slices.ContainsFunc(popular.Items, func(i struct {
		ID           string
		Applications int
	},
	) bool {
		return i.ID == p.ID && i.Applications >= 1
	}) {
		j.t.Errorf("%s was used and is not among the popular: %+v", p.Name.EN, popular)
	}
	var figures []struct{ Services, Applications int }
	j.c.do(http.MethodGet, "/statistics/services", nil).must(http.StatusOK, &figures)
	sum := 0
	for _, f := range figures {
		sum += f.Applications
	}
	if len(figures) != 7 || sum < 1 {
		j.t.Errorf("statistics %+v", figures)
	}
}

func (j journey) withdrawAndDelete(a started, p passport) {
	j.t.Helper()
	j.c.do(http.MethodDelete, "/applications/"+a.ID, nil).refused(http.StatusConflict, "not-a-draft")
	j.c.do(http.MethodPost, "/applications/"+a.ID+"/withdraw", nil).must(http.StatusOK, nil)
	rows := j.rows("")
	draft := rows[0]
	if last := rows[len(rows)-1]; last.ID != a.ID || last.Status != "withdrawn" {
		j.t.Errorf("after withdrawing: %+v", last)
	}
	j.c.do(http.MethodPost, "/applications/"+draft.ID+"/withdraw", nil).refused(http.StatusConflict, "not-submitted")
	j.c.do(http.MethodDelete, "/applications/"+draft.ID, nil).must(http.StatusNoContent, nil)
	j.c.do(http.MethodGet, "/applications/"+draft.ID, nil).refused(http.StatusNotFound, "application-not-found")
	if left := j.rows(""); len(left) != len(rows)-1 || left[0].ID == draft.ID {
		j.t.Errorf("after deleting a draft: %+v", left)
	}
	var timeline []struct{ What, Text, Actor string }
	j.c.do(http.MethodGet, "/applications/"+a.ID+"/timeline", nil).must(http.StatusOK, &timeline)
	if first, last := timeline[0].What, timeline[len(timeline)-1].What; first != "draft-started" || last != "withdrawn" {
		j.t.Errorf("timeline from %s to %s", first, last)
	}
	for _, entry := range timeline {
		if entry.Text == "" || entry.Actor == "" {
			j.t.Errorf("timeline entry %+v", entry)
		}
	}
}

// passwords changes the password, signs out and in, recovers it, and stays in the system.
func (j journey) passwords() {
	j.t.Helper()
	c, p := j.c, j.person
	other := c.server.client(j.t, c.language)
	other.signIn(p, false)
	other.do(http.MethodGet, "/me", nil).must(http.StatusOK, nil)
	c.do(http.MethodPut, "/me/password", map[string]any{"current": "wrong-Parol-9", "new": "Zhana-parol-77"}).
		refused(http.StatusUnprocessableEntity, "invalid")
	c.do(http.MethodPut, "/me/password", map[string]any{"current": p.password, "new": "Zhana-parol-77"}).must(http.StatusNoContent, nil)
	other.do(http.MethodGet, "/me", nil).refused(http.StatusUnauthorized, "sign-in-required")
	c.do(http.MethodGet, "/me", nil).must(http.StatusOK, nil)
	c.do(http.MethodDelete, "/sessions/current", nil).must(http.StatusNoContent, nil)
	c.do(http.MethodGet, "/me", nil).refused(http.StatusUnauthorized, "sign-in-required")
	c.do(http.MethodPost, "/sessions", map[string]any{"login": p.login, "password": p.password}).
		refused(http.StatusUnauthorized, "invalid-credentials")
	p.password = "Zhana-parol-77"
	c.signIn(p, false)

	c.do(http.MethodPost, "/password-resets", map[string]any{"login": p.login}).must(http.StatusAccepted, nil)
	token := c.resetToken(p.email)
	c.do(http.MethodPost, "/password-resets/confirm", map[string]any{"token": token, "password": "short"}).
		refused(http.StatusUnprocessableEntity, "invalid")
	c.do(http.MethodPost, "/password-resets/confirm", map[string]any{"token": token, "password": "Qayta-parol-88"}).
		must(http.StatusNoContent, nil)
	c.do(http.MethodPost, "/password-resets/confirm", map[string]any{"token": token, "password": "Taghy-parol-99"}).
		refused(http.StatusGone, "reset-expired")
	c.do(http.MethodGet, "/me", nil).refused(http.StatusUnauthorized, "sign-in-required")
	p.password = "Qayta-parol-88"
	stayed := c.signIn(p, true)
	cookie := stayed.header.Get("Set-Cookie")
	for _, part := range []string{"HttpOnly", "SameSite=Lax"} {
		if !strings.Contains(cookie, part) {
			j.t.Errorf("the session cookie lacks %s: %s", part, cookie)
		}
	}
	age := regexp.MustCompile(`Max-Age=([0-9]+)`).FindStringSubmatch(cookie)
	if age == nil || len(age[1]) != len("2592000") {
		j.t.Errorf("who stays in the system has 30 days: %s", cookie)
	}
}

// resetToken finds the link that was sent to an address.
func (c *client) resetToken(email string) string {
	c.t.Helper()
	var messages []struct{ Text string }
	c.do(http.MethodGet, "/dev/outbox?to="+url.QueryEscape(email), nil).must(http.StatusOK, &messages)
	for _, m := range messages {
		if found := regexp.MustCompile(`token=([^\s]+)`).FindStringSubmatch(m.Text); found != nil {
			return found[1]
		}
	}
	c.t.Fatalf("no link was sent to %s", email)
	return ""
}
