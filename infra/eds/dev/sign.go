package dev

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"time"

	"services.example/portal/infra/eds/cms"
)

// certificateLifetime is how long a certificate of the demo is good: it is made for one signature.
const certificateLifetime = time.Hour

// Person is somebody who signs in a demo.
type Person struct {
	Name         string
	IIN          string
	BIN          string // of the organisation for which the person signs; empty: for nobody but the person
	Organization string
}

// Sign signs a document as somebody, with a certificate that is made for it: a detached CMS in DER.
func (a *Authority) Sign(person Person, document []byte, at time.Time) ([]byte, error) {
	key, err := a.signer()
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	certificate, err := a.issue(template(person, at), key.Public())
	if err != nil {
		return nil, err
	}
	draft := cms.NewDraft(document, certificate, at)
	if err := draft.Sign(key); err != nil {
		return nil, err
	}
	return draft.DER(), nil
}

// template is a certificate as the national certification centre makes them: the number of the person is the serial number
// of the subject, that of the organisation its unit.
func template(person Person, at time.Time) *x509.Certificate {
	subject := pkix.Name{CommonName: person.Name, SerialNumber: iinPrefix + person.IIN, Country: []string{"KZ"}}
	if person.BIN != "" {
		subject.Organization = []string{person.Organization}
		subject.OrganizationalUnit = []string{binPrefix + person.BIN}
	}
	return &x509.Certificate{
		Subject: subject, NotBefore: at.Add(-time.Minute), NotAfter: at.Add(certificateLifetime),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
		BasicConstraintsValid: true,
	}
}

// issue makes a certificate with a random serial number.
func (a *Authority) issue(template *x509.Certificate, key crypto.PublicKey) (*x509.Certificate, error) {
	var err error
	if template.SerialNumber, err = serial(); err != nil {
		return nil, fmt.Errorf("making a serial number: %w", err)
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key, a.key)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	return x509.ParseCertificate(raw)
}
