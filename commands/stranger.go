package commands

import (
	"context"
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/readstore"
)

// stranger is what is remembered of tries at a login that no account has: as much as an account would remember, so that
// nobody learns from being locked out whether there is one.
type stranger struct {
	Failures    []time.Time `bson:"failures"`
	LockedUntil time.Time   `bson:"lockedUntil"`
}

// strangerLifetime outlasts every lock.
const strangerLifetime = time.Hour

func (n stranger) state() account.State {
	s := account.State{LockedUntil: n.LockedUntil}
	for _, at := range n.Failures {
		s.Failures = append(s.Failures, account.SignInFailed{At: at})
	}
	return s
}

func strangerOf(s account.State) stranger {
	n := stranger{LockedUntil: s.LockedUntil}
	for _, f := range s.Failures {
		n.Failures = append(n.Failures, f.At)
	}
	return n
}

// failStranger counts a failed try at a login that nobody has, by the rule of accounts. Error: too-many-attempts.
func (c *challenges) failStranger(ctx context.Context, id string) error {
	contended := &problem.Problem{Kind: problem.Unavailable, Code: "too-busy", RetryAfter: time.Second}
	return tally(ctx, c, "stranger-"+id, contended, func(tries *stranger, entry *readstore.Entry) error {
		now, s := c.now(), tries.state()
		if refusal := s.Admit(now, false); !problem.Has(refusal, "invalid-credentials") {
			return refusal
		}
		*tries = strangerOf(account.Evolve(s, account.SignInFailed{At: now}))
		entry.Expires = now.Add(strangerLifetime)
		return nil
	})
}
