package readapi

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
)

const (
	dana  = "00000000-0000-4000-8000-00000000000d"
	aibek = "00000000-0000-4000-8000-00000000000a"
)

// friday is the end of a term of three working days, as Wednesday 25 November is a holiday.
var friday = time.Date(2026, 11, 27, 18, 59, 59, 0, time.UTC)

// withApplications gives Dana five applications: 1 sent, 2 and 3 drafts, 4 withdrawn, 5 deleted; and Aibek one.
func (w *world) withApplications() *world {
	w.t.Helper()
	stream := func(n int) string { return "application-" + id("application", n) }
	w.write(stream(1), dana, started(dana, 1, 1), submitted(friday, 1))
	w.write(stream(2), dana, started(dana, 2, 2))
	w.write(stream(3), dana, started(dana, 3, 1))
	w.write(stream(4), dana, started(dana, 14, 2), submitted(friday, 2), application.Withdrawn{ServiceID: id("service", 2), At: noon})
	w.write(stream(5), dana, started(dana, 15, 1), application.DraftDeleted{ServiceID: id("service", 1), At: noon})
	return w.write(stream(6), aibek, started(aibek, 16, 1))
}

type rowsPage struct {
	Items []struct {
		ID, Number, Status string
		Date               *time.Time
		Service            struct{ Name map[string]string }
		Executors          []string
		DaysLeft           *int
	}
	Next string
}

// mine returns the numbers of all pages of "My applications".
func (w *world) mine(who, query string) []string {
	w.t.Helper()
	numbers := []string{}
	after := ""
	for {
		var page rowsPage
		w.get(who, "/my/applications?limit=2&after="+url.QueryEscape(after)+query).into(w.t, &page)
		for _, row := range page.Items {
			numbers = append(numbers, row.Number)
		}
		if page.Next == "" {
			return numbers
		}
		after = page.Next
	}
}

func TestMyApplications(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withApplications()
	const one, two, three, fourteen = "1-23-11-26", "2-23-11-26", "3-23-11-26", "14-23-11-26"
	for query, want := range map[string][]string{
		"":                             {fourteen, three, two, one},
		"&status=draft":                {three, two},
		"&status=submitted":            {one},
		"&status=withdrawn":            {fourteen},
		"&status=in_work":              {},
		"&q=14-":                       {fourteen},
		"&q=1-23-11":                   {one},
		"&q=" + url.QueryEscape("заң"): {three, one},
		"&q=" + url.QueryEscape("ЮРИДИЧЕСКИМ"):  {three, one},
		"&q=" + url.QueryEscape(" салык "):      {fourteen, two},
		"&q=tax&status=draft":                   {two},
		"&q=zzz":                                {},
		"&q=" + url.QueryEscape("%00<script>_"): {},
	} {
		if diff := cmp.Diff(want, w.mine(dana, query)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", query, diff)
		}
	}
	if diff := cmp.Diff([]string{"16-23-11-26"}, w.mine(aibek, "")); diff != "" {
		t.Errorf("somebody else's (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{}, w.mine("00000000-0000-4000-8000-000000000000", "")); diff != "" {
		t.Errorf("nobody's (-want +got):\n%s", diff)
	}
	w.get("", "/my/applications").refuses(t, http.StatusUnauthorized, "sign-in-required")
	w.get(dana, "/my/applications?status=lost").refuses(t, http.StatusUnprocessableEntity, "invalid")

	var page rowsPage
	w.get(dana, "/my/applications?limit=1").into(t, &page)
	w.get(dana, "/my/applications?after=x").refuses(t, http.StatusBadRequest, "bad-cursor")
	w.get(dana, "/my/applications?status=draft&after="+url.QueryEscape(page.Next)).refuses(t, http.StatusBadRequest, "bad-cursor")
	w.get(aibek, "/my/applications?after="+url.QueryEscape(page.Next)).refuses(t, http.StatusBadRequest, "bad-cursor")
}

func TestDaysLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withApplications()
	almaty := time.FixedZone("Almaty", 5*60*60)
	for _, test := range []struct {
		day, hour, left int
	}{
		{23, 12, 3}, {23, 23, 3}, {24, 0, 2}, {25, 12, 2}, {26, 12, 1}, {27, 0, 0}, {27, 23, 0}, {28, 0, -1}, {29, 12, -1}, {30, 12, -1},
	} {
		w.clock.set(time.Date(2026, 11, test.day, test.hour, 30, 0, 0, almaty))
		var rows rowsPage
		w.get(dana, "/my/applications").into(t, &rows)
		var page struct{ DaysLeft *int }
		w.get(dana, "/applications/"+id("application", 1)).into(t, &page)
		sent := rows.Items[3]
		if sent.DaysLeft == nil || *sent.DaysLeft != test.left || page.DaysLeft == nil || *page.DaysLeft != test.left {
			t.Errorf("on the %dth at %d: %v in the list and %v on the page, want %d", test.day, test.hour, sent.DaysLeft, page.DaysLeft, test.left)
		}
		if draft := rows.Items[1]; draft.DaysLeft != nil || draft.Date != nil {
			t.Errorf("a draft has %v days left", *draft.DaysLeft)
		}
	}
}

func TestTheApplicationPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	w.write("account-"+dana, dana, account.RegistrationStarted{
		RegistrationID: "r", Kind: account.Individual, Number: "x", LastName: "Самұрық", FirstName: "Дана", Language: text.Kazakh, At: noon,
	}, account.RegistrationConfirmed{RegistrationID: "r", At: noon})
	w.write("application-"+id("application", 1), dana, started(dana, 1, 1),
		application.StepSaved{StepID: "company", Data: json.RawMessage(`{"name":"<Қиял>"}`), Complete: true, At: noon},
		application.FileAttached{FileID: id("file", 1), StepID: "papers", Name: "a.pdf", MIME: "application/pdf", Size: 10, SHA256: "s", Complete: true, At: noon},
		submitted(friday, 1))
	// A later version, which is not this application's.
	revised := contentOf(words("renamed"), words("x"), 2)
	w.write("service-"+id("service", 1), "", service.Revised{Version: 2, Content: revised, At: noon}, service.Published{Version: 2, At: noon})

	type step struct {
		ID       string
		Complete bool
		Data     map[string]string
		Files    []struct{ ID string }
	}
	var page struct {
		Number, Status string
		Revision       int64
		Service        struct {
			Version int
			Name    map[string]string
		}
		Steps     []step
		Files     []struct{ ID, Step, Name string }
		Executors []string
		DueAt     time.Time
	}
	got := w.get(dana, "/applications/"+id("application", 1))
	got.into(t, &page)
	if page.Number != "1-23-11-26" || page.Status != "submitted" || page.Revision != 3 || got.header.Get("ETag") != `"3"` || !page.DueAt.Equal(friday) {
		t.Errorf("page %+v with ETag %s", page, got.header.Get("ETag"))
	}
	if page.Service.Version != 1 || page.Service.Name["en"] != "Legal advice" {
		t.Errorf("service %+v", page.Service)
	}
	want := []step{
		{ID: "company", Complete: true, Data: map[string]string{"name": "<Қиял>"}, Files: []struct{ ID string }{}},
		{ID: "papers", Complete: true, Data: map[string]string{}, Files: []struct{ ID string }{{id("file", 1)}}},
	}
	if diff := cmp.Diff(want, page.Steps); diff != "" || len(page.Files) != 1 || page.Files[0].Step != "papers" {
		t.Errorf("files %+v; steps (-want +got):\n%s", page.Files, diff)
	}
	var rows rowsPage
	w.get(dana, "/my/applications").into(t, &rows)
	if name := rows.Items[0].Service.Name["en"]; name != "Legal advice" {
		t.Errorf("in the list the service is called %s", name)
	}
	var timeline []struct{ What, Text, Actor, Role string }
	w.get(dana, "/applications/"+id("application", 1)+"/timeline").into(t, &timeline)
	var told []string
	for _, entry := range timeline {
		told = append(told, entry.What+" "+entry.Text+" "+entry.Actor+" "+entry.Role)
	}
	if diff := cmp.Diff([]string{
		"draft-started Жоба басталды Самұрық Дана applicant", "step-saved Деректер сақталды Самұрық Дана applicant",
		"file-attached Файл тіркелді Самұрық Дана applicant", "submitted Өтінім жіберілді Самұрық Дана applicant",
	}, told); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}

// TestSomebodyElsesApplication: it answers as one that does not exist, to the byte but for the correlation.
func TestSomebodyElsesApplication(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withApplications()
	none := w.get(aibek, "/applications/"+id("application", 99)).refuses(t, http.StatusNotFound, "application-not-found")
	for _, one := range []string{id("application", 1), id("application", 2), id("application", 5), "x", "%00", "{" + id("application", 1) + "}"} {
		for _, path := range []string{"", "/timeline", "/files/" + id("file", 1)} {
			got := w.get(aibek, "/applications/"+one+path)
			if got.status != none.status || got.body != none.body {
				t.Errorf("%s%s: %d %s", one, path, got.status, got.body)
			}
			w.get("", "/applications/"+one+path).refuses(t, http.StatusUnauthorized, "sign-in-required")
		}
	}
	w.get(dana, "/applications/"+id("application", 5)).refuses(t, http.StatusNotFound, "application-not-found") // deleted
}

func TestWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("account-"+dana, dana, account.RegistrationStarted{
		RegistrationID: "r", Kind: account.Legal, Number: "600240000001", Organization: "«Қиял» ЖШС", LastName: "Самұрық", FirstName: "Дана",
		Email: "dana@example.kz", Phone: "+77990000001", NotifyBy: []account.Channel{account.SMS}, Language: text.Kazakh, At: noon,
	})
	w.get(dana, "/me").refuses(t, http.StatusServiceUnavailable, "read-model-behind")
	w.write("account-"+dana, dana, account.RegistrationConfirmed{RegistrationID: "r", At: noon})
	var me struct {
		Kind, Login, Name string
		Roles             []string
		ClientCard        map[string]any
	}
	got := w.get(dana, "/me")
	got.into(t, &me)
	if me.Kind != "legal" || me.Login != "600240000001" || me.Name != "«Қиял» ЖШС" || !cmp.Equal(me.Roles, []string{"applicant"}) || got.header.Get("ETag") != `"1"` {
		t.Errorf("me %+v with ETag %s", me, got.header.Get("ETag"))
	}
	if me.ClientCard["organization"] != "«Қиял» ЖШС" || me.ClientCard["phone"] != "+77990000001" || me.ClientCard["email"] != "dana@example.kz" {
		t.Errorf("card %v", me.ClientCard)
	}
}
