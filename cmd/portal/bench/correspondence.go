package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"time"
)

// correspondence measures threads, the bell and open pages in a process of its own, so that what it had to hold before
// does not hide what open pages take.
func (b *runner) correspondence(ctx context.Context, l *Loaded) (_ []figure, err error) {
	portal, err := b.run(ctx, "serve", "--data", l.Data, "--listen", "127.0.0.1:0", "--messages-per-minute", "0")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, portal.stop()) }()
	if _, err := portal.rests(ctx); err != nil {
		return nil, err
	}
	users, err := l.withSent()
	if err != nil {
		return nil, err
	}
	var figures []figure
	if b.Streams > 0 {
		if figures, err = b.openPages(ctx, l.Data, portal, users); err != nil {
			return nil, err
		}
	}
	client := newLoadClient(b.Clients)
	reader := users[len(users)-1]
	length, err := b.writeThread(ctx, client, portal, reader)
	if err != nil {
		return nil, err
	}
	thread, err := b.readFigure(ctx, client, portal, fmt.Sprintf("first page of a thread of %d items", length),
		func() (string, string) { return threadPath(reader), reader.Token })
	if err != nil {
		return nil, err
	}
	bell, err := b.readFigure(ctx, client, portal, "the bell", func() (string, string) {
		return "/api/v1/my/unread", users[rand.IntN(len(users))].Token //nolint:gosec // chooses whom to ask for
	})
	return append(figures, thread, bell), err
}

// withSent are the users who have sent an application.
func (l *Loaded) withSent() ([]User, error) {
	var users []User
	for _, u := range l.Users {
		if u.Sent != "" {
			users = append(users, u)
		}
	}
	if len(users) == 0 {
		return nil, errors.New("no applications to write about: load again, into another --folder")
	}
	return users, nil
}

func threadPath(u User) string { return "/api/v1/applications/" + u.Sent + "/messages" }

// writeThread lets somebody write until their thread is as long as it is to be, and tells how long it is.
func (b *runner) writeThread(ctx context.Context, client *http.Client, portal *process, u User) (int, error) {
	length := func() (int, error) {
		var page struct{ Total int }
		return page.Total, fetchAs(ctx, client, portal.url+threadPath(u)+"?limit=1", u.Token, &page)
	}
	there, err := length()
	if err != nil {
		return 0, err
	}
	err = parallel(ctx, max(0, b.Thread-there), func(ctx context.Context, n int) error {
		_, _, err := call(ctx, client, http.MethodPost, portal.url+threadPath(u), u.Token, u.Message(n))
		return err
	})
	if err != nil {
		return 0, err
	}
	return length()
}

// readFigure measures the 99th percentile of a query at a share of what the portal can do, in turn with a handler that writes
// the same bytes at the same rate.
func (b *runner) readFigure(
	ctx context.Context, client *http.Client, portal *process, name string, choose func() (path, token string),
) (_ figure, err error) {
	get := func(ctx context.Context) (int, error) {
		path, token := choose()
		size, _, err := call(ctx, client, http.MethodGet, portal.url+path, token, nil)
		return size, err
	}
	size, err := get(ctx)
	if err != nil {
		return figure{}, err
	}
	dir, err := os.MkdirTemp(b.folder, "bare")
	if err != nil {
		return figure{}, fmt.Errorf("making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	bare, err := b.run(ctx, "bench", "--bare", dir, "--bytes", strconv.Itoa(size))
	if err != nil {
		return figure{}, err
	}
	defer func() { err = errors.Join(err, bare.stop()) }()
	most, err := b.closed(ctx, func(ctx context.Context, _, _ int) error {
		_, err := get(ctx)
		return err
	})
	if err != nil {
		return figure{}, err
	}
	rate := b.share(most)
	var ours, limit []time.Duration
	getBare := func(ctx context.Context) (int, error) {
		size, _, err := call(ctx, client, http.MethodGet, bare.url+"/page", "", nil)
		return size, err
	}
	steadily := func(times *[]time.Duration, get func(ctx context.Context) (int, error)) error {
		took, err := steady(ctx, 2*b.Duration/turns, rate, b.Clients, func(ctx context.Context, _ int) (time.Duration, error) {
			_, err := get(ctx)
			return 0, err
		})
		*times = append(*times, took...)
		return err
	}
	for range turns {
		if err := steadily(&ours, get); err != nil {
			return figure{}, err
		}
		if err := steadily(&limit, getBare); err != nil {
			return figure{}, err
		}
	}
	p99, least := percentile(ours, 99), percentile(limit, 99)
	return figure{
		name:  fmt.Sprintf("%s at %d %% load, 99th percentile", name, b.Load),
		value: fmt.Sprintf("%s (median %s) at %.0f/s", shortly(p99), shortly(percentile(ours, 50)), rate),
		limit: fmt.Sprintf("%s bare handler, %d bytes", shortly(least), size),
		ratio: ratio(float64(p99), float64(least)), bar: "≤ 5 ms", met: p99 <= 5*time.Millisecond,
	}, nil
}

func shortly(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }
