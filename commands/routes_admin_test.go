package commands

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/domain/account"
	"services.example/portal/domain/calendar"
	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/domain/notification"
	"services.example/portal/infra/session"
)

func TestAnAdministratorFindsAccounts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	admin := o.staff(1, "", account.Admin)
	applicant, executor := o.applicant(2), o.staff(3, providerID, account.Executor)
	_, err := o.Accounts.Register(t.Context(), by(""), dana(4).Registration) // who has not entered the code yet
	done(t, err)
	at := o.end().String()
	find := func(login string) []AnyAccount {
		t.Helper()
		var found []AnyAccount
		admin.do("POST", "/admin/accounts/search", map[string]string{"login": login}).is(t, http.StatusOK, &found)
		return found
	}
	for _, test := range []struct {
		name, login string
		want        []AnyAccount
	}{
		{"an applicant", identitytest.IIN(2), []AnyAccount{{
			ID: applicant.id, Kind: account.Individual, Name: "Самұрық Дана", Login: identitytest.IIN(2), Roles: []account.Role{account.Applicant},
			Phone: identitytest.Phone(2), Email: "dana2@example.kz", Active: true,
		}}},
		{"somebody of the staff", " " + identitytest.IIN(3) + " ", []AnyAccount{{
			ID: executor.id, Kind: account.Individual, Name: "Самұрық Дана", Login: identitytest.IIN(3), Roles: []account.Role{account.Executor},
			Provider: providerID, Phone: identitytest.Phone(3), Email: "dana3@example.kz", Active: true,
		}}},
		{"a registration that waits", identitytest.IIN(4), []AnyAccount{}},
		{"nobody", identitytest.IIN(5), []AnyAccount{}},
	} {
		if diff := cmp.Diff(test.want, find(test.login)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	for _, part := range []string{"", identitytest.IIN(2)[:11], "%", "Дана"} {
		admin.do("POST", "/admin/accounts/search", map[string]string{"login": part}).refuses(t, http.StatusUnprocessableEntity, "invalid")
	}
	admin.then(at)
}

func TestAnAdministratorBlocksAnybodyElse(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	admin, dana := o.staff(1, "", account.Admin), o.applicant(2)
	url, now := "/admin/accounts/"+dana.id, o.clock.Now()
	at := o.end().String()
	for range 2 {
		admin.do("POST", url+"/block", `{"reason":" Алаяқтық "}`, "Idempotency-Key", "k1").is(t, http.StatusNoContent, nil).writtenAt(o.world, 2)
	}
	at = admin.then(at, account.Blocked{CredentialEpoch: 1, Reason: "Алаяқтық", At: now})
	if meta := o.metadata("account-"+dana.id, "account.blocked.v1"); meta.Actor != admin.id || meta.Role != "admin" || meta.Subject != dana.id {
		t.Errorf("written as %+v", meta)
	}
	dana.do("PUT", "/me/client-card", `{"region":"Алматы"}`).refuses(t, http.StatusUnauthorized, "sign-in-required")

	_, err := o.sessions.Start(t.Context(), session.Account{ID: dana.id}, true) // which a crash left
	done(t, err)
	admin.do("POST", url+"/block", `{"reason":"Тағы да"}`).is(t, http.StatusNoContent, nil)
	if n := o.openSessions(dana.id); n != 0 {
		t.Errorf("%d sessions are open", n)
	}
	at = admin.then(at)

	admin.do("POST", url+"/unblock", `{"reason":"Анықталды"}`, "If-Match", `"1"`).refuses(t, http.StatusPreconditionFailed, "stale")
	admin.do("POST", url+"/unblock", `{"reason":"Анықталды"}`, "If-Match", `"2"`).is(t, http.StatusNoContent, nil).writtenAt(o.world, 3)
	at = admin.then(at, account.Unblocked{Reason: "Анықталды", At: now})

	admin.do("POST", "/admin/accounts/"+admin.id+"/block", `{"reason":"Өзім"}`).refuses(t, http.StatusConflict, "own-account")
	for _, call := range []string{"/block", "/unblock"} {
		admin.do("POST", url+call, `{"reason":" "}`).refuses(t, http.StatusUnprocessableEntity, "invalid")
		for _, nobody := range []string{"x", uuid.NewString()} {
			admin.do("POST", "/admin/accounts/"+nobody+call, `{"reason":"Жоқ"}`).refuses(t, http.StatusNotFound, "account-not-found")
		}
	}
	admin.then(at)
}

func TestAnAdministratorCorrectsContacts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	admin, dana := o.staff(1, "", account.Admin), o.applicant(2)
	url, now := "/admin/accounts/"+dana.id+"/contacts", o.clock.Now()
	at := o.end().String()
	body := map[string]string{"phone": identitytest.Phone(20), "email": "new@example.kz", "reason": "Куәлік тексерілді"}

	o.outbox.fail(errors.New("out of order"))
	admin.do("PUT", url, body, "Idempotency-Key", "k1").refuses(t, http.StatusServiceUnavailable, "message-not-sent")
	corrected := []any{
		account.ContactCorrected{
			Channel: account.SMS, Value: identitytest.Phone(20), Former: identitytest.Phone(2), Reason: "Куәлік тексерілді",
			CredentialEpoch: 1, At: now,
		},
		account.ContactCorrected{
			Channel: account.Email, Value: "new@example.kz", Former: "dana2@example.kz", Reason: "Куәлік тексерілді",
			CredentialEpoch: 1, At: now,
		},
	}
	at = admin.then(at, corrected...)
	dana.do("PUT", "/me/client-card", `{"region":"Алматы"}`).refuses(t, http.StatusUnauthorized, "sign-in-required")

	o.outbox.fail(nil)
	admin.do("PUT", url, body, "Idempotency-Key", "k1").is(t, http.StatusNoContent, nil).writtenAt(o.world, 3)
	at = admin.then(at)
	want := []message{
		{identitytest.Phone(2), contactCorrectedSMS.KK},
		{"dana2@example.kz", contactCorrectedSubject.KK + "\n" + contactCorrectedEmail.KK},
	}
	if diff := cmp.Diff(want, o.outbox.sent); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}

	// The former contact may be gone for good: that is why it is corrected.
	o.outbox.fail(permanent{})
	admin.do("PUT", url, map[string]string{"phone": identitytest.Phone(21), "reason": "Нөмірі жоқ"}).is(t, http.StatusNoContent, nil)
	at = admin.then(at, account.ContactCorrected{
		Channel: account.SMS, Value: identitytest.Phone(21), Former: identitytest.Phone(20), Reason: "Нөмірі жоқ", CredentialEpoch: 2, At: now,
	})

	admin.do("PUT", "/admin/accounts/"+admin.id+"/contacts", body).refuses(t, http.StatusConflict, "own-account")
	admin.do("PUT", "/admin/accounts/"+uuid.NewString()+"/contacts", body).refuses(t, http.StatusNotFound, "account-not-found")
	for _, wrong := range []string{`{"reason":"Себеп"}`, `{"phone":"12","reason":"Себеп"}`, `{"phone":"` + identitytest.Phone(30) + `","reason":""}`} {
		admin.do("PUT", url, wrong).refuses(t, http.StatusUnprocessableEntity, "invalid")
	}
	admin.then(at)
}

// permanent is a gateway's answer that it will never take a message.
type permanent struct{}

func (permanent) Error() string   { return "no such address" }
func (permanent) Permanent() bool { return true }
func (permanent) Reason() string  { return "unknown-address" }

func TestAnAdministratorSendsANoticeAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	admin, dana := o.staff(1, "", account.Admin), o.applicant(2)
	now := o.clock.Now()
	asked := notification.Requested{Recipient: dana.id, Channel: notification.SMS, Kind: "message", Text: "Хабарлама", At: now}
	notice := func(then ...any) (id string) {
		id = uuid.NewString()
		o.append("notification-"+id, dana.id, append([]any{asked}, then...)...)
		return id
	}
	resend := func(id string) answer {
		t.Helper()
		return admin.do("POST", "/admin/notifications/"+id+"/resend", nil)
	}
	failed := notification.Failed{Reason: "refused", At: now}
	sent := notification.Sent{Attempt: 1, Ref: "r-1", At: now}

	lost := notice(sent, failed)
	at := o.end().String()
	for range 2 {
		resend(lost).is(t, http.StatusAccepted, nil).writtenAt(o.world, 3)
	}
	at = admin.then(at, notification.Resumed{At: now})

	// It goes through the same steps once more, which are not taken for those before.
	may := func() bool { return true }
	o.outbox.fail(errors.New("out of order"))
	done(t, o.Notices.Send(t.Context(), lost, may))
	o.outbox.fail(nil)
	resend(lost).is(t, http.StatusAccepted, nil)
	done(t, o.Notices.Send(t.Context(), lost, may))
	again, err := o.Notices.streams.notifications.state(t.Context(), lost)
	done(t, err)
	if again.Ref == "" || again.Ref == lost {
		t.Errorf("the gateway was given the name %q again", again.Ref)
	}
	done(t, o.Notices.Report(t.Context(), DeliveryReport{Ref: lost, Delivered: true}))
	admin.then(at,
		notification.Postponed{Attempt: 2, Reason: "unreachable", NextAt: now.Add(time.Minute), At: now},
		notification.Resumed{At: now},
		notification.Sent{Attempt: 3, Ref: again.Ref, At: now},
		notification.Delivered{At: now})

	for _, id := range []string{lost, notice(sent)} {
		before := o.end().String()
		resend(id).refuses(t, http.StatusConflict, "already-sent")
		admin.then(before)
	}
	waiting := notice()
	at = o.end().String()
	resend(waiting).is(t, http.StatusAccepted, nil)
	for _, id := range []string{"x", uuid.NewString()} {
		resend(id).refuses(t, http.StatusNotFound, "notice-not-found")
	}
	admin.then(at)
}

// TestACalendarChangesNoDueDate: terms are counted when an application is sent.
func TestACalendarChangesNoDueDate(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	admin, dana := o.staff(1, "", account.Admin), o.applicant(2)
	id := o.sent(dana, plainID)
	due, now := o.stateOf(id).DueAt, o.clock.Now()
	url, at := "/admin/calendars/"+calendarID, o.end().String()
	holidays := []string{"2026-11-26", "2026-11-24", "2026-11-25", "2026-11-27"}
	body := map[string]any{"holidays": holidays, "workingWeekends": []string{"2026-12-05"}}

	admin.do("PUT", url, body, "If-Match", `"7"`).refuses(t, http.StatusPreconditionFailed, "stale")
	var changed struct {
		ID                        string
		Version                   int
		Holidays, WorkingWeekends []string
	}
	admin.do("PUT", url, body, "If-Match", `"0"`).is(t, http.StatusOK, &changed).writtenAt(o.world, 1)
	slices.Sort(holidays)
	if changed.ID != calendarID || changed.Version != 2 || !slices.Equal(changed.Holidays, holidays) ||
		!slices.Equal(changed.WorkingWeekends, []string{"2026-12-05"}) {
		t.Errorf("answered %+v", changed)
	}
	admin.then(at, calendar.Defined{Version: 2, Holidays: holidays, WorkingWeekends: []string{"2026-12-05"}, At: now})
	o.restart()
	if got := o.stateOf(id).DueAt; !got.Equal(due) {
		t.Errorf("due at %s, was %s", got, due)
	}
	if later := o.stateOf(o.sent(dana, plainID)).DueAt; !later.After(due) {
		t.Errorf("what is sent now is due at %s: the calendar changed nothing", later)
	}

	at = o.end().String()
	admin.do("PUT", "/admin/calendars/nowhere", body).refuses(t, http.StatusNotFound, "calendar-not-found")
	admin.do("PUT", url, `{"holidays":["26.11.2026"],"workingWeekends":["2026-12-07"]}`).refuses(t, http.StatusUnprocessableEntity, "invalid")
	admin.then(at)
}

// TestOnlyAdministrators: for everybody else, what is theirs does not exist, whatever is asked and in whatever form.
func TestOnlyAdministrators(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dana := o.applicant(1)
	stranger := o.browser(o.server)
	others := []member{
		dana, o.staff(2, providerID, account.ProviderAdmin), o.staff(3, providerID, account.Operator, account.Executor),
		o.staff(4, "", account.Auditor), o.staff(5, "", account.Analyst),
	}
	at := o.end().String()
	for _, call := range []struct{ method, path, body string }{
		{"POST", "/admin/accounts/search", `{"login":"` + identitytest.IIN(1) + `"}`},
		{"POST", "/admin/accounts/" + dana.id + "/block", `{"reason":"Себеп"}`},
		{"POST", "/admin/accounts/" + dana.id + "/unblock", `{"reason":"Себеп"}`},
		{"PUT", "/admin/accounts/" + dana.id + "/contacts", `{"email":"a@example.kz","reason":"Себеп"}`},
		{"POST", "/admin/notifications/" + uuid.NewString() + "/resend", ``},
		{"POST", "/admin/projections/notifications/rebuild", ``},
		{"PUT", "/admin/calendars/" + calendarID, `{"holidays":[],"workingWeekends":[]}`},
	} {
		for _, body := range []string{call.body, `{`, `{"pigeon":1}`} {
			stranger.do(call.method, call.path, body).refuses(t, http.StatusUnauthorized, "sign-in-required")
			for _, other := range others {
				other.do(call.method, call.path, body, "If-Match", "?").refuses(t, http.StatusNotFound, "not-found")
			}
		}
	}
	dana.then(at)
}

func TestWhereNoReadModelCanBeRebuilt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.staff(1, "", account.Admin).do("POST", "/admin/projections/notifications/rebuild", nil).
		refuses(t, http.StatusServiceUnavailable, "not-the-owner")
}
