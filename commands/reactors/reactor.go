// Package reactors does what follows from events and is no part of the command that wrote them: event in, command out. It
// asks for notices, sends them, finishes what a process left undone when it was killed, and watches terms.
//
// Reactors are not projections: what they did is in the log, and is never replayed. Every command that they give is
// idempotent, because after a crash some events come again.
package reactors

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"services.example/portal/infra/codec"
)

// Reactor follows the events of some streams in order.
type Reactor struct {
	Name    string   // names its checkpoint; never reused for something else
	Streams []string // prefixes of the streams that it follows
	Types   []string // prefixes of the stored types that it follows; none: all. The rest is not even read
	// Passes tells by the metadata of an event that nothing follows from it: it is not even decrypted. Nil: never.
	Passes func(stream string, meta codec.Metadata) bool
	// Leaves lists prefixes of the streams that only this reactor writes to. A reactor whose checkpoint is lost, or that
	// runs for the first time, must not do again, or so late, what people would notice: it goes back three days if it finds
	// a trace of itself in them, otherwise an hour, or a thousand events. Without Leaves it starts at the log's beginning.
	Leaves []string
	// React gives the commands that follow from an event. It is called again after an error, with growing pauses, until
	// it succeeds: later events wait. What can never succeed it has to record and leave. It must be idempotent.
	React func(ctx context.Context, event codec.Envelope) error
}

// Task is work that no event starts, such as sending what is due. It runs in the one process that has the reactors' lease.
type Task struct {
	Name string
	// Run works until its context ends. Where an effect outside the portal cannot be taken back, it asks may directly
	// before: false means that this process was frozen and another has taken over. When Run returns early it is started
	// again, after a pause.
	Run func(ctx context.Context, may func() bool) error
}

var reactorName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func (r *Reactor) validate() error {
	switch {
	case !reactorName.MatchString(r.Name):
		return fmt.Errorf("reactor %q: a name is lower-case words joined by underscores", r.Name)
	case len(r.Streams) == 0:
		return fmt.Errorf("reactor %s follows no streams", r.Name)
	case r.React == nil:
		return fmt.Errorf("reactor %s does nothing", r.Name)
	}
	return nil
}

// checkpoint is the name under which the reactor's place in the log is kept.
func (r *Reactor) checkpoint() string { return "reactor/" + r.Name }

var errNamedTwice = errors.New("two reactors or tasks have the same name")
