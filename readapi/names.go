package readapi

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"services.example/portal/infra/lru"
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
	profiles, err := getMany[accountprofile.Profile](ctx, n.deps, accountprofile.Name, missing)
	if err != nil {
		return nil, err
	}
	n.keep(found, profiles, now)
	return found, nil
}

// fresh splits ids into those whose names are known and those that have to be asked for.
func (n *names) fresh(ids []string, now time.Time) (found map[string]string, missing []string) {
	found = make(map[string]string, len(ids))
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, id := range ids {
		if name, known := n.known(id, now); known {
			found[id] = name
		} else {
			missing = append(missing, id)
		}
	}
	return found, missing
}

// known finds a name that was asked for lately. The lock is held.
func (n *names) known(id string, now time.Time) (name string, found bool) {
	kept, found := n.kept.Get(id)
	return kept.name, found && now.Sub(kept.asked) < freshness
}

func (n *names) keep(into map[string]string, profiles map[string]*accountprofile.Profile, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for id, p := range profiles {
		into[id] = name(p)
		const overhead = 100 // bytes for list and map
		n.kept.Put(id, keptName{name: into[id], asked: now}, len(id)+len(into[id])+overhead)
	}
}

func (n *names) forget(id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.kept.Remove(id)
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

// mostPeople is how many names a page that is kept goes on with: above, it is made anew, to drop those that it does not
// need.
const mostPeople = 100

// stillCalled tells whether people, by account id, are still called so.
func (q *Queries) stillCalled(ctx context.Context, people map[string]string) (bool, error) {
	if len(people) > mostPeople {
		return false, nil
	}
	if same, known := q.names.same(people, q.deps.Now()); known {
		return same, nil
	}
	now, err := q.accountNames(ctx, slices.Collect(maps.Keys(people)))
	if err != nil {
		return false, err
	}
	for id, shown := range people {
		if now[id] != shown {
			return false, nil
		}
	}
	return true, nil
}

// same is stillCalled for people whose names are known.
func (n *names) same(people map[string]string, now time.Time) (same, known bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	same = true
	for id, shown := range people {
		name, found := n.known(id, now)
		if !found {
			return false, false
		}
		same = same && name == shown
	}
	return same, true
}
