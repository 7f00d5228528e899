package mail

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http/httptest"
	"net/mail"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// mailbox is a mail server on this machine that keeps what it is given.
type mailbox struct {
	address string
	roots   *x509.CertPool
	letters chan letter

	tls    bool // from the start
	noTLS  bool // not even STARTTLS
	refuse error
}

// letter is a message as it arrived.
type letter struct {
	user, from string
	to         []string
	header     mail.Header
	body       string
	encrypted  bool
}

const (
	mailUser     = "portal"
	mailPassword = "c0rrect horse"
)

func openMailbox(t *testing.T, m *mailbox) *mailbox {
	t.Helper()
	certificates := httptest.NewTLSServer(nil)
	t.Cleanup(certificates.Close)
	m.roots = x509.NewCertPool()
	m.roots.AddCert(certificates.Certificate())
	m.letters = make(chan letter, 1)
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		_, encrypted := c.TLSConnectionState()
		return &visit{mailbox: m, encrypted: encrypted}, nil
	}))
	server.AllowInsecureAuth = true
	server.ErrorLog = silent{}
	if !m.noTLS {
		server.TLSConfig = certificates.TLS.Clone()
		server.TLSConfig.NextProtos = nil
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.address = listener.Addr().String()
	if m.tls {
		listener = tls.NewListener(listener, server.TLSConfig)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return m
}

// visit is one connection to the mailbox.
type visit struct {
	*mailbox
	letter
	encrypted bool
}

func (v *visit) Reset()                   {}
func (v *visit) Logout() error            { return nil }
func (v *visit) AuthMechanisms() []string { return []string{sasl.Plain} }
func (v *visit) Mail(from string, _ *smtp.MailOptions) error {
	v.from = from
	return nil
}

func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != mailUser || password != mailPassword {
			return smtp.ErrAuthFailed
		}
		v.user = user
		return nil
	}), nil
}

func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	v.to = append(v.to, to)
	return v.refuse
}

func (v *visit) Data(r io.Reader) error {
	message, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(message.Body)
	if err != nil {
		return err
	}
	v.header, v.body, v.letter.encrypted = message.Header, string(body), v.encrypted
	v.letters <- v.letter
	return nil
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// sender returns a sender to the mailbox; remote makes it behave as towards another machine.
func (m *mailbox) sender(t *testing.T, url string, remote bool) *Sender {
	t.Helper()
	s, err := New(strings.ReplaceAll(url, "MAILBOX", m.address), "Қызметтер порталы <noreply@services.example>")
	if err != nil {
		t.Fatal(err)
	}
	s.roots = m.roots
	if remote {
		s.server.local = false
	}
	return s
}

var errFull = &smtp.SMTPError{
	Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "mailbox of aigerim@mail.example is full",
}

var errNobody = &smtp.SMTPError{
	Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no aigerim@mail.example here",
}
