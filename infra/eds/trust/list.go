package trust

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"services.example/portal/infra/eds/pki"
)

// maxAuthorities is how many a list may hold.
const maxAuthorities = 64

// List is a checked list of authorities. It never changes.
type List struct {
	number      int
	issued      time.Time
	digest      string
	authorities []Authority
}

// NewList checks authorities and makes a list of them. Number orders the versions of a list: a newer one has a greater one.
func NewList(number int, issued time.Time, authorities ...Authority) (*List, error) {
	if number < 1 || len(authorities) == 0 || len(authorities) > maxAuthorities {
		return nil, errors.New("a list of trust: it has no number, or too few or too many authorities")
	}
	l := &List{number: number, issued: issued.UTC(), authorities: make([]Authority, len(authorities))}
	for i, a := range authorities {
		if err := a.check(); err != nil {
			return nil, fmt.Errorf("a list of trust: authority %d, %q: %w", i+1, a.Name, err)
		}
		for _, other := range authorities[:i] {
			if other.Name == a.Name || other.SHA256 == a.SHA256 {
				return nil, fmt.Errorf("a list of trust: authority %d, %q: it is there twice", i+1, a.Name)
			}
		}
		a.Purposes = slices.Clone(a.Purposes)
		a.From, a.Until = a.From.UTC(), a.Until.UTC()
		l.authorities[i] = a
	}
	for i, a := range l.authorities {
		root, found := l.rootOf(a)
		if !found {
			return nil, fmt.Errorf("a list of trust: authority %q: no root of the list and of its role signed it", a.Name)
		}
		l.authorities[i].root = &root
	}
	text, err := l.Text()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	l.digest = hex.EncodeToString(sum[:])
	return l, nil
}

// rootOf finds the root of the list that signed an authority's certificate, so that nobody need ask that again.
func (l *List) rootOf(a Authority) (Authority, bool) {
	for _, root := range l.authorities {
		if root.Kind != Root || root.Role.Real() != a.Role.Real() || a.Kind == Root && root.SHA256 != a.SHA256 ||
			a.Kind == Issuing && root.Certificate.MaxPath == 0 || a.Certificate.SignedBy(root.Certificate, true) != nil {
			continue
		}
		return root, true
	}
	return Authority{}, false
}

// with is the list and some more authorities.
func (l *List) with(more ...Authority) (*List, error) {
	whole := l.Authorities()
	for _, a := range more {
		if !slices.ContainsFunc(whole, func(known Authority) bool { return known.SHA256 == a.SHA256 }) {
			whole = append(whole, a)
		}
	}
	return NewList(l.number, l.issued, whole...)
}

// Number orders versions of a list.
func (l *List) Number() int { return l.number }

// Issued is when the list was made.
func (l *List) Issued() time.Time { return l.issued }

// Version names the list in reports: its number, and the beginning of the digest of what it says.
func (l *List) Version() string { return strconv.Itoa(l.number) + "-" + l.digest[:12] }

// Authorities are those of the list, in its order.
func (l *List) Authorities() []Authority { return slices.Clone(l.authorities) }

// Real tells whether every authority of the list names real people.
func (l *List) Real() bool {
	return !slices.ContainsFunc(l.authorities, func(a Authority) bool { return !a.Role.Real() })
}

// Believed are the issuing authorities that are believed at a time for a purpose, and their roots then, too.
func (l *List) Believed(at time.Time, purpose Purpose) []*pki.Certificate {
	var believed []*pki.Certificate
	for _, a := range l.authorities {
		if a.Kind == Issuing && a.At(at) && a.root.At(at) && slices.Contains(a.Purposes, purpose) {
			believed = append(believed, a.Certificate)
		}
	}
	return believed
}

// RootOf is the certificate of the root that signed an issuing authority's; nil: it is none of the list.
func (l *List) RootOf(issuing *pki.Certificate) *pki.Certificate {
	if a, found := l.Find(issuing); found && a.Kind == Issuing {
		return a.root.Certificate
	}
	return nil
}

// Find finds the authority with a certificate.
func (l *List) Find(c *pki.Certificate) (Authority, bool) {
	pin := pinOf(c)
	for _, a := range l.authorities {
		if a.SHA256 == pin {
			return a, true
		}
	}
	return Authority{}, false
}
