package pki

import (
	"bytes"
	"errors"
	"slices"
	"time"
)

// ChainOptions say what a chain is built of.
type ChainOptions struct {
	Anchors []*Certificate // who is trusted: roots and issuing authorities, by the caller's pins
	Pool    []*Certificate // what came along: nothing vouches for them
	At      time.Time      // a trusted time, at which all of the chain must be valid
	Legacy  bool           // algorithms of years ago are allowed
	Cache   *Cache         // of what was verified before; nil: none
}

// Bounds of a search: each signature that is verified costs milliseconds. Anchors are tried before what came along, so
// only a chain that nobody needs runs into them.
const (
	maxChain      = 6
	maxSignatures = 8
)

// Chain finds the chain from a certificate to an anchor: the certificate first, the anchor last, and at least those two.
// It ends at the first anchor, which need not be a root. Errors: *Error with untrusted-ca, alg-not-allowed, and if all
// else is right cert-expired or cert-not-yet-valid of the first certificate.
func Chain(leaf *Certificate, o ChainOptions) ([]*Certificate, error) {
	if len(leaf.Unknown) > 0 {
		return nil, untrusted("a critical extension " + leaf.Unknown[0].String() + " that is not understood")
	}
	if !leaf.Algorithm.Allowed(o.Legacy) {
		return nil, notAllowed("the signature of a certificate")
	}
	s := search{ChainOptions: o}
	chain, err := s.find(leaf)
	if err != nil {
		return nil, err
	}
	if err := leaf.ValidAt(o.At); err != nil {
		return nil, err
	}
	return chain, nil
}

// search looks for a chain, depth first.
type search struct {
	ChainOptions
	signatures int
	refused    error // why it was not the authority that looked most like the issuer; nil: there was none
}

// step is a certificate of the chain, and the issuers that are still to be tried for it.
type step struct {
	certificate *Certificate
	issuers     []issuer
}

type issuer struct {
	*Certificate
	anchor bool
}

func (s *search) find(leaf *Certificate) ([]*Certificate, error) {
	steps := []step{{leaf, s.issuers(leaf)}}
	for len(steps) > 0 {
		last := &steps[len(steps)-1]
		if len(last.issuers) == 0 {
			steps = steps[:len(steps)-1]
			continue
		}
		next := last.issuers[0]
		last.issuers = last.issuers[1:]
		if err := s.issued(steps, next.Certificate); err != nil {
			if errors.Is(err, errTooLong) {
				return nil, untrusted("too many authorities of that name")
			}
			if s.refused == nil {
				s.refused = err
			}
			continue
		}
		if next.anchor {
			return append(chainOf(steps), next.Certificate), nil
		}
		steps = append(steps, step{next.Certificate, s.issuers(next.Certificate)})
	}
	if s.refused == nil {
		return nil, untrusted("no authority of that name is trusted")
	}
	return nil, s.refused
}

func chainOf(steps []step) []*Certificate {
	chain := make([]*Certificate, len(steps))
	for i, s := range steps {
		chain[i] = s.certificate
	}
	return chain
}

// issuers lists those who may have issued a certificate: anchors first, and first those whose key it names.
func (s *search) issuers(of *Certificate) []issuer {
	var found []issuer
	for _, c := range s.Anchors {
		if bytes.Equal(c.X509.RawSubject, of.X509.RawIssuer) {
			found = append(found, issuer{c, true})
		}
	}
	for _, c := range s.Pool {
		if bytes.Equal(c.X509.RawSubject, of.X509.RawIssuer) {
			found = append(found, issuer{c, false})
		}
	}
	rank := func(i issuer) int {
		n := 0
		if !i.anchor {
			n += 2
		}
		if !bytes.Equal(i.X509.SubjectKeyId, of.X509.AuthorityKeyId) {
			n++
		}
		return n
	}
	slices.SortStableFunc(found, func(a, b issuer) int { return rank(a) - rank(b) })
	return found
}

var errTooLong = errors.New("too many signatures")

// issued tells whether an authority issued the last certificate of a chain, and may have.
func (s *search) issued(steps []step, by *Certificate) error {
	switch {
	case slices.ContainsFunc(steps, func(s step) bool { return s.certificate.Equal(by) }):
		return untrusted("a circle of authorities")
	case len(steps) == maxChain-1 && !slices.ContainsFunc(s.Anchors, by.Equal):
		return untrusted("the chain is too long")
	case !by.IsCA:
		return untrusted("the issuer is no authority")
	case by.MaxPath >= 0 && by.MaxPath < len(steps)-1:
		return untrusted("more authorities than the issuer allows")
	case len(by.Unknown) > 0:
		return untrusted("a critical extension of the authority is not understood")
	case by.ValidAt(s.At) != nil:
		return untrusted("the authority's certificate was not valid at that time")
	}
	certificate := steps[len(steps)-1].certificate
	if s.Cache.knows(certificate, by) && certificate.Algorithm.Allowed(s.Legacy) {
		return nil
	}
	if s.signatures++; s.signatures > maxSignatures {
		return errTooLong
	}
	if err := certificate.SignedBy(by, s.Legacy); err != nil {
		return untrusted("the authority did not sign it")
	}
	s.Cache.keep(certificate, by)
	return nil
}
