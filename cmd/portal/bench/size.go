package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

const (
	// settling bounds the wait until the portal has noticed that pages are closed.
	settling = 20 * time.Second
	// goroutineSlack is how many goroutines come and go by themselves.
	goroutineSlack = 10
)

// processSize is how large a portal is that rests.
type processSize struct {
	goroutines int
	resident   int64 // bytes in RAM, also those that are free to be used again
	inUse      int64 // bytes of objects and stacks after a collection
}

// sizeOf measures the portal that runs on a data folder, without the idle connections of the client.
func (b *runner) sizeOf(ctx context.Context, client *http.Client, p *process, data string) (s processSize, err error) {
	if s.resident, err = p.memory("VmRSS"); err != nil {
		return s, err
	}
	client.CloseIdleConnections()
	if err := b.host.Collect(ctx, data); err != nil {
		return s, fmt.Errorf("collecting garbage: %w", err)
	}
	for same := 0; same < 5; same++ {
		now, err := p.sizeNow(ctx, client)
		if err != nil {
			return s, err
		}
		if same == 0 || now.goroutines < s.goroutines {
			s.goroutines, s.inUse, same = now.goroutines, now.inUse, 0
		}
	}
	return s, nil
}

// goroutinesBelow waits until the process has few goroutines, for a while at most, and tells how many it has then.
func (p *process) goroutinesBelow(ctx context.Context, client *http.Client, few int) (int, error) {
	waiting, cancel := context.WithTimeout(ctx, settling)
	defer cancel()
	for {
		now, err := p.sizeNow(ctx, client)
		if err != nil || now.goroutines <= few || waiting.Err() != nil {
			return now.goroutines, err
		}
	}
}

var sizeMetrics = regexp.MustCompile(`(?m)^go_(goroutines|memstats_heap_inuse_bytes|memstats_stack_inuse_bytes) (\S+)`)

// sizeNow reads the metrics of the process after a moment.
func (p *process) sizeNow(ctx context.Context, client *http.Client) (s processSize, err error) {
	select {
	case <-time.After(50 * time.Millisecond):
	case <-ctx.Done():
		return s, ctx.Err()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/metrics", http.NoBody)
	if err != nil {
		return s, fmt.Errorf("making a request: %w", err)
	}
	response, err := client.Do(request)
	if err != nil {
		return s, fmt.Errorf("asking for the metrics: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return s, fmt.Errorf("reading the metrics: %w", err)
	}
	found := sizeMetrics.FindAllSubmatch(body, -1)
	if len(found) != 3 {
		return s, errors.New("the metrics do not tell the size of the process")
	}
	for _, metric := range found {
		value, err := strconv.ParseFloat(string(metric[2]), 64)
		if err != nil {
			return s, fmt.Errorf("reading the metrics: %w", err)
		}
		if string(metric[1]) == "goroutines" {
			s.goroutines = int(value)
		} else {
			s.inUse += int64(value)
		}
	}
	return s, nil
}
