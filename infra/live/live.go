// Package live tells open streams of this process what has just happened: one subscription to the event log, fanned out by
// topic. It says only that something happened; what people may see of it is read from the read models.
package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"services.example/portal/infra/eventstore"
)

const (
	// maxWaiting is how many notices wait for one stream, before it is told that some were lost.
	maxWaiting = 256
	// maxStreams is how many streams one owner may have open in this process.
	maxStreams = 64
	// batch is how many events are read at once.
	batch = 512
)

var (
	// ErrClosed says that the stream or the whole hub has ended.
	ErrClosed = errors.New("the live stream is closed")
	// ErrTooMany says that somebody has as many streams open as one may.
	ErrTooMany = errors.New("too many live streams of one owner")
)

// Notice says that an event was recorded.
type Notice struct {
	Stream   string
	Type     string // stored name
	Revision int64
	Position eventstore.Position
}

// Config says what a hub follows.
type Config struct {
	Events eventstore.Store
	Filter eventstore.Filter
	// Topics names those whom an event concerns. It may take its time: the others wait for it.
	Topics func(ctx context.Context, event eventstore.Recorded) []string
	Logger *slog.Logger // nil: slog.Default
}

// Hub follows the event log while somebody listens.
type Hub struct {
	config Config

	mu      sync.Mutex
	streams map[string]map[*Stream]bool // by topic
	owned   map[string]int              // open ones by owner
	open    int
	wake    chan struct{} // has room for one: somebody listens
	closed  bool
	at      eventstore.Position // everything up to it was handed on, while somebody listens
	ready   chan struct{}       // closed while the hub follows the log
	stop    func()              // ends following; nil while it does not
}

// New makes a hub. Run it, or nobody hears anything.
func New(config Config) *Hub {
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	return &Hub{config: config, streams: map[string]map[*Stream]bool{}, owned: map[string]int{}, wake: make(chan struct{}, 1), ready: make(chan struct{})}
}

// Stream hears of what concerns its topics. It is used by one goroutine at a time.
type Stream struct {
	hub    *Hub
	owner  string
	topics []string
	from   eventstore.Position

	mu      sync.Mutex
	waiting []Notice
	lost    bool
	ended   bool
	news    chan struct{} // has room for one
}

// Open begins to listen, on behalf of an owner. It returns when whatever is recorded from then on will be heard; the position is where that
// begins. Errors: ErrTooMany, ErrClosed, those of the context.
func (h *Hub) Open(ctx context.Context, owner string, topics ...string) (*Stream, error) {
	s := &Stream{hub: h, owner: owner, topics: topics, news: make(chan struct{}, 1)}
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil, ErrClosed
	}
	if h.owned[owner] >= maxStreams {
		h.mu.Unlock()
		return nil, ErrTooMany
	}
	for _, topic := range topics {
		if h.streams[topic] == nil {
			h.streams[topic] = map[*Stream]bool{}
		}
		h.streams[topic][s] = true
	}
	h.open++
	h.owned[owner]++
	ready := h.ready
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
	select {
	case <-ready:
	case <-ctx.Done():
		s.Close()
		return nil, ctx.Err()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.over() {
		return nil, ErrClosed
	}
	s.from = h.at
	return s, nil
}

// From is the position after which the stream hears everything.
func (s *Stream) From() eventstore.Position { return s.from }

// News has an element when there is something to Take.
func (s *Stream) News() <-chan struct{} { return s.news }

// Take returns what has happened since it was called last, and whether notices were lost because nobody took them.
// Error: ErrClosed.
func (s *Stream) Take() (notices []Notice, lost bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return nil, false, ErrClosed
	}
	notices, lost = s.waiting, s.lost
	s.waiting, s.lost = nil, false
	return notices, lost, nil
}

// Close ends the stream. Closing it again is no error.
func (s *Stream) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.hub.remove(s)
}

func (h *Hub) remove(s *Stream) {
	if !s.end() {
		return
	}
	h.open--
	if h.owned[s.owner]--; h.owned[s.owner] == 0 {
		delete(h.owned, s.owner)
	}
	for _, topic := range s.topics {
		delete(h.streams[topic], s)
		if len(h.streams[topic]) == 0 {
			delete(h.streams, topic)
		}
	}
	if h.open == 0 {
		h.halt()
	}
}

func (s *Stream) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// end marks the stream as ended. It tells whether it was not before.
func (s *Stream) end() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	s.ended, s.waiting = true, nil
	s.signal()
	return true
}

func (s *Stream) signal() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

func (s *Stream) add(n Notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended:
		return
	case len(s.waiting) >= maxWaiting:
		s.waiting, s.lost = s.waiting[:0], true
	}
	s.waiting = append(s.waiting, n)
	s.signal()
}

// Listening tells how many streams are open.
func (h *Hub) Listening() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.open
}

// Hears tells whether anybody listens to a topic.
func (h *Hub) Hears(topic string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.streams[topic]) > 0
}

// Run follows the log until the context ends; then every stream ends. While nobody listens it does nothing.
func (h *Hub) Run(ctx context.Context) {
	defer h.shut()
	failures := 0
	for ctx.Err() == nil {
		if h.Listening() == 0 {
			select {
			case <-h.wake:
			case <-ctx.Done():
			}
			continue
		}
		began, err := h.follow(ctx)
		if began {
			failures = 0
		}
		if err == nil || ctx.Err() != nil {
			continue
		}
		failures++
		h.config.Logger.WarnContext(ctx, "live streams lost the event log, trying again", "failures", failures, "error", err)
		h.loseAll()
		wait(ctx, min(time.Duration(failures)*100*time.Millisecond, 2*time.Second))
	}
}

// follow hands on what is recorded, until nobody listens any more or the log fails. It tells whether it began.
func (h *Hub) follow(ctx context.Context) (began bool, err error) {
	following, stop := context.WithCancel(ctx)
	defer stop()
	head, err := eventstore.Head(ctx, h.config.Events)
	if err != nil {
		return false, fmt.Errorf("finding the end of the event log: %w", err)
	}
	subscription, err := h.config.Events.Subscribe(following, head, h.config.Filter)
	if err != nil {
		return false, fmt.Errorf("subscribing to the event log: %w", err)
	}
	defer subscription.Close() //nolint:errcheck // it was only read
	h.begin(head, stop)
	for {
		delivery, err := subscription.Next(following, batch)
		if following.Err() != nil {
			return true, nil // nobody listens
		}
		if err != nil {
			return true, fmt.Errorf("following the event log: %w", err)
		}
		for _, event := range delivery.Events {
			h.hand(ctx, event)
		}
		h.reached(delivery.Through)
	}
}

// begin lets those in who wait for the hub to follow the log.
func (h *Hub) begin(at eventstore.Position, stop func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = at
	if h.open == 0 { // the last one has gone meanwhile
		stop()
		return
	}
	h.stop = stop
	close(h.ready)
}

func (h *Hub) reached(through eventstore.Position) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = through
}

// halt stops following the log; whoever begins to listen waits until that begins again.
func (h *Hub) halt() {
	if h.stop != nil {
		h.stop()
		h.stop, h.ready = nil, make(chan struct{})
	}
}

func (h *Hub) hand(ctx context.Context, event eventstore.Recorded) {
	notice := Notice{Stream: event.Stream, Type: event.Type, Revision: event.Revision, Position: event.Position}
	topics := h.config.Topics(ctx, event)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, topic := range topics {
		for s := range h.streams[topic] {
			s.add(notice)
		}
	}
	h.at = event.Position
}

// loseAll tells everybody that something may have been missed.
func (h *Hub) loseAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.halt()
	for _, streams := range h.streams {
		for s := range streams {
			s.lose()
		}
	}
}

func (s *Stream) lose() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = true
	s.signal()
}

func (h *Hub) shut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, streams := range h.streams {
		for s := range streams {
			s.end()
		}
	}
	clear(h.streams)
	clear(h.owned)
	h.open = 0
	h.halt()
	close(h.ready)
}

func wait(ctx context.Context, length time.Duration) {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
