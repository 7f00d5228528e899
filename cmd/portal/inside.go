package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
)

// inside carries requests to a handler of this process: to the services of a demo's certification authority.
type inside struct{ handler http.Handler }

// RoundTrip lets the handler answer.
func (i inside) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	written := &kept{header: http.Header{}}
	i.handler.ServeHTTP(written, r)
	if r.Body != nil {
		if err := r.Body.Close(); err != nil {
			return nil, fmt.Errorf("closing a request: %w", err)
		}
	}
	status := cmp.Or(written.status, http.StatusOK)
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
		Header: written.header, Body: io.NopCloser(&written.body), ContentLength: int64(written.body.Len()), Request: r,
	}, nil
}

// kept is an answer that stays in memory.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is that of the answer.
func (k *kept) Header() http.Header { return k.header }

// WriteHeader keeps the first status.
func (k *kept) WriteHeader(status int) { k.status = cmp.Or(k.status, status) }

// Write keeps the body.
func (k *kept) Write(body []byte) (int, error) { return k.body.Write(body) }
