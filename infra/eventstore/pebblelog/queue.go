package pebblelog

import (
	"slices"
	"sync"
)

// queue holds the requests that wait for the writer, and knows those that it has taken and not yet answered. One lock
// and one wake-up for whatever waits are much cheaper than a channel operation for each request.
type queue struct {
	wake chan struct{} // has an entry when there may be something to take

	mu      sync.Mutex
	waiting []*request
	taken   [][]*request // groups on their way
	spare   [][]*request // memory of groups that were answered
	refusal error        // why nothing is accepted now
	ended   bool         // for good
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// put adds a request, unless the queue refuses it.
func (q *queue) put(r *request) error {
	q.mu.Lock()
	if q.refusal != nil {
		defer q.mu.Unlock()
		return q.refusal
	}
	q.waiting = append(q.waiting, r)
	q.mu.Unlock()
	q.signal()
	return nil
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// size is how many requests wait.
func (q *queue) size() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// take returns the requests of the next group, none if none wait. A group ends with the request that brings it to
// either limit.
func (q *queue) take(count, size int) []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, bytes := 0, 0
	for n < len(q.waiting) && n < count && bytes < size {
		bytes += q.waiting[n].size
		n++
	}
	if n == 0 {
		return nil
	}
	var group []*request
	if last := len(q.spare) - 1; last >= 0 {
		group, q.spare = q.spare[last], q.spare[:last]
	}
	group = append(group, q.waiting[:n]...)
	q.waiting = slices.Delete(q.waiting, 0, n)
	q.taken = append(q.taken, group)
	if len(q.waiting) > 0 {
		q.signal()
	}
	return group
}

// settle forgets the group that was taken first: its requests are about to be answered, and by nobody else.
func (q *queue) settle() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.taken = slices.Delete(q.taken, 0, 1)
}

// recycle takes back the memory of a group that was answered.
func (q *queue) recycle(group []*request) {
	clear(group)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.spare = append(q.spare, group[:0])
}

// refuse answers all requests that wait or are on their way, and every later one, with the error; nil accepts again.
func (q *queue) refuse(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended {
		return
	}
	q.refusal = err
	if err != nil {
		q.answerAll(err)
	}
}

// end refuses for good what waits and whatever still comes; groups on their way are not affected.
func (q *queue) end(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.refusal, q.ended = err, true
	taken := q.taken
	q.taken = nil
	q.answerAll(err)
	q.taken = taken
}

func (q *queue) answerAll(err error) {
	for _, group := range append(q.taken, q.waiting) {
		for _, r := range group {
			r.answer(reply{err: appendError(r.stream, err)})
		}
	}
	clear(q.waiting) // the writer need not decide on what was answered
	q.waiting = q.waiting[:0]
}
