package readapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
)

// sentTo sends Dana's nth application for a service to a provider, n minutes after noon.
func (w *world) sentTo(provider, n, of int, due time.Time) *world {
	w.t.Helper()
	sent := submitted(due, of)
	sent.ProviderID, sent.At = id("provider", provider), noon.Add(time.Duration(n)*time.Minute)
	return w.write(streamOf(n), dana, started(dana, n, of), sent)
}

// taken puts an executor on an application, who takes it into work.
func (w *world) taken(n int, executor string) *world {
	w.t.Helper()
	return w.writeBy(executor, "executor", streamOf(n), dana,
		application.ExecutorAssigned{Executor: executor, At: noon}, application.TakenIntoWork{Executor: executor, At: noon})
}

type shownWork struct {
	Items []workRow
	Next  string
}

// numbers gives the running numbers of all pages of a list of work, in order.
func (w *world) numbers(who, query string) string {
	w.t.Helper()
	list := []string{}
	after := ""
	for {
		var page shownWork
		w.get(who, "/work/applications?limit=2&after="+url.QueryEscape(after)+query).into(w.t, &page)
		for i := range page.Items {
			running, _, _ := strings.Cut(page.Items[i].Number, "-")
			list = append(list, running)
		}
		if page.Next == "" {
			return strings.Join(list, " ")
		}
		after = page.Next
	}
}

// on gives noon of a day in November.
func on(day int) time.Time { return time.Date(2026, 11, day, 7, 0, 0, 0, time.UTC) }

// withWork sends applications to the first provider, on which Saule is: 1 and 2 new, 3 and 4 in work, 5 returned, 6 refused,
// 7 answered, 8 withdrawn; 9 is a draft. On 10, sent again after a return, is Marat.
func (w *world) withWork() *world {
	w.t.Helper()
	due := map[int]time.Time{1: on(27), 2: on(26), 3: on(24), 4: on(30), 5: on(25), 6: on(25), 7: on(25), 8: on(25), 10: on(28)}
	for n := range 10 {
		if at, sent := due[n+1]; sent {
			w.sentTo(1, n+1, 1+n%2, at)
		}
	}
	for _, n := range []int{3, 4, 5, 6, 7, 8} {
		w.taken(n, saule)
	}
	w.does(5, application.ReturnedForCompletion{Executor: saule, At: noon})
	w.does(6, application.RefusalIssued{Executor: saule, At: noon}, application.ApplicationCompleted{Outcome: application.OutcomeRefused, At: noon})
	w.does(7, application.ResponseIssued{Executor: saule, At: noon})
	w.write(streamOf(8), dana, application.Withdrawn{At: noon})
	w.write(streamOf(9), dana, started(dana, 9, 1))
	w.taken(10, marat)
	w.writeBy(marat, "executor", streamOf(10), dana, application.ReturnedForCompletion{Executor: marat, At: noon})
	return w.write(streamOf(10), dana, application.Resubmitted{DueAt: on(29), At: noon})
}

func TestViewsOfTheWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople().withWork()
	w.clock.set(on(25).Add(time.Hour))
	for _, test := range []struct{ who, query, want string }{
		{bySaule, "", "10 8 7 6 5 4 3 2 1"},
		{bySaule, "&view=all", "10 8 7 6 5 4 3 2 1"},
		{bySaule, "&view=new", "1 2"},
		{bySaule, "&view=mine", "3 4 5 7"},
		{bySaule, "&view=due", "3 2 1 10 4"},
		{bySaule, "&view=overdue", "3"},
		{byMarat, "&view=new", "1 2"},
		{byMarat, "&view=mine", "10"},
		{byMarat, "&view=overdue", "3"},
		{bySaule, "&service=" + id("service", 2), "10 8 6 4 2"},
		{bySaule, "&view=due&service=" + id("service", 2), "2 10 4"},
		{bySaule, "&service=" + id("service", 99), ""},
		{bySaule, "&q=1", "10 8 7 6 5 4 3 2 1"}, // the year's and month's digits are in every number
		{bySaule, "&q=10-23", "10"},
		{bySaule, "&q=1-23-11-26", "1"}, // a whole number is that application's alone
		{bySaule, "&q=1-23-11-26&view=mine", ""},
		{bySaule, "&q=" + url.QueryEscape(" САМҰРЫҚ "), "10 8 7 6 5 4 3 2 1"},
		{bySaule, "&q=" + url.QueryEscape("айбек"), ""},
		{bySaule, "&q=tax&view=mine", "4"},
		{bySaule, "&q=legal&service=" + id("service", 2), ""},
		{bySaule, "&q=legal&service=" + id("service", 1), "7 5 3 1"},
		{bySaule, "&q=9-23-11-26", ""}, // a draft is its applicant's alone
		{bySaule, "&q=%25", ""},
	} {
		if got := w.numbers(test.who, test.query); got != test.want {
			t.Errorf("%s: %q, want %q", test.query, got, test.want)
		}
	}
	w.get(bySaule, "/work/applications?view=theirs").refuses(t, http.StatusUnprocessableEntity, "invalid")
	w.get(bySaule, "/work/applications?limit=101").refuses(t, http.StatusUnprocessableEntity, "invalid")
	w.get(bySaule, "/work/applications?after=x").refuses(t, http.StatusBadRequest, "bad-cursor")
	var page shownWork
	w.get(bySaule, "/work/applications?limit=1").into(t, &page)
	w.get(bySaule, "/work/applications?view=new&after="+url.QueryEscape(page.Next)).refuses(t, http.StatusBadRequest, "bad-cursor")
	w.get(staff(saule, id("provider", 2), "executor"), "/work/applications?after="+url.QueryEscape(page.Next)).
		refuses(t, http.StatusBadRequest, "bad-cursor")
}

func TestARowOfWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople().sentTo(1, 1, 1, friday).taken(1, saule)
	w.does(1, application.ExecutorAssigned{Executor: marat, At: noon})
	w.reads(1, saule, correspondence.Staff, 0, 99).asks(1, "When?").asks(1, "And why?").answers(1, "Soon")
	w.reads(1, marat, correspondence.Staff, 1, 99)
	sentAt, left := noon.Add(time.Minute), 3
	want := workRow{
		ID: id("application", 1), Number: "1-23-11-26", Applicant: person{ID: dana, Name: "Самұрық Дана"}, Status: "in_work",
		SubmittedAt: &sentAt, DueAt: &friday, DaysLeft: &left, Unread: 2,
		Executors: []person{{ID: saule, Name: "Қызметкер Сәуле"}, {ID: marat, Name: "Қызметкер Марат"}},
	}
	want.Service.ID, want.Service.Name = id("service", 1), contentOf(words("x"), words("x"), 1).Passport.Name
	only := func(who string) workRow {
		t.Helper()
		var page shownWork
		w.get(who, "/work/applications?view=mine").into(t, &page)
		if len(page.Items) != 1 || page.Next != "" {
			t.Fatalf("rows %+v", page)
		}
		return page.Items[0]
	}
	expect := func(who string) {
		t.Helper()
		got := only(who)
		want.Service = got.Service
		if got.Service.Name.EN != "Legal advice" || got.Service.ID != id("service", 1) {
			t.Errorf("service %+v", got.Service)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(namedOffer{})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	expect(bySaule)
	want.Unread = 1
	expect(byMarat)
	w.does(1, application.ReturnedForCompletion{Executor: saule, At: noon})
	want.Status, want.DueAt, want.DaysLeft = "returned", nil, nil
	expect(byMarat)

	var whole map[string]any
	w.get(bySaule, "/work/applications").into(t, &whole)
	row, _ := whole["items"].([]any)[0].(map[string]any)
	for _, field := range []string{"id", "number", "service", "applicant", "status", "submittedAt", "dueAt", "daysLeft", "unread", "executors"} {
		if _, there := row[field]; !there {
			t.Errorf("a row has no %s", field)
		}
	}
}

// TestNobodySeesTheWorkOfAnotherProvider: three providers have the same work, and each sees its own.
func TestNobodySeesTheWorkOfAnotherProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	executor := func(provider int) string { return id("executor of", provider) }
	for provider := 1; provider <= 3; provider++ {
		w.sentTo(provider, provider*10, 1, on(24)).sentTo(provider, provider*10+1, 1, on(24)).taken(provider*10+1, executor(provider))
		w.write("note-"+id("application", provider*10), dana, correspondence.NoteWritten{NoteID: id("note", provider), Author: executor(provider), At: noon})
	}
	w.clock.set(on(30))
	for provider := 1; provider <= 3; provider++ {
		untouched, taken := strconv.Itoa(provider*10), strconv.Itoa(provider*10+1)
		views := map[string]string{
			"all": taken + " " + untouched, "new": untouched, "due": untouched + " " + taken, "overdue": untouched + " " + taken, "mine": taken,
		}
		for _, role := range []account.Role{account.Operator, account.Executor, account.ProviderAdmin} {
			who := staff(executor(provider), id("provider", provider), string(role))
			for view, want := range views {
				if got := w.numbers(who, "&view="+view); got != want {
					t.Errorf("provider %d, %s, %s: %q, want %q", provider, role, view, got, want)
				}
			}
			for _, query := range []string{"&q=" + url.QueryEscape("самұрық"), "&service=" + id("service", 1), "&q=23-11"} {
				if got := w.numbers(who, query); got != views["all"] {
					t.Errorf("provider %d, %s, %s: %q, want %q", provider, role, query, got, views["all"])
				}
			}
			for other := 1; other <= 3; other++ {
				got := w.get(who, "/applications/"+id("application", other*10)+"/notes")
				if other == provider {
					got.into(t, &struct{}{})
				} else {
					got.refuses(t, http.StatusNotFound, "application-not-found")
				}
			}
		}
	}
	ours := id("provider", 1)
	for name, who := range map[string]string{
		"an applicant": dana, "an auditor": staff(saule, "", "auditor"), "an admin": staff(saule, "", "admin"),
		"an analyst": staff(saule, "", "analyst"), "an executor of nobody": staff(saule, "", "executor"),
		"an auditor of a provider": staff(saule, ours, "auditor"), "an applicant of a provider": staff(dana, ours, "applicant"),
	} {
		for _, path := range []string{"/work/applications", "/work/applications?view=mine", "/work/colleagues"} {
			if got := w.get(who, path); got.status != http.StatusNotFound || strings.Contains(got.body, "23-11-26") {
				t.Errorf("%s, %s: %d %s", name, path, got.status, got.body)
			}
		}
		w.get(who, "/applications/"+id("application", 10)+"/notes").refuses(t, http.StatusNotFound, "application-not-found")
	}
	for _, path := range []string{"/work/applications", "/work/colleagues", "/applications/" + id("application", 10) + "/notes", "/work/statistics"} {
		w.get("", path).refuses(t, http.StatusUnauthorized, "sign-in-required")
	}
}

// TestALongSearch: pages of a search hold what they should, wherever its finds lie among hundreds of others.
func TestALongSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	var want []string
	for n := 1; n <= 2*searchedAtOnce+20; n++ {
		of := 1
		if n%100 < 3 || n > 2*searchedAtOnce {
			of = 2
			want = append(want, strconv.Itoa(n))
		}
		w.sentTo(1, n, of, friday)
	}
	for _, query := range []string{"&view=new&service=" + id("service", 2), "&view=new&q=tax"} {
		if got := w.numbers(bySaule, query); got != strings.Join(want, " ") {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

func TestTheBellOfStaff(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	for n := 1; n <= 4; n++ {
		w.sentTo(1, n, 1, friday).taken(n, saule).reads(n, saule, correspondence.Staff, 0, 4)
	}
	w.does(2, application.ExecutorAssigned{Executor: marat, At: noon})
	w.asks(1, "One").asks(2, "Two").asks(2, "Three").answers(2, "Four")
	w.does(4, application.ResponseIssued{At: noon}, application.ApplicationCompleted{Outcome: application.OutcomeAnswered, At: noon})
	w.asks(4, "Five") // though it has ended
	w.reads(2, marat, correspondence.Staff, 3, 99)

	bell := func(who string) unread {
		t.Helper()
		var got unread
		w.get(who, "/my/unread").into(t, &got)
		return got
	}
	row := func(n, unread int) unreadApplication {
		return unreadApplication{ID: id("application", n), Number: fmt.Sprint(n, "-23-11-26"), Unread: unread}
	}
	for who, want := range map[string]unread{
		bySaule: {Total: 4, Applications: []unreadApplication{row(4, 1), row(2, 2), row(1, 1)}},
		byMarat: {Applications: []unreadApplication{}},
		staff("nobody", id("provider", 1), "operator"): {Applications: []unreadApplication{}},
	} {
		if diff := cmp.Diff(want, bell(who)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", who, diff)
		}
	}
	w.reads(2, saule, correspondence.Staff, 3, 0).reads(4, saule, correspondence.Staff, 1, 0)
	if diff := cmp.Diff(unread{Total: 1, Applications: []unreadApplication{row(1, 1)}}, bell(bySaule)); diff != "" {
		t.Errorf("after reading (-want +got):\n%s", diff)
	}
}

func TestColleagues(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	hire := func(who, name, provider string, roles ...account.Role) {
		w.write("account-"+who, who, account.StaffAccountCreated{
			Number: "x", LastName: name, FirstName: "Ә", Roles: roles, ProviderID: provider, At: noon,
		})
	}
	ours, theirs := id("provider", 1), id("provider", 2)
	hire(saule, "Ясенова", ours, account.Executor)
	hire(marat, "Абаев", ours, account.Operator, account.Executor)
	hire(id("staff", 1), "Операторова", ours, account.Operator)
	hire(id("staff", 2), "Әкімшіева", ours, account.ProviderAdmin)
	hire(id("staff", 3), "Басқаева", theirs, account.Executor)
	hire(id("staff", 4), "Бұғатталған", ours, account.Executor)
	w.write("account-"+id("staff", 4), id("staff", 4), account.Blocked{At: noon})
	var got colleaguesAnswer
	w.get(staff(id("staff", 1), ours, "operator"), "/work/colleagues").into(t, &got.Body)
	want := []colleague{
		{ID: marat, Name: "Абаев Ә", Roles: []account.Role{account.Operator, account.Executor}},
		{ID: saule, Name: "Ясенова Ә", Roles: []account.Role{account.Executor}},
	}
	if diff := cmp.Diff(want, got.Body.Items); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople().sentTo(1, 1, 1, friday).sentTo(1, 2, 1, friday)
	w.write(streamOf(3), dana, started(dana, 3, 1))
	notes := "note-" + id("application", 1)
	for n, words := range []string{"<b>One</b>", "Two", "Three"} {
		w.writeBy(saule, "executor", notes, dana, correspondence.NoteWritten{NoteID: id("note", n), Author: saule, Text: words, At: noon})
	}
	read := func(query string) notesPage {
		t.Helper()
		var page notesPage
		w.get(byMarat, "/applications/"+id("application", 1)+"/notes"+query).into(t, &page)
		return page
	}
	note := func(n int, words string) internalNote {
		return internalNote{ID: id("note", n), At: noon, Author: person{ID: saule, Name: "Қызметкер Сәуле"}, Text: words}
	}
	if diff := cmp.Diff(notesPage{Items: []internalNote{note(0, "<b>One</b>"), note(1, "Two"), note(2, "Three")}}, read("")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	first := read("?limit=2&order=newest")
	if diff := cmp.Diff([]internalNote{note(2, "Three"), note(1, "Two")}, first.Items); diff != "" {
		t.Errorf("newest first (-want +got):\n%s", diff)
	}
	second := read("?limit=2&order=newest&after=" + url.QueryEscape(first.Next))
	if diff := cmp.Diff(notesPage{Items: []internalNote{note(0, "<b>One</b>")}}, second); diff != "" {
		t.Errorf("the rest (-want +got):\n%s", diff)
	}
	for _, application := range []string{id("application", 3), id("application", 99), "1", "..%2f"} {
		w.get(bySaule, "/applications/"+application+"/notes").refuses(t, http.StatusNotFound, "application-not-found")
	}
	w.get(dana, "/applications/"+id("application", 1)+"/notes").refuses(t, http.StatusNotFound, "application-not-found")
	for _, path := range queriesOf() { // whatever else an applicant asks for
		if got := w.get(dana, path); strings.Contains(got.body, "Three") {
			t.Errorf("%s shows a note: %s", path, got.body)
		}
	}

	w.write("account-"+dana, dana, account.Erased{At: noon})
	if diff := cmp.Diff(notesPage{Items: []internalNote{note(0, ""), note(1, ""), note(2, "")}}, read("")); diff != "" {
		t.Errorf("when the applicant is erased (-want +got):\n%s", diff)
	}
}

// workQueriesOf lists a path of every query that the staff of a provider asks alone, and that can wait.
func workQueriesOf() []string {
	return []string{
		"/work/applications", "/work/colleagues", "/work/statistics", "/applications/" + id("application", 1) + "/notes", "/my/unread",
	}
}

func TestWorkThatIsBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	for _, path := range workQueriesOf() {
		w.getAt(bySaule, path, "nowhere").refuses(t, http.StatusBadRequest, "bad-position")
	}
	deps := w.queries.deps
	deps.Progress = stuck{Progress: w.engine, err: context.DeadlineExceeded}
	w.server = serve(t, New(deps))
	for _, path := range workQueriesOf() {
		w.get(bySaule, path).refuses(t, http.StatusServiceUnavailable, "read-model-behind")
	}
}
