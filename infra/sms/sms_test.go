package sms

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	goleak.VerifyTestMain(m)
}

const (
	phone = "+77010000417"
	words = "0417 – порталға кіру коды. Оны ешкімге айтпаңыз."
)

// call is what a gateway was asked.
type call struct{ Method, Path, Type, Authorization, Key, Body string }

// gateway answers every call with a status and keeps the calls.
func gateway(t *testing.T, status int) (server *httptest.Server, calls chan call) {
	t.Helper()
	calls = make(chan call, 10)
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		select {
		case calls <- call{r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), r.Header.Get("Authorization"), r.Header.Get("Idempotency-Key"), string(body)}:
		default: // more than any test expects
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "about "+phone)
	}))
	t.Cleanup(server.Close)
	return server, calls
}

// sender returns a sender to a gateway on this machine.
func sender(t *testing.T, server *httptest.Server, user, path string) Sender {
	t.Helper()
	s, err := New(strings.Replace(server.URL, "http://", "http://"+user, 1)+path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAMessageIsPostedAsJSON(t *testing.T) {
	for _, test := range []struct{ name, user, authorization string }{
		{"token alone", "t0ken@", "Bearer t0ken"},
		{"token as the password", "portal:t0ken@", "Bearer t0ken"},
		{"no token", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			server, calls := gateway(t, http.StatusAccepted)
			ref, err := sender(t, server, test.user, "/send?sender=portal").Send(t.Context(), "a-notice", phone, words)
			if err != nil || ref != "a-notice" {
				t.Fatalf("reference %q, error %v", ref, err)
			}
			want := call{
				Method: "POST", Path: "/send?sender=portal", Type: "application/json", Authorization: test.authorization, Key: "a-notice",
				Body: `{"to":"` + phone + `","text":"` + words + `"}`,
			}
			if diff := cmp.Diff(want, <-calls); diff != "" {
				t.Errorf("call (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAGatewayMayNameAMessageItself(t *testing.T) {
	for _, test := range []struct{ name, id, answer, want string }{
		{"it names it", "a-notice", `{"ref":"g-17"}`, "g-17"},
		{"it names it by a number", "a-notice", `{"ref":17}`, "a-notice"},
		{"it says something else", "a-notice", `OK`, "a-notice"},
		{"it babbles", "a-notice", `{"ref":"` + strings.Repeat("x", 300) + `"}`, "a-notice"},
		{"nobody will ask", "", `{"ref":"g-17"}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if key, present := r.Header["Idempotency-Key"]; present != (test.id != "") {
					t.Errorf("Idempotency-Key %q", key)
				}
				_, _ = io.WriteString(w, test.answer)
			}))
			t.Cleanup(server.Close)
			ref, err := sender(t, server, "t0ken@", "/send").Send(t.Context(), test.id, phone, words)
			if err != nil || ref != test.want {
				t.Errorf("reference %q, error %v; want %q", ref, err, test.want)
			}
		})
	}
}

func TestARefusalTellsTheStatusAndNothingElse(t *testing.T) {
	for _, test := range []struct {
		status               int
		temporary, permanent bool
	}{
		{http.StatusBadRequest, false, true},
		{http.StatusUnprocessableEntity, false, true},
		{http.StatusUnauthorized, false, false}, // another token helps
		{http.StatusTemporaryRedirect, false, false},
		{http.StatusTooManyRequests, true, false},
		{http.StatusInternalServerError, true, false},
		{http.StatusServiceUnavailable, true, false},
	} {
		status := test.status
		t.Run(http.StatusText(status), func(t *testing.T) {
			server, calls := gateway(t, status)
			_, err := sender(t, server, "t0ken@", "/send").Send(t.Context(), "", phone, words)
			var refused *RefusedError
			if !errors.As(err, &refused) || refused.Status != status || refused.Temporary() != test.temporary ||
				refused.Permanent() != test.permanent || refused.Reason() != "http-"+strconv.Itoa(status) {
				t.Errorf("error %v, want status %d", err, status)
			}
			assertDiscreet(t, err)
			if len(calls) != 1 {
				t.Errorf("%d calls, want 1: neither repeated nor carried on", len(calls))
			}
		})
	}
}

func TestASilentGatewayIsLeftWhenTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client leaves
		cancel()
		<-r.Context().Done()
		close(gone)
	}))
	t.Cleanup(server.Close)
	_, err := sender(t, server, "t0ken@", "/send").Send(ctx, "", phone, words)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	<-gone
}

func TestAnUnreachableGatewayIsNotNamedWithItsKey(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	_, err := sender(t, server, "t0ken@", "/send?key=s3cret").Send(t.Context(), "", phone, words)
	if err == nil {
		t.Fatal("no error")
	}
	assertDiscreet(t, err)
}

func TestOnlyEncryptedGatewaysOnOtherMachines(t *testing.T) {
	for _, url := range []string{"https://sms.example/send", "https://t0ken@sms.example", "http://localhost:9/send", "http://[::1]:9/", "http://127.0.0.1:9"} {
		if _, err := New(url, Options{}); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, url := range []string{"", "sms.example", "http://t0ken@sms.example/send", "http://localhost.example/send", "ftp://t0ken@localhost", "https://t0ken@", "https://t0%zzken@sms.example", "https://t0ken@sms.example/#x"} {
		if _, err := New(url, Options{}); !errors.Is(err, errURL) {
			t.Errorf("%q: error %v, want %v", url, err, errURL)
		}
	}
}

// assertDiscreet checks that an error names neither the person, nor the words, nor a secret.
func assertDiscreet(t *testing.T, err error) {
	t.Helper()
	for _, secret := range []string{phone, "0417", "t0ken", "s3cret"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error repeats %q: %v", secret, err)
		}
	}
}
