package readapi

import (
	"context"
	"fmt"
	"time"
)

// pace lets long readings of history run one slice after another, however many there are, and rest between slices while
// commands are given: whoever reads everything does not slow down those who work.
type pace struct {
	turn chan struct{}
	busy func() bool
}

const (
	// restFor is how much longer a reading rests than it works, while commands are given: 1/40 of one processor.
	restFor = 39
	// longestRest bounds one rest, so that a slice that was slow for another reason is not paid for twenty times.
	longestRest = 200 * time.Millisecond
)

func newPace(busy func() bool) *pace {
	if busy == nil {
		busy = func() bool { return false }
	}
	return &pace{turn: make(chan struct{}, 1), busy: busy}
}

// do works when it is this reading's turn, and rests. Error: the context's, or that of the work.
func (p *pace) do(ctx context.Context, work func() error) error { return p.doAfter(ctx, 0, work) }

// doAfter is do, and rests for what was done before its turn, too.
func (p *pace) doAfter(ctx context.Context, before time.Duration, work func() error) error {
	if err := ctx.Err(); err != nil { // also where the turn is free
		return fmt.Errorf("waiting for the turn to read history: %w", err)
	}
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("waiting for the turn to read history: %w", ctx.Err())
	}
	defer func() { <-p.turn }()
	began := time.Now()
	if err := work(); err != nil || !p.busy() {
		return err
	}
	rest := time.NewTimer(min(restFor*(before+time.Since(began)), longestRest))
	defer rest.Stop()
	select {
	case <-rest.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("resting from reading history: %w", ctx.Err())
	}
}
