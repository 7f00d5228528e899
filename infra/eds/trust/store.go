package trust

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"

	"services.example/portal/infra/eds/pki"
)

// Errors of Open and Reload, beside those of Read and of the file.
var (
	ErrNotForProduction = errors.New("a list of trust for production names authorities of tests or demos")
	ErrOlder            = errors.New("the list of trust is not newer than the one in use")
)

// Options say what a store begins with.
type Options struct {
	Production bool        // believe real authorities alone, and refuse lists with others
	Test       bool        // believe those for developers, too
	More       []Authority // of a demo, see NewDev

	File string // of a signed list that replaces the embedded one; empty: none
	Key  string // that signs it: a verifier key of golang.org/x/mod/sumdb/note
}

// Store holds the list that is in use. It may be used by many at once.
type Store struct {
	options  Options
	verifier note.Verifier
	list     atomic.Pointer[List]
	test     []*pki.Certificate

	mu     sync.Mutex // over what follows: one reload at a time
	number int        // of the list in use
	digest string     // of the list in use, as it was read
	seen   [sha256.Size]byte
}

// Open makes a store with the embedded list, or the newer one of the file.
func Open(o Options) (*Store, error) {
	s := &Store{options: o}
	base, err := Embedded()
	if err != nil {
		return nil, err
	}
	var believed []Authority
	for _, a := range base.authorities {
		switch {
		case a.Role != Test:
			believed = append(believed, a)
			continue
		case a.Kind == Issuing:
			s.test = append(s.test, a.Certificate)
		}
		if o.Test {
			s.options.More = append(slices.Clip(s.options.More), a)
		}
	}
	if base, err = NewList(base.number, base.issued, believed...); err != nil {
		return nil, err
	}
	if err := s.use(base); err != nil {
		return nil, err
	}
	s.number, s.digest = base.number, base.digest
	if o.File == "" {
		return s, nil
	}
	if s.verifier, err = note.NewVerifier(o.Key); err != nil {
		return nil, fmt.Errorf("the key of the list of trust: %w", err)
	}
	if _, err := s.Reload(); err != nil {
		return nil, err
	}
	return s, nil
}

// use puts a list and what is always believed into use.
func (s *Store) use(l *List) error {
	whole, err := l.with(s.options.More...)
	if err != nil {
		return err
	}
	if s.options.Production && !whole.Real() {
		return ErrNotForProduction
	}
	s.list.Store(whole)
	return nil
}

// List is the list in use.
func (s *Store) List() *List { return s.list.Load() }

// OfTest tells whether a certificate was signed by an authority for developers, believed here or not. It serves to say what
// is wrong with a certificate that nobody else believes.
func (s *Store) OfTest(c *pki.Certificate) bool {
	for _, authority := range s.test {
		if c.SignedBy(authority, false) == nil {
			return true
		}
	}
	return false
}

// Reload reads the file again, if there is one, and tells whether another list is in use now. A list that is wrong, older,
// or changed without a greater version leaves the one in use as it is. What was in use is forgotten when the program ends:
// whoever can put an old list back where it lies may do so then, but never one older than the embedded list.
func (s *Store) Reload() (changed bool, err error) {
	if s.options.File == "" {
		return false, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	content, err := readFile(s.options.File)
	if err != nil {
		return false, fmt.Errorf("reading the list of trust: %w", err)
	}
	sum := sha256.Sum256(content)
	if sum == s.seen {
		return false, nil
	}
	l, err := Read(content, s.verifier)
	if err != nil {
		return false, err
	}
	if l.number == s.number && l.digest == s.digest {
		s.seen = sum
		return false, nil
	}
	if l.number <= s.number {
		return false, fmt.Errorf("%w: %d after %d", ErrOlder, l.number, s.number)
	}
	if err := s.use(l); err != nil {
		return false, err
	}
	s.number, s.digest, s.seen = l.number, l.digest, sum
	return true, nil
}

func readFile(path string) (_ []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, MaxFile+1))
}

// Watch reloads the list every so often, until the context ends. What goes wrong is logged; the list in use stays.
func (s *Store) Watch(ctx context.Context, every time.Duration, log *slog.Logger) {
	if s.options.File == "" {
		return
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		switch changed, err := s.Reload(); {
		case err != nil:
			log.ErrorContext(ctx, "the list of trusted authorities was not replaced", "error", err, "inUse", s.List().Version())
		case changed:
			log.InfoContext(ctx, "the list of trusted authorities was replaced", "version", s.List().Version())
		}
	}
}
