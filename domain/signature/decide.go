package signature

import (
	"errors"
	"slices"
	"time"

	"services.example/portal/domain/problem"
)

const (
	// MaxTries is how many signatures of one account under one document may fail within TryWindow.
	MaxTries = 10
	// TryWindow is how long a failed try counts.
	TryWindow = 15 * time.Minute
)

// Decide answers a command with the events that carry it out. A command that is already in effect gives none.
func Decide(s State, command Command) ([]Event, error) {
	if c, ok := command.(Prepare); ok {
		return decidePrepare(s, c)
	}
	if !s.Open() {
		return nil, problem.New(problem.NotFound, "document-not-found")
	}
	switch c := command.(type) {
	case Sign:
		return s.accept(Accepted{
			Signer: c.Signer, Account: c.Account, Method: EDS, CMS: c.CMS, Certificate: &c.Certificate, At: c.At,
		}, c.Evidence...)
	case Accept:
		return s.accept(Accepted{Signer: c.Signer, Account: c.Account, Method: Acceptance, At: c.At})
	case Reject:
		if err := s.MayTry(c.Signer, c.Account, c.At); err != nil {
			return nil, err
		}
		return []Event{Rejected(c)}, nil
	case Withdraw:
		switch {
		case s.Withdrawn:
			return nil, nil
		case s.Complete:
			return nil, problem.New(problem.WrongState, "document-signed")
		}
		return []Event{Withdrawn(c)}, nil
	case AttachEvidence:
		return s.attach(c)
	case GiveUpEvidence:
		return s.giveUp(c)
	default:
		return nil, problem.New(problem.WrongState, "unknown-command")
	}
}

var (
	errUnsigned = errors.New("preparing signatures: nobody is to sign the document")
	errOther    = errors.New("preparing signatures: the id belongs to another document")
)

func decidePrepare(s State, c Prepare) ([]Event, error) {
	switch {
	case len(c.Signers) == 0:
		return nil, errUnsigned
	case !s.Open():
		return []Event{Prepared(c)}, nil
	case s.ApplicationID != c.ApplicationID || s.SHA256 != c.SHA256 || !slices.Equal(s.Signers, c.Signers):
		return nil, errOther
	default:
		return nil, nil
	}
}

// accept adds a signature with its evidence, and says after the last one that everybody has signed.
func (s State) accept(a Accepted, evidence ...Evidence) ([]Event, error) {
	if before, signed := s.Signature(a.Signer); signed && before.Account == a.Account && before.Method == a.Method && before.CMS == a.CMS {
		return nil, nil
	}
	if err := s.MaySign(a.Signer, a.Method); err != nil {
		return nil, err
	}
	attached, err := Proof{Signer: a.Signer}.attach(evidence, a.At)
	if err != nil {
		return nil, err
	}
	events := append([]Event{a}, attached...)
	if a.Signer == s.Signers[len(s.Signers)-1] {
		events = append(events, FullySigned{At: a.At})
	}
	return events, nil
}

// MaySign tells whether a signer may sign now, in this way. Errors: document-not-found, document-superseded, not-a-signer,
// already-signed, not-your-turn, acceptance-not-allowed.
func (s State) MaySign(signer Signer, by Method) error {
	_, signed := s.Signature(signer)
	switch {
	case !s.Open():
		return problem.New(problem.NotFound, "document-not-found")
	case s.Withdrawn:
		return problem.New(problem.WrongState, "document-superseded")
	case !slices.Contains(s.Signers, signer):
		return problem.New(problem.WrongState, "not-a-signer")
	case signed:
		return problem.New(problem.WrongState, "already-signed")
	case s.Next() != signer:
		return problem.New(problem.WrongState, "not-your-turn")
	case by == Acceptance && s.By != Acceptance:
		return problem.New(problem.WrongState, "acceptance-not-allowed")
	default:
		return nil
	}
}

// MayTry tells whether an account may hand in a digital signature now. Errors: those of MaySign; too-many-tries after
// MaxTries failed ones within TryWindow.
func (s State) MayTry(signer Signer, account string, at time.Time) error {
	if err := s.MaySign(signer, EDS); err != nil {
		return err
	}
	failed, first := 0, time.Time{}
	for _, r := range slices.Backward(s.Rejected) {
		if r.Account == account && at.Before(r.At.Add(TryWindow)) {
			failed, first = failed+1, r.At
		}
	}
	if failed >= MaxTries {
		return &problem.Problem{Kind: problem.TooMany, Code: "too-many-tries", RetryAfter: first.Add(TryWindow).Sub(at)}
	}
	return nil
}
