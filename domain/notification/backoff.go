package notification

import "time"

// LongestWait is the longest time from one try to the next.
const LongestWait = 3 * time.Hour

// keepTrying is for how long a gateway may be out of order until its notices are given up.
const keepTrying = 72 * time.Hour

// firstWaits are the times until the first tries are repeated; after them LongestWait.
var firstWaits = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}

// waitAfter is how long to wait after a failed attempt, counted from 1; none when there were enough. The attempts are
// counted, not the time: a clock that jumps ahead must not give up what was tried once.
func waitAfter(attempt int) (wait time.Duration, again bool) {
	var waited time.Duration
	for n := range attempt {
		if waited >= keepTrying {
			return 0, false
		}
		wait = LongestWait
		if n < len(firstWaits) {
			wait = firstWaits[n]
		}
		waited += wait
	}
	return wait, true
}
