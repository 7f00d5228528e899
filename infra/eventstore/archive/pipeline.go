package archive

import (
	"context"
	"fmt"

	"services.example/portal/infra/eventstore"
)

// starter is a store that decides on appends in the order in which they were started, before the first is answered. The
// embedded log is one: then a sync to the disk is for hundreds of appends rather than for one.
type starter interface {
	Start(
		ctx context.Context, stream string, expected eventstore.Expected, events ...eventstore.Event,
	) (wait func() (eventstore.Appended, error))
}

// The bounds of what is under way.
const (
	mostStarted      = 256
	mostStartedBytes = 8 << 20
)

// pipeline keeps appends that were started and not answered.
type pipeline struct {
	started []started
	bytes   int
}

type started struct {
	wait   func() (eventstore.Appended, error)
	stream string
	bytes  int
}

func (p *pipeline) add(stream string, events []eventstore.Event, wait func() (eventstore.Appended, error)) {
	s := started{wait: wait, stream: stream}
	for _, event := range events {
		s.bytes += len(event.Data) + len(event.Metadata)
	}
	p.started = append(p.started, s)
	p.bytes += s.bytes
}

// full tells whether an answer must be waited for before the next append is started.
func (p *pipeline) full() bool { return len(p.started) >= mostStarted || p.bytes > mostStartedBytes }

// settle waits for the oldest append, or for all.
func (p *pipeline) settle(all bool) error {
	for len(p.started) > 0 {
		oldest := p.started[0]
		p.started, p.bytes = p.started[1:], p.bytes-oldest.bytes
		if _, err := oldest.wait(); err != nil {
			return fmt.Errorf("importing into stream %s: %w", oldest.stream, err)
		}
		if !all {
			return nil
		}
	}
	return nil
}
