package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/problem"
)

func TestSessionCookies(t *testing.T) {
	for _, test := range []struct {
		name       string
		production bool
		make       func(Cookies) http.Cookie
		want       string
	}{
		{
			"in production", true, func(c Cookies) http.Cookie { return c.Session("t0ken", time.Hour) },
			"__Host-portal-session=t0ken; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax",
		},
		{
			"in a demo", false, func(c Cookies) http.Cookie { return c.Session("t0ken", time.Hour) },
			"portal-session=t0ken; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax",
		},
		{
			"until the browser is closed", true, func(c Cookies) http.Cookie { return c.Session("t0ken", 0) },
			"__Host-portal-session=t0ken; Path=/; HttpOnly; Secure; SameSite=Lax",
		},
		{"ended", true, Cookies.Ended, "__Host-portal-session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cookie := test.make(Cookies{Production: test.production})
			if diff := cmp.Diff(test.want, cookie.String()); diff != "" {
				t.Errorf("cookie (-want +got):\n%s", diff)
			}
		})
	}
}

// sessions maps tokens to callers. The token "trouble" cannot be looked up.
type sessions map[string]Caller

var errTrouble = errors.New("disk of the session store has gone")

func (s sessions) Caller(_ context.Context, token string) (Caller, error) {
	caller, found := s[token]
	switch {
	case token == "trouble":
		return Caller{}, errTrouble
	case !found:
		return Caller{}, problem.New(problem.Unauthenticated, "sign-in-required")
	default:
		return caller, nil
	}
}

func TestWhoCalls(t *testing.T) {
	aigerim := Caller{AccountID: "aigerim", Roles: []string{"applicant"}, SessionID: "s1"}
	known := sessions{"t0ken": aigerim}
	for _, test := range []struct {
		name, cookie string
		want         Caller
		signed       bool
		status       int
	}{
		{"a valid session", "portal-session=t0ken", aigerim, true, http.StatusOK},
		{"no session", "", Caller{}, false, http.StatusOK},
		{"a session that has ended", "portal-session=old", Caller{}, false, http.StatusOK},
		{"a cookie of production", "__Host-portal-session=t0ken", Caller{}, false, http.StatusOK},
		{"sessions cannot be looked up", "portal-session=trouble", Caller{}, false, http.StatusInternalServerError},
	} {
		t.Run(test.name, func(t *testing.T) {
			logged(t)
			request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
			if test.cookie != "" {
				request.Header.Set("Cookie", test.cookie)
			}
			answer := httptest.NewRecorder()
			reached := false
			WithCaller(known, Cookies{})(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				reached = true
				got, err := Signed(r.Context())
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("caller (-want +got):\n%s", diff)
				}
				if test.signed != (err == nil) || err != nil && !problem.Has(err, "sign-in-required") {
					t.Errorf("error %v", err)
				}
			})).ServeHTTP(answer, request)
			if answer.Code != test.status || reached != (test.status == http.StatusOK) {
				t.Errorf("status %d, handler reached %t; want %d", answer.Code, reached, test.status)
			}
		})
	}
	if !aigerim.Has("applicant") || aigerim.Has("admin") {
		t.Error("roles are not those of the caller")
	}
}
