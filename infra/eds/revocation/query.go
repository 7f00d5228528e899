package revocation

import (
	"time"

	"services.example/portal/infra/eds/pki"
)

// How old answers may be. Clocks differ by Skew at most.
const (
	Skew   = 5 * time.Minute
	MaxAge = 24 * time.Hour // of an answer that names no time of the next
)

// Query asks for the status of a certificate.
type Query struct {
	Certificate *pki.Certificate
	Issuer      *pki.Certificate // that issued it, by a chain that somebody has checked: its answers count
	At          time.Time        // the time for which it is asked: when something was signed
	Now         time.Time        // by the clock; zero: the answer was kept, and is looked at years later
	Legacy      bool             // answers may be signed as they were years ago
}

// answer is what OCSP answers and lists say of their own time.
type answer struct {
	this, next time.Time // next may be zero
	retained   time.Time // certificates that expired since then are still spoken of; zero: none that expired
}

// covers makes sure that an answer is about the time that is asked for: one got now must be the newest; one that was
// kept must have been so then, or be of later.
func (q Query) covers(a answer) error {
	if !a.next.IsZero() && a.next.Before(a.this) {
		return unusable("an answer that ends before it begins")
	}
	at := q.At
	if !q.Now.IsZero() {
		at = q.Now
		if a.this.After(q.Now.Add(Skew)) {
			return unusable("an answer from the future")
		}
	}
	latest := a.next
	if latest.IsZero() {
		latest = a.this.Add(MaxAge)
	} else {
		latest = latest.Add(Skew)
	}
	if at.After(latest) {
		return unusable("an answer that is out of date")
	}
	return nil
}

// tells says whether the answer's silence about a certificate means that it is good: authorities forget the revoked ones
// once they have expired.
func (q Query) tells(a answer) error {
	expired := q.Certificate.NotAfter
	if a.this.After(expired) && (a.retained.IsZero() || a.retained.After(expired)) {
		return unusable("an answer made when the certificate had expired")
	}
	return nil
}

// unusable is the error of an answer that says nothing about what was asked.
func unusable(detail string) error {
	return &pki.Error{Code: pki.CodeRevocationUnavailable, Detail: detail}
}
