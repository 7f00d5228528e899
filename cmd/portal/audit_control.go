package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"
)

// controlHistory answers the operator's questions about the verifiable history.
func (p *portal) controlHistory(router chi.Router) {
	router.Get("/audit/key", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, func(context.Context) (any, error) { return p.history.Key(), nil })
	})
	router.Get("/audit/checkpoint", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, func(ctx context.Context) (any, error) { return p.latestCheckpoint(ctx) })
	})
	router.Post("/audit/material", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, func(ctx context.Context) (any, error) { return nil, p.writeMaterial(ctx, r.FormValue("to")) })
	})
	router.Post("/audit/verify", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, func(ctx context.Context) (any, error) {
			if err := r.ParseForm(); err != nil {
				return nil, fmt.Errorf("reading the checkpoints: %w", err)
			}
			given := make([][]byte, len(r.Form["checkpoint"]))
			for i, signed := range r.Form["checkpoint"] {
				given[i] = []byte(signed)
			}
			return p.verifyHistory(ctx, r.FormValue("key"), given, nil)
		})
	})
}
