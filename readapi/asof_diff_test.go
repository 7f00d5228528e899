package readapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"services.example/portal/domain/application"
	"services.example/portal/domain/notification"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
)

// told says of a change what it is.
func (c factChange) told() string { return fmt.Sprintf("%s: %s -> %s", c.Path, c.Before, c.After) }

func netTold(d asOfDiff) []string {
	list := []string{}
	for _, c := range d.Changes {
		list = append(list, c.told())
	}
	return list
}

func TestWhatChangedBetweenTwoMoments(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	w.withAuditors()
	positions := w.theCase()
	path := "/applications/" + id("application", 1)
	saulesName := `{"id":"` + saule + `","name":"Қызметкер Сәуле"}`

	var diff asOfDiff
	w.audit(path+"/diff?from="+positions[2].String()+"&to="+positions[3].String(), whyRead).into(t, &diff)
	message := ""
	for _, c := range diff.Changes {
		if of, found := strings.CutPrefix(c.Path, "/messages/"); found {
			message, _, _ = strings.Cut(of, "/")
		}
	}
	if want, got := []string{
		"/executors:  -> [" + saulesName + "]",
		"/messages/" + message + "/author:  -> " + saulesName,
		"/messages/" + message + `/side:  -> "staff"`,
		"/messages/" + message + `/text:  -> "Құжат керек"`,
		"/notes/" + id("note", 1) + "/author:  -> " + saulesName,
		"/notes/" + id("note", 1) + `/text:  -> "Ішкі жазба"`,
		"/uploads/" + id("file", 9) + `:  -> {"mime":"","name":"Акт.pdf","sha256":"","size":0}`,
	}, netTold(diff); !cmp.Equal(want, got) {
		t.Errorf("for an auditor (-want +got):\n%s", cmp.Diff(want, got))
	}
	if diff.From.Revision != 2 || diff.To.Revision != 4 || len(diff.Events) != 4 {
		t.Errorf("from %+v to %+v with %d events", diff.From, diff.To, len(diff.Events))
	}

	var own asOfDiff
	w.getIn(dana, path+"/as-of/diff?from=2", w.at.String(), "en").into(t, &own)
	var happened []string
	for _, e := range own.Events {
		if e.By.ID != "" && e.By.ID != dana {
			t.Errorf("the applicant is told the account of %+v", e.By)
		}
		happened = append(happened, e.By.Name+": "+e.Text)
	}
	if diff := cmp.Diff([]string{"Қызметкер Сәуле: A case manager was assigned: Қызметкер Сәуле"}, happened[:1]); diff != "" || len(happened) != 3 {
		t.Errorf("what the applicant is told: %q", happened)
	}
	if want, got := []string{
		`/executors:  -> ["Қызметкер Сәуле"]`,
		"/messages/" + message + `/author:  -> "Қызметкер Сәуле"`,
		"/messages/" + message + `/side:  -> "staff"`,
		"/messages/" + message + `/text:  -> "Құжат керек"`,
		"/readers/" + dana + "/application:  -> 4",
		"/readers/" + dana + "/messages:  -> 1",
	}, netTold(own); !cmp.Equal(want, got) {
		t.Errorf("for the applicant (-want +got):\n%s", cmp.Diff(want, got))
	}
}

// TestWhyItChanged: from the command that somebody gave to the reaction to a reaction.
func TestWhyItChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	w.withAuditors()
	w.write(streamOf(1), dana, started(dana, 1, 1))
	put := func(stream, actor, role, subject string, command, causation uuid.UUID, event any) uuid.UUID {
		t.Helper()
		eventID := uuid.New()
		encoded, err := w.codec.Encode(t.Context(), stream, eventID, codec.Metadata{
			CommandID: command, CausationID: causation, CorrelationID: command, Actor: actor, Role: role, Subject: subject,
		}, event)
		done(t, err)
		appended, err := w.log.Append(t.Context(), stream, eventstore.Any, encoded)
		done(t, err)
		w.at = appended.Position
		return eventID
	}
	take, tell, report := uuid.New(), uuid.New(), uuid.New()
	put(streamOf(1), saule, "executor", dana, take, take, application.ExecutorAssigned{Executor: saule, At: noon})
	taken := put(streamOf(1), saule, "executor", dana, take, take, application.TakenIntoWork{Executor: saule, At: noon})
	put(streamOf(1), saule, "executor", dana, take, take, application.DueDateMoved{DueAt: friday, At: noon})
	notice := "notification-" + notification.ID(taken, dana, notification.SMS)
	requested := put(notice, "", "system", dana, tell, take, notification.Requested{
		Recipient: dana, Channel: notification.SMS, Kind: "status-in_work", ApplicationID: id("application", 1), At: noon,
	})
	put(notice, "", "system", dana, report, tell, notification.Sent{Attempt: 1, At: noon})

	var diff asOfDiff
	w.audit("/applications/"+id("application", 1)+"/diff?from=0", whyRead).into(t, &diff)
	last := diff.Events[len(diff.Events)-1]
	type link struct{ Kind, ID, Role, Type string }
	var chain []link
	for _, c := range last.Because {
		l := link{Kind: c.Kind, ID: c.ID, Type: c.Type}
		if c.By != nil {
			l.Role = c.By.Role
		}
		chain = append(chain, l)
	}
	if diff := cmp.Diff([]link{
		{Kind: "command", ID: take.String(), Role: "executor"},
		{Kind: "event", ID: taken.String(), Type: "application.taken-into-work.v1"},
		{Kind: "command", ID: tell.String(), Role: "system"},
		{Kind: "event", ID: requested.String(), Type: "notification.requested.v1"},
		{Kind: "command", ID: report.String(), Role: "system"},
	}, chain); diff != "" {
		t.Errorf("what led to the sending (-want +got):\n%s", diff)
	}
}

// TestDiffsAddUp: what changed from the beginning to any moment and from there to the end is what changed altogether, and
// the changes of all events together are that, too, whoever looks.
func TestDiffsAddUp(t *testing.T) {
	w := newWorld(t).withCatalogue().withPeople()
	w.withAuditors()
	n := 500
	rapid.Check(t, func(r *rapid.T) {
		n++
		path := "/applications/" + id("application", n) + "/diff"
		w.write(streamOf(n), dana, started(dana, n, 1))
		all := happenings(n)
		var middle eventstore.Position
		var sent, sentFirst bool // at all, and before the middle
		for _, what := range rapid.SliceOfN(rapid.IntRange(0, len(all)-1), 1, 12).Draw(r, "what happens") {
			if rapid.Bool().Draw(r, "the middle") || middle.IsZero() {
				middle, sentFirst = w.at, sent
			}
			all[what](w, r)
			sent = sent || what == 3
		}
		for view, sees := range map[string]struct{ whole, first bool }{
			"?view=whole": {true, true}, "?view=applicant": {true, true}, "?view=staff&account=" + saule: {sent, sentFirst},
		} {
			read := func(query string, there bool) asOfDiff {
				var d asOfDiff
				got := w.audit(path+view+query, whyRead)
				if view == "?view=applicant" && strings.Contains(got.body, saule) {
					r.Fatalf("the applicant is told an account: %s", got.body)
				}
				if !there {
					got.refuses(t, http.StatusNotFound, "application-not-yet")
				} else {
					got.into(t, &d)
				}
				return d
			}
			whole := read("", sees.whole)
			facts, sum, halves := map[string]string{}, map[string]string{}, map[string]string{}
			apply(facts, whole)
			for _, e := range whole.Events {
				for _, c := range e.Changes {
					put(sum, c)
				}
			}
			if diff := cmp.Diff(facts, sum); diff != "" {
				r.Fatalf("%s: the net changes differ from those of the events together:\n%s", view, diff)
			}
			apply(halves, read("&to="+middle.String(), sees.first))
			apply(halves, read("&from="+middle.String(), sees.whole))
			if diff := cmp.Diff(facts, halves); diff != "" {
				r.Fatalf("%s: the whole differs from its halves:\n%s", view, diff)
			}
		}
	})
}

// TestForTheStaffACaseBeginsWhenItIsSent: of the draft they are told no event, and what it came to when it was sent.
func TestForTheStaffACaseBeginsWhenItIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	w.withAuditors()
	positions := w.theCase()
	path := "/applications/" + id("application", 1) + "/diff?view=staff&account=" + saule
	w.audit(path+"&to="+positions[1].String(), whyRead).refuses(t, http.StatusNotFound, "application-not-yet")
	var diff asOfDiff
	w.audit(path, whyRead).into(t, &diff)
	var happened []string
	for _, e := range diff.Events {
		happened = append(happened, e.Type)
	}
	if diff := cmp.Diff([]string{
		"application.submitted.v2", "application.executor-assigned.v1", "application.file-uploaded.v1",
		"correspondence.message-posted.v1", "note.written.v1",
	}, happened); diff != "" {
		t.Errorf("what the staff is told (-want +got):\n%s", diff)
	}
	first := diff.Events[0]
	if !slices.ContainsFunc(first.Changes, func(c factChange) bool { return c.told() == `/steps/company/data/name:  -> "Қиял"` }) {
		t.Errorf("with the sending they see %+v", first.Changes)
	}
	for _, c := range diff.Changes {
		if strings.HasPrefix(c.Path, "/readers/") {
			t.Errorf("they are told who had read: %s", c.told())
		}
	}
	if assigned := diff.Events[1]; assigned.By.ID != saule || assigned.By.Name != "Қызметкер Сәуле" {
		t.Errorf("assigned by %+v", assigned.By)
	}
}

func apply(facts map[string]string, d asOfDiff) {
	for _, c := range d.Changes {
		put(facts, c.factChange)
	}
}

func put(facts map[string]string, c factChange) {
	if c.After == nil {
		delete(facts, c.Path)
	} else {
		facts[c.Path] = string(c.After)
	}
}

func TestMomentsOfADiff(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	w.withAuditors()
	w.theCase()
	path := "/applications/" + id("application", 1) + "/diff"
	for _, query := range []string{
		"?from=3&to=1", "?from=99", "?to=99", "?from=x", "?to=1/", "?from=2099-01-01T00:00:00Z",
		"?from=2020-01-02T00:00:00Z&to=2020-01-01T00:00:00Z",
	} {
		got := w.audit(path+query, whyRead)
		if got.status != http.StatusUnprocessableEntity && !strings.Contains(got.body, "application-not-yet") {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
	var none asOfDiff
	w.audit(path+"?from=2&to=2", whyRead).into(t, &none)
	if len(none.Changes) != 0 || len(none.Events) != 0 || none.From.Position != none.To.Position {
		t.Errorf("between a moment and itself: %+v", none)
	}
}

// TestALongDiffGoesOn: one answer tells of a thousand events, and where to ask for the rest.
func TestALongDiffGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	w.withAuditors()
	w.write(streamOf(1), dana, started(dana, 1, 1))
	saves := make([]any, 1500)
	for i := range saves {
		saves[i] = application.StepSaved{StepID: "company", Data: json.RawMessage(fmt.Sprintf(`{"n":%d}`, i)), At: noon}
	}
	w.appendAll(streamOf(1), saves...)
	path := "/applications/" + id("application", 1) + "/diff?from="
	var first, second asOfDiff
	w.audit(path, whyRead).into(t, &first)
	w.audit(path+first.Next, whyRead).into(t, &second)
	if len(first.Events) != 1000 || len(second.Events) != 501 || second.Next != "" || first.To.Position != second.From.Position {
		t.Errorf("%d events up to %s, then %d from %s, next %q", len(first.Events), first.To.Position, len(second.Events), second.From.Position, second.Next)
	}
}

// FuzzMoments: what is no moment is refused, and what is one is read as it is written.
func FuzzMoments(f *testing.F) {
	for _, seed := range []string{"", "0", "7", "1/2", "2026-11-29T10:00:00+05:00", "2026-11-29T10:00:00 05:00", "-1", "01", "9999999999999999999", "1/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		m, err := parseMoment("from", value)
		named := 0
		for _, is := range []bool{m.at != nil, m.position != nil, m.revision != nil} {
			if is {
				named++
			}
		}
		if err != nil && named != 0 || err == nil && named != 1 && value != "" {
			t.Errorf("%q is %+v, error %v", value, m, err)
		}
		if m.revision != nil && strconv.FormatInt(*m.revision, 10) != value || m.position != nil && m.position.String() != value {
			t.Errorf("%q is %+v", value, m)
		}
	})
}
