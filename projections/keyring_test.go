package projections_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/projections"
)

// locked is a decoder whose keyring is away for so many times.
type locked struct {
	decoder
	away *atomic.Int64
}

func (l locked) Decode(ctx context.Context, recorded eventstore.Recorded) (codec.Envelope, error) {
	if l.away.Add(-1) >= 0 {
		return codec.Envelope{}, &codec.DecodeError{Part: "personal fields", Err: fmt.Errorf("key: %w", codec.ErrUnavailable)}
	}
	return l.decoder.Decode(ctx, recorded)
}

func TestAKeyringThatIsAwayForAWhileIsWaitedFor(t *testing.T) {
	log, reads := stores(t)
	var away atomic.Int64
	away.Store(5) // while catching up
	noted(t, log, "case-1", "a", 1)
	c := config(log, reads, counter("counters", 1, "case-").Projection())
	c.Decoder = locked{away: &away}
	f := fixture{Engine: start(t, c), log: log, reads: reads}
	f.caughtUp(t)
	away.Store(5) // and live
	f.sees(t, "counters", noted(t, log, "case-1", "a", 2), "a", 1, 2)
	if s := f.status(t, "counters"); s.State != projections.Live {
		t.Errorf("it is %s: %s", s.State, s.LastError)
	}
}
