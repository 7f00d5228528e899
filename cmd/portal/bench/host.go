package bench

import (
	"context"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/session"
	"services.example/portal/projections"
)

// Host is the program that is measured.
type Host interface {
	// Open opens a portal with embedded stores on a data folder; alone: nobody reads what it writes before it is closed.
	Open(ctx context.Context, data string, alone bool) (*Portal, error)
	// Collect lets the portal that runs on a data folder collect its garbage.
	Collect(ctx context.Context, data string) error
}

// Portal is what the benchmark needs of an open portal.
type Portal struct {
	Events   eventstore.Store
	Codec    *codec.Codec
	Keys     Keys
	Sessions *session.Store
	Engine   *projections.Engine

	AccountID func(number string) string      // of whoever has an IIN
	Seed      func(ctx context.Context) error // brings the built-in catalogue into effect
	Project   func(ctx context.Context) error // runs the projections until they have seen everything
	Close     func() error
}

// Keys makes the key under which personal data of somebody is kept.
type Keys interface {
	Create(ctx context.Context, subject string) error
}
