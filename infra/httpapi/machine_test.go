package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"

	"services.example/portal/domain/machine"
	"services.example/portal/domain/problem"
)

// tokens maps tokens to service accounts. The token "trouble" cannot be looked up.
type tokens map[string]Caller

func (s tokens) Caller(_ context.Context, token string) (Caller, error) {
	caller, found := s[token]
	switch {
	case token == TokenPrefix+"trouble":
		return Caller{}, errTrouble
	case !found:
		return Caller{}, problem.New(problem.Unauthenticated, "token-wrong")
	default:
		return caller, nil
	}
}

// shop is an API with an operation of every kind, each of which answers with who it takes the caller for.
func shop(t *testing.T) http.Handler {
	t.Helper()
	router := chi.NewRouter()
	router.Use(
		WithCaller(sessions{
			"aigerim": {AccountID: "aigerim", Roles: []string{"applicant"}}, "murat": {AccountID: "murat", Roles: []string{"auditor"}},
		}, Cookies{}),
		WithMachine(tokens{
			TokenPrefix + "audit": {AccountID: "tool", Roles: []string{"auditor"}, Machine: true, Scopes: []string{"audit:read"}},
			TokenPrefix + "feed":  {AccountID: "feeder", Roles: []string{"analyst"}, Machine: true, Scopes: []string{"feed:read"}},
		}),
		RefuseTokens,
	)
	api := New(router, "1")
	open := func(path string) huma.Operation {
		return huma.Operation{OperationID: path[1:], Method: http.MethodGet, Path: path}
	}
	for _, operation := range []huma.Operation{
		open("/public"),
		Private(open("/private")),
		Only(open("/auditors"), "auditor"),
		Scoped(open("/audit"), machine.AuditRead),
		Scoped(open("/personal"), machine.AuditPersonal),
		Scoped(open("/feed"), machine.FeedRead),
	} {
		huma.Register(api, operation, func(ctx context.Context, _ *struct{}) (*struct {
			Who string `header:"Who"`
		}, error,
		) {
			caller, err := Signed(ctx)
			if err != nil {
				caller.AccountID = "nobody"
			}
			return &struct {
				Who string `header:"Who"`
			}{caller.AccountID}, nil
		})
	}
	return router
}

// TestWhatIsOpenToMachines: nothing that does not name a scope of the token, whatever role goes with it, and whatever session
// comes along.
func TestWhatIsOpenToMachines(t *testing.T) {
	t.Parallel()
	api := shop(t)
	for _, test := range []struct{ path, session, token, want string }{
		{"/public", "", "audit", "nobody"},
		{"/private", "", "audit", "404"},
		{"/private", "aigerim", "audit", "404"},
		{"/auditors", "", "audit", "404"},
		{"/auditors", "murat", "audit", "404"},
		{"/audit", "", "audit", "tool"},
		{"/audit", "murat", "audit", "tool"},
		{"/audit", "", "feed", "404"},
		{"/audit", "murat", "feed", "404"},
		{"/personal", "", "audit", "404"},
		{"/feed", "", "audit", "404"},
		{"/feed", "", "feed", "feeder"},

		{"/audit", "", "", "401"},
		{"/audit", "aigerim", "", "404"},
		{"/audit", "murat", "", "murat"},
		{"/personal", "murat", "", "murat"},
		{"/feed", "murat", "", "404"},
		{"/private", "aigerim", "", "aigerim"},
	} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, test.path, http.NoBody)
		if test.session != "" {
			request.Header.Set("Cookie", "portal-session="+test.session)
		}
		if test.token != "" {
			request.Header.Set("Authorization", "Bearer "+TokenPrefix+test.token)
		}
		answer := httptest.NewRecorder()
		api.ServeHTTP(answer, request)
		got := answer.Header().Get("Who")
		if answer.Code >= http.StatusBadRequest {
			got = http.StatusText(answer.Code)
		}
		want := map[string]string{"401": "Unauthorized", "404": "Not Found"}[test.want]
		if want == "" {
			want = test.want
		}
		if got != want {
			t.Errorf("%s with the session of %q and the token %q: %s, want %s", test.path, test.session, test.token, got, want)
		}
	}
}

func TestTokensThatDoNotCount(t *testing.T) {
	logged(t)
	api := shop(t)
	for _, test := range []struct {
		name, path, authorization, challenge string
		status                               int
	}{
		{"a wrong token", "/audit", "Bearer " + TokenPrefix + "x", `Bearer error="invalid_token"`, http.StatusUnauthorized},
		{"a wrong token where none is needed", "/public", "Bearer " + TokenPrefix + "x", `Bearer error="invalid_token"`, http.StatusUnauthorized},
		{"any way to write the scheme", "/audit", "bEARER  " + TokenPrefix + "audit", "", http.StatusNoContent},
		{"somebody else's token", "/public", "Bearer eyJhbGciOiJub25lIn0", "", http.StatusNoContent},
		{"another scheme", "/audit", "Basic " + TokenPrefix + "audit", "", http.StatusUnauthorized},
		{"no scheme", "/audit", TokenPrefix + "audit", "", http.StatusUnauthorized},
		{"tokens cannot be looked up", "/audit", "Bearer " + TokenPrefix + "trouble", "", http.StatusInternalServerError},
	} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, test.path, http.NoBody)
		request.Header.Set("Authorization", test.authorization)
		answer := httptest.NewRecorder()
		api.ServeHTTP(answer, request)
		if got := answer.Header().Get("WWW-Authenticate"); answer.Code != test.status || got != test.challenge {
			t.Errorf("%s: %d %q, want %d %q", test.name, answer.Code, got, test.status, test.challenge)
		}
	}
}

func TestScopesOfPeopleAreThoseOfTheirRoles(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		caller Caller
		scope  string
		want   bool
	}{
		{Caller{Roles: []string{"auditor"}}, "audit:personal", true},
		{Caller{Roles: []string{"auditor"}}, "analytics:read", false},
		{Caller{Roles: []string{"applicant", "analyst"}}, "analytics:read", true},
		{Caller{Roles: []string{"admin"}}, "audit:read", false},
		{Caller{Roles: []string{""}}, "anything", false},
		{Caller{Roles: []string{"auditor"}, Scopes: []string{"feed:read"}}, "feed:read", false},
		{Caller{Roles: []string{"auditor"}, Machine: true, Scopes: []string{"audit:read"}}, "audit:personal", false},
		{Caller{Roles: []string{"auditor"}, Machine: true}, "audit:read", false},
	} {
		if got := test.caller.Scope(test.scope); got != test.want {
			t.Errorf("%+v has %s: %t", test.caller, test.scope, got)
		}
	}
}

func TestWhoIsAMachineIsKnownBeforeAnOperationIsOpened(t *testing.T) {
	t.Parallel()
	tool := Caller{AccountID: "tool", Machine: true}
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	request.Header.Set("Authorization", "Bearer "+TokenPrefix+"a")
	reached := false
	WithMachine(tokens{TokenPrefix + "a": tool})(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		reached = true
		if got, found := MachineOf(r.Context()); !found || got.AccountID != "tool" {
			t.Errorf("the machine is %+v, %t", got, found)
		}
		if _, err := Signed(r.Context()); !errors.Is(err, problem.New(problem.Unauthenticated, "sign-in-required")) {
			t.Errorf("somebody is signed in: %v", err)
		}
	})).ServeHTTP(httptest.NewRecorder(), request)
	if !reached {
		t.Error("the request was not passed on")
	}
}
