package commands

import (
	"context"

	"github.com/google/uuid"

	"services.example/portal/domain/notification"
)

const noticeStreams = "notification-"

// Notices are the use cases of telling people outside the portal what happened in it.
type Notices struct {
	deps    Deps
	streams *streams
}

// Notified finds notices by what gateways know of them.
type Notified interface {
	// ByRef returns the id of the notice that the gateway calls ref; "" if there is none, or not yet.
	ByRef(ctx context.Context, ref string) (id string, err error)
}

// GatewayFault is an error of a gateway that knows what it is about.
type GatewayFault interface {
	error
	Permanent() bool // the same message to the same person will never be taken
	Reason() string  // a code without the gateway's words: they may repeat address and text
}

// theRecipient says that a notice's events hold its recipient's data.
func theRecipient(_ string, s notification.State, c notification.Command) string {
	if request, ok := c.(notification.Request); ok {
		return request.Recipient
	}
	return s.Recipient
}

// noticeRequest describes a command that the system gives to a notice. The same step of the same notice is the same
// command, so that two processes which take it at once write it once.
func noticeRequest(id, step string) Request {
	command := uuid.NewSHA1(noticeNamespace, []byte(id+"/"+step))
	return Request{CommandID: command, CausationID: command, CorrelationID: command, Role: "system"}
}

var noticeNamespace = uuid.MustParse("c1d4b9c2-52b7-5a0e-9a5c-0d6f0b7f7a31")
