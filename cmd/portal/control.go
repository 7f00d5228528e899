package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof" // on the control socket alone: nothing serves the default mux
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
)

// control answers the operator's commands on a Unix socket in the data folder, which only the portal's own user can
// reach: the embedded stores belong to one process, so a second one asks the first.
type control struct {
	server   *http.Server
	listener net.Listener
	done     chan error
}

func (s storage) socket() string { return filepath.Join(s.Data, "control.sock") }

// maxSocketPath is the longest path of a Unix socket that every system takes, in bytes.
const maxSocketPath = 100

// withSocket calls use with a path of the control socket. One that is too long for the address of a socket is shortened
// by a link, which is there only meanwhile.
func (s storage) withSocket(use func(path string) error) error {
	if len(s.socket()) <= maxSocketPath {
		return use(s.socket())
	}
	folder, err := filepath.Abs(s.Data)
	if err != nil {
		return fmt.Errorf("finding the data folder: %w", err)
	}
	short, err := os.MkdirTemp("", "portal")
	if err != nil {
		return fmt.Errorf("shortening the path of the control socket: %w", err)
	}
	defer func() { _ = os.RemoveAll(short) }() // removes the link, not what it leads to
	link := filepath.Join(short, "data")
	if err := os.Symlink(folder, link); err != nil {
		return fmt.Errorf("shortening the path of the control socket: %w", err)
	}
	return use(filepath.Join(link, filepath.Base(s.socket())))
}

// startControl listens on the socket. One that a killed portal left is replaced.
func startControl(ctx context.Context, p *portal, where storage) (*control, error) {
	if err := ask(ctx, where, http.MethodGet, "/projections", nil, nil); !errors.Is(err, errNotRunning) {
		return nil, fmt.Errorf("another portal uses the data folder %s: give each process its own", where.Data)
	}
	if err := os.Remove(where.socket()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("removing an old control socket: %w", err)
	}
	var listener net.Listener
	err := where.withSocket(func(path string) (err error) {
		listener, err = (&net.ListenConfig{}).Listen(ctx, "unix", path)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listening on the control socket: %w", err)
	}
	if err := os.Chmod(where.socket(), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("protecting the control socket: %w", err), listener.Close())
	}
	router := chi.NewRouter()
	router.Get("/projections", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, func(ctx context.Context) (any, error) { return p.engine.Status(ctx) })
	})
	router.Post("/projections/rebuild", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, func(ctx context.Context) (any, error) {
			if err := r.ParseForm(); err != nil {
				return nil, fmt.Errorf("reading the names: %w", err)
			}
			return p.engine.Rebuild(ctx, r.Form["name"]...)
		})
	})
	router.Post("/backup", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, func(ctx context.Context) (any, error) { return nil, p.backup(ctx, where, r.FormValue("to")) })
	})
	router.Post("/verify", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, func(ctx context.Context) (any, error) {
			if p.log == nil {
				return nil, errNotEmbedded
			}
			return p.log.Verify(ctx, nil)
		})
	})
	p.controlStaff(router)
	p.controlPerson(router)
	p.controlReplay(router)
	p.controlBundle(router)
	p.controlAnalytics(router, where)
	p.controlHistory(router)
	p.controlMachines(router)
	router.Get("/export", func(w http.ResponseWriter, r *http.Request) {
		if err := p.export(r.Context(), where, w, nil); err != nil { // what was sent has no end, which is noticed
			slog.ErrorContext(r.Context(), "events not exported", "error", err)
		}
	})
	router.Get("/debug/pprof/profile", pprof.Profile) // where the processor's time goes: docs/operations.md
	router.Get("/debug/pprof/trace", pprof.Trace)
	router.Get("/debug/pprof/{name}", func(w http.ResponseWriter, r *http.Request) {
		pprof.Handler(chi.URLParam(r, "name")).ServeHTTP(w, r)
	})
	c := &control{
		server:   &http.Server{Handler: router, ReadHeaderTimeout: time.Second},
		listener: listener, done: make(chan error, 1),
	}
	go func() { c.done <- c.server.Serve(listener) }()
	return c, nil
}

func (c *control) close() error {
	err := c.server.Close()
	if served := <-c.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// answer runs an operator's command and writes what came of it.
func answer(w http.ResponseWriter, r *http.Request, run func(context.Context) (any, error)) {
	value, err := run(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(w, r, value)
}

// errNotRunning says that no portal serves from a data folder.
var errNotRunning = errors.New("no portal is running on this data folder")

// ask gives a command to the portal that is running on a data folder. Error: errNotRunning.
func ask(ctx context.Context, where storage, method, path string, values url.Values, into any) error {
	return askFor(ctx, where, method, path, values, func(answer io.Reader) error {
		body, err := io.ReadAll(answer)
		if err != nil {
			return fmt.Errorf("reading the running portal's answer: %w", err)
		}
		if err := json.Unmarshal(body, into); err != nil {
			return fmt.Errorf("reading the running portal's answer: %w", err)
		}
		return nil
	})
}

// askFor gives a command to the portal that is running on a data folder and reads its answer. Error: errNotRunning.
func askFor(
	ctx context.Context, where storage, method, path string, values url.Values, read func(answer io.Reader) error,
) error {
	client := http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (connection net.Conn, err error) {
			err = where.withSocket(func(path string) (err error) {
				connection, err = (&net.Dialer{}).DialContext(ctx, "unix", path)
				return err
			})
			return connection, err
		},
	}}
	defer client.CloseIdleConnections()
	target := url.URL{Scheme: "http", Host: "portal", Path: path}
	if method == http.MethodGet {
		target.RawQuery = values.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, target.String(), strings.NewReader(values.Encode()))
	if err != nil {
		return fmt.Errorf("asking the running portal: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := client.Do(request)
	if err != nil {
		var unreachable *net.OpError
		if errors.As(err, &unreachable) && unreachable.Op == "dial" {
			return errNotRunning
		}
		return fmt.Errorf("asking the running portal: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	if response.StatusCode == http.StatusOK {
		return read(response.Body)
	}
	refusal, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("reading the running portal's answer: %w", err)
	}
	return errors.New(strings.TrimSpace(string(refusal)))
}

// either runs a command on the portal that is running, or, if none is, on the stores themselves.
func either[T any](
	ctx context.Context, where storage, method, path string, values url.Values, alone func(*portal) (T, error),
) (value T, err error) {
	err = ask(ctx, where, method, path, values, &value)
	if !errors.Is(err, errNotRunning) {
		return value, err
	}
	p, err := open(ctx, where, options{messages: &outbox{}, alone: true})
	if err != nil {
		return value, err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	return alone(p)
}
