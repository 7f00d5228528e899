package ncalayer

import (
	"context"
	"crypto/sha256"
	"errors"
)

// Consent asks the person whose keys these are.
type Consent interface {
	// Choose answers which of the keys shall do it, or ErrCancelled. It must end when the context does: the page has gone.
	// If no key fits what the page wants there is nothing to choose, and the answer does not matter.
	Choose(ctx context.Context, q Question) (int, error)
}

// ErrCancelled is a person's no.
var ErrCancelled = errors.New("cancelled by the user")

// Question is what a person is asked.
type Question struct {
	Origin    string     // of the page that asks; empty: a program that is no browser
	Language  string     // kk, ru or en: of the page, as far as it says
	Documents []Document // to be signed; none: the page wants to know whose key it is
	Keys      []string   // the owners of the keys that fit
}

// Document is what is known of a document to be signed.
type Document struct {
	Size   int      // bytes
	SHA256 [32]byte // of the document, or of the digest that stands for it
	Digest bool     // it is a digest
}

func describe(requests []Request) []Document {
	documents := make([]Document, len(requests))
	for i, r := range requests {
		documents[i] = Document{Size: len(r.Data), SHA256: sha256.Sum256(r.Data), Digest: r.Digested}
	}
	return documents
}

// Always lets the first key that fits do everything, without asking anybody: for tests.
type Always struct{}

// Choose takes the first key.
func (Always) Choose(context.Context, Question) (int, error) { return 0, nil }

// Never cancels everything, as a person would who does not want to sign: for tests.
type Never struct{}

// Choose says no.
func (Never) Choose(context.Context, Question) (int, error) { return 0, ErrCancelled }
