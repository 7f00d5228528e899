package commands

import (
	"context"
	"fmt"
	"strings"

	"services.example/portal/domain/account"
	"services.example/portal/infra/eventstore"
)

// StaffMember is somebody who works with applications, as whoever looks after accounts sees them.
type StaffMember struct {
	ID       string         `json:"id"`
	Name     string         `json:"name"` // empty: erased
	Roles    []account.Role `json:"roles"`
	Provider string         `json:"provider,omitempty"` // id
	Blocked  bool           `json:"blocked"`
	Erased   bool           `json:"erased"`
}

// ListStaff lists every account of staff, in the order in which they were made. It reads the log, so that it is complete
// also where no read model is.
func (a *Accounts) ListStaff(ctx context.Context) ([]StaffMember, error) {
	list := []StaffMember{}
	listed := map[string]bool{}
	filter := eventstore.Filter{Streams: []string{a.streams.accounts.prefix}, Types: []string{"account.staff-account-created."}}
	for recorded, err := range a.deps.Events.ReadAll(ctx, eventstore.AllRead{Filter: filter}) {
		if err != nil {
			return nil, fmt.Errorf("listing staff: %w", err)
		}
		id := strings.TrimPrefix(recorded.Stream, a.streams.accounts.prefix)
		if listed[id] {
			continue
		}
		listed[id] = true
		s, err := a.streams.accounts.state(ctx, id)
		if err != nil {
			return nil, err
		}
		list = append(list, memberOf(id, s))
	}
	return list, nil
}

func memberOf(id string, s account.State) StaffMember {
	return StaffMember{
		ID: id, Name: s.Name(), Roles: append([]account.Role{}, s.Roles...), Provider: s.ProviderID, Blocked: s.Blocked, Erased: s.Erased,
	}
}
