package commands

import (
	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/notification"
)

// forget drops folded states that hold data of a person. Those of other kinds hold none.
func (s *streams) forget(person string) {
	s.accounts.forget(func(id string, _ account.State) bool { return id == person })
	s.applications.forget(func(_ string, a application.State) bool { return a.Applicant == person })
	s.notifications.forget(func(_ string, n notification.State) bool { return n.Recipient == person })
}

// forget drops the states that match from memory. The log has them.
func (a *aggregate[S, C, E]) forget(matches func(id string, s S) bool) {
	for _, id := range a.cache.Keys() {
		if at, found := a.cache.Peek(id); found && matches(id, at.state) {
			a.cache.Remove(id)
		}
	}
}
