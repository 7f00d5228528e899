package readapi

import (
	"time"

	"services.example/portal/domain/problem"
)

// gate lets so many in at a time as it has room for.
type gate chan struct{}

// enter admits one more, which calls leave at its end. Error: too-many-streams.
func (g gate) enter() (leave func(), err error) {
	select {
	case g <- struct{}{}:
		return func() { <-g }, nil
	default:
		return nil, &problem.Problem{Kind: problem.TooMany, Code: "too-many-streams", RetryAfter: time.Minute}
	}
}
