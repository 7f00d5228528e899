package readapi

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	domaincalendar "services.example/portal/domain/calendar"
	domaincatalogue "services.example/portal/domain/catalogue"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/calendars"
	"services.example/portal/projections/categories"
	"services.example/portal/projections/providers"
	"services.example/portal/projections/servicecatalogue"
	"services.example/portal/projections/servicepassport"
)

// freshness is how long the copy of the catalogue is used without asking whether it changed.
const freshness = 250 * time.Millisecond

// catalogue keeps a copy of the catalogue in memory: it is small, every screen needs it, and it rarely changes. Whether
// it changed is asked of the read store, so that several processes agree.
type catalogue struct {
	deps Deps

	mu      sync.Mutex
	loads   uint64 // how often the catalogue was read
	current atomic.Pointer[snapshot]
}

// snapshot is the catalogue at one moment. It never changes.
type snapshot struct {
	generation uint64 // another number for every other catalogue
	mark       string // what the read models looked like when it was taken
	checked    time.Time
	tree       []domaincatalogue.Category
	published  []*offer // sorted by name
	services   map[string]*offer
	providers  map[string]providers.Provider
	calendars  map[string]domaincalendar.Calendar
}

// offer is a service with what searching it needs.
type offer struct {
	ID string
	servicecatalogue.Service
	named  []namedVersion
	title  string // folded names
	search string // folded names, descriptions, provider and category

	titleWords, words vocabulary // of title and of search
}

// namedVersion is what a version of a service is called.
type namedVersion struct {
	version int
	namedOffer
}

// now returns the catalogue as it is.
func (c *catalogue) now(ctx context.Context) (*snapshot, error) {
	if s := c.current.Load(); s != nil && c.deps.Now().Sub(s.checked) < freshness {
		return s, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.current.Load(); s != nil && c.deps.Now().Sub(s.checked) < freshness {
		return s, nil // somebody else has asked, while this one waited
	}
	return c.ask(ctx)
}

// refresh returns the catalogue, asking in any case whether it changed.
func (c *catalogue) refresh(ctx context.Context) (*snapshot, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ask(ctx)
}

// ask finds out whether the catalogue changed. One asks at a time.
func (c *catalogue) ask(ctx context.Context) (*snapshot, error) {
	mark, err := c.mark(ctx)
	if err != nil {
		return nil, err
	}
	s := c.current.Load()
	if s == nil || s.mark != mark {
		if s, err = c.load(ctx); err != nil {
			return nil, err
		}
		c.loads++
		s.generation = c.loads
	} else {
		again := *s
		s = &again
	}
	s.mark, s.checked = mark, c.deps.Now()
	c.current.Store(s)
	return s, nil
}

// mark names the state of the read models without reading all of them.
func (c *catalogue) mark(ctx context.Context) (string, error) {
	latest, _, err := list[servicecatalogue.Service](ctx, c.deps, servicecatalogue.Name,
		readstore.Query{Index: servicecatalogue.ByChange, Limit: 1})
	if err != nil {
		return "", err
	}
	var mark strings.Builder
	for _, s := range latest {
		fmt.Fprintf(&mark, "%s/%d", s.ID, s.Doc.Changed)
	}
	for _, model := range []struct{ name, index string }{
		{categories.Name, categories.ByStream}, {providers.Name, providers.ByProvider}, {calendars.Name, calendars.ByCalendar},
	} {
		collection, err := serving(ctx, c.deps, model.name)
		if err != nil {
			return "", err
		}
		page, err := c.deps.Reads.List(ctx, collection, readstore.Query{Index: model.index, Limit: readstore.MaxLimit})
		if err != nil {
			return "", fmt.Errorf("listing %s: %w", model.name, err)
		}
		for _, document := range page.Documents {
			mark.WriteString("|" + document.ID + "@" + document.Seen.String())
		}
	}
	return mark.String(), nil
}

func (c *catalogue) load(ctx context.Context) (*snapshot, error) {
	s := &snapshot{
		services: map[string]*offer{}, providers: map[string]providers.Provider{},
		calendars: map[string]domaincalendar.Calendar{},
	}
	tree, err := get[categories.Tree](ctx, c.deps, categories.Name, categories.ID)
	switch {
	case err == nil:
		s.tree = tree.Tree
	case !errors.Is(err, readstore.ErrNotFound):
		return nil, err
	}
	organisations, err := all[providers.Provider](ctx, c.deps, providers.Name, providers.ByProvider)
	if err != nil {
		return nil, err
	}
	for _, p := range organisations {
		s.providers[p.ID] = p.Doc
	}
	days, err := all[calendars.Calendar](ctx, c.deps, calendars.Name, calendars.ByCalendar)
	if err != nil {
		return nil, err
	}
	for _, d := range days {
		s.calendars[d.ID] = d.Doc.Days()
	}
	services, err := all[servicecatalogue.Service](ctx, c.deps, servicecatalogue.Name, servicecatalogue.ByService)
	if err != nil {
		return nil, err
	}
	for _, one := range services {
		s.add(&offer{ID: one.ID, Service: one.Doc})
	}
	s.sort()
	return s, nil
}

// knows tells whether the copy has a version of a service.
func (s *snapshot) knows(serviceID string, version int) bool {
	o, found := s.services[serviceID]
	return found && slices.ContainsFunc(o.named, func(v namedVersion) bool { return v.version == version })
}

// named names a version of a service.
func (s *snapshot) named(serviceID string, version int) namedOffer {
	o, found := s.services[serviceID]
	if !found {
		return namedOffer{ID: serviceID}
	}
	for _, named := range o.named {
		if named.version == version {
			return named.namedOffer
		}
	}
	return namedOffer{ID: serviceID, Name: o.Name}
}

// daysLeft counts the days until an application of a service is due, by its provider's calendar.
func (s *snapshot) daysLeft(serviceID string, kind service.TermKind, now time.Time, due *time.Time) *int {
	if due == nil {
		return nil
	}
	var days domaincalendar.Calendar
	if o, found := s.services[serviceID]; found {
		days = s.calendars[s.providers[o.ProviderID].CalendarID]
	}
	left := days.DaysLeft(kind, now, *due)
	return &left
}

// versions gives the content of service versions. A version never changes, so what was read once stays in memory.
type versions struct {
	deps  Deps
	cache *lru.Cache[string, *version]
}

type version struct {
	servicepassport.Content
	steps []service.Step
}

const cachedVersions = 256

func newVersions(deps Deps) *versions {
	cache, err := lru.New[string, *version](cachedVersions)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &versions{deps: deps, cache: cache}
}

// content returns a version of a service. Error: service-not-found.
func (v *versions) content(ctx context.Context, serviceID string, number int) (*version, error) {
	id := servicepassport.VersionID(serviceID, number)
	if cached, found := v.cache.Get(id); found {
		return cached, nil
	}
	document, err := get[servicepassport.Document](ctx, v.deps, servicepassport.Name, id)
	if errors.Is(err, readstore.ErrNotFound) || err == nil && document.Content == nil {
		return nil, problem.New(problem.NotFound, "service-not-found")
	}
	if err != nil {
		return nil, err
	}
	read := &version{Content: *document.Content}
	if read.steps, err = read.FormSteps(); err != nil {
		return nil, fmt.Errorf("reading the steps of service %s: %w", id, err)
	}
	v.cache.Add(id, read)
	return read, nil
}
