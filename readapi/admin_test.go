package readapi

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/calendar"
	"services.example/portal/domain/notification"
	readmodels "services.example/portal/projections/all"
)

func TestAnAdministratorSeesWhatBecameOfNotices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin, somebody := staff(id("account", 1), "", "admin"), id("account", 2)
	at := func(minutes int) *time.Time {
		moment := noon.Add(time.Duration(minutes) * time.Minute)
		return &moment
	}
	notice := func(n int, then ...any) string {
		name := id("notice", n)
		w.write("notification-"+name, somebody, append([]any{notification.Requested{
			Recipient: somebody, Channel: notification.SMS, Kind: "message", ApplicationID: id("application", 1), Language: "kk",
			Text: "құпия сөздер", At: *at(n),
		}}, then...)...)
		return name
	}
	first := notice(1, notification.Failed{Reason: "refused", At: *at(1)})
	second := notice(2, notification.Postponed{Attempt: 1, Reason: "unreachable", NextAt: *at(5), At: *at(2)})
	third := notice(3, notification.Failed{Reason: "timeout", At: *at(3)})
	fourth := notice(4, notification.Failed{Reason: "timeout", At: *at(4)}, notification.Resumed{At: *at(5)})
	of := func(name string, minute int, status notification.Status, reason string, change func(*anyNotice)) anyNotice {
		n := anyNotice{
			ID: name, ApplicationID: id("application", 1), Recipient: somebody, Channel: notification.SMS, Kind: "message",
			Status: status, RequestedAt: *at(minute), Attempts: 1, Reason: reason,
		}
		change(&n)
		return n
	}
	failedFirst := of(first, 1, notification.StatusFailed, "refused", func(n *anyNotice) { n.FailedAt = at(1) })
	failedThird := of(third, 3, notification.StatusFailed, "timeout", func(n *anyNotice) { n.FailedAt = at(3) })
	for _, test := range []struct {
		query string
		want  []anyNotice
	}{
		{"", []anyNotice{failedThird, failedFirst}},
		{"?status=failed", []anyNotice{failedThird, failedFirst}},
		{"?status=postponed", []anyNotice{
			of(second, 2, notification.StatusPostponed, "unreachable", func(n *anyNotice) { n.NextAt = at(5) }),
		}},
		{"?status=requested", []anyNotice{of(fourth, 4, notification.StatusRequested, "timeout", func(*anyNotice) {})}},
		{"?status=delivered", []anyNotice{}},
	} {
		var page noticesPage
		w.get(admin, "/admin/notifications"+test.query).into(t, &page)
		if diff := cmp.Diff(noticesPage{Items: test.want}, page); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.query, diff)
		}
	}
	var one, other noticesPage
	w.get(admin, "/admin/notifications?limit=1").into(t, &one)
	w.get(admin, "/admin/notifications?limit=1&after="+one.Next).into(t, &other)
	if diff := cmp.Diff([]anyNotice{failedThird, failedFirst}, append(one.Items, other.Items...)); diff != "" {
		t.Errorf("page by page (-want +got):\n%s", diff)
	}
	w.get(admin, "/admin/notifications?status=eaten").refuses(t, http.StatusUnprocessableEntity, "invalid")
	w.get(admin, "/admin/notifications?after=x").refuses(t, http.StatusBadRequest, "bad-cursor")
}

func TestAnAdministratorSeesTheReadModels(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	w.get("", "/services") // which shows what was written last
	var states []projectionState
	w.get(staff(id("account", 1), "", "admin"), "/admin/projections").into(t, &states)
	var names, want []string
	for i := range states {
		names = append(names, states[i].Name)
		if s := &states[i]; !s.Serving || s.Collection == "" || s.Version < 1 || s.Position == "" || s.Error != "" {
			t.Errorf("read model %+v", *s)
		}
	}
	for _, p := range readmodels.Projections() {
		want = append(want, p.Name)
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("read models (-want +got):\n%s", diff)
	}
}

func TestAnAdministratorReadsACalendar(t *testing.T) {
	t.Parallel()
	w, admin := newWorld(t).withCatalogue(), staff(id("account", 1), "", "admin")
	path := "/admin/calendars/" + id("calendar", 1)
	for _, version := range []int{1, 2} {
		want := calendarPage{ID: id("calendar", 1), Version: version, Holidays: []string{"2026-11-25"}, WorkingWeekends: []string{}}
		if version == 2 {
			want.WorkingWeekends = []string{"2026-11-28"}
			w.write("calendar-"+id("calendar", 1), "", calendar.Defined{Version: 2, Holidays: want.Holidays, WorkingWeekends: want.WorkingWeekends, At: noon})
		}
		var got calendarPage
		answered := w.get(admin, path)
		answered.into(t, &got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("version %d (-want +got):\n%s", version, diff)
		}
		if etag := answered.header.Get("ETag"); etag != []string{`"0"`, `"1"`}[version-1] {
			t.Errorf("version %d has the ETag %s", version, etag)
		}
	}
	w.get(admin, "/admin/calendars/nowhere").refuses(t, http.StatusNotFound, "calendar-not-found")
}

func TestWhatOnlyAdministratorsSee(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	for _, path := range []string{"/admin/notifications", "/admin/projections", "/admin/calendars/" + id("calendar", 1), "/admin/notifications?limit=x"} {
		w.get("", path).refuses(t, http.StatusUnauthorized, "sign-in-required")
		for _, who := range []string{
			id("account", 1), staff(id("account", 2), id("provider", 1), "provider-admin", "operator", "executor"),
			staff(id("account", 3), "", "auditor"), staff(id("account", 4), "", "analyst"),
		} {
			w.get(who, path).refuses(t, http.StatusNotFound, "not-found")
		}
	}
}
