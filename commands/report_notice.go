package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"services.example/portal/domain/notification"
	"services.example/portal/domain/problem"
)

// DeliveryReport is what a gateway says of a message some time after it took it over.
type DeliveryReport struct {
	Ref       string // that it gave, or the id that it was given
	Delivered bool
	Reason    string // of a failure: a code
}

const (
	reportWait = 2 * time.Second       // for a notice whose sending is being recorded while its report arrives
	reportPoll = 20 * time.Millisecond // how often it is looked for
	longestRef = 200                   // bytes
)

// Report records a delivery report. Repeating it changes nothing. Errors: notice-not-found, also for messages that are no
// notices.
func (n *Notices) Report(ctx context.Context, report DeliveryReport) error {
	id, err := n.reported(ctx, report.Ref)
	if err != nil {
		return err
	}
	notice, err := n.streams.notifications.state(ctx, id)
	if err != nil {
		return err
	}
	step, command := stepOf("delivered", notice), notification.Command(notification.RecordDelivery{At: n.deps.Now()})
	if !report.Delivered {
		step, command = stepOf("lost", notice), notification.RecordLoss{Reason: report.Reason, At: n.deps.Now()}
	}
	_, err = n.streams.notifications.execute(ctx, noticeRequest(id, step), id,
		func(notification.State) (notification.Command, error) { return command, nil })
	if err != nil {
		return fmt.Errorf("recording a delivery report: %w", err)
	}
	return nil
}

// reported finds the notice that a report is about. A gateway may report before it was recorded that it took the notice
// over, or before that can be found.
func (n *Notices) reported(ctx context.Context, ref string) (string, error) {
	if ref == "" || len(ref) > longestRef {
		return "", problem.New(problem.NotFound, "notice-not-found")
	}
	waiting, cancel := context.WithTimeout(ctx, reportWait)
	defer cancel()
	again := time.NewTicker(reportPoll)
	defer again.Stop()
	for {
		id, err := n.find(ctx, ref)
		if err != nil || id != "" {
			return id, err
		}
		select {
		case <-again.C:
		case <-waiting.Done():
			return "", problem.New(problem.NotFound, "notice-not-found")
		}
	}
}

func (n *Notices) find(ctx context.Context, ref string) (string, error) {
	if own, err := uuid.Parse(ref); err == nil {
		s, err := n.streams.notifications.state(ctx, own.String())
		if err != nil {
			return "", err
		}
		if s.Status != "" && !s.Pending() {
			return own.String(), nil
		}
	}
	if n.deps.Notified == nil {
		return "", nil
	}
	return n.deps.Notified.ByRef(ctx, ref)
}
