package httpapi

import (
	"net/http"
	"sync/atomic"
	"time"
)

// Load knows whether commands are being given, so that what can wait makes way for them.
type Load struct {
	running atomic.Int64
	last    atomic.Int64 // when the last one ended, in nanoseconds since the epoch
}

// calm is how long after a command the portal counts as busy.
const calm = 100 * time.Millisecond

// Count is middleware that sees every command.
func (l *Load) Count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !unsafeMethod(r.Method) {
			next.ServeHTTP(w, r)
			return
		}
		l.running.Add(1)
		defer func() {
			l.last.Store(time.Now().UnixNano())
			l.running.Add(-1)
		}()
		next.ServeHTTP(w, r)
	})
}

// Busy tells whether a command is running, or was a moment ago.
func (l *Load) Busy() bool {
	return l.running.Load() > 0 || time.Since(time.Unix(0, l.last.Load())) < calm
}
