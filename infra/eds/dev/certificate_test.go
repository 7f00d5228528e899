package dev

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/pki"
)

// profile is what the profile of certificates says: not who, not where, not when.
type profile struct {
	Extensions []string // with their criticality
	Purposes   []string
	Policies   []string
	Usage      x509.KeyUsage
	Subject    []string // kinds of attributes
	Authority  bool
	Algorithm  string
	Serial     bool // is the name of the key with its highest bit cleared
}

func profileOf(c *pki.Certificate) profile {
	p := profile{Usage: c.KeyUsage, Authority: c.IsCA, Algorithm: c.Algorithm.String()}
	for _, e := range c.X509.Extensions {
		text := e.Id.String()
		if e.Critical {
			text += " critical"
		}
		p.Extensions = append(p.Extensions, text)
	}
	slices.Sort(p.Extensions)
	for _, oid := range c.ExtUsage {
		p.Purposes = append(p.Purposes, oid.String())
	}
	for _, oid := range c.Policies {
		p.Policies = append(p.Policies, oid.String())
	}
	for _, name := range c.X509.Subject.Names {
		p.Subject = append(p.Subject, name.Type.String())
	}
	id := slices.Clone(c.X509.SubjectKeyId)
	if len(id) > 0 {
		id[0] &= 0x7f
	}
	p.Serial = new(big.Int).SetBytes(id).Cmp(c.Serial) == 0
	return p
}

func TestCertificatesAreLikeThoseOfTheNationalCentre(t *testing.T) {
	t.Parallel()
	ca := caOf(t, pki.GOST2015)
	head := Person{Name: "ТЕСТОВ ТЕСТ ТЕСТОВИЧ", IIN: iin, BIN: bin, Organization: `АО "ТЕСТ"`}
	signatory, individual := head, head
	signatory.Role, individual.BIN = pki.RoleSigner, ""
	// The centre marks what is critical this way in one certificate and that way in another.
	criticalPurposes, err := ca.Issue(signatory, noon, func(t *Template) {
		usage := KeyUsage(x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment | x509.KeyUsageKeyAgreement)
		usage.Critical = false
		t.With(usage).With(ExtKeyUsage(true, pki.OIDEmailProtection, pki.RoleLegalEntity.OID(), pki.RoleSigner.OID()))
	})
	if err != nil {
		t.Fatal(err)
	}
	signerOf := func(file string) *pki.Certificate {
		signed, err := cms.Parse(edstest.DER(t, file), cms.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return signed.Signers[0].Certificate
	}
	for name, tt := range map[string]struct{ ours, theirs *pki.Certificate }{
		"the head of an organisation": {ownerOfCA(t, ca, head).Certificate, signerOf("cms/fixture_legal_valid_head.cms")},
		"somebody who may sign":       {criticalPurposes.Certificate, signerOf("cms/fixture_legal_valid_employee_signright.cms")},
		"an individual":               {ownerOfCA(t, ca, individual).Certificate, signerOf("cms/fixture_individual_valid_individual_valid.cms")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(profileOf(tt.theirs), profileOf(tt.ours)); diff != "" {
				t.Errorf("(-theirs +ours):\n%s", diff)
			}
		})
	}
}

func TestAChainLeadsToTheRoot(t *testing.T) {
	t.Parallel()
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ca := caOf(t, kind)
			owner := ownerOfCA(t, ca, nurai).Certificate
			chain, err := pki.Chain(owner, pki.ChainOptions{
				Anchors: []*pki.Certificate{ca.Root.Certificate}, Pool: []*pki.Certificate{ca.Issuing.Certificate}, At: noon,
				Legacy: kind == pki.GOST2004,
			})
			if err != nil || len(chain) != 3 || !chain[0].Equal(owner) || !chain[1].Equal(ca.Issuing.Certificate) || !chain[2].Equal(ca.Root.Certificate) {
				t.Errorf("a chain of %d, error %v", len(chain), err)
			}
		})
	}
}

func TestEverythingInACertificateCanBeMadeWrong(t *testing.T) {
	t.Parallel()
	ca := caOf(t, pki.ECDSA)
	unknown := pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}
	for name, tt := range map[string]struct {
		change func(*Template)
		shows  func(*pki.Certificate) bool
	}{
		"nothing": {func(*Template) {}, func(c *pki.Certificate) bool {
			return c.Signs() && c.SignedBy(ca.Issuing.Certificate, false) == nil && c.ValidAt(noon) == nil
		}},
		"the serial number": {func(t *Template) { t.Serial = big.NewInt(7) }, func(c *pki.Certificate) bool { return c.Serial.Int64() == 7 }},
		"the issuer": {func(t *Template) { t.Issuer = Name{{OID: OIDCommonName, Value: "Z"}} }, func(c *pki.Certificate) bool {
			return c.X509.Issuer.CommonName == "Z"
		}},
		"the subject": {func(t *Template) { t.Subject = append(t.Subject, NamePart{OID: OIDSerialNumber, Value: "IIN" + iin}) }, func(c *pki.Certificate) bool {
			return c.Owner.Ambiguous
		}},
		"how long it is good": {func(t *Template) { t.NotAfter = noon.Add(-time.Second) }, func(c *pki.Certificate) bool {
			return pki.IsCode(c.ValidAt(noon), pki.CodeExpired)
		}},
		"how long, after 2049": {func(t *Template) { t.NotAfter = noon.AddDate(40, 0, 0) }, func(c *pki.Certificate) bool {
			return c.NotAfter.Equal(noon.AddDate(40, 0, 0))
		}},
		"the purposes": {func(t *Template) { t.With(ExtKeyUsage(true, pki.OIDClientAuth)) }, func(c *pki.Certificate) bool {
			return !c.Signs() && c.ExtUsageIs && c.For(pki.OIDClientAuth) && len(c.X509.Extensions) == 9
		}},
		"the key's usage": {func(t *Template) { t.With(KeyUsage(x509.KeyUsageDigitalSignature | x509.KeyUsageDecipherOnly)) }, func(c *pki.Certificate) bool {
			return c.KeyUsage == x509.KeyUsageDigitalSignature|x509.KeyUsageDecipherOnly
		}},
		"no usage": {func(t *Template) { t.Without(OIDKeyUsage) }, func(c *pki.Certificate) bool { return c.KeyUsage == 0 }},
		"an authority": {func(t *Template) {
			t.With(BasicConstraints(true, 0)).With(KeyUsage(x509.KeyUsageCertSign))
		}, func(c *pki.Certificate) bool { return c.IsCA && c.MaxPath == 0 }},
		"an extension of nobody": {func(t *Template) { t.With(unknown) }, func(c *pki.Certificate) bool { return len(c.Unknown) == 1 }},
		"no names of keys": {func(t *Template) { t.NoKeyIDs = true }, func(c *pki.Certificate) bool {
			return c.X509.SubjectKeyId == nil && c.X509.AuthorityKeyId == nil
		}},
		"the issuer's key": {func(t *Template) { t.With(AuthorityKeyID([]byte{1, 2})) }, func(c *pki.Certificate) bool {
			return slices.Equal(c.X509.AuthorityKeyId, []byte{1, 2})
		}},
		"the algorithm": {func(t *Template) { t.Algorithm = pki.Algorithm{Kind: pki.ECDSA, Hash: pki.SHA384}.OID() }, func(c *pki.Certificate) bool {
			return c.Algorithm.Hash == pki.SHA384 && c.SignedBy(ca.Issuing.Certificate, false) != nil
		}},
		"no extensions, as in the first version": {func(t *Template) { t.Version, t.Extensions, t.NoKeyIDs = 1, nil, true }, func(c *pki.Certificate) bool {
			return c.X509.Version == 1
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			holder, err := ca.Issue(nurai, noon, tt.change)
			if err != nil {
				t.Fatal(err)
			}
			if !tt.shows(holder.Certificate) {
				t.Errorf("the certificate reads %+v", holder.Certificate)
			}
		})
	}
}

func TestWhatCannotBeWrittenIsSaid(t *testing.T) {
	t.Parallel()
	ca := caOf(t, pki.ECDSA)
	for name, change := range map[string]func(*Template){
		"a broken identifier":      func(t *Template) { t.With(pkix.Extension{Id: asn1.ObjectIdentifier{9}}) },
		"a year of five digits":    func(t *Template) { t.NotAfter = noon.AddDate(10_000, 0, 0) },
		"two algorithms at a time": func(t *Template) { t.Inner = pki.Algorithm{Kind: pki.RSA, Hash: pki.SHA256}.OID() },
	} {
		if holder, err := ca.Issue(nurai, noon, change); err == nil {
			t.Errorf("%s: made %x", name, holder.DER())
		}
	}
	other, err := NewKey(pki.ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewHolder(ca.Root.DER(), other); err == nil {
		t.Error("a certificate was joined to another key")
	}
	if _, err := ca.Issuing.CRL(&List{ThisUpdate: noon.AddDate(10_000, 0, 0)}); err == nil {
		t.Error("a list of a year of five digits was made")
	}
	if _, err := ca.Responder.OCSP(&OCSPAnswer{ProducedAt: noon.AddDate(10_000, 0, 0)}); err == nil {
		t.Error("an answer of a year of five digits was made")
	}
	if _, err := ca.Stamper.TimeStamp(&TimeStamp{Hash: pki.SHA256, At: noon.AddDate(10_000, 0, 0)}); err == nil {
		t.Error("a time stamp of a year of five digits was made")
	}
}
