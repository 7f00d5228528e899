package commands

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"services.example/portal/domain/access"
)

// Access are the use cases of those who read history.
type Access struct {
	deps    Deps
	streams *streams
}

// theReader says that the reason of a reading is the reader's own personal data.
func theReader(reader string, _ access.State, _ access.Command) string { return reader }

// Record keeps who reads what, and why. It returns when that is durable: only then may anything be given out. The actor
// of the request is the reader. Error: invalid, with what is wrong with the reason or with what is to be read.
func (a *Access) Record(ctx context.Context, req Request, reading access.Reading) error {
	reading.Reader = req.Actor
	if reading.ID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("making the id of a reading: %w", err)
		}
		reading.ID = id.String()
	}
	if reading.At.IsZero() {
		reading.At = a.deps.Now()
	}
	_, err := a.streams.accesses.executeAny(ctx, req, req.Actor, func(access.State) (access.Command, error) {
		return reading, nil
	})
	return err
}
