package blackbox_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const whyAsOf = "Checking what the applicant could see"

// caseThen is what these tests look at of a case as it stood.
type caseThen struct {
	Moment      struct{ Position string }
	Application struct {
		Status    string
		Executors []string
		Steps     []struct{ Data map[string]any }
	}
	Thread struct {
		Items []struct{ Text string }
	}
	Notes []struct{ Text string }
}

// TestACaseAsItStood asks a whole portal what a case was like before somebody took it into work, why that changed, and who
// asked.
func TestACaseAsItStood(t *testing.T) {
	t.Parallel()
	o := openOffice(t, individual(2151), "заңды қызметтер")
	sent := o.applicant.position
	o.by(o.executor, http.MethodPost, "/take", nil, http.StatusOK, nil)
	o.by(o.executor, http.MethodPost, "/messages", map[string]any{"text": "Қай қала?"}, http.StatusCreated, nil)
	o.by(o.executor, http.MethodPost, "/notes", map[string]any{"text": "Ішкі жазба"}, http.StatusCreated, nil)

	auditor := o.auditor()
	auditor.position = o.applicant.position
	read := func(query string) (got caseThen) {
		auditor.do(http.MethodGet, "/audit"+o.path(query), nil, "Audit-Reason", whyAsOf).must(http.StatusOK, &got)
		return got
	}
	then, now := read("?position="+url.QueryEscape(sent)), read("")
	if then.Application.Status != "submitted" || len(then.Application.Executors) != 0 || len(then.Thread.Items) != 1 || len(then.Notes) != 0 {
		t.Errorf("when it was sent: %+v", then)
	}
	if now.Application.Status != "in_work" || len(now.Application.Executors) != 1 || len(now.Notes) != 1 {
		t.Errorf("now: %+v", now)
	}
	if diff := cmp.Diff(now.Application.Steps, then.Application.Steps); diff != "" || len(then.Application.Steps) == 0 {
		t.Errorf("the form differs: %s", diff)
	}
	var own caseThen
	o.applicant.do(http.MethodGet, o.path("/as-of?position="+url.QueryEscape(sent)), nil).must(http.StatusOK, &own)
	if diff := cmp.Diff(then.Application.Status, own.Application.Status); diff != "" || own.Notes != nil || len(own.Thread.Items) != 1 {
		t.Errorf("to the applicant: %+v", own)
	}

	eventually(t, func() bool { return slices.Contains(o.becauseOf(t, auditor, sent), "notification.requested.v1") })
	if diff := cmp.Diff([]string{
		"command executor", "application.taken-into-work.v1", "command system", "notification.requested.v1",
	}, o.becauseOf(t, auditor, sent)); diff != "" {
		t.Errorf("what led to the notice (-want +got):\n%s", diff)
	}
	var accesses struct {
		Items []struct{ What, Application, To, Reason string }
	}
	auditor.do(http.MethodGet, "/audit/accesses", nil).must(http.StatusOK, &accesses)
	recorded := slices.ContainsFunc(accesses.Items, func(a struct{ What, Application, To, Reason string }) bool {
		return a.What == "as-of" && a.Application == o.application.ID && a.To == then.Moment.Position && a.Reason == whyAsOf
	})
	if !recorded {
		t.Errorf("that the case was read is not recorded: %+v", accesses.Items)
	}
}

// becauseOf tells what led to the first notice to the applicant since a position; nothing if there is none.
func (o *office) becauseOf(t *testing.T, auditor *client, since string) []string {
	t.Helper()
	var diff struct {
		Events []struct {
			Type    string
			Because []struct {
				Kind, Type string
				By         struct{ Role string }
			}
		}
	}
	auditor.do(http.MethodGet, "/audit"+o.path("/diff?from="+url.QueryEscape(since)), nil, "Audit-Reason", whyAsOf).must(http.StatusOK, &diff)
	for _, event := range diff.Events {
		if event.Type != "notification.requested.v1" || len(event.Because) < 2 || event.Because[1].Type != "application.taken-into-work.v1" {
			continue
		}
		var chain []string
		for _, link := range event.Because {
			if link.Kind == "event" {
				chain = append(chain, link.Type)
			} else {
				chain = append(chain, "command "+link.By.Role)
			}
		}
		return append(chain, event.Type)
	}
	return nil
}
