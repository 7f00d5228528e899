package commands

import "context"

// Rebuilder builds read models again from the event log.
type Rebuilder interface {
	// Begin begins to build one again, or lets it go on if that is under way, and does not wait for it. Errors:
	// projection-not-found; not-the-owner where another process has to be asked.
	Begin(ctx context.Context, name string) error
}
