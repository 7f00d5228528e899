package httpapi

import (
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"services.example/portal/domain/problem"
)

// Only keeps an operation from everybody who has none of these roles: they are told, before the body is read, that there is
// no such page. It is for operations that nobody else needs to know of.
func Only(operation huma.Operation, roles ...string) huma.Operation {
	operation = Private(operation)
	operation.Middlewares = append(slices.Clone(operation.Middlewares), audience(roles).admit)
	return operation
}

// audience are the roles that may know of an operation.
type audience []string

func (a audience) admit(hctx huma.Context, next func(huma.Context)) {
	caller, err := Signed(hctx.Context())
	if err == nil && !slices.ContainsFunc(a, caller.Has) {
		err = problem.New(problem.NotFound, "not-found")
	}
	if err != nil {
		r, w := humachi.Unwrap(hctx)
		Write(w, r, err)
		return
	}
	next(hctx)
}
