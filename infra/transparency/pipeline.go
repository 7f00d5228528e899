package transparency

import (
	"context"
	"iter"
	"runtime"
	"sync"

	"services.example/portal/infra/eventstore"
)

// chunkSize is how many records are handed on together.
const chunkSize = 512

// chunk is a run of records on its way through hashing.
type chunk struct {
	records []hashedRecord
	err     error // after the records
	ready   chan struct{}
}

// hashing reads and hashes records beside whoever takes them, in order; what is in memory is bounded.
type hashing struct {
	ordered chan *chunk
	cancel  context.CancelFunc
	going   sync.WaitGroup

	now  *chunk // being taken
	next int    // of its records
}

func startHashing(ctx context.Context, records iter.Seq2[eventstore.Recorded, error]) *hashing {
	workers := runtime.GOMAXPROCS(0)
	h := &hashing{ordered: make(chan *chunk, 2*workers)}
	ctx, h.cancel = context.WithCancel(ctx)
	work := make(chan *chunk, workers)
	h.going.Go(func() {
		defer close(work)
		defer close(h.ordered)
		readChunks(ctx, records, work, h.ordered)
	})
	for range workers {
		h.going.Go(func() { hashChunks(work) })
	}
	return h
}

// stop ends reading and hashing; nothing goes on when it returns.
func (h *hashing) stop() {
	h.cancel()
	h.going.Wait()
}

// take returns the next leaf among the records, with its hash. The record stays as it is.
func (h *hashing) take() (read *hashedRecord, more bool, err error) {
	for h.now == nil || h.next == len(h.now.records) {
		if h.now != nil && h.now.err != nil {
			return nil, true, h.now.err
		}
		c, open := <-h.ordered
		if !open {
			return nil, false, nil
		}
		<-c.ready
		h.now, h.next = c, 0
	}
	h.next++
	return &h.now.records[h.next-1], true, nil
}

func readChunks(ctx context.Context, records iter.Seq2[eventstore.Recorded, error], work, ordered chan<- *chunk) {
	next := newChunk()
	send := func() bool {
		full := next
		next = newChunk()
		select {
		case ordered <- full:
			work <- full // the workers take everything, so this ends
			return true
		case <-ctx.Done():
			return false
		}
	}
	for record, err := range records {
		if err == nil && !IsLeaf(record) {
			continue
		}
		if err != nil {
			next.err = err
			break
		}
		next.records = append(next.records, hashedRecord{record: record})
		if len(next.records) == chunkSize && !send() {
			return
		}
	}
	send()
}

func newChunk() *chunk {
	return &chunk{records: make([]hashedRecord, 0, chunkSize), ready: make(chan struct{})}
}

func hashChunks(work <-chan *chunk) {
	var leaves Leaves
	for c := range work {
		for i := range c.records {
			c.records[i].leaf = leaves.Hash(c.records[i].record)
		}
		close(c.ready)
	}
}
