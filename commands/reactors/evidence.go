package reactors

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"services.example/portal/commands"
	"services.example/portal/infra/eventstore"
)

// LackingIndex knows the documents with signatures whose evidence is looked for. It may be a little behind: a document's
// signatures are asked themselves before anybody else is.
type LackingIndex interface {
	// Latest lists at most limit documents, those signed last first.
	Latest(ctx context.Context, limit int) ([]LackingDocument, error)
	// Lacking lists all, page by page, those signed first before the others; next is empty at the end.
	Lacking(ctx context.Context, after string) (page []LackingDocument, next string, err error)
}

// LackingDocument is a document with signatures whose evidence is looked for.
type LackingDocument struct {
	ID   string
	Seen eventstore.Position // of the last event that the index has seen of it
}

const (
	evidencePoll   = time.Second      // how often documents are looked for that were signed just now
	evidenceSweep  = 30 * time.Second // how often all are gone through
	evidenceLatest = 64
	evidenceAtOnce = 4 // documents

	// The pauses between two tries for a document: each twice as long as the one before.
	firstEvidencePause = 15 * time.Second
	lastEvidencePause  = time.Hour
)

// Evidence asks for the time stamps and the proofs against revocation that signatures lack: at once, while the certificate is
// surely good, and again with growing pauses for days, until there is everything or it is given up. How often it has tried is
// not kept: after a restart it begins with short pauses. A document to which something has happened, such as one more
// signature, is tried at once.
func Evidence(use *commands.Documents, index LackingIndex, now func() time.Time) Task {
	return Task{Name: "evidence", Run: newEvidence(use, index, now).run}
}

func newEvidence(use *commands.Documents, index LackingIndex, now func() time.Time) *evidence {
	return &evidence{use: use, index: index, now: now, waiting: map[string]*patience{}}
}

type evidence struct {
	use   *commands.Documents
	index LackingIndex
	now   func() time.Time

	mu      sync.Mutex
	waiting map[string]*patience // by document: those that were tried in vain
	swept   time.Time            // when all were gone through
}

// patience is what is remembered of a document whose evidence was not to be had.
type patience struct {
	seen  eventstore.Position // at the last try
	tries int
	next  time.Time
}

// run needs to ask nobody before it collects: evidence that two processes fetch at once is there twice, at worst.
func (e *evidence) run(ctx context.Context, _ func() bool) error {
	ticker := time.NewTicker(evidencePoll)
	defer ticker.Stop()
	for {
		if err := e.pass(ctx); err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// pass tries what is due among the latest, and every so often among all.
func (e *evidence) pass(ctx context.Context) error {
	latest, err := e.index.Latest(ctx, evidenceLatest)
	if err != nil {
		return fmt.Errorf("finding signatures that lack evidence: %w", err)
	}
	var faults faults
	e.try(ctx, latest, &faults)
	if e.now().Before(e.swept.Add(evidenceSweep)) {
		return errors.Join(ctx.Err(), faults.join())
	}
	e.swept = e.now()
	found := map[string]bool{}
	after := ""
	for {
		page, next, err := e.index.Lacking(ctx, after)
		if err != nil {
			return errors.Join(fmt.Errorf("finding signatures that lack evidence: %w", err), faults.join())
		}
		for _, document := range page {
			found[document.ID] = true
		}
		e.try(ctx, page, &faults)
		if after = next; after == "" || ctx.Err() != nil {
			break
		}
	}
	e.forget(found, latest)
	return errors.Join(ctx.Err(), faults.join())
}

// try collects the evidence of those that are due, some at once. One that fails does not hold up the others.
func (e *evidence) try(ctx context.Context, documents []LackingDocument, faults *faults) {
	var group errgroup.Group
	group.SetLimit(evidenceAtOnce)
	for _, document := range documents {
		earlier, due := e.due(document)
		if !due {
			continue
		}
		group.Go(func() error {
			err := safely(ctx, func(ctx context.Context) error {
				return e.use.CollectEvidence(ctx, commands.NewRequest("system"), document.ID, earlier)
			})
			e.tried(ctx, document, err, faults)
			return nil
		})
	}
	_ = group.Wait() // the faults are in their list
}

// due tells whether a document is tried now, and how often it was before.
func (e *evidence) due(document LackingDocument) (earlier int, due bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.waiting[document.ID]
	if p == nil {
		return 0, true
	}
	return p.tries, p.seen.Before(document.Seen) || !e.now().Before(p.next)
}

// tried remembers when a document is to be tried again. What succeeded is left alone for a while, too: the index may not
// know yet.
func (e *evidence) tried(ctx context.Context, document LackingDocument, err error, faults *faults) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil && ctx.Err() == nil {
		faults.add(err)
	}
	p := e.waiting[document.ID]
	if p == nil {
		p = &patience{}
		e.waiting[document.ID] = p
	}
	p.seen = document.Seen
	p.next = e.now().Add(min(firstEvidencePause<<min(p.tries, 16), lastEvidencePause))
	p.tries++
}

// forget drops what is known of documents that lack nothing any more.
func (e *evidence) forget(found map[string]bool, latest []LackingDocument) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, document := range latest {
		found[document.ID] = true
	}
	for id := range e.waiting {
		if !found[id] {
			delete(e.waiting, id)
		}
	}
}
