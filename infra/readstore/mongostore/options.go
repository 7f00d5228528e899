package mongostore

import (
	"log/slog"
	"time"
)

// Options tune a store. The zero value is right for the portal.
type Options struct {
	// Database is the database to use; if empty the one that the URL names, or "portal".
	Database string
	// Timeout bounds calls whose context has no deadline, unless the URL has timeoutMS; 10 seconds if 0.
	Timeout time.Duration
	// Now is the clock by which entries expire; time.Now if nil.
	Now func() time.Time
	// MaintainEvery is the pause between rounds of upkeep (see Maintain): a minute if 0, never if negative.
	MaintainEvery time.Duration
	// FillBatch is how many documents get their places in a new index at a time; 500 if 0.
	FillBatch int
	// Logger receives what the upkeep has to say; slog.Default if nil.
	Logger *slog.Logger
}

const (
	defaultTimeout   = 10 * time.Second
	defaultFillBatch = 500
)

func (o Options) withDefaults() Options {
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaintainEvery == 0 {
		o.MaintainEvery = time.Minute
	}
	if o.FillBatch == 0 {
		o.FillBatch = defaultFillBatch
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}
