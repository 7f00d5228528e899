package commands

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"services.example/portal/domain/notification"
	"services.example/portal/domain/problem"
)

// Resend takes a notice up again that was given up or postponed; it is tried at once. One that was not tried yet stays as
// it is. Errors: notice-not-found, already-sent, stale.
func (n *Notices) Resend(ctx context.Context, req Request, id string) (Outcome[notification.State], error) {
	if _, err := uuid.Parse(id); err != nil {
		return Outcome[notification.State]{}, problem.New(problem.NotFound, "notice-not-found")
	}
	return n.streams.notifications.execute(ctx, req, canonical(id), func(s notification.State) (notification.Command, error) {
		if s.Status == "" {
			return nil, problem.New(problem.NotFound, "notice-not-found")
		}
		return notification.Resume{At: n.deps.Now()}, nil
	})
}

// messageID names a notice to its gateway. One that was given up goes again under another name: a gateway takes a name that
// it knows for a repetition.
func messageID(id string, s notification.State) string {
	if s.Again == 0 {
		return id
	}
	return uuid.NewSHA1(noticeNamespace, fmt.Appendf(nil, "%s/message-%d", id, s.Again)).String()
}

// stepOf names a step that happens once until a notice is taken up again.
func stepOf(step string, s notification.State) string {
	if s.Again == 0 {
		return step
	}
	return fmt.Sprintf("%s-%d", step, s.Again)
}
