package mail

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	address = "aigerim@mail.example"
	subject = "Электрондық мекенжайды растау"
	words   = "Портал үшін растау коды: 0417\n\nІ, Ә, Ғ, Қ, Ң, Ө, Ұ, Ү, Һ – бәрі бар.\n.\nсоңы\n"
)

func TestAMessageArrivesAsItWasWritten(t *testing.T) {
	for _, test := range []struct {
		name      string
		box       *mailbox
		url       string
		remote    bool
		user      string
		encrypted bool
	}{
		{"to a mail catcher on this machine", &mailbox{noTLS: true}, "smtp://MAILBOX", false, "", false},
		{"with a password on this machine", &mailbox{noTLS: true}, "smtp://portal:c0rrect%20horse@MAILBOX", false, mailUser, false},
		{"over STARTTLS", &mailbox{}, "smtp://portal:c0rrect%20horse@MAILBOX", true, mailUser, true},
		{"over TLS from the start", &mailbox{tls: true}, "smtps://portal:c0rrect%20horse@MAILBOX", true, mailUser, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			box := openMailbox(t, test.box)
			if err := box.sender(t, test.url, test.remote).Send(t.Context(), "", address, subject, words); err != nil {
				t.Fatal(err)
			}
			got := <-box.letters
			if got.encrypted != test.encrypted || got.user != test.user {
				t.Errorf("encrypted %t for user %q, want %t for %q", got.encrypted, got.user, test.encrypted, test.user)
			}
			if got.from != "noreply@services.example" || !cmp.Equal(got.to, []string{address}) {
				t.Errorf("envelope from %q to %q", got.from, got.to)
			}
			if diff := cmp.Diff(wantHeader(), readHeader(t, got)); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			body, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(got.body, "\r\n", ""))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(words, string(body)); diff != "" {
				t.Errorf("words (-want +got):\n%s", diff)
			}
		})
	}
}

func wantHeader() map[string]string {
	return map[string]string{
		"From": "Қызметтер порталы <noreply@services.example>", "To": "<" + address + ">", "Subject": subject,
		"Content-Type": "text/plain; charset=UTF-8", "Content-Transfer-Encoding": "base64", "Mime-Version": "1.0",
		"Auto-Submitted": "auto-generated", "Message-Id": "<UUID@services.example>", "Date": "now",
	}
}

// readHeader decodes the header; what differs each time is replaced by its kind if it is well formed.
func readHeader(t *testing.T, l letter) map[string]string {
	t.Helper()
	header := map[string]string{}
	for name, values := range l.header {
		decoded, err := new(mime.WordDecoder).DecodeHeader(strings.Join(values, " | "))
		if err != nil {
			t.Fatal(err)
		}
		header[name] = strings.ReplaceAll(decoded, `"`, "")
	}
	header["Message-Id"] = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).
		ReplaceAllString(header["Message-Id"], "UUID")
	if at, err := l.header.Date(); err == nil && time.Since(at).Abs() < time.Minute {
		header["Date"] = "now"
	}
	return header
}

func TestAMessageSentAgainIsTheSameMessage(t *testing.T) {
	box := openMailbox(t, &mailbox{noTLS: true})
	sender := box.sender(t, "smtp://MAILBOX", false)
	for range 2 {
		if err := sender.Send(t.Context(), "5d0e8a43-1d6a-4f7f-8c11-6f2b3a529c1c", address, subject, words); err != nil {
			t.Fatal(err)
		}
		if got := (<-box.letters).header.Get("Message-Id"); got != "<5d0e8a43-1d6a-4f7f-8c11-6f2b3a529c1c@services.example>" {
			t.Errorf("Message-ID %s", got)
		}
	}
}

func TestWithoutEncryptionNothingIsSentToAnotherMachine(t *testing.T) {
	box := openMailbox(t, &mailbox{noTLS: true})
	err := box.sender(t, "smtp://portal:c0rrect%20horse@MAILBOX", true).Send(t.Context(), "", address, subject, words)
	if err == nil || !strings.Contains(err.Error(), "STARTTLS") {
		t.Fatalf("error %v, want one that names STARTTLS", err)
	}
	if len(box.letters) != 0 {
		t.Error("the message was sent")
	}
}

func TestAnUnknownCertificateIsNotTrusted(t *testing.T) {
	for _, url := range []string{"smtp://MAILBOX", "smtps://MAILBOX"} {
		box := openMailbox(t, &mailbox{tls: strings.HasPrefix(url, "smtps")})
		sender := box.sender(t, url, true)
		sender.roots = nil
		if err := sender.Send(t.Context(), "", address, subject, words); err == nil || len(box.letters) != 0 {
			t.Errorf("%s: error %v with %d letters sent", url, err, len(box.letters))
		}
	}
}

func TestARefusalTellsTheReplyAndNothingElse(t *testing.T) {
	for _, test := range []struct {
		name      string
		box       *mailbox
		url       string
		code      int
		temporary bool
		permanent bool
	}{
		{"nobody there", &mailbox{refuse: errNobody}, "smtp://MAILBOX", 550, false, true},
		{"mailbox full", &mailbox{refuse: errFull}, "smtp://MAILBOX", 452, true, false},
		{"wrong password", &mailbox{}, "smtp://portal:wrong%20horse@MAILBOX", 535, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := openMailbox(t, test.box).sender(t, test.url, true).Send(t.Context(), "", address, subject, words)
			var refused *RefusedError
			if !errors.As(err, &refused) || refused.Code != test.code || refused.Temporary() != test.temporary {
				t.Fatalf("error %v, want reply %d", err, test.code)
			}
			if refused.Permanent() != test.permanent || refused.Reason() != fmt.Sprintf("smtp-%d", test.code) {
				t.Errorf("permanent %t because of %s", refused.Permanent(), refused.Reason())
			}
			assertDiscreet(t, err)
		})
	}
}

func TestNoHeaderCanBeSmuggledIn(t *testing.T) {
	box := openMailbox(t, &mailbox{noTLS: true})
	sender := box.sender(t, "smtp://MAILBOX", false)
	for _, test := range []struct{ name, address, subject, words string }{
		{"new line in the subject", address, "Код\r\nBcc: other@mail.example", words},
		{"bare line feed in the subject", address, "Код\nBcc: other@mail.example", words},
		{"subject that is not UTF-8", address, "\xff", words},
		{"new line in the address", address + "\r\nRCPT TO:<other@mail.example>", subject, words},
		{"two addresses", address + ", other@mail.example", subject, words},
		{"address with a name", "Aigerim <" + address + ">", subject, words},
		{"no address", "", subject, words},
		{"words that are not UTF-8", address, subject, "\xff"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := sender.Send(t.Context(), "", test.address, test.subject, test.words)
			if err == nil || len(box.letters) != 0 {
				t.Fatalf("error %v with %d letters sent", err, len(box.letters))
			}
			assertDiscreet(t, err)
		})
	}
	t.Run("new line in the id", func(t *testing.T) {
		err := sender.Send(t.Context(), "5d0e>\r\nBcc: other@mail.example", address, subject, words)
		if err == nil || len(box.letters) != 0 {
			t.Fatalf("error %v with %d letters sent", err, len(box.letters))
		}
		assertDiscreet(t, err)
	})
	t.Run("header in the words", func(t *testing.T) {
		if err := sender.Send(t.Context(), "", address, subject, "Bcc: other@mail.example\r\n\r\n.\r\nQUIT\r\n"); err != nil {
			t.Fatal(err)
		}
		got := <-box.letters
		if diff := cmp.Diff(wantHeader(), readHeader(t, got)); diff != "" {
			t.Errorf("header (-want +got):\n%s", diff)
		}
	})
}

func TestASilentServerIsLeftWhenTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	silent := serveOnce(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "220 mail.example\r\n")
		_, _ = conn.Read(make([]byte, 100))
		cancel() // the client waits for an answer that never comes
		_, _ = conn.Read(make([]byte, 1))
	})
	sender, err := New("smtp://"+silent, "noreply@services.example")
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	if err := sender.Send(ctx, "", address, subject, words); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	if took := time.Since(started); took > replyTimeout/2 {
		t.Errorf("it took %v", took)
	}
}

func TestNoConnectionIsLeftOpen(t *testing.T) {
	left := make(chan error, 1)
	plain := serveOnce(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "220 mail.example\r\n")
		_, _ = conn.Read(make([]byte, 100))
		_, _ = io.WriteString(conn, "250 mail.example\r\n") // no STARTTLS
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		_, err := conn.Read(make([]byte, 1))
		left <- err
	})
	sender, err := New("smtp://"+plain, "noreply@services.example")
	if err != nil {
		t.Fatal(err)
	}
	sender.server.local = false
	if err := sender.Send(t.Context(), "", address, subject, words); err == nil {
		t.Error("the message was sent in clear")
	}
	if err := <-left; !errors.Is(err, io.EOF) {
		t.Errorf("the server sees %v, want the end of the connection", err)
	}
}

func TestServersThatMakeNoSense(t *testing.T) {
	for _, test := range []struct{ name, greeting, want string }{
		{"no SMTP", "HTTP/1.1 400 aigerim@mail.example\r\n", "connecting to the mail server: it does not speak SMTP"},
		{"busy", "421 no time for aigerim@mail.example\r\n", "connecting to the mail server: mail server refused with reply 421"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := serveOnce(t, func(conn net.Conn) { _, _ = conn.Write([]byte(test.greeting)) })
			sender, err := New("smtp://"+server, "noreply@services.example")
			if err != nil {
				t.Fatal(err)
			}
			if err := sender.Send(t.Context(), "", address, subject, words); err == nil || err.Error() != test.want {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

// serveOnce lets the next connection be served by hand.
func serveOnce(t *testing.T, serve func(net.Conn)) (address string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		serve(conn)
		_ = conn.Close()
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return listener.Addr().String()
}

func TestURLs(t *testing.T) {
	for _, test := range []struct {
		url  string
		want server
	}{
		{"smtp://mail.example", server{host: "mail.example", port: 587}},
		{"smtps://mail.example", server{host: "mail.example", port: 465, tls: true}},
		{"smtp://portal:p%40ss@mail.example:2525/", server{host: "mail.example", port: 2525, user: "portal", password: "p@ss"}},
		{"smtp://localhost:1025", server{host: "localhost", port: 1025, local: true}},
		{"smtp://[::1]:1025", server{host: "::1", port: 1025, local: true}},
	} {
		got, err := parseServer(test.url)
		if err != nil || got != test.want {
			t.Errorf("%s: %+v, %v; want %+v", test.url, got, err, test.want)
		}
	}
}

func TestBadConfigurationIsRefusedWithoutRepeatingIt(t *testing.T) {
	for _, url := range []string{
		"", "mail.example:587", "http://portal:s3cret@mail.example", "smtp://portal:s3cret@", "smtp://portal:s3cret@mail.example:0",
		"smtp://portal:s3cret@mail.example:99999", "smtp://portal:s3%zzcret@mail.example", "smtp://portal:s3cret@mail.example/inbox",
		"smtp://portal:s3cret@mail.example?tls=no", "smtp://portal:s3cret@mail example",
	} {
		if _, err := New(url, "noreply@services.example"); !errors.Is(err, errURL) {
			t.Errorf("%q: error %v, want %v", url, err, errURL)
		}
	}
	if _, err := New("smtp://mail.example", "nobody in particular"); err == nil {
		t.Error("a sender that is no address was accepted")
	}
}

// assertDiscreet checks that an error names neither the person, nor the words, nor the password.
func assertDiscreet(t *testing.T, err error) {
	t.Helper()
	for _, secret := range []string{"aigerim", "0417", "Код", "horse", "other@"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error repeats %q: %v", secret, err)
		}
	}
}
