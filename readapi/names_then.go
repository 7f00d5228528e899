package readapi

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"services.example/portal/domain/account"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/lru"
	"services.example/portal/projections/accountprofile"
)

// formerNames knows what the portal called people at any moment, from the events of their accounts. What it has read of an
// account it keeps, and reads on from there: accounts have a sign-in for every day, and few names.
type formerNames struct {
	deps Deps
	mu   sync.Mutex
	kept *lru.Cache[string, *nameHistory]
}

func newFormerNames(deps Deps) *formerNames {
	return &formerNames{deps: deps, kept: lru.New[string, *nameHistory](keptNames, keptNameBytes)}
}

// nameHistory is what somebody was called. One that is kept does not change.
type nameHistory struct {
	next  int64 // revision of the account after the last that was read
	last  *accountprofile.Profile
	names []calledSince // oldest first
}

// calledSince is a name and the event that gave it.
type calledSince struct {
	name     string
	position eventstore.Position
	created  time.Time
}

// at is the name at a moment.
func (h *nameHistory) at(c cut) string {
	called := ""
	for i := range h.names {
		if !c.includes(h.names[i].position, h.names[i].created) {
			break
		}
		called = h.names[i].name
	}
	return called
}

// histories finds what these accounts were called. One that does not exist was called nothing.
func (f *formerNames) histories(ctx context.Context, ids []string) (map[string]*nameHistory, error) {
	read := make([]*nameHistory, len(ids))
	reading, inner := errgroup.WithContext(ctx)
	reading.SetLimit(caseReads)
	for i, id := range ids {
		reading.Go(func() (err error) {
			read[i], err = f.history(inner, id)
			return err
		})
	}
	if err := reading.Wait(); err != nil {
		return nil, err
	}
	found := make(map[string]*nameHistory, len(ids))
	for i, id := range ids {
		found[id] = read[i]
	}
	return found, nil
}

func (f *formerNames) history(ctx context.Context, id string) (*nameHistory, error) {
	before := f.known(id)
	stream := accountStreams + id
	after := &nameHistory{next: before.next, last: before.last, names: before.names[:len(before.names):len(before.names)]}
	for recorded, err := range f.deps.Events.ReadStream(ctx, stream, eventstore.StreamRead{From: before.next}) {
		var missing *eventstore.NotFoundError
		if errors.As(err, &missing) {
			return after, nil
		}
		if err == nil && !slices.Contains(accountprofile.Model.Ignores, recorded.Type) {
			err = after.take(ctx, f.deps.Codec, id, recorded)
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", stream, err)
		}
		after.next = recorded.Revision + 1
	}
	if after.next != before.next {
		f.keep(id, after)
	}
	return after, nil
}

const accountStreams = "account-"

func (f *formerNames) known(id string) *nameHistory {
	f.mu.Lock()
	defer f.mu.Unlock()
	if kept, found := f.kept.Get(id); found {
		return kept
	}
	return &nameHistory{}
}

func (f *formerNames) keep(id string, h *nameHistory) {
	size := 200 // of an account without names, about
	for i := range h.names {
		size += 64 + len(h.names[i].name)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kept.Put(id, h, size)
}

func (f *formerNames) forget(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kept.Remove(id)
}

// take folds one more event as the read model of profiles does, and keeps of it what names follow from. Who was erased was
// never called anything.
func (h *nameHistory) take(ctx context.Context, decoder *codec.Codec, id string, recorded eventstore.Recorded) error {
	event, err := decoder.Decode(ctx, recorded)
	var unknown *codec.UnknownTypeError
	if errors.As(err, &unknown) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, erased := event.Event.(account.Erased); erased {
		h.names = nil
	}
	var p *accountprofile.Profile
	if h.last != nil {
		held := *h.last
		p = &held
	}
	p = accountprofile.Model.Fold(p, id, event)
	h.last = &accountprofile.Profile{AccountID: id, Person: namesOnly(p.Person)}
	if p.Pending != nil {
		h.last.Pending = &accountprofile.Registration{ID: p.Pending.ID, Person: namesOnly(p.Pending.Person)}
	}
	before := ""
	if len(h.names) > 0 {
		before = h.names[len(h.names)-1].name
	}
	if now := name(p); now != before {
		h.names = append(h.names, calledSince{name: now, position: event.Position, created: event.Created})
	}
	return nil
}

func namesOnly(p accountprofile.Person) accountprofile.Person {
	return accountprofile.Person{
		Kind: p.Kind, Organization: p.Organization, LastName: p.LastName, FirstName: p.FirstName, MiddleName: p.MiddleName,
	}
}

// namesThen finds what the portal called these accounts at a moment. Who has been erased since has no name.
func (q *Queries) namesThen(ctx context.Context, ids []string, c cut) (map[string]string, error) {
	found, err := q.former.histories(ctx, ids)
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(found))
	for id, h := range found {
		if called := h.at(c); called != "" {
			names[id] = called
		}
	}
	return names, nil
}
