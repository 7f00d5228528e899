package pebblestore

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"services.example/portal/infra/readstore"
)

// sweepLimit bounds the entries that one round removes from a collection.
const sweepLimit = 1000

// startSweeper removes expired entries from time to time until the store closes.
func (s *Store) startSweeper() {
	if s.options.SweepEvery < 0 {
		return
	}
	s.sweeper.Go(func() {
		ticker := time.NewTicker(s.options.SweepEvery)
		defer ticker.Stop()
		for {
			select {
			case <-s.stopped:
				return
			case <-ticker.C:
				if _, err := s.sweep(s.ended); err != nil && !errors.Is(err, readstore.ErrUnavailable) {
					s.options.Logger.Error("removing expired entries", slog.Any("error", err))
				}
			}
		}
	})
}

// Sweep removes entries whose time has passed, at most sweepLimit of each collection, and tells how many. It runs by
// itself every Options.SweepEvery.
func (s *Store) Sweep(ctx context.Context) (int, error) {
	return s.sweep(ctx.Err)
}

// ended tells the background sweep that the store closes.
func (s *Store) ended() error {
	select {
	case <-s.stopped:
		return readstore.ErrUnavailable
	default:
		return nil
	}
}

func (s *Store) sweep(ended func() error) (int, error) {
	if err := ended(); err != nil {
		return 0, err
	}
	leave, err := s.begin() // also while the disk is full: it makes room
	if err != nil {
		return 0, err
	}
	defer leave()
	removed := 0
	for _, c := range s.catalog.Load().collections {
		if !c.expires {
			continue
		}
		ids, err := s.expired(c)
		if err != nil {
			return removed, err
		}
		for _, id := range ids {
			if err := ended(); err != nil {
				return removed, err
			}
			gone, err := s.sweepEntry(c.name, id)
			if err != nil {
				return removed, err
			}
			if gone {
				removed++
			}
		}
	}
	return removed, nil
}

// expired lists ids of entries whose time has passed.
func (s *Store) expired(c *collection) ([]string, error) {
	start, _ := numberedSpan(tableExpiry, c.number)
	end := binary.BigEndian.AppendUint64(appendNumbered(nil, tableExpiry, c.number), sortableInt(s.options.Now().UnixMilli()+1))
	iterator, err := s.db.NewIter(&pebble.IterOptions{LowerBound: start, UpperBound: end})
	if err != nil {
		return nil, broken("looking for expired entries", err)
	}
	var ids []string
	for valid := iterator.First(); valid && len(ids) < sweepLimit; valid = iterator.Next() {
		ids = append(ids, string(iterator.Key()[len(start)+8:]))
	}
	if err := errors.Join(iterator.Error(), iterator.Close()); err != nil {
		return nil, broken("looking for expired entries", err)
	}
	return ids, nil
}

// sweepEntry removes an entry if its time has still passed: it may have been put again meanwhile.
func (s *Store) sweepEntry(collection, id string) (removed bool, err error) {
	wait, err := s.beginEntryChange(collection, id, func(stored record) (record, error) {
		if stored == nil || stored.alive(s.options.Now()) {
			return nil, errKept
		}
		removed = true
		return nil, nil
	}, false)
	if err != nil {
		return false, err
	}
	return removed, wait()
}
