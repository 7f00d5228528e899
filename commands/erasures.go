package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"services.example/portal/domain/account"
	"services.example/portal/domain/erasure"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/retention"
	"services.example/portal/infra/eventstore"
)

// Erasing reaches what an erasure destroys and cleans outside the log.
type Erasing interface {
	// Applications lists the ids of a person's applications, once the read models have got to a position.
	Applications(ctx context.Context, person string, after eventstore.Position) ([]string, error)
	// KeyCheck tells a subject's key from every other without opening anything. Errors: codec.ErrKeyDestroyed.
	KeyCheck(ctx context.Context, subject string) (string, error)
	// DestroyKey makes everything under a subject's key unreadable for ever. Repeating it changes nothing.
	DestroyKey(ctx context.Context, subject string) error
	// RemoveFiles removes all files of a subject and counts them.
	RemoveFiles(ctx context.Context, subject string) (int, error)
	// Clean returns when nothing holds data of a person any more: the read models have got to a position, and what they
	// replaced is off the disk where that can be had.
	Clean(ctx context.Context, person string, after eventstore.Position) error
	// Settles is how long other processes may go on with a key that was destroyed.
	Settles() time.Duration
}

// Erasures are the use cases of a person's right to be forgotten, and of the retention schedule.
type Erasures struct {
	deps     Deps
	streams  *streams
	accounts *Accounts
}

// Forget drops what this process remembers of a person who was erased.
func (e *Erasures) Forget(person string) { e.streams.forget(person) }

// Request asks for the caller's own erasure, with the password again: a stolen session must not destroy anything. The
// answer is the state: requested, or refused for what stands against it. Errors: invalid (wrong-password),
// erasure-under-way.
func (e *Erasures) Request(ctx context.Context, req Request, password string) (Outcome[erasure.State], error) {
	repeated, err := e.streams.erasures.repeated(ctx, req, req.Actor)
	if err != nil {
		return Outcome[erasure.State]{}, err
	}
	if !repeated {
		if err := e.accounts.checkPassword(ctx, req, password); err != nil {
			return Outcome[erasure.State]{}, err
		}
	}
	return e.ask(ctx, req, req.Actor, erasure.Self, "")
}

// RequestFor asks for the erasure of somebody who wrote, or came, to whoever runs the portal. Errors: account-not-found,
// own-account, erasure-under-way, invalid for a reference that says nothing.
func (e *Erasures) RequestFor(ctx context.Context, req Request, person, reference string) (Outcome[erasure.State], error) {
	person, err := e.known(ctx, person)
	if err != nil {
		return Outcome[erasure.State]{}, err
	}
	if person == req.Actor {
		return Outcome[erasure.State]{}, problem.New(problem.WrongState, "own-account")
	}
	return e.ask(ctx, req, person, erasure.Written, reference)
}

func (e *Erasures) ask(
	ctx context.Context, req Request, person string, origin erasure.Origin, reference string,
) (Outcome[erasure.State], error) {
	obstacles, err := e.obstacles(ctx, person, eventstore.Position{})
	if err != nil {
		return Outcome[erasure.State]{}, err
	}
	return e.streams.erasures.execute(ctx, req, person, func(erasure.State) (erasure.Command, error) {
		return erasure.Request{
			ID: req.CommandID.String(), Origin: origin, By: req.Actor, Reference: reference, Obstacles: obstacles, At: e.deps.Now(),
		}, nil
	})
}

// Withdraw takes the caller's own request back. Errors: erasure-not-found, erasure-decided.
func (e *Erasures) Withdraw(ctx context.Context, req Request) (Outcome[erasure.State], error) {
	return e.streams.erasures.execute(ctx, req, req.Actor, func(erasure.State) (erasure.Command, error) {
		return erasure.Withdraw{At: e.deps.Now()}, nil
	})
}

// Approve is the consent of an administrator. With the second one, of another administrator, the account is closed, its
// sessions end, and the person is told what becomes of their data. Errors: erasure-not-found, erasure-decided,
// own-account, stale.
func (e *Erasures) Approve(ctx context.Context, req Request, person string) (Outcome[erasure.State], error) {
	person, err := e.known(ctx, person)
	if err != nil {
		return Outcome[erasure.State]{}, err
	}
	obstacles, err := e.obstacles(ctx, person, eventstore.Position{})
	if err != nil {
		return Outcome[erasure.State]{}, err
	}
	s, err := e.streams.accounts.state(ctx, person)
	if err != nil {
		return Outcome[erasure.State]{}, err
	}
	outcome, err := e.streams.erasures.execute(ctx, req, person, func(erasure.State) (erasure.Command, error) {
		return erasure.Approve{
			Person: person, By: req.Actor, Obstacles: obstacles, Closes: !s.Blocked, Pause: e.deps.ErasurePause, At: e.deps.Now(),
		}, nil
	})
	if err != nil || outcome.State.Stage != erasure.StageOrdered {
		return outcome, err
	}
	closed, _, err := e.closeAccount(ctx, req.next(), person)
	if err != nil {
		return outcome, err
	}
	if closed {
		e.tellOrdered(ctx, outcome.State.RequestID, person, s)
	}
	return outcome, nil
}

// Decline ends a request by the word of an administrator, also one that is ordered, until the erasure has begun: the
// account is opened again. Errors: those of Approve, invalid for a reason that says nothing.
func (e *Erasures) Decline(ctx context.Context, req Request, person, reason string) (Outcome[erasure.State], error) {
	person, err := e.known(ctx, person)
	if err != nil {
		return Outcome[erasure.State]{}, err
	}
	outcome, err := e.streams.erasures.execute(ctx, req, person, func(erasure.State) (erasure.Command, error) {
		return erasure.Decline{Person: person, By: req.Actor, Reason: reason, At: e.deps.Now()}, nil
	})
	if err != nil {
		return outcome, err
	}
	return outcome, e.reopen(ctx, req, person, outcome.State)
}

// PlaceLegalHold keeps a person's data from being erased, as for a court. Errors: account-not-found, account-erased, invalid
// for a reason that says nothing.
func (e *Erasures) PlaceLegalHold(ctx context.Context, req Request, person, reason string) (Outcome[erasure.State], error) {
	return e.hold(ctx, req, person, erasure.PlaceLegalHold{By: req.Actor, Reason: reason, At: e.deps.Now()})
}

// LiftLegalHold lets a person's data be erased again. Error: account-not-found.
func (e *Erasures) LiftLegalHold(ctx context.Context, req Request, person string) (Outcome[erasure.State], error) {
	return e.hold(ctx, req, person, erasure.LiftLegalHold{By: req.Actor, At: e.deps.Now()})
}

func (e *Erasures) hold(ctx context.Context, req Request, person string, command erasure.Command) (Outcome[erasure.State], error) {
	person, err := e.known(ctx, person)
	if err != nil {
		return Outcome[erasure.State]{}, err
	}
	return e.streams.erasures.execute(ctx, req, person, func(erasure.State) (erasure.Command, error) { return command, nil })
}

// Schedule replaces the retention schedule. Errors: stale, invalid with every fault.
func (e *Erasures) Schedule(ctx context.Context, req Request, rules []retention.Rule) (Outcome[retention.State], error) {
	return e.streams.schedule.execute(ctx, req, retention.Stream, func(retention.State) (retention.Schedule, error) {
		return retention.Schedule{Rules: rules, At: e.deps.Now()}, nil
	})
}

// known is the canonical id of an account that exists, or existed. Error: account-not-found.
func (e *Erasures) known(ctx context.Context, person string) (string, error) {
	if _, err := uuid.Parse(person); err != nil {
		return "", problem.New(problem.NotFound, "account-not-found")
	}
	person = canonical(person)
	s, err := e.streams.accounts.state(ctx, person)
	if err != nil {
		return "", err
	}
	if !s.Active && !s.Erased && s.Pending.RegistrationID == "" {
		return "", problem.New(problem.NotFound, "account-not-found")
	}
	return person, nil
}

// closeAccount keeps the person out and ends their sessions. Changed: it was open until now; from position on, nothing of
// what they asked for can still come.
func (e *Erasures) closeAccount(ctx context.Context, req Request, person string) (changed bool, at eventstore.Position, err error) {
	outcome, err := e.streams.accounts.execute(ctx, req, person, func(s account.State) (account.Command, error) {
		changed = s.Active && !s.Blocked
		return account.Block{At: e.deps.Now()}, nil
	})
	if problem.Has(err, "account-not-found") { // nobody could ever sign in
		return false, outcome.Position, nil
	}
	if err != nil {
		return false, outcome.Position, fmt.Errorf("closing account %s: %w", person, err)
	}
	return changed, outcome.Position, e.deps.Sessions.EndAll(ctx, person, "")
}

// reopen undoes closeAccount for a request that ended before anything was destroyed: once, so that it does not let in who
// was kept out for another reason since.
func (e *Erasures) reopen(ctx context.Context, req Request, person string, s erasure.State) error {
	if !s.Closed || s.Stage.Open() || s.Stage == erasure.StageCompleted {
		return nil
	}
	_, err := e.streams.accounts.execute(ctx, req.once("reopen "+s.RequestID), person, func(account.State) (account.Command, error) {
		return account.Unblock{At: e.deps.Now()}, nil
	})
	if err != nil && !problem.Has(err, "account-not-found") {
		return fmt.Errorf("opening account %s again: %w", person, err)
	}
	return nil
}

var errErasing = errors.New("this portal has nothing to erase people with")
