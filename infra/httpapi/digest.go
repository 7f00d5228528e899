package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
)

// requestDigest is the hash by which a repeated request is recognised. The body is written to it.
type requestDigest struct {
	sum  hash.Hash
	body io.Writer
	end  func()
}

// newDigest starts the hash of a request. The boundary of a multipart body is left out: whoever sends the same form
// again has another one.
func newDigest(r *http.Request, boundary string) *requestDigest {
	d := &requestDigest{sum: sha256.New(), end: func() {}}
	d.sum.Write([]byte(r.Method + " " + r.URL.RequestURI() + "\n"))
	d.body = d.sum
	if boundary != "" {
		without := &withoutBoundary{to: d.sum, boundary: []byte(boundary)}
		d.body, d.end = without, without.end
	}
	return d
}

// String ends the hash.
func (d *requestDigest) String() string {
	d.end()
	return hex.EncodeToString(d.sum.Sum(nil))
}

// withoutBoundary hashes what is written to it, less every occurrence of the boundary.
type withoutBoundary struct {
	to       hash.Hash
	boundary []byte
	held     []byte // may be the beginning of a boundary
}

func (w *withoutBoundary) Write(p []byte) (int, error) {
	w.held = append(w.held, p...)
	rest := w.held
	for {
		before, after, found := bytes.Cut(rest, w.boundary)
		if !found {
			break
		}
		w.to.Write(before)
		rest = after
	}
	if sure := len(rest) - len(w.boundary) + 1; sure > 0 {
		w.to.Write(rest[:sure])
		rest = rest[sure:]
	}
	w.held = append(w.held[:0], rest...)
	return len(p), nil
}

func (w *withoutBoundary) end() {
	w.to.Write(w.held)
	w.held = nil
}
