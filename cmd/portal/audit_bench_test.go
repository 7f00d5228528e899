package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"services.example/portal/cmd/portal/bench"
	"services.example/portal/infra/eventstore"
	"services.example/portal/readapi"
)

const (
	replayClients = 8
	replayWindow  = 500 * time.Millisecond
)

// BenchmarkCommandsBesideAReplay is by how much an auditor who reads everything, over and over, slows down people who save
// steps: windows with and without the auditor in turn, and the median of each.
func BenchmarkCommandsBesideAReplay(b *testing.B) {
	p, h, l := benchPortal(b)
	var drafts []bench.User
	for _, u := range l.Users {
		if u.Draft != "" {
			drafts = append(drafts, u)
		}
	}
	w := &savers{b: b, handler: h, users: drafts}
	var alone, beside []float64
	var lines atomic.Int64
	began := time.Now()
	w.window() // warm
	for b.Loop() {
		alone = append(alone, w.window())
		ctx, cancel := context.WithCancel(b.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			for ctx.Err() == nil {
				_ = p.queries.Replay(ctx, readapi.Replay{Personal: true, Reason: "A benchmark of replays"}, p.consoleAccess,
					func(eventstore.Position) {}, func(sent []byte) error { lines.Add(int64(bytes.Count(sent, []byte{'\n'}))); return nil })
			}
		}()
		beside = append(beside, w.window())
		cancel()
		<-done
	}
	slices.Sort(alone)
	slices.Sort(beside)
	a, r := alone[len(alone)/2], beside[len(beside)/2]
	b.ReportMetric(a, "saves/s")
	b.ReportMetric(r, "beside-replay/s")
	b.ReportMetric(100*(1-r/a), "%slower")
	b.ReportMetric(float64(lines.Load())/time.Since(began).Seconds()*2, "lines/s")
}

// savers are people who save steps.
type savers struct {
	b       *testing.B
	handler http.Handler
	users   []bench.User
	next    atomic.Int64
}

// window lets them work for a while and tells how many steps they saved in a second.
func (w *savers) window() float64 {
	w.b.Helper()
	var saved atomic.Int64
	began := time.Now()
	var all sync.WaitGroup
	for range replayClients {
		all.Go(func() {
			for time.Since(began) < replayWindow {
				n := int(w.next.Add(1))
				u := w.users[n%len(w.users)]
				answer := httptest.NewRecorder()
				w.handler.ServeHTTP(answer, saving(w.b.Context(), u, n))
				if answer.Code != http.StatusOK {
					w.b.Error(answer.Body)
					return
				}
				saved.Add(1)
			}
		})
	}
	all.Wait()
	return float64(saved.Load()) / time.Since(began).Seconds()
}
