package httpapi

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func TestEveryAnswerIsNamedAndGuarded(t *testing.T) {
	var seen uuid.UUID
	answer := httptest.NewRecorder()
	Protect(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen = correlationOf(r.Context())
	})).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	if seen == uuid.Nil || answer.Header().Get("Correlation-Id") != seen.String() {
		t.Errorf("Correlation-Id %q, the handler sees %s", answer.Header().Get("Correlation-Id"), seen)
	}
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Content-Language": "kk",
	} {
		if got := answer.Header().Get(name); got != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
}

func TestUnsafeRequestsFromOtherSitesAreRefused(t *testing.T) {
	for _, test := range []struct {
		name, method, site, origin string
		status                     int
	}{
		{"from another site", http.MethodPost, "cross-site", "", http.StatusForbidden},
		{"from a sister site", http.MethodPost, "same-site", "", http.StatusForbidden},
		{"by an old browser from another site", http.MethodPost, "", "https://evil.example", http.StatusForbidden},
		{"a deletion from another site", http.MethodDelete, "cross-site", "", http.StatusForbidden},
		{"from the portal itself", http.MethodPost, "same-origin", "", http.StatusOK},
		{"by an old browser from the portal itself", http.MethodPost, "", "https://portal.example", http.StatusOK},
		{"by a program", http.MethodPost, "", "", http.StatusOK},
		{"a safe request from another site", http.MethodGet, "cross-site", "", http.StatusOK},
	} {
		t.Run(test.name, func(t *testing.T) {
			request := httptest.NewRequestWithContext(t.Context(), test.method, "https://portal.example/", http.NoBody)
			request.Header.Set("Sec-Fetch-Site", test.site)
			if test.site == "" {
				request.Header.Del("Sec-Fetch-Site")
			}
			if test.origin != "" {
				request.Header.Set("Origin", test.origin)
			}
			answer := httptest.NewRecorder()
			reached := false
			Protect(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true })).ServeHTTP(answer, request)
			if answer.Code != test.status || reached != (test.status == http.StatusOK) {
				t.Fatalf("status %d, handler reached %t; want %d", answer.Code, reached, test.status)
			}
			if test.status == http.StatusForbidden {
				if got := readDocument(t, answer); got.Code != "cross-origin" {
					t.Errorf("code %s, want cross-origin", got.Code)
				}
			}
		})
	}
}

func TestAPanicBecomesAnAnswerThatTellsNothing(t *testing.T) {
	log := logged(t)
	answer := httptest.NewRecorder()
	Protect(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Set-Cookie", "portal-session=t0ken")
		w.Header().Set("Content-Length", "7")
		panic("card of aigerim@mail.example")
	})).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	if got := readDocument(t, answer); got.Code != "internal" || answer.Code != http.StatusInternalServerError {
		t.Errorf("%s with status %d", got.Code, answer.Code)
	}
	if answer.Header().Get("Set-Cookie") != "" || answer.Header().Get("Content-Length") != "" {
		t.Errorf("the header is still the handler's: %v", answer.Header())
	}
	correlation := answer.Header().Get("Correlation-Id")
	if correlation == "" || !strings.Contains(log.String(), correlation) || !strings.Contains(log.String(), "protect_test.go") {
		t.Errorf("the log does not name request and place: %s", log)
	}
	if strings.Contains(answer.Body.String()+log.String(), "aigerim") {
		t.Error("what the handler panicked with is shown or logged")
	}
}

func TestAnAnswerThatHadBegunIsBrokenOffByAPanic(t *testing.T) {
	logged(t)
	server := httptest.NewServer(Protect(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half of ")
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		panic("stumbled")
	})))
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // read only
	if body, err := io.ReadAll(answer.Body); err == nil || string(body) != "half of " {
		t.Errorf("%q, %v; want an answer that breaks off", body, err)
	}
}

func TestAnAbortedHandlerStaysAborted(t *testing.T) {
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("recovered %v, want the abort", err)
		}
	}()
	Protect(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })).
		ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
}
