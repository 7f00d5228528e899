package application

import (
	"slices"

	"services.example/portal/domain/account"
	"services.example/portal/domain/problem"
)

// Act is something that staff may be allowed to do with an application.
type Act int

// The acts.
const (
	See             Act = iota + 1 // read everything, upload files, write messages, notes and notices
	Assign                         // assign and remove executors
	Take                           // take into work
	Work                           // return, answer, decide, issue documents, complete
	SignForProvider                // sign a document in the provider's name
	SetDueDate
)

// permission says which roles allow an act. Responsible is an executor who is on the application; any of several roles
// suffices.
type permission struct{ operator, executor, responsible, admin bool }

var permissions = map[Act]permission{
	See:             {operator: true, executor: true, responsible: true, admin: true},
	Assign:          {operator: true, responsible: true, admin: true},
	Take:            {executor: true, responsible: true},
	Work:            {responsible: true},
	SignForProvider: {responsible: true, admin: true},
	SetDueDate:      {admin: true},
}

// May tells whether somebody of the staff may do that with the application, whatever its status; provider is the
// service's. Errors: application-not-found for everybody but its provider's staff, and while it is not sent;
// not-an-executor for an executor who would have to be on it; role-not-allowed.
func May(s State, by Staff, provider string, act Act) error {
	if !s.Sent() || provider == "" || by.Provider != provider || !slices.ContainsFunc(by.Roles, account.Role.OfProvider) {
		return notFound()
	}
	rule := permissions[act]
	executor := slices.Contains(by.Roles, account.Executor)
	switch {
	case rule.operator && slices.Contains(by.Roles, account.Operator),
		rule.admin && slices.Contains(by.Roles, account.ProviderAdmin),
		rule.executor && executor,
		rule.responsible && executor && s.HasExecutor(by.Account):
		return nil
	case rule.responsible && executor:
		return problem.New(problem.WrongState, "not-an-executor")
	default:
		return problem.New(problem.WrongState, "role-not-allowed")
	}
}

// HasExecutor tells whether that account is on the application.
func (s State) HasExecutor(account string) bool { return slices.Contains(s.Executors, account) }
