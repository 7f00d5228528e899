// Package lease lets one of several processes do what only one of them may do: project, or send notices.
//
// Whoever holds a lease renews it three times in its time to live, and stops when it could not: by its own clock, before
// anybody else may take it. Another takes it once it has not changed for that long by the other's own clock. Clocks of two
// machines are never compared. Every holder gets a token that is greater than all before it, and with it a fence: a
// condition for its commits that fails as soon as somebody else has the lease, however long the holder slept in between.
package lease

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"services.example/portal/infra/readstore"
)

var (
	// ErrLost is the cause with which the context of a holder ends that could not renew its lease in time.
	ErrLost = errors.New("the lease was lost")
	// ErrClaimed is the cause with which the context of a holder ends that another process asked for the lease.
	ErrClaimed = errors.New("the lease was asked for by another process")
)

// DefaultTTL is how long a lease lasts without being renewed.
const DefaultTTL = 3 * time.Second

// Collection declares where leases are kept.
var Collection = readstore.Collection{Name: "leases", Expires: true}

// Options say how leases are held. Store is needed.
type Options struct {
	Store  readstore.Store
	Holder string        // names this process to people; what makes it unique is added
	TTL    time.Duration // how long a lease lasts without being renewed; 0: DefaultTTL
	Logger *slog.Logger  // nil: slog.Default

	// Clock is this process's own, as time.Now: with a monotonic reading. Nil: time.Now.
	Clock func() time.Time
}

// Leases is one process's part in the leases of a read store.
type Leases struct {
	options Options
	id      string // of this process, never used again
}

// New takes part in the leases of a read store. It reads and writes nothing before Declare.
func New(options Options) *Leases {
	options.TTL = cmp.Or(options.TTL, DefaultTTL)
	options.Logger = cmp.Or(options.Logger, slog.Default())
	if options.Clock == nil {
		options.Clock = time.Now
	}
	return &Leases{options: options, id: cmp.Or(options.Holder, "portal") + "/" + uuid.NewString()}
}

// Declare makes the collection of leases ready. Repeating it is harmless.
func (l *Leases) Declare(ctx context.Context) error {
	if err := l.options.Store.Declare(ctx, Collection); err != nil {
		return fmt.Errorf("declaring the collection of leases: %w", err)
	}
	return nil
}

// ID names this process among the holders of leases.
func (l *Leases) ID() string { return l.id }

// TTL is how long a lease lasts without being renewed.
func (l *Leases) TTL() time.Duration { return l.options.TTL }

// Holder names whoever was last known to hold a lease; nobody: "".
func (l *Leases) Holder(ctx context.Context, name string) (string, error) {
	_, found, err := read(ctx, l.options.Store, name)
	return found.Holder, err
}

// Claim asks whoever holds a lease to hand it over to this process, which must be waiting for it in Run.
func (l *Leases) Claim(ctx context.Context, name string) error {
	return l.contender(name).claim(ctx)
}

func (l *Leases) contender(name string) *contender {
	return &contender{
		store: l.options.Store, name: name, id: l.id, ttl: l.options.TTL, now: l.options.Clock, watched: -1,
	}
}
