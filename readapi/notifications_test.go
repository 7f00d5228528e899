package readapi

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/notification"
)

func TestWhoSeesWhatBecameOfNotices(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	applicant, other, executor := id("account", 1), id("account", 2), id("account", 3)
	app := id("application", 1)
	w.write("application-"+app, applicant, started(applicant, 1, 1), submitted(noon.AddDate(0, 0, 5), 1))
	notice := func(n int, recipient string, channel notification.Channel, kind string, then ...any) string {
		name := id("notice", n)
		w.write("notification-"+name, recipient, append([]any{notification.Requested{
			Recipient: recipient, Channel: channel, Kind: kind, ApplicationID: app, Language: "kk", Subject: "құпия тақырып",
			Text: "құпия сөздер", At: noon.Add(time.Duration(n) * time.Minute),
		}}, then...)...)
		return name
	}
	at := func(minutes int) *time.Time {
		moment := noon.Add(time.Duration(minutes) * time.Minute)
		return &moment
	}
	first := notice(1, applicant, notification.SMS, "status-submitted",
		notification.Sent{Attempt: 1, Ref: "g-1", At: *at(1)}, notification.Delivered{At: *at(2)})
	second := notice(2, executor, notification.Email, "assigned", notification.Failed{Reason: "smtp-550", At: *at(2)})
	third := notice(3, applicant, notification.SMS, "message",
		notification.Postponed{Attempt: 1, Reason: "unreachable", NextAt: *at(4), At: *at(3)})
	all := []sentNotice{
		{
			ID: first, Channel: notification.SMS, Kind: "status-submitted", To: "applicant", Status: notification.StatusDelivered,
			RequestedAt: *at(1), SentAt: at(1), DeliveredAt: at(2), Attempts: 1,
		},
		{
			ID: second, Channel: notification.Email, Kind: "assigned", To: "staff", Status: notification.StatusFailed,
			RequestedAt: *at(2), FailedAt: at(2), Attempts: 1, Reason: "smtp-550",
		},
		{
			ID: third, Channel: notification.SMS, Kind: "message", To: "applicant", Status: notification.StatusPostponed,
			RequestedAt: *at(3), NextAt: at(4), Attempts: 1, Reason: "unreachable",
		},
	}
	path := "/applications/" + app + "/notifications"
	provider := id("provider", 1)
	for _, test := range []struct {
		name, who string
		want      []sentNotice
	}{
		{"the applicant, their own", applicant, []sentNotice{all[0], all[2]}},
		{"an operator of the provider", staff(id("account", 4), provider, "operator"), all},
		{"an executor of the provider", staff(executor, provider, "executor"), all},
		{"an auditor", staff(id("account", 5), "", "auditor"), all},
	} {
		var got []sentNotice
		answered := w.get(test.who, path)
		answered.into(t, &got)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s sees (-want +got):\n%s", test.name, diff)
		}
		if strings.Contains(answered.body, "құпия") {
			t.Errorf("%s reads the words: %s", test.name, answered.body)
		}
	}
	for name, who := range map[string]string{
		"another applicant":       other,
		"staff of another":        staff(id("account", 6), id("provider", 2), "operator"),
		"an analyst":              staff(id("account", 7), "", "analyst"),
		"an administrator":        staff(id("account", 8), "", "admin"),
		"staff without a role in": staff(id("account", 9), provider, "analyst"),
	} {
		if got := w.get(who, path); got.status != http.StatusNotFound {
			t.Errorf("%s: answered %d", name, got.status)
		}
	}
	auditor := staff(id("account", 5), "", "auditor")
	w.get(auditor, "/applications/"+id("application", 9)+"/notifications").refuses(t, http.StatusNotFound, "application-not-found")
	w.get(auditor, "/applications/x/notifications").refuses(t, http.StatusNotFound, "application-not-found")
	w.get("", path).refuses(t, http.StatusUnauthorized, "sign-in-required")
}
