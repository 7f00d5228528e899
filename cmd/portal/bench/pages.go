package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const writtenRate = 200 // messages a second while pages are open

// listening is pages that are open at the portal, and what they hear.
type listening struct {
	portal  *process
	client  *http.Client
	readers sync.WaitGroup
	opened  sync.WaitGroup        // done when every page has shown what the bell says
	heard   map[int]chan struct{} // by number of the message: an element for each page that has it
	fault   error                 // why a page ended too early
	once    sync.Once
	closed  context.Context
	close   context.CancelFunc
}

// openPages opens pages of all users, lets people write to the operators, and closes the pages.
func (b *runner) openPages(ctx context.Context, data string, portal *process, users []User) (_ []figure, err error) {
	client := newLoadClient(b.Clients)
	count := int(writtenRate * b.Duration.Seconds())
	pages := min(b.Streams, len(users)*maxPages)
	l := &listening{portal: portal, client: &http.Client{Transport: &http.Transport{DisableCompression: true}}, heard: make(map[int]chan struct{}, count)}
	for n := range count {
		l.heard[n] = make(chan struct{}, maxPages)
	}
	before, err := b.sizeOf(ctx, client, portal, data)
	if err != nil {
		return nil, err
	}
	opened, closeAll := context.WithCancel(ctx)
	defer closeAll()
	l.closed, l.close = opened, closeAll
	l.opened.Add(pages)
	if err := parallel(ctx, pages, func(_ context.Context, i int) error { return l.open(users[i%len(users)].Token) }); err != nil {
		return nil, err
	}
	l.opened.Wait()
	open, err := b.sizeOf(ctx, client, portal, data)
	if err != nil {
		return nil, err
	}
	fanOut, err := b.fanOut(opened, client, l, users, pages)
	if err != nil {
		return nil, errors.Join(err, l.fault)
	}
	l.close()
	l.readers.Wait()
	client.CloseIdleConnections()
	after, err := portal.goroutinesBelow(ctx, client, before.goroutines+goroutineSlack)
	if err != nil {
		return nil, err
	}
	grown := max(open.resident-before.resident, open.inUse-before.inUse)
	return []figure{
		fanOut,
		{
			name:  fmt.Sprintf("memory of %d open pages", pages),
			value: fmt.Sprintf("%d MiB more resident, %d MiB more in use", (open.resident-before.resident)>>20, (open.inUse-before.inUse)>>20),
			limit: fmt.Sprintf("%d MiB resident before, %d MiB in use", before.resident>>20, before.inUse>>20),
			bar:   "≤ 200 MiB", met: grown <= 200<<20,
		},
		{
			name:  fmt.Sprintf("goroutines after %d open pages", pages),
			value: fmt.Sprintf("%d (%d while open)", after, open.goroutines), limit: fmt.Sprintf("%d before", before.goroutines),
			ratio: ratio(float64(after), float64(before.goroutines)), bar: fmt.Sprintf("≤ %d more", goroutineSlack),
			met: after <= before.goroutines+goroutineSlack,
		},
	}, nil
}

// maxPages is how many pages one user of the benchmark has open at most: fewer than the portal allows.
const maxPages = 60

// open opens a page and listens to it until all are closed.
func (l *listening) open(token string) error {
	request, err := http.NewRequestWithContext(l.closed, http.MethodGet, l.portal.url+"/api/v1/my/events", http.NoBody)
	if err != nil {
		return fmt.Errorf("making a request: %w", err)
	}
	request.Header.Set("Cookie", SessionCookie+"="+token)
	response, err := l.client.Do(request)
	if err != nil {
		return fmt.Errorf("opening a page: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return errors.Join(fmt.Errorf("opening a page was answered %d", response.StatusCode), response.Body.Close())
	}
	l.readers.Go(func() {
		defer response.Body.Close() //nolint:errcheck // only read
		err := l.listen(response.Body)
		if l.closed.Err() == nil {
			l.once.Do(func() {
				l.fault = fmt.Errorf("a page ended: %w", err)
				l.close()
			})
		}
	})
	return nil
}

// listen counts what a page hears.
func (l *listening) listen(body io.Reader) error {
	name, opened := "", sync.OnceFunc(l.opened.Done)
	defer opened()
	lines := bufio.NewScanner(body)
	for lines.Scan() {
		field, value, _ := bytes.Cut(lines.Bytes(), []byte(": "))
		switch {
		case string(field) == "event":
			name = string(value)
		case string(field) != "data":
		case name == "unread":
			opened()
		case name == "message":
			var message struct{ Text string }
			if err := json.Unmarshal(value, &message); err != nil {
				return fmt.Errorf("reading a message: %w", err)
			}
			number, _, _ := strings.Cut(message.Text, " ")
			if n, err := strconv.Atoi(number); err == nil && l.heard[n] != nil {
				l.heard[n] <- struct{}{}
			}
		}
	}
	return errors.Join(lines.Err(), io.ErrUnexpectedEOF)
}

// fanOut measures the time from giving a message to the portal until the last of the writer's open pages has it. The context
// ends when a page ends.
func (b *runner) fanOut(ctx context.Context, client *http.Client, l *listening, users []User, pages int) (figure, error) {
	answered := make([]time.Duration, len(l.heard))
	took, err := steady(ctx, b.Duration, writtenRate, visibleWorkers, func(ctx context.Context, n int) (time.Duration, error) {
		who, began := n%min(len(users), pages), time.Now()
		_, _, err := call(ctx, client, http.MethodPost, l.portal.url+threadPath(users[who]), users[who].Token, users[who].Message(n))
		if err != nil {
			return 0, err
		}
		answered[n] = time.Since(began)
		for page := who; page < pages; page += len(users) {
			select {
			case <-l.heard[n]:
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}
		return time.Since(began), nil
	})
	if err != nil {
		return figure{}, err
	}
	p99, least := percentile(took, 99), percentile(answered, 99)
	return figure{
		name:  fmt.Sprintf("message to open pages, %d open, %d messages/s, 99th percentile", pages, writtenRate),
		value: fmt.Sprintf("%s (median %s)", shortly(p99), shortly(percentile(took, 50))),
		limit: fmt.Sprintf("%s until it is acknowledged (median %s)", shortly(least), shortly(percentile(answered, 50))),
		ratio: ratio(float64(p99), float64(least)), bar: "≤ 30 ms", met: p99 <= 30*time.Millisecond,
	}, nil
}
