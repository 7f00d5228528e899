package blackbox_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/identity/identitytest"
)

// admin signs the demo's administrator in.
func (s *server) admin(t *testing.T) *client {
	t.Helper()
	var accounts []staffMember
	s.client(t, "en").do(http.MethodGet, "/dev/accounts", nil).must(http.StatusOK, &accounts)
	i := slices.IndexFunc(accounts, func(m staffMember) bool { return m.Role == "admin" })
	if i < 0 {
		t.Fatal("the demo has no administrator")
	}
	return s.staff(t, "en", accounts[i])
}

// TestAnAdministratorHelpsSomebody: finds the account, corrects its contacts, blocks and unblocks it.
func TestAnAdministratorHelpsSomebody(t *testing.T) {
	t.Parallel()
	s, p := start(t, t.TempDir()), individual(5101)
	admin, c := s.admin(t), s.client(t, "kk")
	c.register(p)
	var found []struct{ ID, Login, Phone, Email string }
	find := func(login string) {
		t.Helper()
		found = nil
		admin.do(http.MethodPost, "/admin/accounts/search", map[string]string{"login": login}).must(http.StatusOK, &found)
	}
	find(identitytest.IIN(5102))
	if len(found) != 0 {
		t.Errorf("a number without an account found %v", found)
	}
	find(p.login)
	if len(found) != 1 || found[0].Login != p.login || found[0].Phone != p.phone || found[0].Email != p.email {
		t.Fatalf("found %v", found)
	}
	one, former := "/admin/accounts/"+found[0].ID, p.phone

	p.phone = identitytest.Phone(5103)
	admin.do(http.MethodPut, one+"/contacts", map[string]string{"phone": p.phone, "reason": "Куәлік тексерілді"}).must(http.StatusNoContent, nil)
	c.do(http.MethodGet, "/me", nil).refused(http.StatusUnauthorized, "sign-in-required")
	var told []struct{ Text string }
	admin.do(http.MethodGet, "/dev/outbox?to="+url.QueryEscape(former), nil).must(http.StatusOK, &told)
	if len(told) == 0 || !strings.HasPrefix(told[0].Text, "Порталдағы нөміріңіз ауыстырылды.") {
		t.Errorf("the former phone was told %v", told)
	}
	c.signIn(p, false) // by the code that goes to the new phone

	admin.do(http.MethodPost, one+"/block", map[string]string{"reason": "Алаяқтық"}).must(http.StatusNoContent, nil)
	c.do(http.MethodGet, "/me", nil).refused(http.StatusUnauthorized, "sign-in-required")
	credentials := map[string]string{"login": p.login, "password": p.password}
	c.do(http.MethodPost, "/sessions", credentials).refused(http.StatusUnauthorized, "account-blocked")
	admin.do(http.MethodPost, one+"/unblock", map[string]string{"reason": "Анықталды"}).must(http.StatusNoContent, nil)
	c.signIn(p, false)

	var me struct{ ID string }
	admin.do(http.MethodGet, "/me", nil).must(http.StatusOK, &me)
	admin.do(http.MethodPost, "/admin/accounts/"+me.ID+"/block", map[string]string{"reason": "Өзім"}).refused(http.StatusConflict, "own-account")
}

// TestAnAdministratorLooksAfterThePortal: a calendar whose change moves no due date, notices, and a read model that is built
// again.
func TestAnAdministratorLooksAfterThePortal(t *testing.T) {
	t.Parallel()
	o := openOffice(t, individual(5104), "заңды қызметтер")
	admin := o.server.admin(t)

	due := o.page(o.applicant).DueAt
	var days struct {
		Holidays, WorkingWeekends []string
		Version                   int
	}
	etag := admin.do(http.MethodGet, "/admin/calendars/kz", nil).must(http.StatusOK, &days).header.Get("ETag")
	next := due.Format(time.DateOnly) // the last day of the term becomes one on which nobody works
	days.Holidays = append(days.Holidays, next)
	change := map[string]any{"holidays": days.Holidays, "workingWeekends": days.WorkingWeekends}
	admin.do(http.MethodPut, "/admin/calendars/kz", change, "If-Match", etag).must(http.StatusOK, nil)
	admin.do(http.MethodPut, "/admin/calendars/kz", change, "If-Match", etag).refused(http.StatusPreconditionFailed, "stale")
	version := days.Version
	admin.do(http.MethodGet, "/admin/calendars/kz", nil).must(http.StatusOK, &days)
	if days.Version != version+1 || !slices.Contains(days.Holidays, next) {
		t.Errorf("the calendar is %+v", days)
	}
	o.applicant.position = admin.position
	if got := o.page(o.applicant).DueAt; !got.Equal(*due) {
		t.Errorf("due at %s, was %s", got, due)
	}

	type notices struct{ Items []struct{ ID, Status string } }
	var sent, failed notices
	eventually(t, func() bool {
		admin.do(http.MethodGet, "/admin/notifications?status=sent", nil).must(http.StatusOK, &sent)
		return len(sent.Items) > 0
	})
	admin.do(http.MethodPost, "/admin/notifications/"+sent.Items[0].ID+"/resend", nil).refused(http.StatusConflict, "already-sent")
	admin.do(http.MethodGet, "/admin/notifications", nil).must(http.StatusOK, &failed)
	if len(failed.Items) != 0 {
		t.Errorf("failed notices %v", failed)
	}

	collections := func() []string {
		var models []struct {
			Name, Collection, State string
			Serving                 bool
		}
		admin.do(http.MethodGet, "/admin/projections", nil).must(http.StatusOK, &models)
		var list []string
		for _, m := range models {
			if m.Name == "notifications" && m.Serving && m.State == "live" {
				list = append(list, m.Collection)
			}
		}
		return list
	}
	before := collections()
	admin.do(http.MethodPost, "/admin/projections/notifications/rebuild", nil).must(http.StatusAccepted, nil)
	eventually(t, func() bool {
		now := collections()
		return len(now) == 1 && cmp.Diff(before, now) != ""
	})
	admin.do(http.MethodGet, "/admin/notifications?status=sent", nil).must(http.StatusOK, &sent)
	if len(sent.Items) == 0 {
		t.Error("the read model that was built again has no notices")
	}
	admin.do(http.MethodPost, "/admin/projections/nothing/rebuild", nil).refused(http.StatusNotFound, "projection-not-found")
}
