package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	storedStep     = 700 // bytes of a stored save-step event beside its data: metadata, names, encryption
	visibleRate    = 500 // commands a second
	visibleWorkers = 32
)

// served measures the portal over HTTP, each folder served by a process of its own. The small folder is only for pages.
func (b *runner) served(ctx context.Context, small, large *Loaded) (figures []figure, err error) {
	var smallPage time.Duration
	if b.asks("pages") {
		if smallPage, err = b.pages(ctx, small); err != nil {
			return nil, err
		}
	}
	portal, err := b.run(ctx, "serve", "--data", large.Data, "--listen", "127.0.0.1:0", "--messages-per-minute", "0")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, portal.stop()) }()
	atStart, err := portal.resident()
	if err != nil {
		return nil, err
	}
	client := newLoadClient(b.Clients)
	size, err := large.pageSize(ctx, client, portal.url)
	if err != nil {
		return nil, err
	}
	bareDir, err := os.MkdirTemp(b.folder, "bare")
	if err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(bareDir)) }()
	bare, err := b.run(ctx, "bench", "--bare", bareDir, "--bytes", strconv.Itoa(size))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, bare.stop()) }()
	for _, part := range []struct {
		name    string
		measure func() ([]figure, error)
	}{
		{"save-step", func() ([]figure, error) { return b.saves(ctx, client, large, portal, bare) }},
		{"messages", func() ([]figure, error) { return b.posts(ctx, client, large, portal, bare) }},
		{"pages", func() ([]figure, error) { return b.reads(ctx, client, large, portal, bare, smallPage) }},
		{"visible", func() ([]figure, error) { return b.visible(ctx, client, large, portal) }},
	} {
		if !b.asks(part.name) {
			continue
		}
		if _, err := portal.rests(ctx); err != nil { // from the part before
			return nil, err
		}
		measured, err := part.measure()
		if err != nil {
			return nil, err
		}
		figures = append(figures, measured...)
	}
	resident, err := portal.resident()
	if err != nil {
		return nil, err
	}
	return append(figures,
		figure{
			name:  fmt.Sprintf("memory with %d applications", large.Applications),
			value: fmt.Sprintf("%d MiB resident under load, %d at start", resident>>20, atStart>>20), bar: "≤ 400 MiB",
			met: resident <= 400<<20,
		},
		figure{
			name:  fmt.Sprintf("start to ready with %d applications", large.Applications),
			value: portal.ready.Round(time.Millisecond).String(), bar: "≤ 2 s", met: portal.ready <= 2*time.Second,
		}), nil
}

func newLoadClient(clients int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients + visibleWorkers, DisableCompression: true}}
}

// call sends one request and reads its answer.
func call(ctx context.Context, client *http.Client, method, url, token string, body []byte, headers ...string) (int, http.Header, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("making a request: %w", err)
	}
	if token != "" {
		request.Header.Set("Cookie", SessionCookie+"="+token)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, fmt.Errorf("calling: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	n, err := io.Copy(io.Discard, response.Body)
	if err == nil && response.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s %s answered %d", method, url, response.StatusCode)
	}
	return int(n), response.Header, err
}

// SessionCookie is the cookie of a session.
const SessionCookie = "portal-session"

// PagePath is a page of "My applications".
const PagePath = "/api/v1/my/applications?limit=20"

func (l *Loaded) pageSize(ctx context.Context, client *http.Client, url string) (int, error) {
	n, _, err := call(ctx, client, http.MethodGet, url+PagePath, l.Users[0].Token, nil)
	return n, err
}

// work is a call of a client: its n-th.
type work func(ctx context.Context, client, n int) error

// closed lets clients call as fast as they can for a while: calls a second.
func (b *runner) closed(ctx context.Context, one work) (float64, error) {
	calls, took, err := b.callFor(ctx, b.Duration, one)
	return float64(calls) / took.Seconds(), err
}

func (b *runner) callFor(ctx context.Context, length time.Duration, one work) (calls int64, took time.Duration, err error) {
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	started := time.Now()
	end := started.Add(length)
	for client := range b.Clients {
		group.Go(func() error {
			for n := 0; time.Now().Before(end); n++ {
				if err := one(ctx, client, n); err != nil {
					return err
				}
				done.Add(1)
			}
			return nil
		})
	}
	err = group.Wait()
	return done.Load(), time.Since(started), err
}

// turns is in how many turns the portal is compared with its limit.
const turns = 10

// load is what clients ask a process for.
type load struct {
	of  *process
	one work

	calls int64
	took  time.Duration
}

// rate is how many calls a second there were.
func (l *load) rate() float64 { return float64(l.calls) / l.took.Seconds() }

// compare lets clients call the portal and the bare handlers in short turns, so that a slow moment of the machine meets
// both. What a process goes on with after its turn, such as compacting, counts as if it had kept all processors busy.
func (b *runner) compare(ctx context.Context, loads ...*load) error {
	for range turns {
		for _, l := range loads {
			calls, took, err := b.callFor(ctx, 2*b.Duration/turns, l.one)
			if err != nil {
				return err
			}
			worked, err := l.of.rests(ctx)
			if err != nil {
				return err
			}
			l.calls += calls
			l.took += took + worked/time.Duration(runtime.NumCPU())
		}
	}
	return nil
}

// steady calls at a steady rate, whether or not earlier calls have ended, and tells how long each took from the moment at
// which it was due.
func steady(
	ctx context.Context, length time.Duration, rate float64, workers int, one func(ctx context.Context, n int) (time.Duration, error),
) ([]time.Duration, error) {
	count := int(rate * length.Seconds())
	took := make([]time.Duration, count)
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	started := time.Now()
	for range workers {
		group.Go(func() error {
			for {
				n := int(next.Add(1) - 1)
				if n >= count {
					return nil
				}
				due := started.Add(time.Duration(float64(n) / rate * float64(time.Second)))
				if wait := time.Until(due); wait > 0 {
					time.Sleep(wait)
					due = time.Now() // waking up late is this generator's fault, not the portal's
				}
				late, err := one(ctx, n)
				if err != nil {
					return err
				}
				took[n] = late
				if late == 0 {
					took[n] = time.Since(due)
				}
			}
		})
	}
	return took, group.Wait()
}

func percentile(took []time.Duration, p float64) time.Duration {
	if len(took) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(took))
	return sorted[min(len(sorted)-1, int(float64(len(sorted))*p/100))]
}

// Save is the n-th request body that saves the user's step: valid, and different from the one before.
func (u User) Save(n int) []byte {
	var data map[string]json.RawMessage
	_ = json.Unmarshal(u.Data, &data)
	for name, value := range data {
		if bytes.HasPrefix(value, []byte(`"`)) && !bytes.ContainsAny(value, "0123456789@") {
			data[name] = json.RawMessage(strings.TrimSuffix(string(value), `"`) + strconv.Itoa(n%100_000) + `"`)
			break
		}
	}
	encoded, _ := json.Marshal(map[string]any{"data": data}) //nolint:errchkjson // raw JSON of ours
	return encoded
}

// saves measures save-step against a handler that does one append of the same size.
func (b *runner) saves(ctx context.Context, client *http.Client, l *Loaded, portal, bare *process) ([]figure, error) {
	var users []User
	for _, u := range l.Users {
		if u.Draft != "" {
			users = append(users, u)
		}
	}
	if len(users) == 0 {
		return nil, errors.New("no drafts to save: load more applications")
	}
	saving := func(url func(User) string) work {
		return func(ctx context.Context, k, n int) error {
			u := users[k%len(users)]
			_, _, err := call(ctx, client, http.MethodPut, url(u), u.Token, u.Save(n*b.Clients+k))
			return err
		}
	}
	ours := &load{of: portal, one: saving(func(u User) string {
		return portal.url + "/api/v1/applications/" + u.Draft + "/steps/" + u.Step
	})}
	limit := &load{of: bare, one: saving(func(u User) string {
		return bare.url + "/append/" + strconv.Itoa(storedStep+len(u.Data))
	})}
	if err := b.compare(ctx, ours, limit); err != nil {
		return nil, err
	}
	return []figure{atLeastHalf(fmt.Sprintf("save-step over HTTP, %d clients", b.Clients), ours, limit, "one append")}, nil
}

// atLeastHalf is a figure whose bar is half of the limit.
func atLeastHalf(name string, ours, limit *load, what string) figure {
	return figure{
		name:  name,
		value: fmt.Sprintf("%.0f/s", ours.rate()), limit: fmt.Sprintf("%.0f/s bare handler, %s", limit.rate(), what),
		ratio: ratio(ours.rate(), limit.rate()), bar: "≥ 0.50", met: ours.rate() >= 0.5*limit.rate(),
	}
}

// pages measures the 99th percentile of "My applications" at a share of what the portal can do.
func (b *runner) pages(ctx context.Context, l *Loaded) (_ time.Duration, err error) {
	portal, err := b.run(ctx, "serve", "--data", l.Data, "--listen", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, portal.stop()) }()
	if _, err := portal.rests(ctx); err != nil {
		return 0, err
	}
	client := newLoadClient(b.Clients)
	most, err := b.closed(ctx, b.page(client, l, portal))
	if err != nil {
		return 0, err
	}
	return b.pageLatency(ctx, client, l, portal, b.share(most))
}

// share is the rate at which percentiles are measured.
func (b *runner) share(most float64) float64 { return most * float64(b.Load) / 100 }

func (b *runner) page(client *http.Client, l *Loaded, portal *process) work {
	return func(ctx context.Context, _, _ int) error {
		u := l.Users[rand.IntN(len(l.Users))] //nolint:gosec // chooses whom to ask for
		_, _, err := call(ctx, client, http.MethodGet, portal.url+PagePath, u.Token, nil)
		return err
	}
}

func (b *runner) pageLatency(ctx context.Context, client *http.Client, l *Loaded, portal *process, rate float64) (time.Duration, error) {
	one := b.page(client, l, portal)
	took, err := steady(ctx, b.Duration, rate, b.Clients, func(ctx context.Context, n int) (time.Duration, error) {
		return 0, one(ctx, 0, n)
	})
	return percentile(took, 99), err
}

// reads measures "My applications" against a handler that writes the same bytes.
func (b *runner) reads(ctx context.Context, client *http.Client, l *Loaded, portal, bare *process, small time.Duration) ([]figure, error) {
	ours := &load{of: portal, one: b.page(client, l, portal)}
	limit := &load{of: bare, one: func(ctx context.Context, _, _ int) error {
		_, _, err := call(ctx, client, http.MethodGet, bare.url+"/page", l.Users[0].Token, nil)
		return err
	}}
	if err := b.compare(ctx, ours, limit); err != nil {
		return nil, err
	}
	p99, err := b.pageLatency(ctx, client, l, portal, b.share(ours.rate()))
	if err != nil {
		return nil, err
	}
	return []figure{
		atLeastHalf(fmt.Sprintf("My applications (20 rows), %d applications", l.Applications), ours, limit, "same bytes"),
		{
			name:  fmt.Sprintf("My applications at %d %% load, 99th percentile", b.Load),
			value: p99.Round(10 * time.Microsecond).String(), bar: "≤ 5 ms", met: p99 <= 5*time.Millisecond,
		},
		{
			name:  "the same with the small folder",
			value: p99.Round(10 * time.Microsecond).String(), limit: small.Round(10*time.Microsecond).String() + " small",
			ratio: ratio(float64(p99), float64(small)), bar: "≤ 2.00", met: p99 <= 2*small,
		},
	}, nil
}

// visible measures the time from an acknowledged command to an answer of "My applications" that shows it.
func (b *runner) visible(ctx context.Context, client *http.Client, l *Loaded, portal *process) ([]figure, error) {
	var services struct{ Items []struct{ ID string } }
	if err := fetch(ctx, client, portal.url+"/api/v1/services", &services); err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]string{"serviceId": services.Items[0].ID})
	if err != nil {
		return nil, fmt.Errorf("writing a command: %w", err)
	}
	took, err := steady(ctx, b.Duration, visibleRate, visibleWorkers, func(ctx context.Context, n int) (time.Duration, error) {
		u := l.Users[n%len(l.Users)]
		_, header, err := call(ctx, client, http.MethodPost, portal.url+"/api/v1/applications", u.Token, body)
		if err != nil {
			return 0, err
		}
		acknowledged := time.Now()
		_, _, err = call(ctx, client, http.MethodGet, portal.url+PagePath, u.Token, nil, "Min-Position", header.Get("Position"))
		return time.Since(acknowledged), err
	})
	if err != nil {
		return nil, err
	}
	p99 := percentile(took, 99)
	return []figure{{
		name:  fmt.Sprintf("command to visible, %d commands/s, 99th percentile", visibleRate),
		value: fmt.Sprintf("%s (median %s)", p99.Round(10*time.Microsecond), percentile(took, 50).Round(10*time.Microsecond)),
		bar:   "≤ 20 ms", met: p99 <= 20*time.Millisecond,
	}}, nil
}

func fetch(ctx context.Context, client *http.Client, url string, into any) error {
	return fetchAs(ctx, client, url, "", into)
}

// fetchAs reads an answer of the API to whoever has the session's token.
func fetchAs(ctx context.Context, client *http.Client, url, token string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return fmt.Errorf("making a request: %w", err)
	}
	if token != "" {
		request.Header.Set("Cookie", SessionCookie+"="+token)
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("calling: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	return json.NewDecoder(response.Body).Decode(into)
}
