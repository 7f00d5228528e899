package projections

import (
	"errors"

	"github.com/ThreeDotsLabs/watermill/message"
)

var errPanic = errors.New("a handler of projections panicked")

// recoverer turns a panic of the engine itself into an error, so that the message is delivered again. Panics of read
// models never come this far. It is the innermost middleware.
func recoverer(next message.HandlerFunc) message.HandlerFunc {
	return func(msg *message.Message) (out []*message.Message, err error) {
		defer func() {
			if recover() != nil {
				err = errPanic
			}
		}()
		return next(msg)
	}
}
