package esdbserver

import (
	"context"
	"net"
	"time"

	"google.golang.org/grpc/codes"

	"services.example/portal/infra/eventstore/esdbserver/faults"
)

// flaw is a fault that a call has drawn.
type flaw struct {
	faults.Fault
	server *Server
}

var errInjected = unavailable("a fault was injected")

// strike asks for the fault of a call and carries out what comes before the work.
func (s *Server) strike(ctx context.Context, op faults.Op) (flaw, error) {
	f := flaw{Fault: s.options.Faults.Fault(op), server: s}
	switch f.Kind {
	case faults.Delay:
		timer := time.NewTimer(f.For)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return f, ctx.Err()
		case <-s.live.Done():
			return f, errStopping
		}
	case faults.UnavailableBefore:
		return f, errInjected
	case faults.NotLeader:
		return f, exception(codes.Unknown, "not-leader", "No leader info available in response")
	case faults.NotLeaderAt:
		host, port, err := net.SplitHostPort(f.Leader)
		if err != nil {
			return f, invalid("the plan of faults has no leader %q", f.Leader)
		}
		return f, exception(codes.NotFound, "not-leader", "Leader info available",
			"leader-endpoint-host", host, "leader-endpoint-port", port)
	default:
	}
	return f, nil
}

// after carries out what comes between the work and its answer.
func (f *flaw) after() error {
	switch f.Kind {
	case faults.UnavailableAfter:
		return errInjected
	case faults.Cut:
		f.server.Cut()
		return errInjected
	default:
		return nil
	}
}
