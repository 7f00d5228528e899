// Package mail sends e-mails through an SMTP server. A connection is encrypted unless it stays on this machine.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/textproto"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
)

const (
	// sendTimeout bounds a whole message, replyTimeout the phases of it in which the server has to answer.
	sendTimeout  = 30 * time.Second
	replyTimeout = 15 * time.Second
)

// Sender sends e-mails. It is safe for use by several goroutines at once; every message has its own connection.
type Sender struct {
	server server
	from   netmail.Address
	roots  *x509.CertPool // nil: those of the operating system
}

// New returns a sender through the server at smtp://user:password@host:587 (STARTTLS) or smtps://host:465 (TLS from
// the start). From is an address, with a name if wanted. No error repeats the URL, which may hold a password.
func New(url, from string) (*Sender, error) {
	at, err := parseServer(url)
	if err != nil {
		return nil, err
	}
	sender, err := netmail.ParseAddress(from)
	if err != nil {
		return nil, errors.New("the sender of e-mails is no e-mail address")
	}
	return &Sender{server: at, from: *sender}, nil
}

// Send sends words as plain text to one address. When it returns nil the server has taken the message over. A message that
// is sent again under the same id has the same Message-ID, by which mail servers and readers tell that it is the same; an
// empty id stands for one of its own. No error holds the address or the words. Errors: RefusedError if the server said no,
// those of ctx, and of the connection.
func (s *Sender) Send(ctx context.Context, id, address, subject, words string) error {
	message, err := compose(s.from, id, address, subject, words)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	line := &line{server: s.server, tls: s.tlsConfig()}
	defer line.close()
	stop := context.AfterFunc(ctx, line.close)
	defer stop()

	err = s.hand(ctx, line, message)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("sending an e-mail: %w", ctx.Err())
	}
	return err
}

// hand gives the message to the server over a line that Send closes.
func (s *Sender) hand(ctx context.Context, over *line, message *gomail.Msg) error {
	client, err := gomail.NewClient(s.server.host, s.options(over)...)
	if err != nil {
		return fmt.Errorf("preparing to send an e-mail: %w", err)
	}
	connection, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return connectError(err)
	}
	err = client.SendWithSMTPClient(connection, message)
	if err != nil && !message.IsDelivered() {
		return sendError(err)
	}
	_ = client.CloseWithSMTPClient(connection) // the server has the message: a rude goodbye changes nothing
	return nil
}

func (s *Sender) options(over *line) []gomail.Option {
	options := []gomail.Option{
		gomail.WithPort(s.server.port),
		gomail.WithTimeout(replyTimeout),
		gomail.WithDialContextFunc(over.dial),
		gomail.WithTLSPolicy(gomail.TLSMandatory),
		gomail.WithTLSConfig(s.tlsConfig()),
	}
	if s.server.tls || s.server.local {
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS)) // encrypted by dial, or never leaves the machine
	}
	if s.server.user != "" {
		options = append(options,
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin),
			gomail.WithUsername(s.server.user), gomail.WithPassword(s.server.password))
	}
	return options
}

func (s *Sender) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: s.server.host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}
}

// RefusedError says that the server answered no. Its words are left out: servers like to repeat addresses.
type RefusedError struct {
	Code    int  // the SMTP reply, such as 550
	Message bool // it was about the message or its recipient, not about the portal as a client
}

// Error names the reply.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("mail server refused with reply %d", e.Code)
}

// Temporary tells whether the same message may be taken later.
func (e *RefusedError) Temporary() bool { return e.Code >= 400 && e.Code < 500 }

// Permanent tells whether this message will never be taken. A wrong password, say, can be put right.
func (e *RefusedError) Permanent() bool { return e.Message && e.Code >= 500 }

// Reason names the reply as a code.
func (e *RefusedError) Reason() string { return "smtp-" + strconv.Itoa(e.Code) }

func connectError(err error) error {
	var reply *textproto.Error
	var babble textproto.ProtocolError
	switch {
	case errors.As(err, &reply):
		return fmt.Errorf("connecting to the mail server: %w", &RefusedError{Code: reply.Code})
	case errors.As(err, &babble):
		return errors.New("connecting to the mail server: it does not speak SMTP")
	default:
		return fmt.Errorf("connecting to the mail server: %w", err)
	}
}

func sendError(err error) error {
	var refused *gomail.SendError
	if errors.As(err, &refused) && refused.ErrorCode() != 0 {
		about := refused.Reason == gomail.ErrSMTPRcptTo || refused.Reason == gomail.ErrSMTPDataClose
		return fmt.Errorf("sending an e-mail: %w", &RefusedError{Code: refused.ErrorCode(), Message: about})
	}
	return errors.New("sending an e-mail: the connection to the mail server broke")
}
