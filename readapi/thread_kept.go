package readapi

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"services.example/portal/domain/text"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/lru"
	"services.example/portal/infra/readstore"
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
// Every event that changes a message's document changes the head too. A store that writes one after the other may show
// the new head with an old message for a moment, such as one that is being erased: a page is kept only if everything up to
// its head's position had been written before its messages were read.
type keptThreads struct {
	mu    sync.Mutex
	pages *lru.Cache[threadKey, *keptThread]
	heads *lru.Cache[string, *threadHead] // by application
}

// threadHead is a thread's head and whose thread it is. It never changes: readers share it.
type threadHead struct {
	*thread.Head

	collection string
	seen       eventstore.Position // the last event folded into it
	applicant  string
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
	collection string
	seen       eventstore.Position // of the thread's head
	names      map[string]string   // of those on the page, by account id
	json       []byte
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

// head reads a stored head, unless it is the same that was read last. Nothing of the document, which the store only lends,
// is kept.
func (k *keptThreads) head(collection string, document readstore.Document) (*threadHead, error) {
	k.mu.Lock()
	known, found := k.heads.Get(document.ID)
	k.mu.Unlock()
	if found && known.seen == document.Seen && known.collection == collection {
		return known, nil
	}
	document.Body = bytes.Clone(document.Body) // a head that is read shares its memory
	var read thread.Document
	if err := document.Decode(&read); err != nil {
		return nil, err
	}
	if read.Head == nil {
		return nil, fmt.Errorf("document %s is no head of a thread", document.ID)
	}
	head := &threadHead{Head: read.Head, collection: collection, seen: document.Seen, applicant: read.Applicant}
	const decoded = 3 // times the size of the document
	k.mu.Lock()
	defer k.mu.Unlock()
	k.heads.Put(document.ID, head, decoded*len(document.Body))
	return head, nil
}

// keptThread finds a page that was written before and is still right; nil if there is none.
func (q *Queries) keptThread(ctx context.Context, key threadKey, head *threadHead) (*keptThread, error) {
	q.threads.mu.Lock()
	page, found := q.threads.pages.Get(key)
	q.threads.mu.Unlock()
	if !found || page.collection != head.collection || page.seen != head.seen {
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
