package revocation_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/remote"
	"services.example/portal/infra/eds/revocation"
)

// shop serves files; a file that is nil is out of order.
type shop struct {
	mu    sync.Mutex
	files map[string][]byte
	asked map[string]int
	gate  chan struct{} // closed: serves at once
}

func newShop() *shop {
	s := &shop{files: map[string][]byte{}, asked: map[string]int{}, gate: make(chan struct{})}
	close(s.gate)
	return s
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	raw, gate := s.files[r.URL.Path], s.gate
	s.asked[r.URL.Path]++
	s.mu.Unlock()
	select {
	case <-gate:
	case <-r.Context().Done():
	}
	if raw == nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write(raw)
}

func (s *shop) put(path string, raw []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path] = raw
}

func (s *shop) count(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[path]
}

func newCRLClient(t *testing.T, url string, change ...func(*revocation.CRLOptions)) *revocation.CRLClient {
	t.Helper()
	o := revocation.CRLOptions{URL: url + "/ca.crl", Every: 10 * time.Minute, Client: newRemote(t)}
	for _, c := range change {
		c(&o)
	}
	client, err := revocation.NewCRLClient(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// ask asks at a time after noon.
func (a authority) ask(t *testing.T, c revocation.Source, after time.Duration) (revocation.State, error) {
	t.Helper()
	q := a.query()
	q.At, q.Now = q.At.Add(after), q.Now.Add(after)
	got, err := c.Status(t.Context(), q)
	return got.State, err
}

func numbered(n int64) func(*dev.List) {
	return func(l *dev.List) { l.Number, l.ThisUpdate = n, noon.Add(-time.Hour).Add(time.Duration(n)*time.Minute) }
}

func (a authority) listed(l *dev.List) {
	l.Revoked = []dev.Revocation{a.revoked(noon.Add(-time.Minute), revocation.KeyCompromise)}
}

func TestAListIsFetchedOnceForAll(t *testing.T) {
	t.Parallel()
	a, s := newAuthority(t, pki.GOST2015), newShop()
	s.put("/ca.crl", a.list(t, a.listed))
	client := newCRLClient(t, serve(t, s))
	var everybody sync.WaitGroup
	for range 20 {
		everybody.Go(func() {
			if got, err := a.ask(t, client, 0); err != nil || got != revocation.Revoked {
				t.Errorf("%s, error %v", got, err)
			}
		})
	}
	everybody.Wait()
	if n := s.count("/ca.crl"); n != 1 {
		t.Errorf("fetched %d times", n)
	}
	q := a.query()
	q.Now = time.Time{}
	if _, err := client.Status(t.Context(), q); !pki.IsCode(err, pki.CodeRevocationUnavailable) {
		t.Errorf("for years ago: error %v", err)
	}
}

func TestTheOlderListServesWhileTheNewerIsFetched(t *testing.T) {
	t.Parallel()
	a, s := newAuthority(t, pki.ECDSA), newShop()
	s.put("/ca.crl", a.list(t, numbered(1)))
	client := newCRLClient(t, serve(t, s))
	if got, err := a.ask(t, client, 0); err != nil || got != revocation.Good {
		t.Fatalf("%s, error %v", got, err)
	}
	gate := make(chan struct{})
	s.mu.Lock()
	s.files["/ca.crl"], s.gate = a.list(t, numbered(2), a.listed), gate
	s.mu.Unlock()
	for range 3 {
		if got, err := a.ask(t, client, 10*time.Minute); err != nil || got != revocation.Good {
			t.Errorf("%s, error %v", got, err)
		}
	}
	close(gate)
	client.Settle()
	if got, err := a.ask(t, client, 10*time.Minute); err != nil || got != revocation.Revoked || s.count("/ca.crl") != 2 {
		t.Errorf("%s, error %v, fetched %d times", got, err, s.count("/ca.crl"))
	}
}

func TestOnlyANewerListOfTheAuthorityTakesThePlaceOfAnother(t *testing.T) {
	t.Parallel()
	a, stranger := newAuthority(t, pki.ECDSA), newAuthority(t, pki.ECDSA)
	for name, raw := range map[string][]byte{
		"none":           nil,
		"an older one":   a.list(t, numbered(1)),
		"of a stranger":  stranger.list(t, numbered(3)),
		"a forged one":   stranger.handmade(t, nil),
		"no list at all": []byte("<html>"),
		"a delta list":   a.list(t, numbered(3), func(l *dev.List) { l.Base = 2 }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop()
			s.put("/ca.crl", a.list(t, numbered(2), a.listed))
			client := newCRLClient(t, serve(t, s))
			if got, err := a.ask(t, client, 0); err != nil || got != revocation.Revoked {
				t.Fatalf("%s, error %v", got, err)
			}
			s.put("/ca.crl", raw)
			for _, after := range []time.Duration{10 * time.Minute, 59 * time.Minute} {
				_, _ = a.ask(t, client, after)
				client.Settle()
				if got, err := a.ask(t, client, after); err != nil || got != revocation.Revoked {
					t.Errorf("after %s: %s, error %v", after, got, err)
				}
			}
			if got, err := a.ask(t, client, time.Hour+time.Second); err == nil {
				t.Errorf("when its time was over: %s", got)
			}
		})
	}
}

func TestAServerInTroubleIsAskedOnceAMinute(t *testing.T) {
	t.Parallel()
	a, s := newAuthority(t, pki.ECDSA), newShop()
	client := newCRLClient(t, serve(t, s))
	for _, test := range []struct {
		after time.Duration
		asked int
	}{{0, 1}, {59 * time.Second, 1}, {time.Minute, 2}} {
		if _, err := a.ask(t, client, test.after); !remote.Temporary(err) || s.count("/ca.crl") != test.asked {
			t.Errorf("after %s: error %v, asked %d times", test.after, err, s.count("/ca.crl"))
		}
	}
	s.put("/ca.crl", a.list(t))
	if got, err := a.ask(t, client, 2*time.Minute); err != nil || got != revocation.Good {
		t.Errorf("back again: %s, error %v", got, err)
	}
}

func TestTheListOfAnotherAuthorityIsNotAskedForAgainAndAgain(t *testing.T) {
	t.Parallel()
	a, other, s := newAuthority(t, pki.ECDSA), newAuthority(t, pki.ECDSA), newShop()
	s.put("/ca.crl", a.list(t))
	client := newCRLClient(t, serve(t, s))
	for range 3 {
		if _, err := other.ask(t, client, 0); !pki.IsCode(err, pki.CodeUntrusted) {
			t.Errorf("error %v", err)
		}
	}
	if got, err := a.ask(t, client, 0); err != nil || got != revocation.Good || s.count("/ca.crl") != 2 {
		t.Errorf("%s, error %v, fetched %d times", got, err, s.count("/ca.crl"))
	}
}

func TestAListIsNotFetchedForAnAuthorityOfAnotherName(t *testing.T) {
	t.Parallel()
	a, s := newAuthority(t, pki.ECDSA), newShop()
	s.put("/ca.crl", a.list(t))
	client := newCRLClient(t, serve(t, s))
	if got, err := a.ask(t, client, 0); err != nil || got != revocation.Good {
		t.Fatalf("%s, error %v", got, err)
	}
	q := a.query()
	q.Certificate, q.Issuer = a.Issuing.Certificate, a.Root.Certificate
	if _, err := client.Status(t.Context(), q); !pki.IsCode(err, pki.CodeUntrusted) || s.count("/ca.crl") != 1 {
		t.Errorf("error %v, fetched %d times", err, s.count("/ca.crl"))
	}
}

func TestAListThatIsUnchangedIsKept(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.ECDSA)
	raw, sent := a.list(t), 0
	client := newCRLClient(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		if r.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		sent++
		_, _ = w.Write(raw)
	})))
	for _, after := range []time.Duration{0, 10 * time.Minute, 20 * time.Minute} {
		if got, err := a.ask(t, client, after); err != nil || got != revocation.Good {
			t.Errorf("after %s: %s, error %v", after, got, err)
		}
		client.Settle()
	}
	if sent != 1 {
		t.Errorf("sent %d times", sent)
	}
}

func TestADeltaListIsFetchedToo(t *testing.T) {
	t.Parallel()
	a, s := newAuthority(t, pki.ECDSA), newShop()
	delta := func(base int64, changes ...func(*dev.List)) []byte {
		return a.list(t, append([]func(*dev.List){numbered(9), func(l *dev.List) { l.Base, l.NextUpdate = base, noon.Add(30*time.Minute) }}, changes...)...)
	}
	client := newCRLClient(t, serve(t, s), func(o *revocation.CRLOptions) { o.DeltaURL = o.URL + ".delta" })
	s.put("/ca.crl", a.list(t, numbered(7)))
	step := func(after time.Duration, want revocation.State) {
		t.Helper()
		_, _ = a.ask(t, client, after)
		client.Settle()
		if got, err := a.ask(t, client, after); got != want || (err == nil) != (want != 0) {
			t.Errorf("%s, error %v; want %s", got, err, want)
		}
	}
	step(0, revocation.Good) // there is no delta list: the whole one alone
	s.put("/ca.crl.delta", delta(8, a.listed))
	step(10*time.Minute, revocation.Good) // it adds to another one
	s.put("/ca.crl.delta", delta(7, a.listed))
	step(20*time.Minute, revocation.Revoked)
	s.put("/ca.crl.delta", nil)
	step(29*time.Minute, revocation.Revoked) // what it said is not forgotten,
	step(36*time.Minute, 0)                  // not even when it is out of date
	s.put("/ca.crl", a.list(t, numbered(10), a.listed))
	step(37*time.Minute, revocation.Revoked) // until a whole one says it
}

func TestWhoeverLeavesDoesNotEndTheFetching(t *testing.T) {
	t.Parallel()
	a, s := newAuthority(t, pki.ECDSA), newShop()
	s.put("/ca.crl", a.list(t))
	gate := make(chan struct{})
	s.gate = gate
	client := newCRLClient(t, serve(t, s))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Status(ctx, a.query()); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	close(gate)
	if got, err := a.ask(t, client, 0); err != nil || got != revocation.Good || s.count("/ca.crl") != 1 {
		t.Errorf("%s, error %v, fetched %d times", got, err, s.count("/ca.crl"))
	}
}

func TestAClosedClientFetchesNothing(t *testing.T) {
	t.Parallel()
	a, s := newAuthority(t, pki.ECDSA), newShop()
	client := newCRLClient(t, serve(t, s))
	client.Close()
	if _, err := a.ask(t, client, 0); !errors.Is(err, context.Canceled) || s.count("/ca.crl") != 0 {
		t.Errorf("error %v, asked %d times", err, s.count("/ca.crl"))
	}
}
