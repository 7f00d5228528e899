package readapi

import (
	"context"
	"sync"
	"time"

	"services.example/portal/domain/text"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/lru"
	"services.example/portal/projections/envelope"
	"services.example/portal/projections/thread"
)

const (
	keptPages     = 1024
	keptPageBytes = 8 << 20
	keptHeads     = 1024
	keptHeadBytes = 4 << 20
	itemSize      = 700 // about how many bytes an item takes
)

// keptThreads keeps pages of threads as they were written last: both sides open the same few again and again, and what
// somebody wrote does not change. A page is used again only while the thread's head and the names on it are the same.
//
// Every event that changes a message's document once it is there changes the head too. A store that writes one after the
// other may show the new head with an old message for a moment, such as one that is being erased: a page is kept only if
// everything up to its head's position had been written before its messages were read.
type keptThreads struct {
	mu    sync.Mutex
	pages *lru.Cache[threadKey, *keptThread]
	heads *lru.Cache[string, *threadHead] // by application
}

// threadHead is what a thread is shown by: what happened, whose it is, and the envelope that orders it. It never changes:
// readers share it.
type threadHead struct {
	*thread.Head

	envelope  envelope.Envelope
	applicant string
	stand     threadStand
}

// threadStand is where the documents stood that a page is made of.
type threadStand struct {
	threads, queue string              // collections
	head, row      eventstore.Position // of the last events folded into the documents
}

// threadKey is what a page was asked for with, and who reads.
type threadKey struct {
	application, order, after string
	reader                    reader
	language                  text.Language
	limit                     int
}

// keptThread is a page. It never changes: readers share it.
type keptThread struct {
	stand threadStand
	names map[string]string // of those on the page, by account id
	json  []byte
}

func newKeptThreads() *keptThreads {
	return &keptThreads{
		pages: lru.New[threadKey, *keptThread](keptPages, keptPageBytes),
		heads: lru.New[string, *threadHead](keptHeads, keptHeadBytes),
	}
}

func (k *keptThreads) keep(key threadKey, page *keptThread) {
	const overhead = 500 // bytes for key and list
	size := overhead + cap(page.json)
	for id, name := range page.names {
		size += len(id) + len(name) + 40
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pages.Put(key, page, size)
}

// forget drops everything: what of it tells of a person is not known.
func (k *keptThreads) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pages.RemoveAll(func(threadKey) bool { return true })
	k.heads.RemoveAll(func(string) bool { return true })
}

// latest gives what was read last of an application's thread; what stands nowhere if it is not known.
func (k *keptThreads) latest(application string) *threadHead {
	k.mu.Lock()
	defer k.mu.Unlock()
	if known, found := k.heads.Get(application); found {
		return known
	}
	return &threadHead{}
}

func (k *keptThreads) learn(application string, head *threadHead, size int) {
	const decoded = 3 // times the size of the documents
	k.mu.Lock()
	defer k.mu.Unlock()
	k.heads.Put(application, head, decoded*size)
}

// keptThread finds a page that was written before and is still right; nil if there is none.
func (q *Queries) keptThread(ctx context.Context, key threadKey, head *threadHead) (*keptThread, error) {
	q.threads.mu.Lock()
	page, found := q.threads.pages.Get(key)
	q.threads.mu.Unlock()
	if !found || page.stand != head.stand {
		return nil, nil
	}
	if same, err := q.stillCalled(ctx, page.names); err != nil || !same {
		return nil, err
	}
	return page, nil
}

// settled tells whether the store holds everything of threads up to a position. It does, but for a moment.
func (q *Queries) settled(ctx context.Context, position eventstore.Position) bool {
	const moment = 20 * time.Millisecond
	waiting, cancel := context.WithTimeout(ctx, moment)
	defer cancel()
	return q.deps.Progress.Await(waiting, thread.Name, position) == nil
}
