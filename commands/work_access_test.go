package commands

import (
	"net/http"
	"testing"

	"services.example/portal/domain/account"
)

// workCalls are all commands of staff on an application, well formed.
func workCalls(id, executor string) map[string]struct {
	method, path string
	body         any
} {
	url := "/applications/" + id
	type call = struct {
		method, path string
		body         any
	}
	return map[string]call{
		"assign":   {"POST", url + "/executors/" + executor, nil},
		"remove":   {"DELETE", url + "/executors/" + executor, nil},
		"take":     {"POST", url + "/take", nil},
		"return":   {"POST", url + "/return", `{"reason":"other","text":"а"}`},
		"response": {"POST", url + "/response", `{"text":"а"}`},
		"decision": {"POST", url + "/decision", `{"outcome":"approved","text":"а"}`},
		"complete": {"POST", url + "/complete", nil},
		"due":      {"PUT", url + "/due", `{"dueAt":"2027-01-15T12:00:00Z","reason":"а"}`},
	}
}

// TestWhoMayWorkOverHTTP: what the rules refuse to somebody who sees the application is told to be so; to everybody else
// there is no such application.
func TestWhoMayWorkOverHTTP(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dana := o.applicant(1)
	on := o.staff(2, providerID, account.Executor)
	id := o.taken(dana, grantID, on)
	draft, erased := o.draft(dana, grantID), o.draft(dana, grantID)
	_, err := o.Applications.DeleteDraft(t.Context(), by(dana.id), erased)
	done(t, err)
	foreigner := o.staff(3, otherProvider, account.Executor, account.Operator, account.ProviderAdmin)
	nobodys := []member{
		foreigner, dana, o.applicant(4),
		o.session(o.staff(5, "", account.Admin).id, "", "admin", "auditor", "analyst"),
		o.session(o.staff(6, providerID, account.Operator).id, "", "operator"),        // a session that lost its provider
		o.session(o.staff(7, providerID, account.Operator).id, providerID, "auditor"), // a provider without a role of its staff
	}
	operator := o.staff(8, providerID, account.Operator)
	admin := o.staff(9, providerID, account.ProviderAdmin)
	off := o.staff(10, providerID, account.Executor)
	at := o.end().String()

	for name, call := range workCalls(id, on.id) {
		for i, m := range nobodys {
			for _, header := range [][]string{nil, {"If-Match", `"0"`}, {"If-Match", `"99"`}} {
				if got := m.do(call.method, call.path, call.body, header...); got.status != http.StatusNotFound {
					t.Errorf("%s by nobody's %d with %v: %d %s, want 404", name, i, header, got.status, got.body)
				}
			}
		}
		o.browser(o.server).do(call.method, call.path, call.body).refuses(t, http.StatusUnauthorized, "sign-in-required")
	}
	for _, hidden := range []string{draft, erased, "11111111-1111-4111-8111-111111111199", "nothing"} {
		for _, call := range workCalls(hidden, on.id) {
			on.do(call.method, call.path, call.body).refuses(t, http.StatusNotFound, "application-not-found")
		}
		on.do("POST", "/applications/"+hidden+"/files", form(t, "file", "a.pdf", "%PDF")).refuses(t, http.StatusNotFound, "application-not-found")
	}
	for _, m := range nobodys {
		if m.id == dana.id {
			continue // uploads what belongs to the application
		}
		m.do("POST", "/applications/"+id+"/files", form(t, "file", "a.pdf", "%PDF")).refuses(t, http.StatusNotFound, "application-not-found")
	}
	o.browser(o.server).do("POST", "/applications/"+id+"/files", form(t, "file", "a.pdf", "%PDF")).
		refuses(t, http.StatusUnauthorized, "sign-in-required")
	on.do("POST", "/applications/"+id+"/questionnaire", `{"answers":{}}`).refuses(t, http.StatusNotFound, "application-not-found")

	const role, notOn = "role-not-allowed", "not-an-executor"
	for _, row := range []struct {
		who      string
		m        member
		refusals map[string]string
	}{
		{"an operator", operator, map[string]string{
			"take": role, "return": role, "response": role, "decision": role, "complete": role, "due": role,
		}},
		{"an executor who is not on it", off, map[string]string{
			"assign": notOn, "remove": notOn, "return": notOn, "response": notOn, "decision": notOn, "complete": notOn, "due": role,
		}},
		{"an executor who is on it", on, map[string]string{"due": role}},
		{"a provider's administrator", admin, map[string]string{
			"take": role, "return": role, "response": role, "decision": role, "complete": role,
		}},
	} {
		calls := workCalls(id, on.id)
		for name, code := range row.refusals {
			call := calls[name]
			t.Log(row.who, name)
			row.m.do(call.method, call.path, call.body).refuses(t, http.StatusConflict, code)
		}
	}
	o.world.happened(o.position(at))
}

// TestTheRoleActedIn: of somebody with several roles, the record says which one allowed it.
func TestTheRoleActedIn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dana := o.applicant(1)
	both := o.staff(2, providerID, account.ProviderAdmin, account.Executor)
	id := o.sent(dana, grantID)
	both.do("POST", "/applications/"+id+"/take", nil).is(t, http.StatusOK, nil)
	both.do("PUT", "/applications/"+id+"/due", `{"dueAt":"2027-01-15T12:00:00Z","reason":"Мереке"}`).is(t, http.StatusOK, nil)
	o.upload(dana, id, "1")
	for kind, want := range map[string]string{
		"application.taken-into-work.v1": "executor", "application.due-date-moved.v1": "provider-admin",
		"application.file-uploaded.v1": "applicant", "application.submitted.v2": "applicant",
	} {
		if meta := o.metadata("application-"+id, kind); meta.Role != want || meta.Subject != dana.id {
			t.Errorf("%s was recorded as by a %s on %s, want a %s on %s", kind, meta.Role, meta.Subject, want, dana.id)
		}
	}
}
