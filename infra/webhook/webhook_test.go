package webhook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOnlyPublicAddressesAreSentTo(t *testing.T) {
	for _, test := range []struct {
		address string
		want    bool
	}{
		{"93.184.215.14", true},
		{"8.8.8.8", true},
		{"2606:2800:21f:cb07:6820:80da:af6b:8b2c", true},
		{"127.0.0.1", false},
		{"127.255.255.254", false},
		{"0.0.0.0", false},
		{"0.1.2.3", false},
		{"10.0.0.1", false},
		{"172.16.0.1", false},
		{"172.31.255.255", false},
		{"172.32.0.1", true},
		{"192.168.1.1", false},
		{"169.254.169.254", false},
		{"100.64.0.1", false},
		{"100.127.255.255", false},
		{"192.0.0.170", false},
		{"192.0.2.1", false},
		{"198.18.0.1", false},
		{"198.51.100.7", false},
		{"203.0.113.7", false},
		{"224.0.0.1", false},
		{"240.0.0.1", false},
		{"255.255.255.255", false},
		{"::", false},
		{"::1", false},
		{"::ffff:127.0.0.1", false},
		{"::ffff:10.0.0.1", false},
		{"::ffff:8.8.8.8", true},
		{"::127.0.0.1", false},
		{"64:ff9b::7f00:1", false},
		{"64:ff9b:1::a00:1", false},
		{"fc00::1", false},
		{"fd00:ec2::254", false},
		{"fe80::1", false},
		{"fe80::1%eth0", false},
		{"fec0::1", false},
		{"ff02::1", false},
		{"2001::1", false},
		{"2001:db8::1", false},
		{"2002:7f00:1::1", false},
		{"3fff::1", false},
		{"4000::1", false},
	} {
		if got := (guard{}).may(netip.MustParseAddr(test.address)); got != test.want {
			t.Errorf("%s: %v, want %v", test.address, got, test.want)
		}
	}
}

func TestANetworkThatIsAllowedIsSentTo(t *testing.T) {
	g := guard{allowed: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("::1/128")}}
	for address, want := range map[string]bool{
		"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.1": false, "::1": true, "127.0.0.1": false,
	} {
		if got := g.may(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
}

// loopback lets a test reach its own server.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

func TestTheReceiverGetsHeadersAndBody(t *testing.T) {
	type request struct{ Method, Path, ID, Body string }
	got := make(chan request, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- request{r.Method, r.URL.String(), r.Header.Get("webhook-id"), string(body)}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer receiver.Close()
	c := New(Options{Allowed: loopback})
	defer c.Close()

	status, err := c.Post(t.Context(), receiver.URL+"/in?key=1", map[string]string{"webhook-id": "msg_1"}, []byte(`{"a":1}`))

	if err != nil || status != http.StatusAccepted {
		t.Fatalf("status %d, error %v", status, err)
	}
	if diff := cmp.Diff(request{http.MethodPost, "/in?key=1", "msg_1", `{"a":1}`}, <-got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestWhatFailsIsNamedWithoutTheAddress(t *testing.T) {
	redirected := false
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { redirected = true }))
	defer inside.Close()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does a server notice that its client has gone
		switch r.URL.Path {
		case "/secret-redirect":
			http.Redirect(w, r, inside.URL, http.StatusTemporaryRedirect)
		case "/secret-slow":
			<-r.Context().Done()
		case "/secret-long":
			_, _ = io.CopyN(w, zeros{}, 10<<20)
		}
	}))
	defer receiver.Close()
	gone, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + gone.Addr().String() + "/secret"
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	allowing := New(Options{Allowed: loopback, Timeout: 200 * time.Millisecond})
	defer allowing.Close()
	strict := New(Options{})
	defer strict.Close()
	for _, test := range []struct {
		name, address string
		client        *Client
		status        int
		want          error
	}{
		{"a redirection is not followed", receiver.URL + "/secret-redirect", allowing, http.StatusTemporaryRedirect, nil},
		{"a long answer is cut", receiver.URL + "/secret-long", allowing, http.StatusOK, nil},
		{"no answer", receiver.URL + "/secret-slow", allowing, 0, ErrTimeout},
		{"nobody there", nobody, allowing, 0, ErrRefused},
		{"no TLS there", strings.Replace(receiver.URL, "http:", "https:", 1), allowing, 0, nil},
		{"this machine", receiver.URL + "/secret", strict, 0, ErrForbidden},
		{"this machine by name", strings.Replace(receiver.URL, "127.0.0.1", "localhost", 1) + "/secret", strict, 0, ErrForbidden},
		{"no address", "://secret", strict, 0, errAddress},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, err := test.client.Post(t.Context(), test.address, nil, []byte("{}"))
			if status != test.status || test.want != nil && !errors.Is(err, test.want) || (status == 0) != (err != nil) {
				t.Errorf("status %d, error %v, want %d, %v", status, err, test.status, test.want)
			}
			if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "127.0.0.1")) {
				t.Errorf("the error says where: %v", err)
			}
		})
	}
	if redirected {
		t.Error("a redirection was followed")
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestAClientThatEndsSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := New(Options{Allowed: loopback})
	defer c.Close()
	if _, err := c.Post(ctx, "http://127.0.0.1:1/", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// names answers each question for the addresses of a name with the next of the list.
func names(t *testing.T, answers ...netip.Addr) *net.Resolver {
	t.Helper()
	server, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		question := make([]byte, 512)
		for {
			n, from, err := server.ReadFrom(question)
			if err != nil {
				return
			}
			const header, ofAddress4 = 12, 1
			end := header + bytes.IndexByte(question[header:n], 0) + 1 // of the name
			answer := slices.Clone(question[:end+4])
			answer[2], answer[3] = 0x84, 0 // an answer of who knows
			clear(answer[6:header])
			if question[end+1] == ofAddress4 && len(answers) > 0 {
				address := answers[0].As4()
				answers = answers[1:]
				answer[7] = 1 // one record: of that name, class and time, and an address of four bytes
				answer = append(answer, 0xc0, header, 0, ofAddress4, 0, 1, 0, 0, 0, 0, 0, 4)
				answer = append(answer, address[:]...)
			}
			_, _ = server.WriteTo(answer, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

// TestANameThatLeadsElsewhereTheNextTimeLeadsNowhere: what a name resolves to is looked at for every connection, so that an
// address which was good when it was entered, or a minute ago, opens no way inside.
func TestANameThatLeadsElsewhereTheNextTimeLeadsNowhere(t *testing.T) {
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") }))
	defer receiver.Close()
	good, inside := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")
	c := New(Options{Allowed: []netip.Prefix{netip.PrefixFrom(good, 32)}, Names: names(t, good, inside, good)})
	defer c.Close()
	address := strings.Replace(receiver.URL, "127.0.0.1", "receiver.example", 1)
	for i, want := range []error{nil, ErrForbidden, nil, ErrName} {
		if _, err := c.Post(t.Context(), address, nil, []byte("{}")); !errors.Is(err, want) {
			t.Errorf("request %d: %v, want %v", i, err, want)
		}
	}
}

// TestASlowAnswerIsGivenUp: whoever answers a byte at a time, or never to the end, holds nothing up for longer than a
// request may take.
func TestASlowAnswerIsGivenUp(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter, *http.Request){
		"before it": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"in it": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				answer(w, r)
			}))
			defer receiver.Close()
			c := New(Options{Allowed: loopback, Timeout: 100 * time.Millisecond})
			defer c.Close()
			began := time.Now()
			if _, err := c.Post(t.Context(), receiver.URL, nil, []byte("{}")); !errors.Is(err, ErrTimeout) {
				t.Errorf("error %v", err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("given up after %v", took)
			}
		})
	}
}
