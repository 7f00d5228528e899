package readapi

import (
	"context"
	"fmt"
	"sync"
	"time"

	"services.example/portal/infra/lru"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/accountprofile"
)

// names keeps what the portal calls people for as long as it keeps the catalogue unasked: the same few executors are on
// many pages, and are rarely renamed.
type names struct {
	deps Deps
	mu   sync.Mutex
	kept *lru.Cache[string, keptName]
}

type keptName struct {
	name  string
	asked time.Time
}

const (
	keptNames     = 4096
	keptNameBytes = 1 << 20
)

func newNames(deps Deps) *names {
	return &names{deps: deps, kept: lru.New[string, keptName](keptNames, keptNameBytes)}
}

// of finds the names of accounts. One that does not exist has none.
func (n *names) of(ctx context.Context, ids []string) (map[string]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	now := n.deps.Now()
	found, missing := n.fresh(ids, now)
	if len(missing) == 0 {
		return found, nil
	}
	collection, err := serving(ctx, n.deps, accountprofile.Name)
	if err != nil {
		return nil, err
	}
	profiles, err := n.deps.Reads.GetMany(ctx, collection, missing)
	if err != nil {
		return nil, fmt.Errorf("reading the names of %d people: %w", len(missing), err)
	}
	return found, n.keep(found, profiles, now)
}

// fresh splits ids into those whose names are known and those that have to be asked for.
func (n *names) fresh(ids []string, now time.Time) (found map[string]string, missing []string) {
	found = make(map[string]string, len(ids))
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, id := range ids {
		if kept, known := n.kept.Get(id); known && now.Sub(kept.asked) < freshness {
			found[id] = kept.name
		} else {
			missing = append(missing, id)
		}
	}
	return found, missing
}

func (n *names) keep(into map[string]string, profiles map[string]readstore.Document, now time.Time) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for id, document := range profiles {
		var p accountprofile.Profile
		if err := document.Decode(&p); err != nil {
			return err
		}
		into[id] = name(&p)
		const overhead = 100 // bytes for list and map
		n.kept.Put(id, keptName{name: into[id], asked: now}, len(id)+len(into[id])+overhead)
	}
	return nil
}

// accountNames finds what the portal calls these accounts.
func (q *Queries) accountNames(ctx context.Context, ids []string) (map[string]string, error) {
	return q.names.of(ctx, ids)
}

// named lists the names of those who have one.
func named(ids []string, names map[string]string) []string {
	list := make([]string, 0, len(ids))
	for _, id := range ids {
		if name := names[id]; name != "" {
			list = append(list, name)
		}
	}
	return list
}
