package revocation

import (
	"bytes"
	"crypto/x509"
	encoding "encoding/asn1"
	"time"

	"services.example/portal/infra/eds/pki"
)

var oidNoCheck = encoding.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}

// Responder is who may sign the answers of an authority: itself, or whom it gave a certificate for that.
type Responder struct {
	Certificate *pki.Certificate
	NoCheck     bool // need not be asked whether it was revoked: it is the authority, or its certificate says so
}

// Status is what the response says about a certificate. It makes sure that it is about this one, signed by who may, and
// of the time that is asked for. Errors: *pki.Error with revocation-unavailable, untrusted-ca, alg-not-allowed or
// bad-signature.
func (r *Response) Status(q Query) (Status, error) {
	status, _, err := r.statusBy(q)
	return status, err
}

// statusBy is Status, and says who signed.
func (r *Response) statusBy(q Query) (Status, Responder, error) {
	single, err := r.about(q)
	if err != nil {
		return Status{}, Responder{}, err
	}
	if err := q.covers(single.answer); err != nil {
		return Status{}, Responder{}, err
	}
	switch {
	case single.this.After(r.ProducedAt.Add(Skew)):
		return Status{}, Responder{}, unusable("an answer from before it was known")
	case !q.Now.IsZero() && r.ProducedAt.After(q.Now.Add(Skew)):
		return Status{}, Responder{}, unusable("an answer from the future")
	}
	by, err := r.signedFor(q.Issuer, q.Legacy)
	if err != nil {
		return Status{}, Responder{}, err
	}
	status := Status{ThisUpdate: single.this, NextUpdate: single.next, Evidence: []Evidence{{OCSP, r.Raw}}}
	switch {
	case r.neverIssued(single):
		status.State = Unknown
	case single.state == Good:
		if err := q.tells(single.answer); err != nil {
			return Status{}, Responder{}, err
		}
		status.State = Good
	default:
		status.State, status.RevokedAt, status.Reason = single.state, single.revokedAt, single.reason
	}
	return status, by, nil
}

// neverIssued tells whether the answer is that for certificates that the authority never issued: RFC 6960, 2.2. They are
// on hold since 1970. It would be odd to tell people so.
func (r *Response) neverIssued(s singleResponse) bool {
	return r.extendedRevoke && s.state == Revoked && s.reason == CertificateHold && s.revokedAt.Equal(time.Unix(0, 0))
}

// about finds what the response says about a certificate. Saying two things is saying nothing.
func (r *Response) about(q Query) (singleResponse, error) {
	if !bytes.Equal(q.Certificate.X509.RawIssuer, q.Issuer.X509.RawSubject) {
		return singleResponse{}, unusable("another authority is asked")
	}
	var found *singleResponse
	for i := range r.single {
		s := &r.single[i]
		if s.id.hash == 0 || s.id.hash.Legacy() && !q.Legacy {
			continue
		}
		id, err := idOf(q.Certificate, q.Issuer, s.id.hash)
		if err != nil {
			return singleResponse{}, err
		}
		if !id.equal(s.id) {
			continue
		}
		if found != nil {
			return singleResponse{}, unusable("an answer that says two things")
		}
		found = s
	}
	if found == nil {
		return singleResponse{}, unusable("an answer about another certificate")
	}
	return *found, nil
}

// signedFor finds who signed the response, and makes sure that it may answer for the authority: RFC 6960, 4.2.2.2.
func (r *Response) signedFor(issuer *pki.Certificate, legacy bool) (Responder, error) {
	if !r.algorithm.Allowed(legacy) {
		return Responder{}, notAllowed("the signature of an OCSP response")
	}
	if r.names(issuer) {
		if err := issuer.Key.Verify(r.algorithm, r.signed, r.signature); err != nil {
			return Responder{}, err
		}
		return Responder{Certificate: issuer, NoCheck: true}, nil
	}
	err := untrusted("the certificate of an OCSP responder is not there")
	for _, c := range r.Certificates {
		if !r.names(c) {
			continue
		}
		if err = r.delegated(c, issuer, legacy); err == nil {
			return Responder{Certificate: c, NoCheck: has(c, oidNoCheck)}, nil
		}
	}
	return Responder{}, err
}

// delegated makes sure that an authority gave a certificate for answering in its name, and that its key signed.
func (r *Response) delegated(c, issuer *pki.Certificate, legacy bool) error {
	switch {
	case !c.For(pki.OIDOCSPSigning), c.X509.IsCA, len(c.Unknown) > 0,
		c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return untrusted("an OCSP response by whom may give none")
	case c.ValidAt(r.ProducedAt) != nil:
		return untrusted("the certificate of an OCSP responder was not valid")
	}
	if err := c.Key.Verify(r.algorithm, r.signed, r.signature); err != nil {
		return err
	}
	return c.SignedBy(issuer, legacy)
}

// names tells whether the response names this certificate as its signer's.
func (r *Response) names(c *pki.Certificate) bool {
	if r.responderName != nil {
		return bytes.Equal(r.responderName, c.X509.RawSubject)
	}
	bits, err := keyBits(c)
	return err == nil && bytes.Equal(r.responderKey, pki.SHA1.Sum(bits))
}

func has(c *pki.Certificate, oid encoding.ObjectIdentifier) bool {
	for _, e := range c.X509.Extensions {
		if e.Id.Equal(oid) {
			return true
		}
	}
	return false
}
