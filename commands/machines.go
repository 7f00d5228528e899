package commands

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"

	"services.example/portal/domain/machine"
)

// Machines are the use cases of service accounts: programs that read with tokens of their own.
type Machines struct {
	deps    Deps
	streams *streams
	recent  *lru.Cache[tokenHash, admitted]
	changed atomic.Uint64 // counts what was changed here: what was looked up before is looked up again
	uses    *machineUses
}

func newMachines(deps Deps, streams *streams) *Machines {
	recent, err := lru.New[tokenHash, admitted](recentTokens)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &Machines{deps: deps, streams: streams, recent: recent, uses: newMachineUses(deps)}
}

// theMachine says that what a service account is for is sealed with its own key.
func theMachine(_ string, _ machine.State, c machine.Command) string {
	switch c := c.(type) {
	case machine.Add:
		return c.ID
	case machine.Issue:
		return c.Machine
	case machine.Revoke:
		return c.Machine
	default:
		return ""
	}
}

// execute carries out a command, and lets nothing that was looked up before count any more.
func (m *Machines) execute(ctx context.Context, req Request, command machine.Command) (Outcome[machine.State], error) {
	outcome, err := m.streams.machines.execute(ctx, req, machine.Stream, func(machine.State) (machine.Command, error) {
		return command, nil
	})
	m.changed.Add(1) // also after an error: what failed may have been written
	return outcome, err
}

// Machine is a service account, as whoever looks after them sees it.
type Machine struct {
	ID      string         `json:"id" format:"uuid"`
	Name    string         `json:"name"`
	Purpose string         `json:"purpose"`
	AddedAt time.Time      `json:"addedAt"`
	Tokens  []MachineToken `json:"tokens" doc:"In the order in which they were issued; of those that have ended, the last ones"`
}

// MachineToken is what is known of a token. The token itself is nowhere.
type MachineToken struct {
	ID       string          `json:"id" format:"uuid"`
	Scopes   []machine.Scope `json:"scopes"`
	IssuedAt time.Time       `json:"issuedAt"`
	Expires  time.Time       `json:"expires"`
	State    TokenState      `json:"state" enum:"valid,expired,revoked"`
	LastUsed *time.Time      `json:"lastUsed,omitempty" doc:"To within a minute; absent: never"`
}

// TokenState says whether a token opens anything.
type TokenState string

// The states of tokens.
const (
	TokenValid   TokenState = "valid"
	TokenExpired TokenState = "expired"
	TokenRevoked TokenState = "revoked"
)

// List lists every service account with its tokens, in the order in which they were added.
func (m *Machines) List(ctx context.Context) ([]Machine, error) {
	s, err := m.streams.machines.state(ctx, machine.Stream)
	if err != nil {
		return nil, err
	}
	list := []Machine{}
	for _, one := range s.Machines {
		shown, err := m.show(ctx, one)
		if err != nil {
			return nil, err
		}
		list = append(list, shown)
	}
	return list, nil
}

func (m *Machines) show(ctx context.Context, one machine.Machine) (Machine, error) {
	shown := Machine{ID: one.ID, Name: one.Name, Purpose: one.Purpose, AddedAt: one.AddedAt, Tokens: []MachineToken{}}
	for _, token := range one.Tokens {
		used, err := m.uses.last(ctx, token.ID)
		if err != nil {
			return Machine{}, err
		}
		shown.Tokens = append(shown.Tokens, MachineToken{
			ID: token.ID, Scopes: slices.Clone(token.Scopes), IssuedAt: token.IssuedAt, Expires: token.Expires,
			State: stateOf(token, m.deps.Now()), LastUsed: used,
		})
	}
	return shown, nil
}

func stateOf(token machine.Token, now time.Time) TokenState {
	switch {
	case token.Revoked:
		return TokenRevoked
	case token.Valid(now):
		return TokenValid
	default:
		return TokenExpired
	}
}

// named gives the id of a service account that is known by its id or its name. What is known by neither stays as it is.
func (m *Machines) named(ctx context.Context, who string) (string, error) {
	if _, err := uuid.Parse(who); err == nil {
		return canonical(who), nil
	}
	s, err := m.streams.machines.state(ctx, machine.Stream)
	if err != nil {
		return "", fmt.Errorf("looking for a service account: %w", err)
	}
	if one, found := s.Named(who); found {
		return one.ID, nil
	}
	return who, nil
}
