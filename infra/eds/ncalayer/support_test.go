package ncalayer_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"services.example/portal/infra/eds/ncalayer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeKey answers with what it was asked for, in place of a signature.
type fakeKey struct {
	certificate []byte
	broken      bool
}

func (k fakeKey) Certificate() []byte { return k.certificate }

func (k fakeKey) Sign(_ context.Context, what ncalayer.Request) ([]byte, error) {
	if k.broken {
		return nil, errors.New("the key is broken")
	}
	return []byte(signed(string(what.Data), what)), nil
}

// signed is the fake signature.
func signed(data string, as ncalayer.Request) string {
	return fmt.Sprintf("signed %q digested=%t attached=%t stamped=%t", data, as.Digested, as.Attached, as.TimeStamp)
}

// The purposes of keys.
var (
	emailProtection = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 4}
	individual      = asn1.ObjectIdentifier{1, 2, 398, 3, 3, 4, 1, 1}
	legalEntity     = asn1.ObjectIdentifier{1, 2, 398, 3, 3, 4, 1, 2}
	head            = asn1.ObjectIdentifier{1, 2, 398, 3, 3, 4, 1, 2, 1}
)

var made = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// key makes a key with a certificate for a person, and an organisation if there is a BIN.
func key(tb testing.TB, name, iin, bin string, purposes ...asn1.ObjectIdentifier) fakeKey {
	tb.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	subject := pkix.Name{CommonName: name, SerialNumber: "IIN" + iin, Country: []string{"KZ"}}
	if bin != "" {
		subject.Organization, subject.OrganizationalUnit = []string{"«Қиял, ЖШС»"}, []string{"BIN" + bin}
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0xabcdef), Subject: subject, NotBefore: made, NotAfter: made.AddDate(1, 0, 0),
		SubjectKeyId: []byte{1, 2, 3}, AuthorityKeyId: []byte{4, 5, 6}, UnknownExtKeyUsage: purposes,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		tb.Fatal(err)
	}
	return fakeKey{certificate: der}
}

const portal = "https://portal.example"

// serve runs a server until the test ends and answers its address.
func serve(t *testing.T, config ncalayer.Config) string {
	t.Helper()
	if config.Consent == nil {
		config.Consent = ncalayer.Always{}
	}
	config.Origins = []string{portal}
	server, err := ncalayer.New(config)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the server ended: %v", err)
		}
	})
	return "ws://" + listener.Addr().String()
}

// page is a page in a browser.
type page struct {
	t          *testing.T
	connection *websocket.Conn
}

// open connects a page of the portal and reads the greeting.
func open(t *testing.T, address string) *page {
	t.Helper()
	connection, _, err := websocket.Dial(t.Context(), address, &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {portal}}}) //nolint:bodyclose // Dial closes it
	if err != nil {
		t.Fatal(err)
	}
	p := &page{t: t, connection: connection}
	t.Cleanup(func() { _ = connection.CloseNow() })
	connection.SetReadLimit(1 << 20)
	if got := p.next(); got != `{"result":{"version":"1.4"}}` {
		t.Fatalf("greeted with %s", got)
	}
	return p
}

func (p *page) send(text string) {
	p.t.Helper()
	if err := p.connection.Write(p.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *page) next() string {
	p.t.Helper()
	_, text, err := p.connection.Read(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// ask sends a request and reads the answer.
func (p *page) ask(text string) any {
	p.t.Helper()
	p.send(text)
	return parse(p.t, p.next())
}

func parse(tb testing.TB, text string) any {
	tb.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		tb.Fatalf("%s is no JSON: %v", text, err)
	}
	return value
}
