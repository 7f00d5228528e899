package esdb

import "time"

const (
	// hedgeTime is after how long an attempt to connect gets company: it may have begun while nothing came through, and
	// never hear of the server's return.
	hedgeTime = 500 * time.Millisecond
	// mostAttempts is how many there are at a time.
	mostAttempts = 8
)

// seekLocked has a connection sought. The lock is held, and nobody seeks.
func (l *link) seekLocked() {
	l.attempt = make(chan struct{})
	l.background.Go(l.seek)
}

// suspect is called for a generation whose server owes an answer for too long.
func (l *link) suspect(g *generation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed && l.current == g && l.attempt == nil {
		l.seekLocked()
	}
}

// dialled is how an attempt to connect ended.
type dialled struct {
	generation *generation
	err        error
}

// seek tries to connect until that succeeds, or nobody needs it any more.
func (l *link) seek() {
	results, pending := make(chan dialled), 0
	pause, leader := l.beginning()
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for done, begun := false, false; !done; {
		select {
		case r := <-results:
			pending--
			if done = l.settle(r); !done && pending == 0 {
				timer.Reset(l.pause())
			}
		case <-timer.C:
			if done = l.pointless(begun); !done && pending < mostAttempts {
				pending++
				begun = true
				told := leader
				leader = "" // it is told once: if it does not answer, the leader is looked for
				l.background.Go(func() {
					g, err := l.dial(told)
					results <- dialled{g, err}
				})
			}
			timer.Reset(hedgeTime)
		case <-l.closing:
			done = true
		}
	}
	l.found()
	for range pending {
		if r := <-results; r.err == nil {
			l.discard(r.generation)
		}
	}
}

// beginning tells how long to wait before the first attempt, and where to make it; "" if that is to be found out.
func (l *link) beginning() (pause time.Duration, leader string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	leader, l.leader = l.leader, ""
	if l.failures > 0 {
		pause = backOff(l.failures)
	}
	return pause, leader
}

func (l *link) pause() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return backOff(l.failures)
}

// pointless tells whether nobody needs another connection. Whoever wanted the first attempt may not be seen yet.
func (l *link) pointless(begun bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current == nil {
		return l.waiting == 0
	}
	return !l.current.silent() || begun && l.current.visitors() == 0
}

// found ends the search, whatever came of it.
func (l *link) found() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.attempt)
	l.attempt = nil
}

// settle takes the end of an attempt in. True if no other is needed.
func (l *link) settle(r dialled) bool {
	if r.err != nil {
		l.failed(r.err)
		return false
	}
	before, taken := l.install(r.generation)
	if !taken {
		l.discard(r.generation)
	}
	if before != nil {
		l.logger.Warn("the event store did not answer any more on its connection, and does on another")
		before.abandon()
		l.died()
	}
	return true
}

func (l *link) failed(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failures++; l.failures == 1 || l.failure == nil {
		l.logger.Warn("the event store cannot be reached", "error", err)
	}
	l.failure = err
}

// install makes a generation the current one, unless it is not needed any more. What it returns was silent.
func (l *link) install(g *generation) (before *generation, taken bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.current != nil && !l.current.silent() {
		return nil, false
	}
	if before = l.current; before != nil {
		if before.good.Load() != 0 {
			l.deaths = 0
		}
		l.deaths++
	}
	if l.failure != nil || !l.connected {
		l.logger.Info("connected to the event store")
	}
	g.retiring = func(leader string) { l.replace(g, leader) }
	g.suspected = func() { l.suspect(g) }
	g.answerTime = answerTime << min(max(l.deaths-1, 0), 5)
	l.current, l.failure, l.connected = g, nil, true
	return before, true
}

// discard closes a connection that nobody uses.
func (l *link) discard(g *generation) {
	g.retire("")
	<-g.disposed
}
