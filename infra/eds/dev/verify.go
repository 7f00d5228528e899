package dev

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"services.example/portal/domain/signature"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/cms"
)

// clockSkew is by how much the time that a signer claims may differ from when the signature was handed in.
const clockSkew = 5 * time.Minute

var _ eds.Verifier = (*Authority)(nil)

var errNobody = errors.New("verifying a signature: nobody is named whose it must be")

// Verify checks a signature against this authority alone. Codes: malformed, alg-not-allowed, untrusted-ca, cert-expired,
// cert-not-for-signing, bad-signature, doc-changed, clock-skew, wrong-owner-iin, wrong-bin.
func (a *Authority) Verify(_ context.Context, s eds.Signature) (eds.Report, error) {
	if s.IIN == "" && s.BIN == "" {
		return eds.Report{}, errNobody
	}
	if len(s.CMS) > eds.MaxContainer {
		return eds.Report{}, eds.Refused("malformed")
	}
	signed, err := cms.Parse(s.CMS)
	if err != nil {
		return eds.Report{}, refused(err)
	}
	if code := a.trust(signed.Certificate, s.At); code != "" {
		return eds.Report{}, eds.Refused(code)
	}
	if err := signed.CheckSignature(); err != nil {
		return eds.Report{}, refused(err)
	}
	sum := signed.Hash.New()
	if _, err := io.Copy(sum, s.Document); err != nil {
		return eds.Report{}, fmt.Errorf("reading the document that was signed: %w", err)
	}
	owner, whole := ownerOf(signed.Certificate)
	switch {
	case !bytes.Equal(sum.Sum(nil), signed.Digest):
		return eds.Report{}, eds.Refused("doc-changed")
	case signed.SigningTime.Before(s.At.Add(-clockSkew)) || signed.SigningTime.After(s.At.Add(clockSkew)):
		return eds.Report{}, eds.Refused("clock-skew")
	case !whole || s.IIN != "" && owner.IIN != s.IIN:
		return eds.Report{}, eds.Refused("wrong-owner-iin")
	case s.BIN != "" && owner.BIN != s.BIN:
		return eds.Report{}, eds.Refused("wrong-bin")
	}
	return eds.Report{Verifier: "dev", Certificate: owner, ReceivedAt: s.At, ClaimedAt: signed.SigningTime}, nil
}

// refused turns what is wrong with a container into the problem.
func refused(err error) error {
	var fault *cms.Error
	if errors.As(err, &fault) {
		return eds.Refused(fault.Code)
	}
	return err
}

// trust tells why a certificate is not to be trusted at a time; empty: it is. Only this authority counts, and no
// certificate that came along with the signature.
func (a *Authority) trust(certificate *x509.Certificate, at time.Time) (code string) {
	if certificate.IsCA || certificate.CheckSignatureFrom(a.certificate) != nil {
		return "untrusted-ca"
	}
	if at.Before(certificate.NotBefore) || at.After(certificate.NotAfter) || at.After(a.certificate.NotAfter) {
		return "cert-expired"
	}
	const signing = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	if certificate.KeyUsage&signing != signing {
		return "cert-not-for-signing"
	}
	_, err := certificate.Verify(x509.VerifyOptions{
		Roots: a.roots, Intermediates: x509.NewCertPool(), CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
	})
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return "cert-not-for-signing"
	default:
		return "untrusted-ca"
	}
}

// oidSerialNumber is the attribute of a subject that holds the IIN.
var oidSerialNumber = asn1.ObjectIdentifier{2, 5, 4, 5}

const (
	iinPrefix = "IIN"
	binPrefix = "BIN"
)

// ownerOf reads a certificate. It is whole if it names one person, by an IIN, and at most one organisation.
func ownerOf(c *x509.Certificate) (owner signature.Certificate, whole bool) {
	sum := sha256.Sum256(c.Raw)
	owner = signature.Certificate{
		Owner: c.Subject.CommonName, Serial: c.SerialNumber.Text(16), Issuer: c.Issuer.CommonName,
		NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(), SHA256: hex.EncodeToString(sum[:]),
	}
	numbers := 0
	for _, name := range c.Subject.Names {
		value, is := name.Value.(string)
		if name.Type.Equal(oidSerialNumber) && is {
			numbers++
			owner.IIN, whole = strings.CutPrefix(value, iinPrefix)
		}
	}
	organizations := 0
	for _, unit := range c.Subject.OrganizationalUnit {
		if bin, is := strings.CutPrefix(unit, binPrefix); is {
			organizations++
			owner.BIN = bin
		}
	}
	return owner, whole && numbers == 1 && organizations <= 1
}
