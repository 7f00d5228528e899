package main

import (
	"net/http"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/httpapi"
)

const (
	// machinesAtOnce is how many requests of one service account are answered at the same time in one process: a program
	// that reads everything in many places at once slows only itself down.
	machinesAtOnce = 8
	// pacedMachines is how many service accounts are paced at once; there are no more.
	pacedMachines = 512
)

// machineLimits bound what one service account asks for in one process, however many tokens it has.
type machineLimits struct {
	perMinute int // 0: any number
	paces     *lru.Cache[string, *rate.Limiter]

	mutex   sync.Mutex
	running map[string]int
}

// limitMachines bounds how many requests of one service account are answered in a minute, and at once.
func limitMachines(perMinute int) func(http.Handler) http.Handler {
	paces, err := lru.New[string, *rate.Limiter](pacedMachines)
	if err != nil {
		panic(err) // only for a size below 1
	}
	limits := &machineLimits{perMinute: perMinute, paces: paces, running: map[string]int{}}
	return limits.handler
}

func (l *machineLimits) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, found := httpapi.MachineOf(r.Context())
		if !found {
			next.ServeHTTP(w, r)
			return
		}
		wait := l.wait(caller.AccountID, time.Now())
		if wait > 0 || !l.begin(caller.AccountID) {
			httpapi.Write(w, r, &problem.Problem{Kind: problem.TooMany, Code: "too-many-requests", RetryAfter: wait})
			return
		}
		defer l.end(caller.AccountID)
		next.ServeHTTP(w, r)
	})
}

// wait tells for how long a request comes too early: a minute's number may come at once, and from then on as many as it is
// spread over the minute.
func (l *machineLimits) wait(id string, now time.Time) time.Duration {
	if l.perMinute <= 0 {
		return 0
	}
	limiter, known := l.paces.Get(id)
	if !known {
		limiter = rate.NewLimiter(rate.Limit(l.perMinute)/60, l.perMinute)
		if other, raced, _ := l.paces.PeekOrAdd(id, limiter); raced {
			limiter = other
		}
	}
	try := limiter.ReserveN(now, 1)
	wait := try.DelayFrom(now)
	if wait > 0 {
		try.CancelAt(now)
	}
	return wait
}

func (l *machineLimits) begin(id string) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.running[id] >= machinesAtOnce {
		return false
	}
	l.running[id]++
	return true
}

func (l *machineLimits) end(id string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.running[id]--; l.running[id] == 0 {
		delete(l.running, id)
	}
}
