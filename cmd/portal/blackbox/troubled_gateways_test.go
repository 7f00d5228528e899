package blackbox_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// gateways are an SMS gateway and a mail server that have their troubles: they refuse, break off, or never answer, with
// or without having taken the message over. They know messages by the id under which they come.
type gateways struct {
	sms        *httptest.Server
	mailServer string // host:port

	mu       sync.Mutex
	codes    map[string]string // the latest one-time code by phone
	taken    map[string]string // what was taken over first: to whom and what
	handed   map[string]int    // how often a message came
	faulted  map[string]bool   // an attempt at it failed in a way of which the portal learns
	answered map[string]bool   // the portal was told that it is taken over
	reported map[string]bool   // the portal has acknowledged the report of its delivery
	wrong    []string          // what a gateway must never see
	trouble  chan struct{}     // closed when the trouble is over; nil while there is none
	next     chan struct{}     // closed when the next message comes
}

const (
	gatewayToken = "t0ken"
	senderDomain = "portal.example"
)

func startGateways(t *testing.T) *gateways {
	t.Helper()
	g := &gateways{
		codes: map[string]string{}, taken: map[string]string{}, handed: map[string]int{}, faulted: map[string]bool{},
		answered: map[string]bool{}, reported: map[string]bool{}, next: make(chan struct{}),
	}
	g.sms = httptest.NewServer(http.HandlerFunc(g.postSMS))
	t.Cleanup(g.sms.Close)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g.mailServer = listener.Addr().String()
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &delivery{gateways: g}, nil }))
	server.ErrorLog = silent{}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-served
	})
	t.Cleanup(g.calm)
	return g
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// production starts a portal for real people that sends through these gateways.
func (g *gateways) production(t *testing.T, data string) *server {
	t.Helper()
	return start(t, data, g.flags()...)
}

func (g *gateways) flags() []string {
	return []string{
		"--production", "--site-url", "https://portal.example", "--messages-per-minute", "0",
		"--smtp", "smtp://" + g.mailServer, "--mail-from", "noreply@" + senderDomain,
		"--sms-gateway", strings.Replace(g.sms.URL, "http://", "http://"+gatewayToken+"@", 1),
	}
}

// worry begins the trouble; calm ends it, and whoever waits for an answer is sent away.
func (g *gateways) worry() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.trouble = make(chan struct{})
}

func (g *gateways) calm() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.trouble != nil {
		close(g.trouble)
	}
	g.trouble = nil
}

// came is closed when the next message comes.
func (g *gateways) came() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.next
}

// verdict is what a gateway does with a message.
type verdict struct {
	takes            bool // it has the message from now on
	refuse, breakOff bool
	over             <-chan struct{} // not nil: no answer until it is closed
}

var errOutOfOrder = errors.New("the gateway is out of order")

// take decides about a message. In trouble it refuses some, or breaks off, each message once at most, so that waiting for
// the next try is done with one; and it lets some wait for an answer that never comes.
func (g *gateways) take(id, to, words string) verdict {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.next)
	g.next = make(chan struct{})
	g.handed[id]++
	v := verdict{takes: true}
	if chance := rand.IntN(100); g.trouble != nil {
		switch {
		case chance < 8:
			v = verdict{over: g.trouble, takes: chance%2 == 0}
		case chance < 14 && !g.faulted[id]:
			g.faulted[id], v = true, verdict{refuse: true}
		case chance < 20 && !g.faulted[id]:
			g.faulted[id], v = true, verdict{breakOff: true, takes: chance%2 == 0}
		}
	}
	message := to + "\n" + words
	if first, known := g.taken[id]; known && first != message {
		g.wrong = append(g.wrong, fmt.Sprintf("message %s came twice and was not the same", id))
	}
	if v.takes {
		g.taken[id] = message
	}
	return v
}

var oneTimeCode = regexp.MustCompile(`^[0-9]{4}\b`)

func (g *gateways) postSMS(w http.ResponseWriter, r *http.Request) {
	var message struct{ To, Text string }
	if err := json.NewDecoder(r.Body).Decode(&message); err != nil || r.Header.Get("Authorization") != "Bearer "+gatewayToken {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	id := r.Header.Get("Idempotency-Key")
	if code := oneTimeCode.FindString(message.Text); id == "" && code != "" {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.codes[message.To] = code
		return
	}
	v := g.take(id, message.To, message.Text)
	if v.over != nil {
		<-v.over
	}
	switch {
	case v.over != nil || v.breakOff:
		panic(http.ErrAbortHandler) // the connection breaks
	case v.refuse:
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		_, _ = fmt.Fprintf(w, `{"ref":%q}`, gatewayRef(id))
		g.mu.Lock()
		defer g.mu.Unlock()
		g.answered[id] = true
	}
}

func gatewayRef(id string) string { return "g-" + id }

// delivery is one connection to the mail server.
type delivery struct {
	*gateways
	to string
}

func (d *delivery) Reset()                               {}
func (d *delivery) Logout() error                        { return nil }
func (d *delivery) Mail(string, *smtp.MailOptions) error { return nil }
func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.to = to
	return nil
}

func (d *delivery) Data(r io.Reader) error {
	message, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(message.Body)
	if err != nil {
		return err
	}
	id := strings.TrimSuffix(strings.TrimPrefix(message.Header.Get("Message-Id"), "<"), "@"+senderDomain+">")
	v := d.take(id, d.to, message.Header.Get("Subject")+"\n"+string(body))
	if v.over != nil {
		<-v.over
	}
	if v.over != nil || v.breakOff || v.refuse {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: errOutOfOrder.Error()}
	}
	return nil
}

// code is the latest one-time code to a phone.
func (g *gateways) code(t *testing.T, phone string) string {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	code := g.codes[phone]
	if code == "" {
		t.Fatal("no code was handed to the gateway")
	}
	return code
}

// report tells the portal of the delivery of every SMS of which it does not know yet, until the portal does not live any
// more.
func (g *gateways) report(c *client) {
	for _, id := range g.unreported() {
		a, err := c.try(http.MethodPost, "/gateways/sms/reports", map[string]string{"ref": gatewayRef(id), "status": "delivered"},
			"Authorization", "Bearer "+gatewayToken)
		if err != nil {
			return
		}
		g.mu.Lock()
		g.reported[id] = a.status == http.StatusNoContent
		g.mu.Unlock()
	}
}

func (g *gateways) unreported() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var ids []string
	for id := range g.answered {
		if !g.reported[id] {
			ids = append(ids, id)
		}
	}
	return ids
}
