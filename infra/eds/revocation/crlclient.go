package revocation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/remote"
)

// How lists are fetched.
const (
	defaultEvery = time.Hour
	retryAfter   = time.Minute // after a failure
	otherAfter   = time.Hour   // after the list turned out to be of another authority
	maxIssuers   = 64          // whose lists are kept
)

// CRLOptions say where a list is, and how often to look for a newer one.
type CRLOptions struct {
	URL      string
	DeltaURL string        // of the delta list that adds to it; empty: there is none
	Every    time.Duration // 0: an hour
	Client   *remote.Client
}

// CRLClient fetches a list and keeps it: in memory, while it is in force, for as long as no newer one can be had. It is
// fetched when it is first needed; a newer one while the older still serves. Nothing takes the place of a list but a newer
// one that its authority signed.
type CRLClient struct {
	options CRLOptions
	alive   context.Context //nolint:containedctx // of what it does by itself: ended by Close
	end     context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	shelves map[[32]byte]*shelf // by the digest of the issuer's certificate
}

// NewCRLClient makes a client that fetches nothing yet.
func NewCRLClient(o CRLOptions) (*CRLClient, error) {
	if err := remote.CheckURL(o.URL); err != nil {
		return nil, fmt.Errorf("list of revoked certificates: %w", err)
	}
	if o.DeltaURL != "" {
		if err := remote.CheckURL(o.DeltaURL); err != nil {
			return nil, fmt.Errorf("delta list of revoked certificates: %w", err)
		}
	}
	if o.Every <= 0 {
		o.Every = defaultEvery
	}
	c := &CRLClient{options: o, shelves: map[[32]byte]*shelf{}}
	c.alive, c.end = context.WithCancel(context.Background())
	return c, nil
}

// Close ends what is being fetched.
func (c *CRLClient) Close() {
	c.end()
	c.running.Wait()
}

// Status looks a certificate up in the newest list. Errors: *remote.Error, *pki.Error.
func (c *CRLClient) Status(ctx context.Context, q Query) (Status, error) {
	if q.Now.IsZero() {
		return Status{}, unusable("only what is now can be asked")
	}
	lists, err := c.lists(ctx, q.Issuer, q.Now)
	if err != nil {
		return Status{}, fmt.Errorf("fetching the list of revoked certificates: %w", err)
	}
	status, err := lists.list.status(q, lists.delta)
	if err != nil {
		return Status{}, fmt.Errorf("looking into the list of revoked certificates: %w", err)
	}
	return status, nil
}

// shelf keeps the lists of one authority.
type shelf struct {
	issuer  *pki.Certificate
	current *lists        // nil: none yet
	loading chan struct{} // closed when it is over; nil: nothing is being fetched
	failed  error         // the latest fetching; nil: it went well
	next    time.Time     // not fetched before
}

// lists are a whole list and the delta list that adds to it, both signed by their authority.
type lists struct {
	list, delta               *List // delta may be nil
	listVersion, deltaVersion remote.Version
}

// until is when the lists end.
func (l *lists) until() time.Time {
	if l.delta != nil {
		return l.delta.NextUpdate
	}
	return l.list.NextUpdate
}

// lists gives the lists of an authority. If they are still in force, nobody waits for newer ones.
func (c *CRLClient) lists(ctx context.Context, issuer *pki.Certificate, now time.Time) (*lists, error) {
	c.mu.Lock()
	s, err := c.shelf(issuer)
	if err != nil {
		c.mu.Unlock()
		return nil, err
	}
	if s.loading == nil && !now.Before(s.next) {
		c.load(s, now)
	}
	if s.current != nil && !now.After(s.current.until()) {
		defer c.mu.Unlock()
		return s.current, nil
	}
	loading := s.loading
	c.mu.Unlock()
	if loading != nil {
		select {
		case <-loading:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.failed != nil && (s.current == nil || now.After(s.current.until())) {
		return nil, s.failed
	}
	return s.current, nil
}

// shelf is that of an authority. If the list is known to be of one with another name, nobody need fetch it to find out.
func (c *CRLClient) shelf(issuer *pki.Certificate) (*shelf, error) {
	key := issuer.SHA256()
	if s := c.shelves[key]; s != nil {
		return s, nil
	}
	for _, s := range c.shelves {
		if s.current != nil && !bytes.Equal(s.current.list.Issuer, issuer.X509.RawSubject) {
			return nil, untrusted("a list of another authority")
		}
	}
	if len(c.shelves) == maxIssuers {
		return nil, unusable("lists of too many authorities")
	}
	s := &shelf{issuer: issuer}
	c.shelves[key] = s
	return s, nil
}

// load begins to fetch newer lists. It goes on when whoever asked has left: others will ask.
func (c *CRLClient) load(s *shelf, now time.Time) {
	if c.alive.Err() != nil {
		s.failed = context.Canceled
		return
	}
	over := make(chan struct{})
	s.loading = over
	had := s.current
	c.running.Go(func() {
		got, err := c.fetch(c.alive, s.issuer, had)
		c.mu.Lock()
		defer c.mu.Unlock()
		s.loading, s.failed = nil, err
		switch {
		case err == nil:
			s.current, s.next = got, c.next(got.until(), now)
		case pki.IsCode(err, pki.CodeUntrusted):
			s.next = now.Add(otherAfter)
		default:
			s.next = now.Add(retryAfter)
		}
		close(over)
	})
}

// next is when to look for newer lists than those that end then: well before they do, and once a minute when their end
// is near.
func (c *CRLClient) next(end, now time.Time) time.Time {
	next := now.Add(c.options.Every)
	if early := end.Add(-c.options.Every / 2); early.Before(next) {
		next = early
	}
	if soonest := now.Add(retryAfter); next.Before(soonest) {
		return soonest
	}
	return next
}

// fetch fetches what is newer than what there is.
func (c *CRLClient) fetch(ctx context.Context, issuer *pki.Certificate, had *lists) (*lists, error) {
	if had == nil {
		had = &lists{}
	}
	got := *had
	var err error
	if got.list, got.listVersion, err = c.fetchList(ctx, c.options.URL, issuer, had.list, had.listVersion); err != nil {
		return nil, err
	}
	if got.list.Base != nil {
		return nil, unusable("a delta list in place of the whole one")
	}
	if c.options.DeltaURL == "" {
		return &got, nil
	}
	// Without a delta list the whole one still says what was so when it was made, and for how long that is to hold. But what
	// a delta list said is not forgotten before a whole one says it.
	delta, version, err := c.fetchList(ctx, c.options.DeltaURL, issuer, had.delta, had.deltaVersion)
	switch {
	case err == nil && delta.addsTo(got.list):
		got.delta, got.deltaVersion = delta, version
	case got.delta != nil && (!got.delta.addsTo(got.list) || !got.list.ThisUpdate.Before(got.delta.ThisUpdate)):
		got.delta, got.deltaVersion = nil, remote.Version{}
	}
	return &got, nil
}

// fetchList fetches a list unless it is the one that there is, and takes it only if its authority signed it, later.
func (c *CRLClient) fetchList(ctx context.Context, url string, issuer *pki.Certificate, had *List, version remote.Version) (*List, remote.Version, error) {
	raw, newer, err := c.options.Client.Get(ctx, url, version, MaxCRL)
	if errors.Is(err, remote.ErrUnchanged) && had != nil {
		return had, version, nil
	}
	if err != nil {
		return nil, remote.Version{}, err
	}
	list, err := ParseCRL(raw)
	if err != nil {
		return nil, remote.Version{}, err
	}
	if err := list.SignedBy(issuer, false); err != nil {
		return nil, remote.Version{}, err
	}
	if had != nil && list.ThisUpdate.Before(had.ThisUpdate) {
		return nil, remote.Version{}, unusable("an older list than before")
	}
	return list, newer, nil
}
