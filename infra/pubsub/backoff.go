package pubsub

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff is a wait that doubles with every failure in a row, with jitter: each wait is between half of its length and
// its length. The zero value waits from 10 ms up to 5 s.
type Backoff struct {
	Min, Max time.Duration
}

// Wait waits after the given number of failures in a row, counted from 1. It returns early with the context's error.
func (b Backoff) Wait(ctx context.Context, failures int) error {
	return sleep(ctx, b.delay(failures))
}

func (b Backoff) delay(failures int) time.Duration {
	shortest, longest := b.Min, b.Max
	if shortest <= 0 {
		shortest = 10 * time.Millisecond
	}
	if longest <= 0 {
		longest = 5 * time.Second
	}
	delay := min(shortest, longest)
	for range failures - 1 {
		if delay >= longest/2 {
			delay = longest
			break
		}
		delay *= 2
	}
	half := delay / 2
	return half + rand.N(delay-half+1) //nolint:gosec // jitter is no secret
}
