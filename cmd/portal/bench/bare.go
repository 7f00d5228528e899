package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
)

// serveBare serves the limit: handlers on the same router that do nothing but one append of the same size, or write the
// same bytes.
func serveBare(ctx context.Context, dir string, bytes int) (err error) {
	log, err := pebblelog.Open(filepath.Join(dir, "events"), pebblelog.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	router := chi.NewRouter()
	router.Put("/append/{size}", func(w http.ResponseWriter, r *http.Request) {
		size, err := strconv.Atoi(chi.URLParam(r, "size"))
		if err == nil {
			_, err = io.Copy(io.Discard, r.Body)
		}
		if err == nil {
			data := make([]byte, size)
			_, _ = rand.Read(data) // as hard to compress as what is encrypted
			event := eventstore.Event{ID: uuid.Must(uuid.NewV7()), Type: "bench.appended.v1", Data: data}
			_, err = log.Append(r.Context(), "bench-"+r.RemoteAddr, eventstore.Any, event)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"id":"step","complete":true,"missing":[]}`))
	})
	page := make([]byte, bytes)
	for i := range page {
		page[i] = 'x'
	}
	router.Get("/page", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(page)
	})
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	server := &http.Server{Handler: router, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	fmt.Printf("bare handlers ready at http://%s\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving: %w", err)
	}
	return nil
}
