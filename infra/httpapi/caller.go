package httpapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"services.example/portal/domain/machine"
	"services.example/portal/domain/problem"
)

// Caller is whoever a request comes from: a person by their session, or a machine by its token.
type Caller struct {
	AccountID string // of a machine: its own id
	Roles     []string
	Provider  string // for staff: whose applications they see
	SessionID string // names the session; it is not its token

	// Machine tells a program from a person. It reaches nothing but the operations that Scoped opens to it.
	Machine bool
	Scopes  []string // of a machine's token
}

// Has tells whether the caller may act in a role. A machine has those of the people who may read what it reads.
func (c Caller) Has(role string) bool { return slices.Contains(c.Roles, role) }

// Scope tells whether the caller may read what a scope (domain/machine) is for: a machine whose token has the scope, or a
// person in the session of the scope's role.
func (c Caller) Scope(name string) bool {
	if c.Machine {
		return slices.Contains(c.Scopes, name)
	}
	role := machine.Scope(name).Role()
	return role != "" && c.Has(string(role))
}

// Sessions finds the caller of a session's token.
type Sessions interface {
	// Caller answers problem.Unauthenticated for a token that is not, or no longer, valid.
	Caller(ctx context.Context, token string) (Caller, error)
}

const (
	productionCookie = "__Host-portal-session"
	demoCookie       = "portal-session"
)

// Cookies makes and reads the session cookie. Only outside production may it travel over plain HTTP.
type Cookies struct{ Production bool }

func (c Cookies) name() string {
	if c.Production {
		return productionCookie
	}
	return demoCookie
}

// Session returns the cookie that carries a session's token; lifetime 0 lets it end with the browser.
func (c Cookies) Session(token string, lifetime time.Duration) http.Cookie {
	return http.Cookie{ //nolint:gosec // Secure outside a demo, which has no TLS
		Name: c.name(), Value: token, Path: "/", MaxAge: int(lifetime.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.Production,
	}
}

// Ended returns the cookie that makes a browser forget its session.
func (c Cookies) Ended() http.Cookie {
	cookie := c.Session("", 0) //nolint:gosec // Secure as Session makes it
	cookie.MaxAge = -1
	return cookie
}

// WithCaller finds out who calls. A request without a valid session goes on as nobody's.
func WithCaller(sessions Sessions, cookies Cookies) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			cookie, err := r.Cookie(cookies.name())
			if err != nil {
				next.ServeHTTP(w, r)
				return
			}
			caller, err := sessions.Caller(r.Context(), cookie.Value)
			var p *problem.Problem
			switch {
			case err == nil:
				var x *exchange
				x, r = exchangeIn(r)
				x.sign(caller)
			case !errors.As(err, &p) || p.Kind != problem.Unauthenticated:
				Write(w, r, err)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// Signed returns the caller, or the problem that nobody is signed in.
func Signed(ctx context.Context) (Caller, error) {
	if x := exchangeOf(ctx); x != nil && x.signed {
		return x.caller, nil
	}
	return Caller{}, problem.New(problem.Unauthenticated, "sign-in-required")
}
