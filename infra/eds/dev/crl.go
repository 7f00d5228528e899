package dev

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"services.example/portal/infra/eds/internal/der"
)

// List is a list of revoked certificates before it is signed.
type List struct {
	Issuer     Name // nil: the subject of whoever signs
	Number     int64
	Base       int64     // number of the list to which this one says only what has changed; 0: it is complete
	ThisUpdate time.Time //
	NextUpdate time.Time // zero: it does not say
	Revoked    []Revocation
	Extensions []pkix.Extension      // beside the name of the issuer's key and the numbers
	Algorithm  asn1.ObjectIdentifier // nil: what the key signs with
}

// CRL signs a list.
func (h *Holder) CRL(l *List) ([]byte, error) {
	algorithm := l.Algorithm
	if algorithm == nil {
		algorithm = h.Key.Algorithm().OID()
	}
	body := der.Build(func(b *cryptobyte.Builder) { l.add(b, h, algorithm) })
	if body == nil {
		return nil, errors.New("making a list of revoked certificates: what it says cannot be written")
	}
	return sealed(body, algorithm, h.Key)
}

func (l *List) add(b *cryptobyte.Builder, by *Holder, algorithm asn1.ObjectIdentifier) {
	der.Sequence(b, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1) // the second version
		// The national centre leaves NULL out here and writes it outside.
		der.Sequence(b, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(algorithm) })
		if l.Issuer != nil {
			b.AddBytes(l.Issuer.DER())
		} else {
			b.AddBytes(by.Certificate.X509.RawSubject)
		}
		addTime(b, l.ThisUpdate)
		if !l.NextUpdate.IsZero() {
			addTime(b, l.NextUpdate)
		}
		if len(l.Revoked) > 0 {
			der.Sequence(b, func(b *cryptobyte.Builder) {
				for _, r := range l.Revoked {
					der.Sequence(b, r.addToList)
				}
			})
		}
		extensions := []pkix.Extension{AuthorityKeyID(by.Certificate.X509.SubjectKeyId), number(OIDCRLNumber, false, l.Number)}
		if l.Base != 0 {
			extensions = append(extensions, number(OIDDeltaCRL, true, l.Base))
		}
		b.AddASN1(der.Explicit(0), func(b *cryptobyte.Builder) { addExtensions(b, append(extensions, l.Extensions...)) })
	})
}

func number(oid asn1.ObjectIdentifier, critical bool, value int64) pkix.Extension {
	return extension(oid, critical, func(b *cryptobyte.Builder) { b.AddASN1Int64(value) })
}

func (r Revocation) addToList(b *cryptobyte.Builder) {
	b.AddASN1BigInt(r.Serial)
	addTime(b, r.At)
	if r.Reason >= 0 {
		addExtensions(b, []pkix.Extension{extension(OIDReason, false, func(b *cryptobyte.Builder) { b.AddASN1Enum(int64(r.Reason)) })})
	}
}

// listLifetime is how long a list of the authority is good.
const listLifetime = 24 * time.Hour

// CRL is the list of what the authority has revoked, complete, as of now.
func (ca *CA) CRL(now time.Time) ([]byte, error) {
	revoked, err := ca.Revoked()
	if err != nil {
		return nil, err
	}
	return ca.Issuing.CRL(&List{Number: now.Unix(), ThisUpdate: now, NextUpdate: now.Add(listLifetime), Revoked: revoked})
}

// RootCRL is the list of the authorities that the root has revoked: none.
func (ca *CA) RootCRL(now time.Time) ([]byte, error) {
	return ca.Root.CRL(&List{Number: now.Unix(), ThisUpdate: now, NextUpdate: now.Add(listLifetime)})
}
