package blackbox_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// entrepreneur is somebody who applies. In production the test has to carry the cookie itself, which is for TLS alone.
type entrepreneur struct {
	t      *testing.T
	c      *client
	cookie string
}

func (e *entrepreneur) do(method, path string, body any) *answer {
	e.t.Helper()
	if e.cookie == "" {
		return e.c.do(method, path, body)
	}
	return e.c.do(method, path, body, "Cookie", e.cookie)
}

// register makes an account in production.
func (e *entrepreneur) register(p person, g *gateways) {
	e.t.Helper()
	var challenge struct{ ChallengeID string }
	e.do(http.MethodPost, "/registrations", p.registration).must(http.StatusAccepted, &challenge)
	confirmed := e.do(http.MethodPost, "/registrations/confirm",
		map[string]any{"challengeId": challenge.ChallengeID, "code": g.code(e.t, p.phone)}).must(http.StatusCreated, nil)
	e.cookie, _, _ = strings.Cut(confirmed.header.Get("Set-Cookie"), ";")
}

// send fills in an application and sends it.
func (e *entrepreneur) send(service passport) started {
	e.t.Helper()
	var a started
	e.do(http.MethodPost, "/applications", map[string]any{"serviceId": service.ID}).must(http.StatusCreated, &a)
	for _, step := range service.Steps {
		if step.Kind == "document" {
			e.do(http.MethodPost, "/applications/"+a.ID+"/files?step="+step.ID, pdf("Құжат.pdf")).must(http.StatusCreated, nil)
			continue
		}
		e.do(http.MethodPut, "/applications/"+a.ID+"/steps/"+step.ID, map[string]any{"data": examples(e.t, step.Schema)}).
			must(http.StatusOK, nil)
	}
	e.do(http.MethodPost, "/applications/"+a.ID+"/submit", nil).must(http.StatusOK, nil)
	return a
}

// sees waits until the notices of an application by a channel have this status.
func (e *entrepreneur) sees(a started, status, channel string, kinds ...string) {
	e.t.Helper()
	var got []string
	eventually(e.t, func() bool {
		var notices []struct{ Channel, Kind, Status string }
		e.do(http.MethodGet, "/applications/"+a.ID+"/notifications", nil).must(http.StatusOK, &notices)
		got = nil
		for _, n := range notices {
			if n.Status == status && n.Channel == channel {
				got = append(got, n.Kind)
			}
		}
		return len(got) == len(kinds)
	})
	if diff := cmp.Diff(kinds, got); diff != "" {
		e.t.Errorf("notices that are %s (-want +got):\n%s", status, diff)
	}
}

// phones lists what was passed on by SMS, with whom it went to, without codes.
func (g *gateways) phones() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var list []string
	for _, message := range g.taken {
		if strings.HasPrefix(message, "+") {
			list = append(list, message)
		}
	}
	return list
}

func eventually(t *testing.T, is func() bool) {
	t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for !is() {
		select {
		case <-again.C:
		case <-deadline.C:
			t.Fatal("it never came about")
		}
	}
}

// TestNoticesArrive follows notices from the gateway's report to what the applicant and the auditor see, and to what is
// measured.
func TestNoticesArrive(t *testing.T) {
	t.Parallel()
	g, data := startGateways(t), t.TempDir()
	ok(t, "seed", "--data", data)
	ok(t, "project", "--data", data)
	s, p := g.production(t, data), legal(4101) // who wants both
	e := &entrepreneur{t: t, c: s.client(t, "kk")}
	e.register(p, g)
	a := e.send(s.client(t, "en").service("legal consultation"))
	e.sees(a, "sent", "sms", "status-submitted")
	e.sees(a, "sent", "email", "status-submitted")
	sms := p.phone + "\n№" + a.Number + " өтініміңіз жіберілді."
	if got := g.phones(); len(got) != 1 || got[0] != sms {
		t.Fatalf("SMS %q, want %q", got, sms)
	}
	c := s.client(t, "en")
	report := map[string]string{"ref": gatewayRef(g.unreported()[0]), "status": "delivered"}
	c.do(http.MethodPost, "/gateways/sms/reports", report).refused(http.StatusUnauthorized, "gateway-token-wrong")
	g.report(c)
	e.sees(a, "delivered", "sms", "status-submitted")
	e.sees(a, "sent", "email", "status-submitted") // of e-mails nobody reports
	metrics := string(c.do(http.MethodGet, "/metrics", nil).must(http.StatusOK, nil).body)
	for _, line := range []string{`reactor_events_total{[^}]*reactor="notices"[^}]*} 1`, `reactor_lag_seconds{[^}]*reactor="notices"[^}]*} 0`} {
		if !regexp.MustCompile(line).MatchString(metrics) {
			t.Errorf("/metrics lacks %s", line)
		}
	}
}

// TestADemoShowsItsNotices reads them where a demo shows its codes.
func TestADemoShowsItsNotices(t *testing.T) {
	t.Parallel()
	s, p := start(t, t.TempDir()), legal(4102) // who wants both
	e := &entrepreneur{t: t, c: s.client(t, "kk")}
	e.c.register(p)
	a := e.send(s.client(t, "en").service("legal consultation"))
	for to, want := range map[string]string{
		p.phone: "№" + a.Number + " өтініміңіз жіберілді.", p.email: "№" + a.Number + " өтінім жіберілді",
	} {
		eventually(t, func() bool {
			var outbox []struct{ Subject, Text string }
			e.do(http.MethodGet, "/dev/outbox?to="+url.QueryEscape(to), nil).must(http.StatusOK, &outbox)
			return len(outbox) > 0 && (outbox[0].Text == want || outbox[0].Subject == want)
		})
	}
}
