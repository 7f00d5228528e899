package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/domain/notification"
)

// ErrMayNot says that this process may not send any more: another one does.
var ErrMayNot = errors.New("another process sends notices now")

// recordTime bounds the recording of what a gateway answered, also when the process is about to end.
const recordTime = 5 * time.Second

// Send hands a notice to its gateway if it is due, and records what the gateway answered. May is asked directly before:
// false means that another process sends now. Nobody knows whether the gateway has a notice when this fails, or when the
// process ends in between: it is handed over again under the same id. Errors: ErrMayNot, the context's, those of the
// stores; a gateway's are recorded.
func (n *Notices) Send(ctx context.Context, id string, may func() bool) error {
	notice, err := n.streams.notifications.state(ctx, id)
	if err != nil || !notice.Due(n.deps.Now()) {
		return err
	}
	recipient, err := n.streams.accounts.state(ctx, notice.Recipient)
	if err != nil {
		return err
	}
	message := messageID(id, notice)
	ref, err := n.hand(ctx, message, notice, recipient, may)
	if errors.Is(err, ErrMayNot) {
		return err
	}
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("sending a notice: %w", ctx.Err())
	}
	if ref == "" && message != id {
		ref = message // by which the gateway may report
	}
	recording, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	step, command := stepOf("sent", notice), notification.Command(notification.RecordSent{Ref: ref, At: n.deps.Now()})
	if err != nil {
		fault := faultOf(err)
		fault.Attempt, fault.At = notice.Attempts+1, n.deps.Now()
		step, command = fmt.Sprintf("attempt-%d", fault.Attempt), fault
	}
	_, err = n.streams.notifications.execute(recording, noticeRequest(id, step), id,
		func(notification.State) (notification.Command, error) { return command, nil })
	if err != nil {
		return fmt.Errorf("recording what became of a notice: %w", err)
	}
	return nil
}

// unreachable are the faults that no gateway has to tell.
type unreachable string

func (u unreachable) Error() string   { return string(u) }
func (u unreachable) Permanent() bool { return true }
func (u unreachable) Reason() string  { return string(u) }

const (
	errErased    = unreachable("recipient-erased")
	errNoAddress = unreachable("no-address")
)

// hand gives a notice to its gateway.
func (n *Notices) hand(
	ctx context.Context, message string, notice notification.State, recipient account.State, may func() bool,
) (ref string, err error) {
	address := recipient.Phone
	if notice.Channel == notification.Email {
		address = recipient.Email
	}
	switch {
	case recipient.Erased || notice.Text == "":
		return "", errErased
	case address == "":
		return "", errNoAddress
	case !may():
		return "", ErrMayNot
	case notice.Channel == notification.Email:
		return n.deps.Messages.Email(ctx, message, address, notice.Subject, notice.Text)
	default:
		return n.deps.Messages.SMS(ctx, message, address, notice.Text)
	}
}

// faultOf says what is to be kept of an error of a gateway.
func faultOf(err error) notification.RecordFault {
	var fault GatewayFault
	switch {
	case errors.As(err, &fault):
		return notification.RecordFault{Reason: fault.Reason(), Permanent: fault.Permanent()}
	case errors.Is(err, context.DeadlineExceeded):
		return notification.RecordFault{Reason: "timeout"}
	default:
		return notification.RecordFault{Reason: "unreachable"}
	}
}
