package reactors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"services.example/portal/commands"
	"services.example/portal/domain/application"
)

// TermIndex knows which applications somebody waits for, and since when. It may be a little behind: an application is
// asked itself before anything happens to it. Pages follow each other by after; next is empty at the end.
type TermIndex interface {
	// Due lists applications whose term runs and was not said to be over, due until a time, the earliest first.
	Due(ctx context.Context, until time.Time, after string) (page []DueApplication, next string, err error)
	// Waiting lists applications that have waited for their applicant since a time, or for longer.
	Waiting(ctx context.Context, waitingFor application.WaitingFor, since time.Time, after string) (
		page []WaitingApplication, next string, err error)
}

// DueApplication is an application whose term runs.
type DueApplication struct {
	ID       string
	Provider string // empty: not known
	DueAt    time.Time
	Near     bool // was said of this due date already
}

// WaitingApplication is an application that waits for its applicant.
type WaitingApplication struct {
	ID       string
	Since    time.Time
	Reminded bool
}

// TermsEvery is how often terms are looked after, unless said otherwise.
const TermsEvery = 5 * time.Minute

// lookAhead is how far ahead due dates are looked at: further than application.DueSoonDays working days ever reach.
const lookAhead = 16 * 24 * time.Hour

// Terms looks after what happens when nobody does anything: due dates that come near and pass, applicants who are
// reminded, and applications that end without them. It goes through all of them every so often; nothing needs it to be
// punctual, and what it missed while no process ran it does next time.
func Terms(use *commands.Terms, index TermIndex, now func() time.Time, every time.Duration) Task {
	t := &terms{use: use, index: index, now: now, every: every}
	return Task{Name: "terms", Run: t.run}
}

type terms struct {
	use   *commands.Terms
	index TermIndex
	now   func() time.Time
	every time.Duration
}

// run needs to ask nobody before it gives a command: one that another process has given already changes nothing.
func (t *terms) run(ctx context.Context, _ func() bool) error {
	ticker := time.NewTicker(t.every)
	defer ticker.Stop()
	for {
		if err := t.pass(ctx); err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// pass goes through all terms once. An application that fails does not hold up the others.
func (t *terms) pass(ctx context.Context) error {
	var faults faults
	err := errors.Join(t.dueDates(ctx, &faults), t.signatures(ctx, &faults), t.questionnaires(ctx, &faults), t.completions(ctx, &faults))
	return errors.Join(err, faults.join())
}

func (t *terms) dueDates(ctx context.Context, faults *faults) error {
	now := t.now()
	near := map[string]time.Time{} // by provider: the latest due date that is near
	after := ""
	for {
		page, next, err := t.index.Due(ctx, now.Add(lookAhead), after)
		if err != nil {
			return fmt.Errorf("finding due dates: %w", err)
		}
		for _, one := range page {
			if one.Near && !now.After(one.DueAt) {
				continue
			}
			if err := t.warn(ctx, one, near); ctx.Err() != nil {
				return ctx.Err()
			} else if err != nil {
				faults.add(err)
			}
		}
		if after = next; after == "" {
			return nil
		}
	}
}

func (t *terms) warn(ctx context.Context, one DueApplication, near map[string]time.Time) error {
	until, known := near[one.Provider]
	if !known && one.Provider != "" {
		var err error
		if until, err = t.use.NearUntil(ctx, one.Provider); err != nil {
			return err
		}
		near[one.Provider] = until
	}
	if one.Provider != "" && one.DueAt.After(until) {
		return nil
	}
	return t.use.WarnOfDueDate(ctx, commands.NewRequest("system"), one.ID, one.DueAt)
}

func (t *terms) signatures(ctx context.Context, faults *faults) error {
	return t.waiting(ctx, application.ForSignature, application.CloseUnsignedAfter, faults)
}

func (t *terms) questionnaires(ctx context.Context, faults *faults) error {
	return t.waiting(ctx, application.ForQuestionnaire, application.CloseQuestionnaireAfter, faults)
}

func (t *terms) completions(ctx context.Context, faults *faults) error {
	return t.waiting(ctx, application.ForCompletion, 0, faults)
}

// waiting reminds the applicants who have been waited for long enough, and after another time ends their applications; 0:
// never.
func (t *terms) waiting(
	ctx context.Context, waitingFor application.WaitingFor, closeAfter time.Duration, faults *faults,
) error {
	now := t.now()
	after := ""
	for {
		page, next, err := t.index.Waiting(ctx, waitingFor, now.Add(-application.RemindAfter), after)
		if err != nil {
			return fmt.Errorf("finding applications that wait for a %s: %w", waitingFor, err)
		}
		for _, one := range page {
			closes := closeAfter > 0 && !now.Before(one.Since.Add(closeAfter))
			if err := t.attend(ctx, one, waitingFor, closes); ctx.Err() != nil {
				return ctx.Err()
			} else if err != nil {
				faults.add(err)
			}
		}
		if after = next; after == "" {
			return nil
		}
	}
}

// attend tries the end and the reminder. It is the application that decides: the index may count from another moment, as
// when the provider signed only lately.
func (t *terms) attend(ctx context.Context, one WaitingApplication, waitingFor application.WaitingFor, closes bool) error {
	if closes {
		if err := t.use.CloseWaiting(ctx, commands.NewRequest("system"), one.ID, waitingFor); err != nil {
			return err
		}
	}
	if one.Reminded {
		return nil
	}
	return t.use.RemindApplicant(ctx, commands.NewRequest("system"), one.ID, waitingFor)
}

// faults are the errors of single applications: a few of them, so that a store that fails fills no log.
type faults struct {
	list []error
	more int
}

const maxFaults = 5

func (f *faults) add(err error) {
	if len(f.list) == maxFaults {
		f.more++
		return
	}
	f.list = append(f.list, err)
}

func (f *faults) join() error {
	list := slices.Clone(f.list)
	if f.more > 0 {
		list = append(list, fmt.Errorf("and %d more", f.more))
	}
	return errors.Join(list...)
}
