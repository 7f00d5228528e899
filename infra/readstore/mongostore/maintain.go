package mongostore

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"services.example/portal/infra/readstore"
)

// startUpkeep calls Maintain from time to time until the store closes.
func (s *Store) startUpkeep(ctx context.Context) {
	if s.options.MaintainEvery < 0 {
		return
	}
	s.upkeep.Go(func() {
		ticker := time.NewTicker(s.options.MaintainEvery)
		defer ticker.Stop()
		for {
			select {
			case <-s.stopped:
				return
			case <-ticker.C:
				if err := s.Maintain(ctx); err != nil && !errors.Is(err, readstore.ErrUnavailable) && ctx.Err() == nil {
					s.options.Logger.ErrorContext(ctx, "upkeep of the read store", slog.Any("error", err))
				}
			}
		}
	})
}

// Maintain does what nobody waits for: it learns which collections other processes declared, gives their places in the
// indexes to documents that processes with older declarations wrote, and removes expired entries and old marks of removal
// where the server does not. It runs by itself every Options.MaintainEvery.
func (s *Store) Maintain(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	if err := s.refresh(ctx); err != nil {
		return err
	}
	var failed []error
	for _, c := range s.catalog.all() {
		failed = append(failed, s.maintain(ctx, c))
	}
	return errors.Join(failed...)
}

func (s *Store) maintain(ctx context.Context, c *collection) error {
	if err := s.fill(ctx, c, c.indexes); err != nil {
		return err
	}
	if c.sweeper == sweptByServer {
		return nil
	}
	return s.sweep(ctx, c)
}
