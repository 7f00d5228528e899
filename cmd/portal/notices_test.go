package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// smsGateway is a gateway over HTTP that passes on one of the messages that come under the same key.
type smsGateway struct {
	*httptest.Server
	mu     sync.Mutex
	keys   map[string]int // how often a key came
	passed []smsMessage
}

type smsMessage struct{ Key, To, Text string }

func startSMSGateway(t *testing.T) *smsGateway {
	t.Helper()
	g := &smsGateway{keys: map[string]int{}}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		message := smsMessage{Key: r.Header.Get("Idempotency-Key")}
		if err := json.NewDecoder(r.Body).Decode(&message); err != nil || r.Header.Get("Authorization") != "Bearer t0ken" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if g.keys[message.Key]++; message.Key == "" || g.keys[message.Key] == 1 {
			g.passed = append(g.passed, message)
		}
		_, _ = fmt.Fprintf(w, `{"ref":"g-%s"}`, message.Key)
	}))
	t.Cleanup(g.Close)
	return g
}

// to lists what somebody got: the notices, or the codes.
func (g *smsGateway) to(phone string, codes bool) []smsMessage {
	g.mu.Lock()
	defer g.mu.Unlock()
	var list []smsMessage
	for _, message := range g.passed {
		if message.To == phone && (message.Key == "") == codes {
			list = append(list, message)
		}
	}
	return list
}

// production starts a portal for real people on a folder.
func (g *smsGateway) production(t *testing.T, data string) *server {
	t.Helper()
	return start(t, data, "--production", "--smtp", "smtp://127.0.0.1:1", "--mail-from", "portal@portal.example",
		"--sms-gateway", strings.Replace(g.URL, "http://", "http://t0ken@", 1), "--site-url", "https://portal.example")
}

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
func (e *entrepreneur) register(p person, gateway *smsGateway) {
	e.t.Helper()
	var challenge struct{ ChallengeID string }
	e.do(http.MethodPost, "/registrations", p.registration).must(http.StatusAccepted, &challenge)
	codes := gateway.to(p.phone, true)
	confirmed := e.do(http.MethodPost, "/registrations/confirm", map[string]any{
		"challengeId": challenge.ChallengeID, "code": regexp.MustCompile(`^[0-9]{4}`).FindString(codes[len(codes)-1].Text),
	}).must(http.StatusCreated, nil)
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

// sees waits until the notices of an application have this status.
func (e *entrepreneur) sees(a started, status string, kinds ...string) {
	e.t.Helper()
	var got []string
	eventually(e.t, func() bool {
		var notices []struct{ Channel, Kind, Status string }
		e.do(http.MethodGet, "/applications/"+a.ID+"/notifications", nil).must(http.StatusOK, &notices)
		got = nil
		for _, n := range notices {
			if n.Status == status && n.Channel == "sms" {
				got = append(got, n.Kind)
			}
		}
		return len(got) == len(kinds)
	})
	if diff := cmp.Diff(kinds, got); diff != "" {
		e.t.Errorf("notices that are %s (-want +got):\n%s", status, diff)
	}
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
	gateway, data := startSMSGateway(t), t.TempDir()
	ok(t, "seed", "--data", data)
	ok(t, "project", "--data", data)
	s, p := gateway.production(t, data), individual(4101)
	e := &entrepreneur{t: t, c: s.client(t, "kk")}
	e.register(p, gateway)
	a := e.send(s.client(t, "en").service("legal consultation"))
	e.sees(a, "sent", "status-submitted")
	notices := gateway.to(p.phone, false)
	if len(notices) != 1 || notices[0].Text != "№"+a.Number+" өтініміңіз жіберілді." {
		t.Fatalf("SMS %+v", notices)
	}
	ref := "g-" + notices[0].Key
	c := s.client(t, "en")
	report := map[string]string{"ref": ref, "status": "delivered"}
	c.do(http.MethodPost, "/gateways/sms/reports", report).refused(http.StatusUnauthorized, "gateway-token-wrong")
	c.do(http.MethodPost, "/gateways/sms/reports", report, "Authorization", "Bearer t0ken").must(http.StatusNoContent, nil)
	e.sees(a, "delivered", "status-submitted")
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
