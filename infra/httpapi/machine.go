package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/problem"
)

// TokenPrefix begins every token of a service account: by it a token is told from others' bearer tokens, and found where
// it has leaked.
const TokenPrefix = "portal_machine_"

// Tokens finds the caller of a service account's token.
type Tokens interface {
	// Caller answers problem.Unauthenticated for a token that is not, or no longer, valid.
	Caller(ctx context.Context, token string) (Caller, error)
}

// bearer is who came with a token, or why the token does not count.
type bearer struct {
	caller Caller
	err    error
}

// WithMachine finds out which program calls, by Authorization: Bearer. It belongs behind WithCaller: a request with a token
// is the program's, whatever session it has besides. RefuseTokens answers those whose token is wrong.
func WithMachine(tokens Tokens) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, found := bearerToken(r)
			if !found {
				next.ServeHTTP(w, r)
				return
			}
			caller, err := tokens.Caller(r.Context(), token)
			x, r := exchangeIn(r)
			x.signed, x.bearer = false, &bearer{caller, err}
			next.ServeHTTP(w, r)
		})
	}
}

// bearerToken finds a service account's token. The scheme's name may be written in any way (RFC 9110).
func bearerToken(r *http.Request) (string, bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	return token, strings.EqualFold(scheme, "Bearer") && strings.HasPrefix(token, TokenPrefix)
}

// MachineOf tells which program calls, whether or not the operation is open to it.
func MachineOf(ctx context.Context) (Caller, bool) {
	x := exchangeOf(ctx)
	if x == nil || x.bearer == nil || x.bearer.err != nil {
		return Caller{}, false
	}
	return x.bearer.caller, true
}

// RefuseTokens refuses requests whose token is wrong. It belongs behind what bounds how often somebody may try.
func RefuseTokens(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r.Context())
		if x == nil || x.bearer == nil || x.bearer.err == nil {
			next.ServeHTTP(w, r)
			return
		}
		if problem.Has(x.bearer.err, "token-wrong") {
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		}
		Write(w, r, x.bearer.err)
	})
}

// openTo lets a program's request be that of a caller, if the operation is open to its token.
func openTo(hctx huma.Context) {
	caller, found := MachineOf(hctx.Context())
	if !found {
		return
	}
	for _, ways := range hctx.Operation().Security {
		for _, scope := range ways[machineScheme] {
			if caller.Scope(scope) {
				exchangeOf(hctx.Context()).sign(caller)
			}
		}
	}
}
