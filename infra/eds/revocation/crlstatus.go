package revocation

import (
	"bytes"
	"crypto/x509"

	"services.example/portal/infra/eds/pki"
)

// SignedBy tells whether a list is of this authority: its name, and its key that may sign lists. Errors: *pki.Error with
// untrusted-ca if the authority is another one or may not sign lists, alg-not-allowed or bad-signature.
func (l *List) SignedBy(issuer *pki.Certificate, legacy bool) error {
	if !l.of(issuer) {
		return untrusted("a list of another authority")
	}
	if !issuer.X509.IsCA || issuer.KeyUsage != 0 && issuer.KeyUsage&x509.KeyUsageCRLSign == 0 {
		return untrusted("a list by whom may sign none")
	}
	if !l.algorithm.Allowed(legacy) {
		return notAllowed("the signature of a list")
	}
	return issuer.Key.Verify(l.algorithm, l.signed, l.signature)
}

// of tells whether a list names an authority: authorities may change their key and keep the name.
func (l *List) of(issuer *pki.Certificate) bool {
	key := issuer.X509.SubjectKeyId
	return bytes.Equal(l.Issuer, issuer.X509.RawSubject) &&
		(l.authorityKey == nil || len(key) == 0 || bytes.Equal(l.authorityKey, key))
}

// Status looks a certificate up in a list, and in the delta list that adds to it, if there is one. Errors: *pki.Error
// with those of SignedBy, or revocation-unavailable if the lists say nothing about this certificate at that time.
func (l *List) Status(q Query, delta *List) (Status, error) {
	if err := l.SignedBy(q.Issuer, q.Legacy); err != nil {
		return Status{}, err
	}
	if delta != nil {
		if err := delta.SignedBy(q.Issuer, q.Legacy); err != nil {
			return Status{}, err
		}
	}
	return l.status(q, delta)
}

// status is Status of lists whose signatures are known to be right.
func (l *List) status(q Query, delta *List) (Status, error) {
	switch {
	case !l.of(q.Issuer) || !bytes.Equal(l.Issuer, q.Certificate.X509.RawIssuer):
		return Status{}, unusable("a list of another authority")
	case l.Base != nil:
		return Status{}, unusable("a delta list without the list that it adds to")
	case !l.point.includes(q.Certificate):
		return Status{}, unusable("a list about other certificates")
	}
	newest := l
	if delta != nil {
		if !delta.addsTo(l) {
			return Status{}, unusable("a delta list that adds to another list")
		}
		newest = delta
	}
	// The whole list may be as old as it likes if the delta list brings it up to date.
	at := answer{this: newest.ThisUpdate, next: newest.NextUpdate, retained: l.retained}
	if err := q.covers(at); err != nil {
		return Status{}, err
	}
	status := Status{ThisUpdate: newest.ThisUpdate, NextUpdate: newest.NextUpdate, Evidence: []Evidence{{CRL, l.Raw}}}
	if delta != nil {
		status.Evidence = append(status.Evidence, Evidence{CRL, delta.Raw})
	}
	entry, listed := l.Find(q.Certificate.Serial)
	if delta != nil {
		if changed, is := delta.Find(q.Certificate.Serial); is {
			entry, listed = changed, changed.Reason != RemoveFromCRL
		}
	}
	if listed {
		status.State, status.RevokedAt, status.Reason = Revoked, entry.RevokedAt, entry.Reason
		return status, nil
	}
	if err := q.tells(at); err != nil {
		return Status{}, err
	}
	status.State = Good
	return status, nil
}

// addsTo tells whether a delta list and a whole one together are all: RFC 5280, 5.2.4.
func (l *List) addsTo(whole *List) bool {
	return l.Base != nil && whole.Number != nil && l.sameScope(whole) &&
		whole.Number.Cmp(l.Base) >= 0 && whole.Number.Cmp(l.Number) <= 0
}
