package tlog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/lease"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/transparency"
)

const (
	// DefaultEvery is how often a checkpoint is signed if there were events.
	DefaultEvery = time.Minute
	// livePause lets events gather while the log is live, so that a tile is not written for every one.
	livePause = 500 * time.Millisecond
	// most is how many leaves are stored together.
	most = 16 * TileWidth
	// afterFault is how long the keeper waits before it tries again.
	afterFault = time.Second
	// afterAltered is how long it waits when the log is not what the tree says: somebody must look at it.
	afterAltered = time.Minute
)

// Keeper keeps the tree of an event log, and signs checkpoints.
type Keeper struct {
	Log    *Log
	Events eventstore.Store
	Leases *lease.Leases // nil: no other process has these stores
	Every  time.Duration // 0: DefaultEvery
	Pause  time.Duration // between writes while the log is live; 0: half a second
	Logger *slog.Logger  // nil: slog.Default
}

// Run keeps the tree until the context ends, in the one of the processes that has the lease.
func (k *Keeper) Run(ctx context.Context) {
	logger := cmp.Or(k.Logger, slog.Default())
	for ctx.Err() == nil {
		err := k.once(ctx)
		if ctx.Err() != nil {
			return
		}
		logger.ErrorContext(ctx, "the hash tree over the event log is not kept", "error", err)
		if errors.Is(err, ErrAltered) {
			sleep(ctx, afterAltered)
			continue
		}
		sleep(ctx, afterFault)
	}
}

func (k *Keeper) once(ctx context.Context) error {
	if err := Declare(ctx, k.Log.options.Reads); err != nil {
		return err
	}
	if k.Leases == nil {
		return k.keep(ctx, nil)
	}
	return k.Leases.Run(ctx, Projection, func(ctx context.Context, held *lease.Held) error {
		return k.keep(ctx, []readstore.Advance{held.Fence()})
	})
}

// keep follows the log. It ends with an error, or with the context.
func (k *Keeper) keep(ctx context.Context, fence []readstore.Advance) error {
	b, err := load(ctx, k.Log.Tree)
	if err != nil {
		return err
	}
	if err := k.rests(ctx, b); err != nil {
		return err
	}
	judged, err := k.judgeNow(ctx, b)
	if err != nil {
		return err
	}
	subscription, err := k.Events.Subscribe(ctx, b.stored, eventstore.Filter{})
	if err != nil {
		return fmt.Errorf("following the event log: %w", err)
	}
	defer subscription.Close() //nolint:errcheck // it was only read
	signing, stop := context.WithCancel(ctx)
	signed := make(chan struct{})
	defer func() {
		stop()
		<-signed
	}()
	go func() {
		defer close(signed)
		k.sign(signing)
	}()
	var leaves transparency.Leaves
	for {
		delivery, err := subscription.Next(ctx, most)
		if err != nil {
			return fmt.Errorf("following the event log: %w", err)
		}
		for i := range delivery.Events {
			event := &delivery.Events[i]
			if err := b.add(leaves.Hash(*event), event.Position); err != nil {
				return err
			}
		}
		if err := b.commit(ctx, k.Log.options.Reads, delivery.Through, fence...); err != nil {
			return err
		}
		if !delivery.Live {
			continue
		}
		if !judged {
			k.judge(ctx, b.size)
			judged = true
		}
		sleep(ctx, cmp.Or(k.Pause, livePause))
	}
}

// rests makes sure that the log still has the record with which the tree ends.
func (k *Keeper) rests(ctx context.Context, b *builder) error {
	if b.size == 0 {
		return nil
	}
	at, err := k.Log.PositionOf(ctx, b.size-1)
	if err != nil {
		return err
	}
	tile, err := k.Log.Tile(ctx, 0, (b.size-1)/TileWidth, b.size)
	if err != nil {
		return err
	}
	for event, err := range k.Events.ReadAll(ctx, eventstore.AllRead{From: at, Limit: 1}) {
		if err != nil {
			return fmt.Errorf("comparing the hash tree with the event log: %w", err)
		}
		if event.Position == at && transparency.Leaf(event) == tile[len(tile)-1] {
			return k.settled(ctx)
		}
	}
	why := fmt.Sprintf("the log does not have record %d, the last of the hash tree, as it was", b.size-1)
	return errors.Join(fmt.Errorf("%w: %s", ErrAltered, why), k.Log.note(ctx, troubleID, why))
}

// settled takes back that something is wrong: it is found again if it is still so.
func (k *Keeper) settled(ctx context.Context) error {
	if trouble := k.Log.Trouble(ctx); errors.Is(trouble, ErrAltered) {
		return k.Log.note(ctx, troubleID, "")
	}
	return nil
}

// judgeNow judges a tree to which the log has nothing to add.
func (k *Keeper) judgeNow(ctx context.Context, b *builder) (judged bool, err error) {
	head, err := eventstore.Head(ctx, k.Events)
	if err != nil {
		return false, fmt.Errorf("asking where the event log ends: %w", err)
	}
	if b.stored.Before(head) {
		return false, nil
	}
	k.judge(ctx, b.size)
	return true, nil
}

// judge compares the tree of the whole log with what was signed before.
func (k *Keeper) judge(ctx context.Context, size uint64) {
	_, err := k.Log.continues(ctx, size)
	switch {
	case errors.Is(err, ErrBehind):
		err = fmt.Errorf("%w: it has only %d records", ErrAltered, size)
		fallthrough
	case errors.Is(err, ErrAltered):
		k.report(ctx, err)
	case err == nil:
		_ = k.settled(ctx)
	}
}

func (k *Keeper) report(ctx context.Context, err error) {
	cmp.Or(k.Logger, slog.Default()).ErrorContext(ctx, "no checkpoint is signed any more: verify the event log with portal audit verify", "error", err)
	why := strings.TrimPrefix(strings.TrimPrefix(err.Error(), ErrAltered.Error()), ": ")
	if failed := k.Log.note(ctx, troubleID, cmp.Or(why, "see the messages of the portal")); failed != nil {
		cmp.Or(k.Logger, slog.Default()).ErrorContext(ctx, "what is wrong with the log was not kept", "error", failed)
	}
}

// sign signs a checkpoint every minute in which there were events.
func (k *Keeper) sign(ctx context.Context) {
	ticker := time.NewTicker(cmp.Or(k.Every, DefaultEvery))
	defer ticker.Stop()
	reported := false
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		size, err := k.Log.Size(ctx)
		if err == nil && size > 0 {
			_, err = k.Log.Sign(ctx)
		}
		switch {
		case err == nil:
			reported = false
		case errors.Is(err, ErrAltered) && !reported:
			reported = true
			k.report(ctx, err)
		case !errors.Is(err, ErrAltered) && !errors.Is(err, ErrBehind) && ctx.Err() == nil:
			cmp.Or(k.Logger, slog.Default()).WarnContext(ctx, "no checkpoint was signed", "error", err)
		}
	}
}

func sleep(ctx context.Context, length time.Duration) {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
