package machine

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
)

// The bounds of a service account and its tokens.
const (
	MaxMachines = 500
	MaxTokens   = 10 // of one service account, valid at once
	MaxPurpose  = 500
	MaxLifetime = 366 * 24 * time.Hour // of a token
)

// Command is something that somebody wants of the service accounts.
type Command interface{ isMachineCommand() }

// Add asks for a service account.
type Add struct {
	ID      string // a new UUID
	Name    string
	Purpose string
	At      time.Time
}

// Issue asks for a token.
type Issue struct {
	Machine string // id
	Token   string // id, a new UUID
	Hash    string // SHA-256 of the token, hex
	Scopes  []string
	Expires time.Time
	// Operator says that it is asked for on the portal's own machine, where accounts of auditors are made, too.
	Operator bool
	At       time.Time
}

// Revoke asks to end a token before its time.
type Revoke struct {
	Machine string // id
	Token   string // id; empty: all
	At      time.Time
}

func (Add) isMachineCommand()    {}
func (Issue) isMachineCommand()  {}
func (Revoke) isMachineCommand() {}

// Decide answers a command with the events that carry it out. Errors: invalid with every fault, machine-name-taken,
// too-many-machines, machine-not-found, token-not-found, too-many-tokens.
func Decide(s State, command Command) ([]Event, error) {
	switch c := command.(type) {
	case Add:
		return decideAdd(s, c)
	case Issue:
		return decideIssue(s, c)
	case Revoke:
		return decideRevoke(s, c)
	default:
		return nil, fmt.Errorf("decide on a service account: unknown command %T", command)
	}
}

// namePattern fits names such as statistics-office: they are in clear, so they are those of programs.
var namePattern = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

const maxName = 60

// manyDigits is what people would type for a person: an IIN, a BIN, a phone.
var manyDigits = regexp.MustCompile(`[0-9](-?[0-9]){6}`)

func decideAdd(s State, c Add) ([]Event, error) {
	purpose, faults := text.Written("purpose", c.Purpose, MaxPurpose)
	if len(c.Name) > maxName || !namePattern.MatchString(c.Name) || manyDigits.MatchString(c.Name) {
		faults = append(faults, problem.Field{Location: "name", Code: "machine-name-wrong"})
	}
	if err := problem.Input(faults...); err != nil {
		return nil, err
	}
	if _, known := s.Find(c.ID); known {
		return nil, nil
	}
	if _, taken := s.Named(c.Name); taken {
		return nil, problem.New(problem.WrongState, "machine-name-taken")
	}
	if len(s.Machines) >= MaxMachines {
		return nil, problem.New(problem.WrongState, "too-many-machines")
	}
	return []Event{Added{Machine: c.ID, Name: c.Name, Purpose: purpose, At: c.At}}, nil
}

func decideIssue(s State, c Issue) ([]Event, error) {
	m, found := s.Find(c.Machine)
	if !found {
		return nil, problem.New(problem.NotFound, "machine-not-found")
	}
	scopes, faults := c.scopes()
	if lifetime := c.Expires.Sub(c.At); lifetime <= 0 || lifetime > MaxLifetime {
		faults = append(faults, problem.Field{Location: "expires", Code: "token-lifetime-wrong", Params: map[string]string{
			"max": strconv.Itoa(int(MaxLifetime / (24 * time.Hour))),
		}})
	}
	if err := problem.Input(faults...); err != nil {
		return nil, err
	}
	if _, known := m.Token(c.Token); known {
		return nil, nil
	}
	if len(m.valid(c.At)) >= MaxTokens {
		return nil, problem.New(problem.WrongState, "too-many-tokens")
	}
	return []Event{TokenIssued{
		Machine: m.ID, Token: c.Token, Hash: c.Hash, Scopes: scopes, Expires: c.Expires, At: c.At,
	}}, nil
}

// scopes are those that are asked for, each once, in the order of Scopes.
func (c Issue) scopes() ([]Scope, []problem.Field) {
	if len(c.Scopes) == 0 {
		return nil, []problem.Field{{Location: "scopes", Code: "required"}}
	}
	var faults []problem.Field
	for i, name := range c.Scopes {
		location := "scopes[" + strconv.Itoa(i) + "]"
		switch scope := Scope(name); {
		case !scope.Known():
			faults = append(faults, problem.Field{Location: location, Code: "scope-unknown"})
		case scope.Personal() && !c.Operator:
			faults = append(faults, problem.Field{Location: location, Code: "scope-of-operator"})
		}
	}
	var scopes []Scope
	for _, scope := range Scopes() {
		if slices.Contains(c.Scopes, string(scope)) {
			scopes = append(scopes, scope)
		}
	}
	return scopes, faults
}

func decideRevoke(s State, c Revoke) ([]Event, error) {
	m, found := s.Find(c.Machine)
	if !found {
		return nil, problem.New(problem.NotFound, "machine-not-found")
	}
	tokens := m.valid(c.At)
	if c.Token != "" {
		token, known := m.Token(c.Token)
		if !known {
			return nil, problem.New(problem.NotFound, "token-not-found")
		}
		tokens = []Token{token}
	}
	var events []Event
	for _, token := range tokens {
		if !token.Revoked {
			events = append(events, TokenRevoked{Machine: m.ID, Token: token.ID, At: c.At})
		}
	}
	return events, nil
}
