package ncalayer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Version is the version of NCALayer whose answers these are.
const Version = "1.4"

// The limits of a server.
const (
	// MaxMessage is the largest message that a page may send, in bytes: two documents of 20 MB in base64.
	MaxMessage = 64 << 20
	// MaxDocuments is how many documents can be signed at once.
	MaxDocuments = 100

	maxSessions  = 8
	maxHeader    = 16 << 10
	shutdownTime = 5 * time.Second
)

// Shape is the form in which the basics module answers with signatures. All of them have been seen.
type Shape string

// The shapes.
const (
	ShapeString Shape = "string" // PEM, or an array for several documents
	ShapeArray  Shape = "array"  // an array also for one document
	ShapeObject Shape = "object" // {signatures, certificate}; also if a page asks for the certificate (outputCert)
)

// Config says how a server behaves.
type Config struct {
	Keys    []Key
	Consent Consent
	// Origins are those of the pages that may ask, such as https://portal.example. What names no origin is no page.
	Origins []string
	// Storages are the kinds of key store in which the keys seem to lie; a file alone if empty.
	Storages []string
	Shape    Shape // ShapeString if empty
}

// Server answers pages.
type Server struct {
	keys     []card
	consent  Consent
	origins  []string
	storages []string
	shape    Shape

	sessions chan struct{} // one token for each
	dialog   chan struct{} // whoever holds the token may ask the person
	running  sync.WaitGroup
}

// New makes a server. It fails if a key's certificate cannot be read, or an origin is none.
func New(c Config) (*Server, error) {
	s := &Server{
		consent: c.Consent, storages: c.Storages, shape: c.Shape,
		sessions: make(chan struct{}, maxSessions), dialog: make(chan struct{}, 1),
	}
	for _, key := range c.Keys {
		k, err := read(key)
		if err != nil {
			return nil, err
		}
		s.keys = append(s.keys, k)
	}
	for _, origin := range c.Origins {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || origin != u.Scheme+"://"+u.Host {
			return nil, fmt.Errorf("%q is no origin of pages: it should look like https://portal.example", origin)
		}
		s.origins = append(s.origins, strings.ToLower(origin))
	}
	switch s.shape {
	case "":
		s.shape = ShapeString
	case ShapeString, ShapeArray, ShapeObject:
	default:
		return nil, fmt.Errorf("no shape of answers is called %q", s.shape)
	}
	if len(s.storages) == 0 {
		s.storages = []string{fileStorage}
	}
	return s, nil
}

// Serve answers pages on a listener until the context ends. The listener must be of this machine alone.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	if at, is := listener.Addr().(*net.TCPAddr); !is || !at.IP.IsLoopback() {
		return fmt.Errorf("serving the signing protocol: %s can be reached from other machines", listener.Addr())
	}
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		err = errors.Join(server.Shutdown(ending), <-ended)
	}
	s.running.Wait()
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the signing protocol: %w", err)
	}
	return nil
}

// ServeHTTP opens a session with a page. A person who looks is told what this is.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !local(r) {
		http.Error(w, "this machine only", http.StatusForbidden)
		return
	}
	if r.Header.Get("Upgrade") == "" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("DEMO: not a signature of anybody. Pages connect here to sign.\n"))
		return
	}
	origin := r.Header.Get("Origin")
	if !s.welcome(origin) {
		slog.WarnContext(r.Context(), "a page of another origin asked for signatures", "origin", printable(origin))
		http.Error(w, "origin not allowed", http.StatusForbidden)
		return
	}
	select {
	case s.sessions <- struct{}{}:
		defer func() { <-s.sessions }()
	default:
		http.Error(w, "too many pages", http.StatusServiceUnavailable)
		return
	}
	s.running.Add(1)
	defer s.running.Done()
	// The origin has been checked, without the rule that the host's own pages may connect: hosts can be made up.
	connection, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // the client has been told
	}
	connection.SetReadLimit(MaxMessage)
	(&session{server: s, connection: connection, origin: origin}).run(r.Context())
}

// local tells whether a request comes from this machine, to this machine by one of its own names: a page of a stranger
// can make any other name point here.
func local(r *http.Request) bool {
	from, _, err := net.SplitHostPort(r.RemoteAddr)
	if ip := net.ParseIP(from); err != nil || ip == nil || !ip.IsLoopback() {
		return false
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}

// welcome tells whether pages of an origin may ask. Programs that are no browsers name none.
func (s *Server) welcome(origin string) bool {
	return origin == "" || slices.Contains(s.origins, strings.ToLower(origin))
}

// choose lets the person choose among the keys that fit; one question at a time. Error: ErrCancelled, also when none fits.
func (s *Server) choose(ctx context.Context, q Question, fits func(card) bool) (card, error) {
	var keys []card
	for _, key := range s.keys {
		if fits(key) {
			keys = append(keys, key)
			q.Keys = append(q.Keys, key.name())
		}
	}
	select {
	case s.dialog <- struct{}{}:
		defer func() { <-s.dialog }()
	case <-ctx.Done():
		return card{}, ctx.Err()
	}
	n, err := s.consent.Choose(ctx, q)
	if err != nil {
		return card{}, err
	}
	if n < 0 || n >= len(keys) {
		return card{}, ErrCancelled
	}
	return keys[n], nil
}
