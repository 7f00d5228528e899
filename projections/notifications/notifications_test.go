package notifications_test

import (
	"testing"
	"time"

	"services.example/portal/domain/notification"
	"services.example/portal/projections/notifications"
	"services.example/portal/projections/projectionstest"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func minutes(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

func at(n int) *time.Time {
	t := minutes(n)
	return &t
}

func TestTheLifeOfANotice(t *testing.T) {
	t.Parallel()
	asked := notification.Requested{
		Recipient: "somebody", Channel: notification.SMS, Kind: "status-in_work", ApplicationID: "application", Language: "kk",
		Text: "№2065-15-11-18 өтінім жұмысқа алынды.", At: noon,
	}
	postponed := notification.Postponed{Attempt: 1, Reason: "unreachable", NextAt: minutes(2), At: minutes(1)}
	sent := notification.Sent{Attempt: 2, Ref: "r-1", At: minutes(2)}
	row := func(change func(*notifications.Notice)) notifications.Notice {
		n := notifications.Notice{
			ApplicationID: "application", Recipient: "somebody", Channel: notification.SMS, Kind: "status-in_work",
			Status: notification.StatusRequested, RequestedAt: noon,
		}
		change(&n)
		return n
	}
	wasSent := func(n *notifications.Notice) {
		n.Status, n.Attempts, n.SentAt, n.Ref = notification.StatusSent, 2, at(2), "r-1"
	}
	for _, test := range []struct {
		name   string
		events []any
		want   notifications.Notice
	}{
		{"asked for", []any{asked}, row(func(n *notifications.Notice) {
			n.Due = &notifications.Due{Channel: notification.SMS, At: noon}
		})},
		{"postponed", []any{asked, postponed}, row(func(n *notifications.Notice) {
			n.Status, n.Attempts, n.Reason = notification.StatusPostponed, 1, "unreachable"
			n.Due = &notifications.Due{Channel: notification.SMS, Tried: true, At: minutes(2)}
		})},
		{"sent", []any{asked, postponed, sent}, row(wasSent)},
		{"delivered", []any{asked, postponed, sent, notification.Delivered{At: minutes(3)}}, row(func(n *notifications.Notice) {
			wasSent(n)
			n.Status, n.DeliveredAt = notification.StatusDelivered, at(3)
		})},
		{"lost", []any{asked, postponed, sent, notification.Failed{Reason: "expired", At: minutes(3)}}, row(func(n *notifications.Notice) {
			wasSent(n)
			n.Status, n.FailedAt, n.Reason = notification.StatusFailed, at(3), "expired"
		})},
		{"given up", []any{asked, postponed, notification.Failed{Reason: "refused", At: minutes(3)}}, row(func(n *notifications.Notice) {
			n.Status, n.Attempts, n.FailedAt, n.Reason = notification.StatusFailed, 2, at(3), "refused"
		})},
		{"given up, taken up again", []any{
			asked, postponed, notification.Failed{Reason: "refused", At: minutes(3)}, notification.Resumed{At: minutes(4)},
		}, row(func(n *notifications.Notice) {
			n.Attempts, n.Reason = 2, "refused"
			n.Due = &notifications.Due{Channel: notification.SMS, At: minutes(4)}
		})},
		{"lost, taken up again", []any{
			asked, postponed, sent, notification.Failed{Reason: "expired", At: minutes(3)}, notification.Resumed{At: minutes(4)},
		}, row(func(n *notifications.Notice) {
			n.Attempts, n.Reason, n.Ref = 2, "expired", "r-1"
			n.Due = &notifications.Due{Channel: notification.SMS, At: minutes(4)}
		})},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			history := projectionstest.History{}.In("notification-x", "", "system", test.events...)
			projectionstest.Expect(t, notifications.Model, history, map[string]notifications.Notice{"x": test.want})
		})
	}
}
