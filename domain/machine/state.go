package machine

import (
	"slices"
	"time"
)

// State is every service account, in the order in which they were added.
type State struct{ Machines []Machine }

// Machine is a service account.
type Machine struct {
	ID      string
	Name    string
	Purpose string // empty: its key was destroyed
	AddedAt time.Time
	Tokens  []Token // in the order in which they were issued; of those that have ended, the last ones
}

// Token is what is known of a token.
type Token struct {
	ID       string
	Hash     string // SHA-256, hex
	Scopes   []Scope
	IssuedAt time.Time
	Expires  time.Time
	Revoked  bool
}

// Valid tells whether a token opens anything at a moment.
func (t Token) Valid(at time.Time) bool { return !t.Revoked && at.Before(t.Expires) }

// Find finds a service account by its id.
func (s State) Find(id string) (Machine, bool) {
	return s.which(func(m Machine) bool { return m.ID == id })
}

// Named finds a service account by its name.
func (s State) Named(name string) (Machine, bool) {
	return s.which(func(m Machine) bool { return m.Name == name })
}

func (s State) which(fits func(Machine) bool) (Machine, bool) {
	i := slices.IndexFunc(s.Machines, fits)
	if i < 0 {
		return Machine{}, false
	}
	return s.Machines[i], true
}

// Token finds a token by its id.
func (m Machine) Token(id string) (Token, bool) {
	i := slices.IndexFunc(m.Tokens, func(t Token) bool { return t.ID == id })
	if i < 0 {
		return Token{}, false
	}
	return m.Tokens[i], true
}

// valid lists the tokens that open something at a moment.
func (m Machine) valid(at time.Time) []Token {
	var valid []Token
	for _, t := range m.Tokens {
		if t.Valid(at) {
			valid = append(valid, t)
		}
	}
	return valid
}

// remembered is how many tokens of one service account are remembered: what has ended is forgotten first, the oldest first.
const remembered = 4 * MaxTokens

// Evolve gives the state after one more event. States share what did not change.
func Evolve(s State, event Event) State {
	switch e := event.(type) {
	case Added:
		s.Machines = append(slices.Clip(s.Machines), Machine{ID: e.Machine, Name: e.Name, Purpose: e.Purpose, AddedAt: e.At})
	case TokenIssued:
		return s.change(e.Machine, func(tokens []Token) []Token {
			return append(forget(tokens, e.At), Token{
				ID: e.Token, Hash: e.Hash, Scopes: e.Scopes, IssuedAt: e.At, Expires: e.Expires,
			})
		})
	case TokenRevoked:
		return s.change(e.Machine, func(tokens []Token) []Token {
			for i := range tokens {
				if tokens[i].ID == e.Token {
					tokens[i].Revoked = true
				}
			}
			return tokens
		})
	}
	return s
}

// change replaces the tokens of one service account by what becomes of a copy of them.
func (s State) change(id string, to func([]Token) []Token) State {
	i := slices.IndexFunc(s.Machines, func(m Machine) bool { return m.ID == id })
	if i < 0 {
		return s
	}
	s.Machines = slices.Clone(s.Machines)
	s.Machines[i].Tokens = to(slices.Clone(s.Machines[i].Tokens))
	return s
}

// forget makes room for one more token.
func forget(tokens []Token, at time.Time) []Token {
	for len(tokens) >= remembered {
		i := slices.IndexFunc(tokens, func(t Token) bool { return !t.Valid(at) })
		if i < 0 {
			break // Decide keeps those that are valid few
		}
		tokens = slices.Delete(tokens, i, i+1)
	}
	return tokens
}
