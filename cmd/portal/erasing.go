package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"services.example/portal/commands/reactors"
	"services.example/portal/domain/account"
	"services.example/portal/domain/erasure"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/retention"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/keyring"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/readstore/pebblestore"
	"services.example/portal/projections"
	"services.example/portal/projections/accountprofile"
	"services.example/portal/projections/erasures"
	"services.example/portal/projections/myapplications"
)

// erasureFlags say how people are erased.
type erasureFlags struct {
	Pause time.Duration `env:"PORTAL_ERASURE_PAUSE" default:"1h" help:"Between the order to erase a person, by two administrators, and the first thing that cannot be undone; at least 1m in production."`
	Every time.Duration `env:"PORTAL_ERASURE_EVERY" default:"1m" help:"How often ordered erasures are gone on with."`
}

// leastErasurePause is longer than any request takes that was under way when an account was closed.
const leastErasurePause = time.Minute

var (
	errErasurePauseShort = errors.New("--erasure-pause: at least a minute in production")

	errErasureEvery = errors.New("--erasure-every: at least a second")
	errErasurePause = errors.New("--erasure-pause: not below zero, and at most a day: what is ordered has to be destroyed within one")
)

// Validate refuses what would keep the process busy with nothing else, or hold up what the law asks for.
func (f erasureFlags) Validate() error {
	if f.Every < time.Second {
		return errErasureEvery
	}
	if f.Pause < 0 || f.Pause > 24*time.Hour {
		return errErasurePause
	}
	return nil
}

// erasing reaches what an erasure destroys and cleans outside the log.
type erasing struct {
	p      *portal
	shared bool

	mu       sync.Mutex
	scrubbed eventstore.Position // what the read models replaced for events up to here is off the disk
}

const (
	applicationPage = 500
	// behind is how long an erasure waits for the read models before it is tried again later.
	behind = 30 * time.Second
)

// Applications lists the ids of a person's applications.
func (e *erasing) Applications(ctx context.Context, person string, after eventstore.Position) ([]string, error) {
	if err := e.await(ctx, after, myapplications.Name); err != nil {
		return nil, err
	}
	serving, err := e.p.engine.Directory().Serving(ctx, myapplications.Name)
	if errors.Is(err, projections.ErrNotServing) {
		return nil, &problem.Problem{Kind: problem.Unavailable, Code: "read-model-behind", RetryAfter: time.Second}
	}
	if err != nil {
		return nil, err
	}
	var ids []string
	query := readstore.Query{Index: myapplications.ByApplicant, Prefix: []any{person}, Limit: applicationPage, SeenOnly: true}
	for {
		page, err := e.p.reads.List(ctx, serving, query)
		if err != nil {
			return nil, fmt.Errorf("listing the applications of account %s: %w", person, err)
		}
		for _, document := range page.Documents {
			ids = append(ids, document.ID)
		}
		if query.After = page.Next; query.After == "" {
			return ids, nil
		}
	}
}

func (e *erasing) await(ctx context.Context, after eventstore.Position, models ...string) error {
	if after.IsZero() {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, behind)
	defer cancel()
	for _, model := range models {
		if err := e.p.engine.Await(waiting, model, after); err != nil {
			return fmt.Errorf("waiting for %s: %w", model, err)
		}
	}
	return nil
}

// KeyCheck tells a key from every other.
func (e *erasing) KeyCheck(ctx context.Context, subject string) (string, error) {
	secret, err := e.p.keys.Secret(ctx, subject, "check")
	if err != nil {
		return "", fmt.Errorf("identifying the key of account %s: %w", subject, err)
	}
	sum := sha256.Sum256(secret)
	return hex.EncodeToString(sum[:]), nil
}

// DestroyKey destroys a key.
func (e *erasing) DestroyKey(ctx context.Context, subject string) error {
	return e.p.keys.Destroy(ctx, subject)
}

// RemoveFiles removes the files of a subject.
func (e *erasing) RemoveFiles(ctx context.Context, subject string) (int, error) {
	return e.p.blobs.RemoveAll(ctx, subject)
}

// Clean waits for all read models and takes what they replaced off the disk. MongoDB writes over freed pages in its own
// time.
func (e *erasing) Clean(ctx context.Context, person string, after eventstore.Position) error {
	if store, ok := e.p.reads.(*pebblestore.Store); ok {
		if err := e.scrub(ctx, store, after); err != nil {
			return err
		}
	} else if err := e.awaitAll(ctx, after); err != nil {
		return err
	}
	e.p.queries.Forget(person)
	return nil
}

// scrub scrubs the read store once for everybody whose data its read models have dropped by then: many registrations may
// lapse together.
func (e *erasing) scrub(ctx context.Context, store *pebblestore.Store, after eventstore.Position) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.scrubbed.Before(after) {
		return nil
	}
	head, err := eventstore.Head(ctx, e.p.events)
	if err != nil {
		return fmt.Errorf("finding the end of the log: %w", err)
	}
	if err := e.awaitAll(ctx, head); err != nil {
		return err
	}
	if err := store.Scrub(ctx); err != nil {
		return err
	}
	e.scrubbed = head
	return nil
}

func (e *erasing) awaitAll(ctx context.Context, position eventstore.Position) error {
	waiting, cancel := context.WithTimeout(ctx, behind)
	defer cancel()
	if err := e.p.awaitAll(waiting, position); err != nil {
		return fmt.Errorf("waiting until the read models know of an erasure: %w", err)
	}
	return nil
}

// Settles is how long other processes may go on with a destroyed key.
func (e *erasing) Settles() time.Duration {
	if e.shared {
		return keyring.Staleness
	}
	return 0
}

// openHeld reads a file of an erased person that is kept under a key of its own.
func (f files) openHeld(ctx context.Context, subject, sha256 string) (io.ReadCloser, error) {
	if f.held == nil {
		return nil, problem.New(problem.Gone, "file-erased")
	}
	holder, err := f.held(ctx, subject, sha256)
	if err != nil {
		return nil, err
	}
	if holder == "" {
		return nil, problem.New(problem.Gone, "file-erased")
	}
	return files{blobs: f.blobs}.Open(ctx, holder, sha256)
}

// files gives the files of people, and of those who were erased what is kept.
func (p *portal) files() files {
	return files{blobs: p.blobs, held: func(ctx context.Context, subject, sha256 string) (string, error) {
		return p.commands.Erasures.HeldBy(ctx, subject, sha256)
	}}
}

// erasureTask carries out what administrators have ordered.
func (p *portal) erasureTask(with erasureFlags) reactors.Task {
	index := erasureIndex{reads: p.reads, serves: func(ctx context.Context, name string) (string, error) {
		return p.engine.Directory().Serving(ctx, name)
	}}
	return reactors.Erasures(p.commands.Erasures, index, p.now, cmp.Or(with.Every, reactors.ErasuresEvery), reactors.RetentionEvery)
}

// erasureIndex finds erasures, and accounts, in their read models.
type erasureIndex struct {
	reads  readstore.Store
	serves func(ctx context.Context, name string) (collection string, err error)
}

// Carried lists the accounts whose erasure is ordered and not completed.
func (i erasureIndex) Carried(ctx context.Context, after string) ([]string, string, error) {
	return i.accounts(ctx, readstore.Query{Index: erasures.ByCarried, After: after})
}

// Completed lists the accounts that were erased.
func (i erasureIndex) Completed(ctx context.Context, after string) ([]string, string, error) {
	return i.accounts(ctx, readstore.Query{Index: erasures.ByStage, Prefix: []any{string(erasure.StageCompleted)}, After: after})
}

func (i erasureIndex) accounts(ctx context.Context, query readstore.Query) ([]string, string, error) {
	query.Limit, query.SeenOnly = termPage, true
	return listDocuments(ctx, i, erasures.Name, query,
		func(document readstore.Document) ([]string, error) { return []string{document.ID}, nil })
}

// Held lists documents whose term has passed.
func (i erasureIndex) Held(ctx context.Context, until time.Time, after string) ([]reactors.HeldDocument, string, error) {
	query := readstore.Query{Index: erasures.ByHold, To: until, After: after, Limit: termPage}
	return listDocuments(ctx, i, erasures.Name, query, func(document readstore.Document) ([]reactors.HeldDocument, error) {
		var found erasures.Erasure
		if err := document.Decode(&found); err != nil {
			return nil, err
		}
		var list []reactors.HeldDocument
		for _, held := range found.Held {
			if !held.Until.After(until) {
				list = append(list, reactors.HeldDocument{Account: document.ID, DocumentID: held.DocumentID})
			}
		}
		return list, nil
	})
}

// Accounts lists the accounts of applicants, of staff who are kept out, and registrations that nobody has confirmed yet.
func (i erasureIndex) Accounts(ctx context.Context, after string) ([]reactors.KeptAccount, string, error) {
	query := readstore.Query{Index: accountprofile.ByAccount, After: after, Limit: termPage}
	return listDocuments(ctx, i, accountprofile.Name, query, func(document readstore.Document) ([]reactors.KeptAccount, error) {
		var profile accountprofile.Profile
		if err := document.Decode(&profile); err != nil {
			return nil, err
		}
		kept := reactors.KeptAccount{Account: document.ID}
		switch {
		case profile.Active && slices.ContainsFunc(profile.Roles, account.Role.Staff):
			kept.Kind = retention.Staff
			if !profile.Blocked {
				return nil, nil
			}
		case profile.Active:
			kept.Kind = retention.Account
		case profile.Pending != nil:
			kept.Kind = retention.Registration
		default:
			return nil, nil
		}
		return []reactors.KeptAccount{kept}, nil
	})
}

// listDocuments lists one page; none while the read model is being built for the first time.
func listDocuments[T any](
	ctx context.Context, i erasureIndex, model string, query readstore.Query, read func(readstore.Document) ([]T, error),
) ([]T, string, error) {
	collection, err := i.serves(ctx, model)
	if errors.Is(err, projections.ErrNotServing) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	page, err := i.reads.List(ctx, collection, query)
	if err != nil {
		return nil, "", fmt.Errorf("listing %s: %w", model, err)
	}
	var list []T
	for _, document := range page.Documents {
		found, err := read(document)
		if err != nil {
			return nil, "", err
		}
		list = append(list, found...)
	}
	return list, page.Next, nil
}

// startForgetting lets this process forget those who are erased, by whichever process. What it returns ends that.
func (p *portal) startForgetting(ctx context.Context) (stop func(), err error) {
	after, err := eventstore.Head(ctx, p.events)
	if err != nil {
		return nil, fmt.Errorf("finding the end of the log: %w", err)
	}
	running, cancel := context.WithCancel(ctx)
	var following sync.WaitGroup
	following.Go(func() {
		for running.Err() == nil {
			if after, err = p.forget(running, after); err != nil && running.Err() == nil {
				slog.WarnContext(running, "erasures are not heard of", "error", err)
				select {
				case <-time.After(time.Second):
				case <-running.Done():
				}
			}
		}
	})
	return func() {
		cancel()
		following.Wait()
	}, nil
}

const (
	erasureStreams = "erasure-"
	forgottenBatch = 100
)

// forget follows the log from after a position, and tells how far it got.
func (p *portal) forget(ctx context.Context, after eventstore.Position) (_ eventstore.Position, err error) {
	subscription, err := p.events.Subscribe(ctx, after, eventstore.Filter{
		Streams: []string{erasureStreams}, Types: []string{"erasure.key-destroyed.", "erasure.completed."},
	})
	if err != nil {
		return after, fmt.Errorf("following erasures: %w", err)
	}
	defer func() { err = errors.Join(err, subscription.Close()) }()
	for {
		delivery, err := subscription.Next(ctx, forgottenBatch)
		if err != nil {
			return after, fmt.Errorf("following erasures: %w", err)
		}
		for i := range delivery.Events {
			person := strings.TrimPrefix(delivery.Events[i].Stream, erasureStreams)
			p.commands.Erasures.Forget(person)
			p.queries.Forget(person)
		}
		after = delivery.Through
	}
}
