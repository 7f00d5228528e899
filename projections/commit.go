package projections

import (
	"context"
	"errors"
	"fmt"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/lease"
	"services.example/portal/infra/readstore"
)

// part is what one runner adds to a commit.
type part struct {
	runner  *runner
	docs    documents // that the live group keeps when they are stored
	writes  []readstore.Write
	through eventstore.Position
}

// lost is a runner whose part was not committed and will not be: a faultError says that it cannot be, anything else
// that its checkpoint was not where it was expected.
type lost struct {
	runner *runner
	cause  error
}

// commit stores the parts in one batch. When the store refuses the batch for the sake of one part, the others are
// stored without it. An error means that nothing was stored as far as is known and that it may be tried again.
func (s *session) commit(ctx context.Context, parts []part) ([]lost, error) {
	var losses []lost
	for len(parts) > 0 {
		err := s.store(ctx, parts)
		var elsewhere *readstore.CheckpointError
		switch {
		case err == nil:
			return losses, nil
		case errors.As(err, &elsewhere):
			kept := parts[:0:0]
			for _, p := range parts {
				if p.runner.collection == elsewhere.Projection {
					losses = append(losses, lost{p.runner, err})
				} else {
					kept = append(kept, p)
				}
			}
			if len(kept) == len(parts) {
				return losses, err
			}
			parts = kept
		case passing(err):
			return losses, err
		case len(parts) == 1:
			return append(losses, lost{parts[0].runner, &faultError{cause: err}}), nil
		default:
			for _, p := range parts {
				more, err := s.commit(ctx, []part{p})
				losses = append(losses, more...)
				if err != nil {
					return losses, err
				}
			}
			return losses, nil
		}
	}
	return losses, nil
}

// passing tells whether an error is expected to go away by itself.
func passing(err error) bool {
	return errors.Is(err, readstore.ErrUnavailable) || errors.Is(err, eventstore.ErrUnavailable) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, lease.ErrLost)
}

func (s *session) store(ctx context.Context, parts []part) error {
	started := time.Now()
	var batch readstore.Batch
	var moving []*runner
	for _, p := range parts {
		batch.Writes = append(batch.Writes, p.writes...)
		if s.due(p, started) {
			advance := readstore.Advance{Projection: p.runner.collection, From: p.runner.checkpoint, To: p.through}
			batch.Advances = append(batch.Advances, advance)
			moving = append(moving, p.runner)
		}
	}
	if err := s.storeBatch(ctx, batch); err != nil {
		return err
	}
	for i, r := range moving {
		r.checkpoint, r.saved = batch.Advances[i].To, started
	}
	for _, p := range parts {
		if p.runner.committedThrough().Before(p.through) {
			p.runner.commit(p.through, len(p.writes))
		}
	}
	s.metrics.committed(ctx, parts, time.Since(started))
	return nil
}

// quietCheckpoint is how often the checkpoint of a read model is moved past events that change nothing in it. What a crash
// takes back of that is read again and changes nothing again.
const quietCheckpoint = time.Second

// due tells whether the checkpoint moves with a part: always with documents, and where other processes wait for it.
func (s *session) due(p part, now time.Time) bool {
	return p.runner.checkpoint.Before(p.through) &&
		(len(p.writes) > 0 || s.held != nil || now.Sub(p.runner.saved) >= quietCheckpoint)
}

func (s *session) storeBatch(ctx context.Context, batch readstore.Batch) error {
	if len(batch.Writes) == 0 && len(batch.Advances) == 0 {
		return nil
	}
	if s.held != nil && !s.held.Valid() {
		return fmt.Errorf("committing %d documents: %w", len(batch.Writes), lease.ErrLost)
	}
	if err := s.config.Reads.Commit(ctx, batch); err != nil {
		return fmt.Errorf("committing %d documents: %w", len(batch.Writes), err)
	}
	return nil
}
