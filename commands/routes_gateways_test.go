package commands

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"services.example/portal/domain/notification"
	"services.example/portal/infra/httpapi"
)

const noticeID = "6b1f6a52-9c1c-5d0e-8a43-1d6a2f7f0c44"

// gateway is somebody who reports with a token.
func (w *world) gateway(configured, token string) func(body string) answer {
	w.t.Helper()
	router := chi.NewRouter()
	router.Use(httpapi.Protect)
	(&Routes{Commands: w.Commands, SMSToken: configured}).Register(httpapi.New(router, "test"))
	server := httptest.NewServer(router)
	w.t.Cleanup(server.Close)
	b := w.browser(server)
	return func(body string) answer {
		w.t.Helper()
		return b.do(http.MethodPost, "/gateways/sms/reports", body, "Authorization", "Bearer "+token)
	}
}

// noticed is a world in which a notice was sent.
func noticed(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	done(t, w.deps.Keys.Create(t.Context(), noticeID))
	w.append("notification-"+noticeID, noticeID, notification.Requested{
		Recipient: noticeID, Channel: notification.SMS, Kind: "message", Text: "Хабарлама", At: w.clock.Now(),
	}, notification.Sent{Attempt: 1, Ref: noticeID, At: w.clock.Now()})
	return w
}

func TestAGatewayReportsWhatBecameOfAnSMS(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status string
		want   any
	}{
		{"delivered", notification.Delivered{At: time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)}},
		{"failed", notification.Failed{Reason: "reported", At: time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)}},
	} {
		w := noticed(t)
		report := w.gateway("t0ken", "t0ken")
		before := w.end()
		for range 2 {
			report(`{"ref":"`+noticeID+`","status":"`+test.status+`"}`).is(t, http.StatusNoContent, nil)
		}
		w.happened(before, test.want)
	}
}

func TestNobodyElseReports(t *testing.T) {
	t.Parallel()
	w := noticed(t)
	before := w.end()
	body := `{"ref":"` + noticeID + `","status":"delivered"}`
	for _, test := range []struct{ configured, token string }{{"t0ken", "other"}, {"t0ken", ""}, {"", ""}, {"", "t0ken"}} {
		w.gateway(test.configured, test.token)(body).refuses(t, http.StatusUnauthorized, "gateway-token-wrong")
	}
	w.gateway("t0ken", "other")(`{`).refuses(t, http.StatusUnauthorized, "gateway-token-wrong")
	w.happened(before)
}

func TestReportsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	w := noticed(t)
	before := w.end()
	report := w.gateway("t0ken", "t0ken")
	report(`{"ref":"unknown","status":"delivered"}`).refuses(t, http.StatusNotFound, "notice-not-found")
	for _, body := range []string{
		`{"ref":"","status":"delivered"}`, `{"ref":"` + noticeID + `","status":"eaten"}`, `{"ref":"` + noticeID + `"}`,
		`{"ref":"` + strings.Repeat("x", 201) + `","status":"delivered"}`, `{"ref":"x","status":"delivered","more":1}`,
	} {
		if got := report(body); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: answered %d %s", body, got.status, got.body)
		}
	}
	if got := report(`{`); got.status != http.StatusBadRequest {
		t.Errorf("answered %d %s", got.status, got.body)
	}
	w.happened(before)
}
