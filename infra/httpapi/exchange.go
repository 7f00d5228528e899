package httpapi

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"services.example/portal/domain/text"
)

// exchange is what is known of a request and goes with everything that is done for it: its context. One is made for each
// request; the middleware fills it in, one after the other, before the handler runs, and nobody changes it afterwards.
type exchange struct {
	context.Context //nolint:containedctx // it is one, with values of its own

	correlation uuid.UUID
	language    text.Language
	caller      Caller // who is signed in; of a machine only in an operation that is open to it
	signed      bool   // there is a caller
	bearer      *bearer
	command     Command
	remote      string       // address of the connection
	route       *chi.Context // nil: that of a router around it
}

type exchangeKey struct{}

// Value implements context.Context.
func (x *exchange) Value(key any) any {
	switch {
	case key == exchangeKey{}:
		return x
	case key == chi.RouteCtxKey && x.route != nil:
		return x.route
	default:
		return x.Context.Value(key)
	}
}

// exchangeOf finds the exchange that a context belongs to; nil if it belongs to none.
func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// exchangeIn finds the exchange of a request, which is given one if it has none.
func exchangeIn(r *http.Request) (*exchange, *http.Request) {
	if x := exchangeOf(r.Context()); x != nil {
		return x, r
	}
	x := &exchange{Context: r.Context(), language: text.Kazakh}
	return x, r.WithContext(x) //nolint:contextcheck // it is around the request's
}

// sign makes somebody the caller.
func (x *exchange) sign(caller Caller) { x.caller, x.signed = caller, true }
