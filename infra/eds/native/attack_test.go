package native_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"testing"

	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/native"
	"services.example/portal/infra/eds/pki"
)

var (
	oidEnveloped = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 3}
	oidNobody    = asn1.ObjectIdentifier{1, 2, 3, 4}
	critical     = pkix.Extension{Id: oidNobody, Critical: true, Value: []byte{5, 0}}
)

// attack is something wrong, or something odd that is right.
type attack struct {
	name  string
	forge func(*forgery)
	code  string // empty: it is right
}

// onlyNow names an attack that is none on a signature that was kept: time stamps may be had later.
const onlyNow = "a time stamp of tomorrow"

// attacks are what is known to pass popular verifiers, and more.
var attacks = []attack{
	{"nothing is wrong", func(*forgery) {}, ""},

	// What is signed.
	{"no signed attributes", func(f *forgery) { f.signDocument() }, pki.CodeMalformed},
	{"the attributes made the document", func(f *forgery) {
		// What was signed once as attributes is shown as a document that was signed without any.
		f.document = f.only().Signed()
		f.only().Attributes = nil
	}, pki.CodeMalformed},
	{"the attributes made the document, inside", func(f *forgery) {
		f.document = f.only().Signed()
		f.draft.Content, f.only().Attributes = f.document, nil
	}, pki.CodeMalformed},
	{"another content type in the attributes", func(f *forgery) {
		f.attribute(cms.OIDContentType).Values = [][]byte{der(f.t, oidEnveloped, "")}
		f.sign()
	}, pki.CodeMalformed},
	{"another content type of the content", func(f *forgery) { f.draft.ContentType = oidEnveloped }, pki.CodeMalformed},
	{"another content type in both places", func(f *forgery) {
		f.draft.ContentType = cms.OIDTSTInfo
		f.attribute(cms.OIDContentType).Values = [][]byte{der(f.t, cms.OIDTSTInfo, "")}
		f.sign()
	}, pki.CodeMalformed},
	{"no content type", func(f *forgery) { f.drop(cms.OIDContentType) }, pki.CodeMalformed},
	{"no digest", func(f *forgery) { f.drop(cms.OIDMessageDigest) }, pki.CodeMalformed},
	{"no time", func(f *forgery) { f.drop(cms.OIDSigningTime) }, pki.CodeMalformed},
	{"two digests", func(f *forgery) {
		f.only().Attributes = append(f.only().Attributes, *f.attribute(cms.OIDMessageDigest))
		f.sign()
	}, pki.CodeMalformed},
	{"two different digests", func(f *forgery) {
		other := cms.Attribute{OID: cms.OIDMessageDigest, Values: [][]byte{der(f.t, f.signer.Key.Algorithm().Hash.Sum([]byte("another")), "")}}
		f.only().Attributes = append([]cms.Attribute{other}, f.only().Attributes...)
		f.sign()
	}, pki.CodeMalformed},
	{"a digest with two values", func(f *forgery) {
		a := f.attribute(cms.OIDMessageDigest)
		a.Values = append(a.Values, a.Values[0])
		f.sign()
	}, pki.CodeMalformed},
	{"a digest without a value", func(f *forgery) { f.attribute(cms.OIDMessageDigest).Values = nil; f.sign() }, pki.CodeMalformed},
	{"an empty digest", func(f *forgery) {
		f.attribute(cms.OIDMessageDigest).Values = [][]byte{{4, 0}}
		f.sign()
	}, pki.CodeMalformed},
	{"a digest that nobody signed", func(f *forgery) {
		f.document = []byte("another")
		f.attribute(cms.OIDMessageDigest).Values = [][]byte{der(f.t, f.signer.Key.Algorithm().Hash.Sum(f.document), "")}
	}, pki.CodeBadSignature},
	{"the document inside", func(f *forgery) { f.draft.Content = document }, ""},
	{"another document inside", func(f *forgery) { f.draft.Content = []byte("another") }, pki.CodeDocChanged},
	{"a longer document inside", func(f *forgery) { f.draft.Content = append(bytes.Clone(document), 0) }, pki.CodeDocChanged},
	{"no document inside where one is announced", func(f *forgery) { f.draft.Content = []byte{} }, pki.CodeDocChanged},
	{"another document, signed and inside", func(f *forgery) {
		f.draft = f.signer.Draft([]byte("another"), noon)
		f.draft.Content = []byte("another")
		f.sign()
	}, pki.CodeDocChanged},
	{"moved from another document", func(f *forgery) {
		f.draft = f.signer.Draft([]byte("another"), noon)
		f.sign()
	}, pki.CodeDocChanged},
	{"the value moved from another document", func(f *forgery) {
		other := f.signer.Draft([]byte("another"), noon)
		f.only().Signature = f.value(f.signer.Key, other.Signers[0].Signed())
	}, pki.CodeBadSignature},
	{"a time in another zone", func(f *forgery) {
		f.attribute(cms.OIDSigningTime).Values = [][]byte{append([]byte{23, 17}, "261123120000+0500"...)}
		f.sign()
	}, pki.CodeMalformed},
	{"a time without seconds", func(f *forgery) {
		f.attribute(cms.OIDSigningTime).Values = [][]byte{append([]byte{23, 11}, "2611230700Z"...)}
		f.sign()
	}, pki.CodeMalformed},
	{"dated back", func(f *forgery) {
		f.draft = f.signer.Draft(document, noon.AddDate(0, 0, -2))
		f.sign()
	}, pki.CodeClockSkew},
	{"an unsigned attribute of no meaning", func(f *forgery) { f.unsigned(oidNobody, []byte{5, 0}) }, ""},
	{"a signed attribute of no meaning", func(f *forgery) {
		f.only().Attributes = append(f.only().Attributes, cms.Attribute{OID: oidNobody, Values: [][]byte{{5, 0}}})
		f.sign()
	}, ""},

	// Algorithms.
	{"SHA-1", func(f *forgery) { f.only().Digest = pki.SHA1.OID() }, pki.CodeNotAllowed},
	{"RSA with SHA-1", func(f *forgery) { f.only().Algorithm = pki.Algorithm{Kind: pki.RSA, Hash: pki.SHA1}.OID() }, pki.CodeNotAllowed},
	{"GOST 34.310-2004", func(f *forgery) { f.reissue(person, f.newKey(pki.GOST2004), nil) }, pki.CodeNotAllowed},
	{"a digest that the signature does not use", func(f *forgery) { f.only().Digest = pki.SHA384.OID() }, pki.CodeNotAllowed},
	{"the identifier of a digest as the signature's", func(f *forgery) { f.only().Algorithm = pki.SHA256.OID() }, pki.CodeNotAllowed},
	{"another kind of signature than the key's", func(f *forgery) {
		f.only().Digest, f.draft.Announced = pki.SHA512.OID(), []asn1.ObjectIdentifier{pki.SHA512.OID()}
		f.only().Algorithm = pki.Algorithm{Kind: pki.RSA, Hash: pki.SHA512}.OID()
		f.attribute(cms.OIDMessageDigest).Values = [][]byte{der(f.t, pki.SHA512.Sum(document), "")}
		f.sign()
	}, pki.CodeNotAllowed},
	{"a digest that is not announced", func(f *forgery) { f.draft.Announced = nil }, pki.CodeMalformed},
	{"another digest announced, too", func(f *forgery) { f.draft.Announced = append(f.draft.Announced, pki.SHA1.OID()) }, ""},
	{"a short RSA key", func(f *forgery) { f.reissue(person, f.weakRSA(), nil) }, pki.CodeNotAllowed},
	{"a weak curve", func(f *forgery) { f.reissue(person, f.weakEC(), nil) }, pki.CodeNotAllowed},
	{"an RSA key under an authority of another kind", func(f *forgery) { f.reissue(person, f.newKey(pki.RSA), nil) }, ""},

	// The value.
	{"signed with another key", func(f *forgery) {
		f.only().Signature = f.value(f.newKey(f.signer.Key.Kind()), f.only().Signed())
	}, pki.CodeBadSignature},
	{"signed by the authority", func(f *forgery) { f.only().Signature = f.value(f.w.ca.Issuing.Key, f.only().Signed()) }, pki.CodeBadSignature},
	{"no value", func(f *forgery) { f.only().Signature = nil }, pki.CodeBadSignature},
	{"zeros as the value", func(f *forgery) { f.only().Signature = make([]byte, len(f.only().Signature)) }, pki.CodeBadSignature},
	{"a value with a byte behind it", func(f *forgery) { f.only().Signature = append(f.only().Signature, 0) }, pki.CodeBadSignature},

	// Who signs.
	{"a certificate that has ended", func(f *forgery) {
		f.issue(func(c *dev.Template) { c.NotBefore, c.NotAfter = noon.AddDate(-1, 0, 0), noon.AddDate(0, 0, -1) })
	}, pki.CodeExpired},
	{"a certificate that begins tomorrow", func(f *forgery) {
		f.issue(func(c *dev.Template) { c.NotBefore = noon.AddDate(0, 0, 1) })
	}, pki.CodeNotYetValid},
	{"a certificate for signing in", func(f *forgery) {
		f.issue(func(c *dev.Template) {
			c.With(dev.KeyUsage(x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment))
			c.With(dev.ExtKeyUsage(false, pki.OIDClientAuth, pki.RoleIndividual.OID()))
		})
	}, pki.CodeNotForSigning},
	{"a key for signing in, by its usage alone", func(f *forgery) {
		f.issue(func(c *dev.Template) {
			c.With(dev.KeyUsage(x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment))
		})
	}, pki.CodeNotForSigning},
	{"a key for signing in, by its purpose alone", func(f *forgery) {
		f.issue(func(c *dev.Template) { c.With(dev.ExtKeyUsage(false, pki.OIDClientAuth, pki.RoleIndividual.OID())) })
	}, pki.CodeNotForSigning},
	{"a key for nothing in particular", func(f *forgery) {
		f.issue(func(c *dev.Template) { c.Without(dev.OIDKeyUsage).Without(dev.OIDExtKeyUsage) })
	}, pki.CodeNotForSigning},
	{"a certificate for everything", func(f *forgery) {
		f.issue(func(c *dev.Template) { c.With(dev.ExtKeyUsage(false, asn1.ObjectIdentifier{2, 5, 29, 37, 0})) })
	}, pki.CodeNotForSigning},
	{"a certificate under other rules", func(f *forgery) {
		f.issue(func(c *dev.Template) { c.With(dev.Policies(dev.OIDRootPolicy)) })
	}, pki.CodeNotForSigning},
	{"a certificate under no rules", func(f *forgery) {
		f.issue(func(c *dev.Template) { c.Without(dev.OIDPolicies) })
	}, pki.CodeNotForSigning},
	{"a certificate under narrower rules", func(f *forgery) {
		f.issue(func(c *dev.Template) { c.With(dev.Policies(append(slices.Clone(dev.OIDPolicy), 3))) })
	}, ""},
	{"a critical extension that nobody knows", func(f *forgery) {
		f.issue(func(c *dev.Template) { c.With(critical) })
	}, pki.CodeUntrusted},
	{"an extension that nobody knows", func(f *forgery) {
		f.issue(func(c *dev.Template) { c.With(pkix.Extension{Id: oidNobody, Value: []byte{5, 0}}) })
	}, ""},
	{"no role", func(f *forgery) {
		f.issue(func(c *dev.Template) { c.With(dev.ExtKeyUsage(false, pki.OIDEmailProtection)) })
	}, pki.CodeRole},
	{"another authority of the same names", func(f *forgery) {
		f.by = f.impostor().Issuing
		f.issue(nil)
	}, pki.CodeUntrusted},
	{"another authority of the same names, which came along", func(f *forgery) {
		f.by = f.impostor().Issuing
		f.issue(nil)
		f.draft.Certificates = append(f.draft.Certificates, f.impostor().Issuing.DER(), f.impostor().Root.DER())
	}, pki.CodeUntrusted},
	{"the chain that is right came along", func(f *forgery) {
		f.draft.Certificates = append(f.draft.Certificates, f.w.ca.Issuing.DER(), f.w.ca.Root.DER())
	}, ""},
	{"the certificate signed itself", func(f *forgery) {
		holder, err := dev.SelfSigned(dev.OwnerTemplate(person, noon.AddDate(0, 0, -1)), f.signer.Key)
		if err != nil {
			f.t.Fatal(err)
		}
		f.adopt(holder)
	}, pki.CodeUntrusted},
	{"the certificate signed itself in the authority's name", func(f *forgery) {
		template := dev.OwnerTemplate(person, noon.AddDate(0, 0, -1))
		template.Serial = big.NewInt(7)
		fake, err := dev.SelfSigned(dev.IssuingTemplate(noon.AddDate(0, -1, 0)), f.signer.Key)
		if err != nil {
			f.t.Fatal(err)
		}
		holder, err := fake.IssueTo(f.signer.Key, template)
		if err != nil {
			f.t.Fatal(err)
		}
		f.adopt(holder)
		f.draft.Certificates = append(f.draft.Certificates, fake.DER())
	}, pki.CodeUntrusted},
	{"another person issued the certificate", func(f *forgery) {
		f.by = f.w.owner(f.t, head)
		f.reissue(person, f.newKey(f.signer.Key.Kind()), nil)
		f.draft.Certificates = append(f.draft.Certificates, f.by.DER())
	}, pki.CodeUntrusted},
	{"the root issued the certificate", func(f *forgery) {
		f.by = f.w.ca.Root
		f.issue(nil)
	}, pki.CodeUntrusted},
	{"an authority below a trusted one, which is not on the list", func(f *forgery) {
		middle, err := f.w.ca.Issuing.IssueTo(f.newKey(f.signer.Key.Kind()), dev.IssuingTemplate(noon.AddDate(0, -1, 0)))
		if err != nil {
			f.t.Fatal(err)
		}
		f.by = middle
		f.issue(nil)
		f.draft.Certificates = append(f.draft.Certificates, middle.DER(), f.w.ca.Issuing.DER())
	}, pki.CodeUntrusted},
	{"an authority as signer", func(f *forgery) {
		f.issue(func(c *dev.Template) { c.With(dev.BasicConstraints(true, -1)) })
	}, pki.CodeUntrusted},
	{"who stamps times as signer", func(f *forgery) { f.adopt(f.w.ca.Stamper) }, pki.CodeNotForSigning},
	{"who answers about revocation as signer", func(f *forgery) { f.adopt(f.w.ca.Responder) }, pki.CodeNotForSigning},
	{"somebody of the same name", func(f *forgery) {
		f.reissue(dev.Person{Name: person.Name, IIN: identitytest.IIN(9)}, f.signer.Key, nil)
	}, pki.CodeWrongIIN},
	{"another's number in a second place", func(f *forgery) {
		f.issue(func(c *dev.Template) {
			c.Subject = append(dev.Name{{OID: dev.OIDSerialNumber, Value: "IIN" + identitytest.IIN(9)}}, c.Subject...)
		})
	}, pki.CodeWrongIIN},
	{"the same number in two places", func(f *forgery) {
		f.issue(func(c *dev.Template) {
			c.Subject = append(c.Subject, dev.NamePart{OID: dev.OIDSerialNumber, Value: "IIN" + iin})
		})
	}, pki.CodeWrongIIN},
	{"a number without what it is", number(iin), pki.CodeWrongIIN},
	{"a number in small letters", number("iin" + iin), pki.CodeWrongIIN},
	{"a number with a blank", number("IIN " + iin), pki.CodeWrongIIN},
	{"a number and something behind it", number("IIN" + iin + "0"), pki.CodeWrongIIN},
	{"a number in the name alone", func(f *forgery) {
		f.issue(func(c *dev.Template) { c.Subject = dev.Name{{OID: dev.OIDCommonName, Value: "IIN" + iin}} })
	}, pki.CodeWrongIIN},

	// The certificates that came along.
	{"bound to another certificate", func(f *forgery) {
		other := f.holder(person, f.signer.Key, nil)
		f.attribute(cms.OIDSigningCertificate2).Values = other.Draft(document, noon).Signers[0].Attributes[3].Values
		f.sign()
	}, pki.CodeBadSignature},
	{"another certificate of the same key and number", func(f *forgery) {
		// The owner's rights in it are others: what was signed must not be moved to it.
		other := f.holder(head, f.signer.Key, func(c *dev.Template) { c.Serial = f.signer.Certificate.Serial })
		f.draft.Certificates = [][]byte{other.DER()}
	}, pki.CodeBadSignature},
	{"not bound to a certificate", func(f *forgery) { f.drop(cms.OIDSigningCertificate2) }, ""},
	{"bound by SHA-1", func(f *forgery) {
		type id struct{ Digest []byte }
		binding := struct{ IDs []id }{[]id{{pki.SHA1.Sum(f.signer.DER())}}}
		*f.attribute(cms.OIDSigningCertificate2) = cms.Attribute{OID: cms.OIDSigningCertificate, Values: [][]byte{der(f.t, binding, "")}}
		f.sign()
	}, pki.CodeNotAllowed},
	{"another's certificate first", func(f *forgery) {
		f.draft.Certificates = [][]byte{f.w.owner(f.t, head).DER(), f.signer.DER()}
	}, ""},
	{"the signer's certificate is missing", func(f *forgery) {
		f.draft.Certificates = [][]byte{f.w.owner(f.t, head).DER()}
	}, pki.CodeMalformed},
	{"the signer's certificate twice", func(f *forgery) {
		f.draft.Certificates = append(f.draft.Certificates, f.signer.DER())
	}, pki.CodeMalformed},
	{"two certificates with the signer's number", func(f *forgery) {
		other := f.holder(head, f.signer.Key, func(c *dev.Template) { c.Serial = f.signer.Certificate.Serial })
		f.draft.Certificates = append([][]byte{other.DER()}, f.draft.Certificates...)
	}, pki.CodeMalformed},
	{"no certificates", func(f *forgery) { f.draft.Certificates = nil }, pki.CodeMalformed},
	{"too many certificates", func(f *forgery) {
		for range 16 {
			f.draft.Certificates = append(f.draft.Certificates, f.holder(person, f.signer.Key, nil).DER())
		}
	}, pki.CodeMalformed},
	{"a certificate with a byte behind it", func(f *forgery) {
		f.draft.Certificates[0] = append(bytes.Clone(f.draft.Certificates[0]), 0)
	}, pki.CodeMalformed},
	{"something else among the certificates", func(f *forgery) {
		f.draft.Certificates = append(f.draft.Certificates, []byte{0x30, 0})
	}, pki.CodeMalformed},
	{"a signer of another number", func(f *forgery) { f.only().Serial = der(f.t, big.NewInt(7), "") }, pki.CodeMalformed},
	{"no signers", func(f *forgery) { f.draft.Signers = nil }, pki.CodeMalformed},
	{"two signers", func(f *forgery) { f.draft.Signers = append(f.draft.Signers, f.draft.Signers[0]) }, pki.CodeMalformed},
	{"a signer of another version", func(f *forgery) { f.only().Version = 3 }, pki.CodeMalformed},
	{"a container of another version", func(f *forgery) { f.draft.Version = 3 }, pki.CodeMalformed},

	// Time stamps.
	{"a time stamp", func(f *forgery) { f.stamp(f.only().Signature, noon) }, ""},
	{"a time stamp over another signature", func(f *forgery) { f.stamp([]byte("another"), noon) }, pki.CodeTimeStamp},
	{"a right time stamp and a wrong one", func(f *forgery) {
		f.stamp(f.only().Signature, noon)
		f.stamp([]byte("another"), noon)
	}, pki.CodeTimeStamp},
	{"something else as a time stamp", func(f *forgery) { f.unsigned(cms.OIDTimeStampToken, []byte{0x30, 0}) }, pki.CodeTimeStamp},
	{"the signature itself as a time stamp", func(f *forgery) { f.unsigned(cms.OIDTimeStampToken, f.draft.DER()) }, pki.CodeTimeStamp},
	{"too many time stamps", func(f *forgery) {
		for range 5 {
			f.stamp(f.only().Signature, noon)
		}
	}, pki.CodeMalformed},
	{"a time stamp of another authority", func(f *forgery) {
		token, err := f.impostor().TimeStamp(f.only().Signature, noon)
		if err != nil {
			f.t.Fatal(err)
		}
		f.unsigned(cms.OIDTimeStampToken, token)
	}, pki.CodeTimeStamp},
	{"a time stamp by a person", func(f *forgery) {
		hash := f.signer.Key.Algorithm().Hash
		token, err := f.signer.TimeStamp(&dev.TimeStamp{Hash: hash, Imprint: hash.Sum(f.only().Signature), At: noon})
		if err != nil {
			f.t.Fatal(err)
		}
		f.unsigned(cms.OIDTimeStampToken, token)
	}, pki.CodeTimeStamp},
	{onlyNow, func(f *forgery) { f.stamp(f.only().Signature, noon.AddDate(0, 0, 1)) }, pki.CodeClockSkew},
	{"a time stamp from before the signature", func(f *forgery) { f.stamp(f.only().Signature, noon.AddDate(0, 0, -1)) }, pki.CodeClockSkew},
}

func number(value string) func(*forgery) {
	return func(f *forgery) {
		f.issue(func(c *dev.Template) {
			for i := range c.Subject {
				if c.Subject[i].OID.Equal(dev.OIDSerialNumber) {
					c.Subject[i].Value = value
				}
			}
		})
	}
}

func TestForgeriesThatLibrariesAcceptAreRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range kinds {
		if tt.kind == pki.RSA {
			continue // its keys take long to make, and nothing here depends on the kind
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, a := range attacks {
				t.Run(a.name, func(t *testing.T) {
					t.Parallel()
					a.run(t, tt.kind)
				})
			}
		})
	}
}

// run makes the attack on a signature that was handed in now, and on one that was kept.
func (a attack) run(t *testing.T, kind pki.Kind) {
	t.Helper()
	f := newForgery(t, kind)
	a.forge(f)
	s := eds.Signature{CMS: f.DER(), Document: bytes.NewReader(f.document), IIN: iin, At: noon}
	got, err := f.w.verifier.Verify(t.Context(), s)
	a.cameOut(t, got, err)
	if a.name == onlyNow {
		return
	}
	o := native.Offline{CMS: f.DER(), Document: bytes.NewReader(f.document), IIN: iin, At: noon, Unproven: true}
	got, err = f.w.verifier.VerifyOffline(t.Context(), o)
	a.cameOut(t, got, err)
}

func (a attack) cameOut(t *testing.T, got eds.Report, err error) {
	t.Helper()
	if a.code != "" {
		refused(t, got, err, a.code)
	} else if err != nil || got.Certificate.IIN != iin {
		t.Errorf("answered %+v, error %v; want it accepted", got, err)
	}
}

func TestASignatureInTheByteOrderOfOtherCountriesIsRefused(t *testing.T) {
	t.Parallel()
	attack{"", func(f *forgery) {
		half := len(f.only().Signature) / 2
		swapped := append(bytes.Clone(f.only().Signature[half:]), f.only().Signature[:half]...)
		slices.Reverse(swapped[:half])
		slices.Reverse(swapped[half:])
		f.only().Signature = swapped
	}, pki.CodeBadSignature}.run(t, pki.GOST2015)
}

func TestTheIdentifierOfTheKeyMayStandForThatOfTheSignature(t *testing.T) {
	t.Parallel()
	attack{"", func(f *forgery) {
		f.only().Algorithm = asn1.ObjectIdentifier{1, 2, 398, 3, 10, 1, 1, 2, 2} // as native programs of the centre write it
	}, ""}.run(t, pki.GOST2015)
}

func TestNoBitOfASignatureCanBeChanged(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		kind pki.Kind
		step int // every so many bits
	}{{"ECDSA", pki.ECDSA, slower}, {"GOST", pki.GOST2015, 97 * slower}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := of(t, tt.kind)
			right := w.sign(t, person, noon)
			for bit := 0; bit < 8*len(right); bit += tt.step {
				changed := bytes.Clone(right)
				changed[bit/8] ^= 1 << (bit % 8)
				if got, err := w.verifier.Verify(t.Context(), handedIn(changed)); err == nil {
					t.Fatalf("accepted with bit %d of byte %d changed, as of %+v", bit%8, bit/8, got.Certificate)
				}
			}
		})
	}
}
