// Package retention holds the retention schedule: for how long what is kept, by the kind of it, and on which ground. The
// schedule is data: an administrator replaces it as a whole, and every version stays in the log.
package retention

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
)

// Stream holds every version of the schedule.
const Stream = "retention-schedule"

// Kind is what a rule is about.
type Kind string

// The kinds. Documents count from the day on which everybody had signed, accounts from the last thing done in them, those
// of staff from the day on which they were closed, registrations from the day on which they were sent.
const (
	Act          Kind = "act"
	Agreement    Kind = "agreement"
	Result       Kind = "result"
	Account      Kind = "account"      // of somebody who has not been here for so long
	Staff        Kind = "staff"        // the account of somebody who has left
	Registration Kind = "registration" // that nobody confirmed
)

// Kinds lists all kinds in the order in which people see them.
func Kinds() []Kind { return []Kind{Act, Agreement, Result, Account, Staff, Registration} }

// Rule says for how long something is kept.
type Rule struct {
	Kind   Kind   `json:"kind"`
	Months int    `json:"months"`
	Basis  string `json:"basis"` // the act and article that ask for it, for whoever is told why
}

const (
	leastMonths = 1
	mostMonths  = 1200
)

// Default is the schedule until somebody sets another: five years, the least that is common for acts and agreements, as long
// for whose acts they are, and a month for what came to nothing.
func Default() []Rule {
	const (
		documents = "Order 279-НҚ of 17 June 2025, list of standard documents"
		purpose   = "Law 94-V of 21 May 2013, article 12: until the purpose is achieved"
	)
	return []Rule{
		{Kind: Act, Months: 60, Basis: documents},
		{Kind: Agreement, Months: 60, Basis: documents},
		{Kind: Result, Months: 60, Basis: documents},
		{Kind: Account, Months: 60, Basis: purpose},
		{Kind: Staff, Months: 60, Basis: purpose},
		{Kind: Registration, Months: 1, Basis: purpose},
	}
}

// Event is something that happened to the schedule.
type Event interface{ isRetentionEvent() }

// EventTypes is the storage format: see the warning at application.EventTypes.
var EventTypes = map[string]Event{"retention.scheduled.v1": Scheduled{}}

// Scheduled replaces the schedule. What is held already keeps the day that it was given.
type Scheduled struct {
	Rules []Rule    `json:"rules"`
	At    time.Time `json:"at"`
}

func (Scheduled) isRetentionEvent() {}

// State is the schedule in force.
type State struct {
	Version int // counts from 1; 0: nobody has set one
	Set     []Rule
}

// Rules is the schedule in force.
func (s State) Rules() []Rule {
	if s.Version == 0 {
		return Default()
	}
	return slices.Clone(s.Set)
}

// Until is when what began to count at a time need not be kept any longer. What has no rule is kept as long as whatever
// is kept longest: nothing is destroyed because somebody forgot a rule.
func (s State) Until(kind Kind, from time.Time) time.Time {
	longest := 0
	for _, rule := range s.Rules() {
		if rule.Kind == kind {
			return from.AddDate(0, rule.Months, 0)
		}
		longest = max(longest, rule.Months)
	}
	return from.AddDate(0, longest, 0)
}

// Evolve gives the state after one more event.
func Evolve(s State, event Event) State {
	if e, ok := event.(Scheduled); ok {
		return State{Version: s.Version + 1, Set: e.Rules}
	}
	return s
}

// Schedule replaces the schedule.
type Schedule struct {
	Rules []Rule
	At    time.Time
}

// Decide gives the events that a command leads to: none if it is already in effect. Errors: invalid, with every fault.
func Decide(s State, c Schedule) ([]Event, error) {
	rules, faults := read(c.Rules)
	if err := problem.Input(faults...); err != nil {
		return nil, err
	}
	if s.Version > 0 && slices.Equal(s.Set, rules) {
		return nil, nil
	}
	return []Event{Scheduled{Rules: rules, At: c.At}}, nil
}

// read checks that every kind has exactly one rule, and puts them in their order.
func read(given []Rule) ([]Rule, []problem.Field) {
	var faults []problem.Field
	byKind := map[Kind]Rule{}
	for i, rule := range given {
		at := func(field string) string { return fmt.Sprintf("rules[%d].%s", i, field) }
		if _, twice := byKind[rule.Kind]; twice || !slices.Contains(Kinds(), rule.Kind) {
			faults = append(faults, problem.Field{Location: at("kind"), Code: "bad-kind"})
		}
		if rule.Months < leastMonths || rule.Months > mostMonths {
			faults = append(faults, problem.Field{Location: at("months"), Code: "out-of-range", Params: map[string]string{
				"min": strconv.Itoa(leastMonths), "max": strconv.Itoa(mostMonths),
			}})
		}
		basis, wrong := text.Written(at("basis"), rule.Basis, text.MaxWritten)
		faults = append(faults, wrong...)
		rule.Basis = basis
		byKind[rule.Kind] = rule
	}
	var rules []Rule
	for _, kind := range Kinds() {
		rule, found := byKind[kind]
		if !found {
			faults = append(faults, problem.Field{Location: "rules", Code: "rule-missing", Params: map[string]string{"kind": string(kind)}})
		}
		rules = append(rules, rule)
	}
	return rules, faults
}
