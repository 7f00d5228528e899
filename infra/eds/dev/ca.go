package dev

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"sync"
	"time"

	"services.example/portal/infra/eds/pki"
)

// CA is a certification authority as the national one is built, for demos and tests: a root, an issuing authority below
// it, and two services with certificates of their own, one that says what is revoked and one that stamps times.
type CA struct {
	Root      *Holder
	Issuing   *Holder
	Responder *Holder // answers OCSP requests
	Stamper   *Holder // makes time stamps

	revoked *revocations
	people  sync.Map // Holder by owner: keys that cannot be derived take long to make
}

// lifetime is how long an authority is good.
const lifetime = 10 * 365 * 24 * time.Hour

// caURL is where certificates say that the authority is. No such host exists: verifiers ask those whom they know.
const caURL = "http://ca.invalid"

// How authorities and services are named. Nobody takes them for real ones.
const (
	rootName      = "DEMO ROOT: NOT A SIGNATURE OF ANYBODY"
	issuingName   = "DEMO CA: NOT A SIGNATURE OF ANYBODY"
	responderName = "DEMO OCSP RESPONDER"
	stamperName   = "DEMO TIME STAMPING"
)

// NewCA makes an authority in memory, all of whose keys are of one kind. It is good for ten years from at.
func NewCA(kind pki.Kind, at time.Time) (*CA, error) {
	keys := [4]*Key{}
	for i := range keys {
		var err error
		if keys[i], err = NewKey(kind); err != nil {
			return nil, err
		}
	}
	ca := &CA{revoked: &revocations{}}
	var err error
	if ca.Root, err = SelfSigned(RootTemplate(at), keys[0]); err != nil {
		return nil, err
	}
	for _, service := range []struct {
		place **Holder
		by    **Holder
		as    *Template
		key   *Key
	}{
		{&ca.Issuing, &ca.Root, IssuingTemplate(at), keys[1]},
		{&ca.Responder, &ca.Issuing, ResponderTemplate(at), keys[2]},
		{&ca.Stamper, &ca.Issuing, StamperTemplate(at), keys[3]},
	} {
		if *service.place, err = (*service.by).IssueTo(service.key, service.as); err != nil {
			return nil, err
		}
	}
	return ca, nil
}

// Authorities are the root and the issuing authority: whom to trust.
func (ca *CA) Authorities() []*pki.Certificate {
	return []*pki.Certificate{ca.Root.Certificate, ca.Issuing.Certificate}
}

// serviceTemplate is the certificate of an authority or one of its services.
func serviceTemplate(name string, at time.Time, extensions ...pkix.Extension) *Template {
	return &Template{
		Subject: authorityName(name), NotBefore: at.Add(-time.Hour), NotAfter: at.Add(lifetime), Extensions: extensions,
	}
}

// RootTemplate is the certificate of a root.
func RootTemplate(at time.Time) *Template {
	return serviceTemplate(rootName, at,
		BasicConstraints(true, -1), KeyUsage(x509.KeyUsageCertSign|x509.KeyUsageCRLSign), Policies(OIDRootPolicy))
}

// IssuingTemplate is the certificate of an issuing authority.
func IssuingTemplate(at time.Time) *Template {
	return serviceTemplate(issuingName, at,
		BasicConstraints(true, -1), KeyUsage(x509.KeyUsageCertSign|x509.KeyUsageCRLSign),
		CRLPoint(caURL+"/root.crl"), AuthorityInfo("", caURL+"/root.cer"), Policies(OIDPolicy))
}

// ResponderTemplate is the certificate of whoever answers OCSP requests.
func ResponderTemplate(at time.Time) *Template {
	usage := KeyUsage(x509.KeyUsageDigitalSignature)
	usage.Critical = false // as the national centre's
	return serviceTemplate(responderName, at, usage, NoCheck(), ExtKeyUsage(false, pki.OIDOCSPSigning))
}

// StamperTemplate is the certificate of a time-stamping service.
func StamperTemplate(at time.Time) *Template {
	return serviceTemplate(stamperName, at,
		ExtKeyUsage(true, pki.OIDTimeStamping), CRLPoint(caURL+"/ca.crl"), AuthorityInfo(caURL+"/ocsp", caURL+"/ca.cer"))
}

// ownerLifetime is how long the certificate of a person is good.
const ownerLifetime = 365 * 24 * time.Hour

// OwnerTemplate is the certificate of a person by the profile of the national certification centre: one key for
// everything, the role among the purposes of the key.
func OwnerTemplate(person Person, from time.Time) *Template {
	purposes := []asn1.ObjectIdentifier{pki.OIDEmailProtection}
	if person.BIN != "" {
		purposes = append(purposes, pki.RoleLegalEntity.OID())
	}
	return &Template{
		Subject: person.subject(), NotBefore: from, NotAfter: from.Add(ownerLifetime),
		Extensions: []pkix.Extension{
			ExtKeyUsage(false, append(purposes, person.role().OID())...), Policies(OIDPolicy),
			CRLPoint(caURL + "/ca.crl"), FreshestCRL(caURL + "/ca-delta.crl"),
			KeyUsage(x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment | x509.KeyUsageKeyAgreement),
			AuthorityInfo(caURL+"/ocsp", caURL+"/ca.cer"), keyStore(),
		},
	}
}

// role is what the person is to the organisation: its head, unless something else is said.
func (p Person) role() pki.Role {
	switch {
	case p.Role != "":
		return p.Role
	case p.BIN != "":
		return pki.RoleCEO
	default:
		return pki.RoleIndividual
	}
}
