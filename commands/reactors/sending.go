package reactors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"services.example/portal/commands"
	"services.example/portal/domain/notification"
)

// Outstanding knows which notices are still to be handed to their gateways.
type Outstanding interface {
	// Due lists the ids of at most limit notices of a channel that are to be tried now. It may be a little behind: a
	// notice is asked itself before it is sent.
	Due(ctx context.Context, channel notification.Channel, now time.Time, limit int) ([]string, error)
}

const (
	sendPoll   = 500 * time.Millisecond // how often due notices are looked for
	sendAtOnce = 8                      // by one channel
	sendBatch  = 256
)

// Sending hands due notices to their gateways: by each channel on its own, so that a slow one does not hold up the other,
// and several at once.
func Sending(use *commands.Notices, outstanding Outstanding, now func() time.Time) []Task {
	var tasks []Task
	for _, channel := range []notification.Channel{notification.SMS, notification.Email} {
		s := &sending{use: use, outstanding: outstanding, now: now, channel: channel}
		tasks = append(tasks, Task{Name: "sending_" + string(channel), Run: s.run})
	}
	return tasks
}

type sending struct {
	use         *commands.Notices
	outstanding Outstanding
	now         func() time.Time
	channel     notification.Channel
}

// run sends what is due until its context ends, or something but a gateway fails.
func (s *sending) run(ctx context.Context, may func() bool) error {
	ticker := time.NewTicker(sendPoll)
	defer ticker.Stop()
	for {
		found, err := s.pass(ctx, may)
		if err != nil {
			return err
		}
		if found >= sendBatch {
			continue
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// pass sends what is due now, and tells how many notices that were. One that cannot be read does not hold up the others.
func (s *sending) pass(ctx context.Context, may func() bool) (found int, err error) {
	ids, err := s.outstanding.Due(ctx, s.channel, s.now(), sendBatch)
	if err != nil {
		return 0, fmt.Errorf("finding notices that are due: %w", err)
	}
	var group errgroup.Group
	group.SetLimit(sendAtOnce)
	faults := make([]error, len(ids))
	for i, id := range ids {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			if err := s.use.Send(ctx, id, may); err != nil {
				faults[i] = fmt.Errorf("notice %s: %w", id, err)
			}
			return nil
		})
	}
	_ = group.Wait() // the faults are in their list
	return len(ids), errors.Join(faults...)
}
