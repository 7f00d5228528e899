package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"services.example/portal/commands"
	"services.example/portal/domain/access"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/httpapi"
	"services.example/portal/readapi"
)

// console is who reads at the portal's own machine, where nobody signs in: all of them together.
var console = uuid.MustParse("5b9c6d1e-3f0a-5c52-8a55-4f0d3f1b8a44")

// consoleRole is in which role they read.
const consoleRole = "console"

// controlReplay lets the operator read history.
func (p *portal) controlReplay(router chi.Router) {
	router.Get("/audit/replay", func(w http.ResponseWriter, r *http.Request) {
		flushed := &flushing{w: w, control: http.NewResponseController(w)}
		begun := false
		err := p.replay(r.Context(), r.URL.Query(), func(head eventstore.Position) {
			begun = true
			_, _ = fmt.Fprintln(flushed, head)
		}, flushed)
		if err != nil && !begun {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
}

// flushing sends what is written to it at once.
type flushing struct {
	w       io.Writer
	control *http.ResponseController
}

// Write implements io.Writer.
func (f *flushing) Write(b []byte) (int, error) {
	n, err := f.w.Write(b)
	if err == nil {
		err = f.control.Flush()
	}
	return n, err
}

// replay reads history for somebody at the portal's own machine, which is recorded like every other reading.
func (p *portal) replay(ctx context.Context, asked url.Values, head func(eventstore.Position), w io.Writer) error {
	what := readapi.Replay{
		Types: splitList(asked.Get("types")), Streams: splitList(asked.Get("streams")), Reason: asked.Get("reason"),
		Follow: asked.Get("follow") == "true", Personal: asked.Get("personal") == "true",
	}
	var err error
	if what.After, err = httpapi.MinPosition(asked.Get("after")); err != nil {
		return err
	}
	if what.Until, err = httpapi.MinPosition(asked.Get("until")); err != nil {
		return err
	}
	if limit := asked.Get("limit"); limit != "" {
		if what.Limit, err = strconv.Atoi(limit); err != nil {
			return fmt.Errorf("reading the limit: %w", err)
		}
	}
	return p.queries.Replay(ctx, what, p.consoleAccess, head, func(lines []byte) error {
		_, err := w.Write(lines)
		return err
	})
}

// consoleAccess records a reading at the portal's own machine.
func (p *portal) consoleAccess(ctx context.Context, reading access.Reading) error {
	req := commands.NewRequest(consoleRole)
	req.Actor = console.String()
	return p.commands.Access.Record(ctx, req, reading)
}

func splitList(joined string) []string {
	if joined == "" {
		return nil
	}
	return strings.Split(joined, ",")
}

// loopbackHost tells whether a host is this machine.
func loopbackHost(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// problemOf reads what a portal says about a refusal: its words, and where each fault is.
func problemOf(body []byte) (string, error) {
	var d httpapi.Document
	if err := json.Unmarshal(body, &d); err != nil {
		return "", fmt.Errorf("reading a problem: %w", err)
	}
	said := []string{cmp.Or(d.Detail, d.Title)}
	for _, fault := range d.Errors {
		said = append(said, fault.Location+": "+fault.Message)
	}
	return strings.Join(said, "; "), nil
}
