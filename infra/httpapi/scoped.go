package httpapi

import (
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"services.example/portal/domain/machine"
	"services.example/portal/domain/problem"
)

const machineScheme = "machine"

// Scoped keeps an operation from everybody but people of the scope's role and machines whose token has the scope. To
// anybody else there is no such page, which they are told before the body is read. An operation that is not scoped is
// closed to machines, so that none is opened to them by oversight.
func Scoped(operation huma.Operation, scope machine.Scope) huma.Operation {
	operation = Private(operation)
	operation.Security = append(operation.Security, map[string][]string{machineScheme: {string(scope)}})
	operation.Middlewares = append(slices.Clone(operation.Middlewares), scoped(scope).admit)
	return operation
}

type scoped machine.Scope

func (s scoped) admit(hctx huma.Context, next func(huma.Context)) {
	caller, err := Signed(hctx.Context())
	if err == nil && !caller.Scope(string(s)) {
		err = problem.New(problem.NotFound, "not-found")
	}
	if err != nil {
		r, w := humachi.Unwrap(hctx)
		Write(w, r, err)
		return
	}
	next(hctx)
}
