package remote_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"services.example/portal/infra/eds/remote"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func client(t *testing.T) *remote.Client {
	t.Helper()
	c := remote.New(nil)
	t.Cleanup(c.Close)
	return c
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func TestAQuestionIsPostedAndItsAnswerReturned(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %s %s", r.Method, r.Header.Get("Content-Type"), body)
	})
	got, err := client(t).Post(t.Context(), address, "application/ocsp-request", []byte("question"), 100)
	if want := "POST application/ocsp-request question"; err != nil || string(got) != want {
		t.Errorf("answered %q, error %v; want %q", got, err, want)
	}
}

func TestARefusalSaysWhetherToAskAgain(t *testing.T) {
	for status, temporary := range map[int]bool{
		http.StatusBadRequest:          false,
		http.StatusNotFound:            false,
		http.StatusNoContent:           false,
		http.StatusRequestTimeout:      true,
		http.StatusTooManyRequests:     true,
		http.StatusInternalServerError: true,
		http.StatusNotImplemented:      false,
		http.StatusServiceUnavailable:  true,
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			address := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
			_, err := client(t).Post(t.Context(), address, "text/plain", nil, 100)
			var refused *remote.Error
			if !errors.As(err, &refused) || refused.Status != status || remote.Temporary(fmt.Errorf("asking: %w", err)) != temporary {
				t.Errorf("error %v, temporary %t; want status %d, %t", err, remote.Temporary(err), status, temporary)
			}
		})
	}
}

func TestALongAnswerIsNotRead(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"announced": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 101)) },
		"unannounced": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, strings.Repeat("x", 101))
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := client(t).Get(t.Context(), serve(t, handler), remote.Version{}, 100)
			if got != nil || err == nil || err.Error() != "the service gave no answer: its answer has more than 100 bytes" || remote.Temporary(err) {
				t.Errorf("answered %q, error %v, temporary %t", got, err, remote.Temporary(err))
			}
		})
	}
}

func TestAnAnswerThatIsCutShortMayComeLater(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "x")
	})
	if _, _, err := client(t).Get(t.Context(), address, remote.Version{}, 100); !remote.Temporary(err) {
		t.Errorf("error %v, want a temporary one", err)
	}
}

func TestNobodyIsFollowedToAnotherHost(t *testing.T) {
	asked := 0
	other := serve(t, func(http.ResponseWriter, *http.Request) { asked++ })
	other = strings.Replace(other, "127.0.0.1", "localhost", 1)
	here := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/elsewhere":
			http.Redirect(w, r, other, http.StatusTemporaryRedirect)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusTemporaryRedirect)
		case "/next":
			http.Redirect(w, r, "/here", http.StatusPermanentRedirect)
		default:
			_, _ = io.WriteString(w, "here")
		}
	})
	for path, want := range map[string]int{"/elsewhere": http.StatusTemporaryRedirect, "/round": http.StatusTemporaryRedirect} {
		_, err := client(t).Post(t.Context(), here+path, "text/plain", []byte("x"), 100)
		var refused *remote.Error
		if !errors.As(err, &refused) || refused.Status != want || remote.Temporary(err) {
			t.Errorf("%s: error %v, want status %d for good", path, err, want)
		}
	}
	got, err := client(t).Post(t.Context(), here+"/next", "text/plain", []byte("x"), 100)
	if err != nil || string(got) != "here" || asked != 0 {
		t.Errorf("on the same host %q, error %v; the other was asked %d times", got, err, asked)
	}
}

func TestAFileIsFetchedOnceAVersion(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"7"`)
		w.Header().Set("Last-Modified", "Mon, 23 Nov 2026 07:00:00 GMT")
		if r.Header.Get("If-None-Match") == `"7"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, "list")
	})
	c := client(t)
	body, version, err := c.Get(t.Context(), address, remote.Version{}, 100)
	if want := (remote.Version{ETag: `"7"`, LastModified: "Mon, 23 Nov 2026 07:00:00 GMT"}); err != nil || string(body) != "list" || version != want {
		t.Fatalf("fetched %q of version %v, error %v; want %v", body, version, err, want)
	}
	if body, again, err := c.Get(t.Context(), address, version, 100); !errors.Is(err, remote.ErrUnchanged) || body != nil || again != version {
		t.Errorf("fetched %q of version %v, error %v; want it unchanged", body, again, err)
	}
}

func TestASilentServiceIsLeftWhenTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	address := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	})
	if _, err := client(t).Post(ctx, address, "text/plain", []byte("x"), 100); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that the context ended", err)
	}
}

func TestAnErrorNamesNoURL(t *testing.T) {
	address := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	_, err := client(t).Post(t.Context(), address+"/?key=s3cret", "text/plain", nil, 100)
	if err == nil || strings.Contains(err.Error(), "s3cret") || !remote.Temporary(err) {
		t.Errorf("error %v", err)
	}
}

func TestAnErrorThatSaysNothingOfItLasts(t *testing.T) {
	t.Parallel()
	if remote.Temporary(nil) || remote.Temporary(io.ErrUnexpectedEOF) {
		t.Error("temporary")
	}
}

func TestServicesAreAskedOverHTTP(t *testing.T) {
	t.Parallel()
	for address, right := range map[string]bool{
		"http://ocsp.example/":           true,
		"https://crl.example/list.crl":   true,
		"":                               false,
		"/crl":                           false,
		"ftp://crl.example/":             false,
		"file:///list.crl":               false,
		"http://":                        false,
		"http://user:pass@ocsp.example/": false,
		"http://ocsp.example/#a":         false,
		"http://ocsp.example:port/":      false,
	} {
		if err := remote.CheckURL(address); (err == nil) != right {
			t.Errorf("%q: error %v", address, err)
		}
	}
}
