package archive

import (
	"errors"
	"io"

	"services.example/portal/infra/eventstore"
)

// queue reads an archive and can look ahead.
type queue struct {
	in    *Reader
	ahead []eventstore.Recorded
	taken int64
}

// peek looks at the event that is so many places ahead, 0 being the next one; found is false behind the last.
func (q *queue) peek(place int) (event eventstore.Recorded, found bool, err error) {
	for len(q.ahead) <= place {
		event, err := q.in.Next()
		if errors.Is(err, io.EOF) {
			return eventstore.Recorded{}, false, nil
		}
		if err != nil {
			return eventstore.Recorded{}, false, err
		}
		q.ahead = append(q.ahead, event)
	}
	return q.ahead[place], true, nil
}

// take removes events that were looked at.
func (q *queue) take(events int) []eventstore.Recorded {
	taken := q.ahead[:events:events]
	q.ahead = append([]eventstore.Recorded(nil), q.ahead[events:]...)
	q.taken += int64(events)
	return taken
}
