package pki_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/pki"
)

func TestACertificateSaysWhoseItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pki.ECDSA)
	iin, bin, other := identitytest.IIN(1), identitytest.BIN(2), identitytest.IIN(3)
	part := func(oid asn1.ObjectIdentifier, value string) dev.NamePart {
		return dev.NamePart{OID: oid, Value: value}
	}
	name := part(dev.OIDCommonName, "БҰЛАҚБАЙ НҰРАЙ")
	number, unit := part(dev.OIDSerialNumber, "IIN"+iin), part(dev.OIDUnit, "BIN"+bin)
	for title, tt := range map[string]struct {
		subject dev.Name
		want    pki.Owner
	}{
		"a person": {dev.Name{
			name, part(dev.OIDSurname, "БҰЛАҚБАЙ"), number, part(dev.OIDCountry, "KZ"), part(dev.OIDGivenName, "ЕРЖАНҚЫЗЫ"),
		}, pki.Owner{CommonName: "БҰЛАҚБАЙ НҰРАЙ", Surname: "БҰЛАҚБАЙ", GivenName: "ЕРЖАНҚЫЗЫ", IIN: iin}},
		"a person of an organisation": {dev.Name{
			name, number, part(dev.OIDOrganization, "ЖШС \"ТЕРЕК\""), part(dev.OIDUnit, "ЗАҢ БӨЛІМІ"), unit,
		}, pki.Owner{CommonName: "БҰЛАҚБАЙ НҰРАЙ", IIN: iin, BIN: bin, Organization: "ЖШС \"ТЕРЕК\""}},
		"an information system": {
			dev.Name{part(dev.OIDCommonName, "ИС"), unit},
			pki.Owner{CommonName: "ИС", BIN: bin},
		},
		"an organisation by its serial number": {dev.Name{name, part(dev.OIDSerialNumber, "BIN"+bin)}, pki.Owner{CommonName: "БҰЛАҚБАЙ НҰРАЙ", BIN: bin}},
		"a number without what it is":          {dev.Name{name, part(dev.OIDSerialNumber, iin)}, pki.Owner{CommonName: "БҰЛАҚБАЙ НҰРАЙ"}},
		"a number in the wrong place":          {dev.Name{name, part(dev.OIDUnit, "IIN"+iin)}, pki.Owner{CommonName: "БҰЛАҚБАЙ НҰРАЙ"}},
		"nobody":                               {nil, pki.Owner{}},
		"two persons":                          {dev.Name{name, number, part(dev.OIDSerialNumber, "IIN"+other)}, pki.Owner{CommonName: "БҰЛАҚБАЙ НҰРАЙ", Ambiguous: true}},
		"one person twice":                     {dev.Name{name, number, number}, pki.Owner{CommonName: "БҰЛАҚБАЙ НҰРАЙ", Ambiguous: true}},
		"two organisations":                    {dev.Name{name, number, unit, part(dev.OIDUnit, "BIN"+identitytest.BIN(4))}, pki.Owner{CommonName: "БҰЛАҚБАЙ НҰРАЙ", Ambiguous: true}},
		"an organisation in two places":        {dev.Name{name, number, part(dev.OIDSerialNumber, "BIN"+bin), unit}, pki.Owner{CommonName: "БҰЛАҚБАЙ НҰРАЙ", Ambiguous: true}},
		"two names":                            {dev.Name{name, part(dev.OIDCommonName, "X"), number}, pki.Owner{CommonName: "X", Ambiguous: true}},
		"a number that is too long":            {dev.Name{part(dev.OIDSerialNumber, "IIN"+iin+"0")}, pki.Owner{Ambiguous: true}},
		"a number with letters":                {dev.Name{part(dev.OIDSerialNumber, "IIN"+iin[:11]+"X")}, pki.Owner{Ambiguous: true}},
		"digits of another script": {
			dev.Name{{OID: dev.OIDSerialNumber, Value: "IIN" + iin[:10] + "٣", Tag: der.UTF8String}},
			pki.Owner{Ambiguous: true},
		},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			c := w.issue(t, func(t *dev.Template) { t.Subject = tt.subject })
			if diff := cmp.Diff(tt.want, c.Owner); diff != "" {
				t.Errorf("the owner (-want +got):\n%s", diff)
			}
		})
	}
}

func TestACertificateSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pki.ECDSA)
	const signing = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	mail, client := pki.OIDEmailProtection, pki.OIDClientAuth
	for name, tt := range map[string]struct {
		change func(*dev.Template)
		signs  bool
		roles  []pki.Role
	}{
		"a person's": {func(*dev.Template) {}, true, []pki.Role{pki.RoleIndividual}},
		"a head's": {func(t *dev.Template) {
			t.With(dev.ExtKeyUsage(false, mail, pki.RoleLegalEntity.OID(), pki.RoleCEO.OID()))
		}, true, []pki.Role{pki.RoleLegalEntity, pki.RoleCEO}},
		"an employee's": {func(t *dev.Template) {
			t.With(dev.ExtKeyUsage(true, mail, pki.RoleEmployee.OID(), asn1.ObjectIdentifier{1, 2, 3}))
		}, true, []pki.Role{pki.RoleEmployee}},
		"an RSA key's of years ago": {func(t *dev.Template) { t.With(dev.KeyUsage(signing)) }, true, []pki.Role{pki.RoleIndividual}},
		"for signing in": {func(t *dev.Template) {
			t.With(dev.KeyUsage(x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment)).With(dev.ExtKeyUsage(false, client, pki.RoleIndividual.OID()))
		}, false, []pki.Role{pki.RoleIndividual}},
		"for signing in, with the usage of one for signing": {func(t *dev.Template) { t.With(dev.ExtKeyUsage(false, client)) }, false, nil},
		"without non-repudiation":                           {func(t *dev.Template) { t.With(dev.KeyUsage(x509.KeyUsageDigitalSignature)) }, false, []pki.Role{pki.RoleIndividual}},
		"without key usage":                                 {func(t *dev.Template) { t.Without(dev.OIDKeyUsage) }, false, []pki.Role{pki.RoleIndividual}},
		"without extended key usage":                        {func(t *dev.Template) { t.Without(dev.OIDExtKeyUsage) }, false, nil},
		"an authority's": {func(t *dev.Template) {
			t.With(dev.BasicConstraints(true, -1)).With(dev.KeyUsage(signing | x509.KeyUsageCertSign))
		}, false, []pki.Role{pki.RoleIndividual}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := w.issue(t, tt.change)
			if c.Signs() != tt.signs || !slices.Equal(c.Roles, tt.roles) {
				t.Errorf("it signs: %v, with the roles %v", c.Signs(), c.Roles)
			}
			for _, role := range []pki.Role{pki.RoleIndividual, pki.RoleCEO, pki.RoleSigner, "king"} {
				if want := slices.Contains(tt.roles, role); c.Has(role) != want {
					t.Errorf("it has the role %s: %v", role, !want)
				}
			}
		})
	}
	if oid := pki.Role("king").OID(); oid != nil {
		t.Errorf("a king is %s", oid)
	}
}

func TestACertificateIsUnderAPolicyAndThoseAbove(t *testing.T) {
	t.Parallel()
	policy := asn1.ObjectIdentifier{1, 2, 398, 3, 3, 2}
	below := append(slices.Clone(policy), 1)
	w := newWorld(t, pki.ECDSA)
	c := w.issue(t, func(t *dev.Template) { t.With(dev.Policies(below)) })
	for _, tt := range []struct {
		oid  asn1.ObjectIdentifier
		want bool
	}{
		{policy, true},
		{below, true},
		{asn1.ObjectIdentifier{1, 2, 398, 3, 3, 2, 2}, false},
		{append(slices.Clone(below), 1), false},
	} {
		if c.Under(tt.oid) != tt.want {
			t.Errorf("under %s: %v", tt.oid, !tt.want)
		}
	}
}

func TestAnExtendedUsageCanBeCritical(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pki.ECDSA)
	for _, critical := range []bool{true, false} {
		c := w.issue(t, func(t *dev.Template) { t.With(dev.ExtKeyUsage(critical, pki.OIDTimeStamping)) })
		if c.ExtUsageIs != critical || !c.For(pki.OIDTimeStamping) || c.For(pki.OIDOCSPSigning) || len(c.ExtUsage) != 1 || len(c.Unknown) != 0 {
			t.Errorf("critical %v: read %+v", critical, c)
		}
	}
}

func TestACertificateOfAKeyThatMustNotSignIsReadAndSignsNothing(t *testing.T) {
	t.Parallel()
	short, err := dev.WrapKey(rsaKey(t, 1024))
	short = edstest.Made(t, short, err)
	root, err := dev.SelfSigned(dev.RootTemplate(noon), short)
	root = edstest.Made(t, root, err)
	if root.Certificate.Key.Kind() != 0 {
		t.Errorf("its key is of kind %d", root.Certificate.Key.Kind())
	}
	leaf, err := root.IssueTo(keyOf(t, pki.ECDSA), dev.OwnerTemplate(person, noon))
	leaf = edstest.Made(t, leaf, err)
	edstest.Refused(t, leaf.Certificate.SignedBy(root.Certificate, true), pki.CodeNotAllowed)
	_, err = pki.Chain(leaf.Certificate, pki.ChainOptions{Anchors: []*pki.Certificate{root.Certificate}, At: noon, Legacy: true})
	edstest.Refused(t, err, pki.CodeUntrusted)
}

func TestWhoSignedACertificate(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]pki.Kind{"GOST": pki.GOST2015, "ECDSA": pki.ECDSA, "RSA": pki.RSA} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, kind)
			leaf := w.leaf.Certificate
			edstest.Refused(t, leaf.SignedBy(w.Issuing.Certificate, false), "")
			edstest.Refused(t, leaf.SignedBy(w.impostor.Issuing.Certificate, false), pki.CodeBadSignature)
			edstest.Refused(t, leaf.SignedBy(w.Root.Certificate, false), pki.CodeUntrusted)
			if !leaf.Names(w.Issuing.Certificate.X509.RawSubject, leaf.Serial) || leaf.Names(w.Root.Certificate.X509.RawSubject, leaf.Serial) {
				t.Error("it is not found by its issuer and serial number")
			}
		})
	}
}

func TestNoByteOfACertificateCanBeChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pki.ECDSA)
	issuer := w.Issuing.Certificate
	for i := range w.leaf.DER() {
		changed := bytes.Clone(w.leaf.DER())
		changed[i] ^= 1 << (i % 8)
		c, err := pki.ParseCertificate(changed)
		if err == nil && c.SignedBy(issuer, true) == nil {
			t.Fatalf("right with byte %d changed", i)
		}
	}
}

func TestOneNULLMoreOrLessIsTheSameAlgorithm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pki.GOST2015)
	oid, err := asn1.Marshal(w.leaf.Certificate.Algorithm.OID())
	oid = edstest.Made(t, oid, err)
	with := append([]byte{0x30, byte(len(oid) + 2)}, append(bytes.Clone(oid), 5, 0)...)
	without := append([]byte{0x30, byte(len(oid))}, oid...)
	raw := w.leaf.DER()
	at := bytes.LastIndex(raw, with)
	if at < 0 || bytes.Count(raw, with) != 2 {
		t.Fatal("the certificate does not name its algorithm twice with NULL")
	}
	// The outer one, which nobody signed, is written without NULL; the length of the whole is in its third and fourth byte.
	changed := bytes.Join([][]byte{raw[:at], without, raw[at+len(with):]}, nil)
	if changed[3] < 2 {
		t.Fatal("the length would need a carry")
	}
	changed[3] -= 2
	c, err := pki.ParseCertificate(changed)
	c = edstest.Made(t, c, err)
	edstest.Refused(t, c.SignedBy(w.Issuing.Certificate, false), "")
	if !bytes.Equal(c.Raw, changed) || !bytes.Equal(c.X509.Raw, changed) {
		t.Error("the certificate is not kept as it was read")
	}
	// Another algorithm in the outer place is none.
	other := asn1.ObjectIdentifier{1, 2, 398, 3, 10, 1, 1, 1, 2}
	raw, err = w.Issuing.Issue(&dev.Template{Subject: dev.Name{{OID: dev.OIDCommonName, Value: "X"}}, NotBefore: noon, NotAfter: noon, Public: w.leaf.Key.DER(), Inner: other})
	raw = edstest.Made(t, raw, err)
	_, err = pki.ParseCertificate(raw)
	edstest.Refused(t, err, pki.CodeMalformed)
}

func TestWhatIsNoCertificateIsNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pki.ECDSA)
	right := w.leaf.DER()
	twice := []pkix.Extension{strange(false), strange(false)}
	raw := func(change func(*dev.Template)) []byte {
		template := dev.OwnerTemplate(person, noon)
		change(template)
		template.Public = w.leaf.Key.DER()
		out, err := w.Issuing.Issue(template)
		return edstest.Made(t, out, err)
	}
	for name, der := range map[string][]byte{
		"nothing":                       nil,
		"a byte too many":               append(bytes.Clone(right), 0),
		"cut short":                     right[:len(right)-1],
		"of endless length":             append([]byte{0x30, 0x80}, append(bytes.Clone(right[4:]), 0, 0)...),
		"a length with a zero too many": append([]byte{0x30, 0x83, 0}, right[2:]...),
		"huge":                          make([]byte, pki.MaxCertificate+1),
		"an extension twice":            raw(func(t *dev.Template) { t.Extensions = append(t.Extensions, twice...) }),
		"a usage that is none": raw(func(t *dev.Template) {
			t.With(pkix.Extension{Id: dev.OIDExtKeyUsage, Value: []byte{0x30, 2, 5, 0}})
		}),
		"an empty usage": raw(func(t *dev.Template) { t.With(pkix.Extension{Id: dev.OIDExtKeyUsage, Value: []byte{0x30, 0}}) }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := pki.ParseCertificate(der)
			edstest.Refused(t, err, pki.CodeMalformed)
			if c != nil {
				t.Error("it was read")
			}
		})
	}
}

func FuzzParseCertificate(f *testing.F) {
	w := newWorld(f, pki.GOST2015)
	other := newWorld(f, pki.ECDSA)
	for _, h := range []*dev.Holder{w.Root, w.Issuing, w.leaf, w.Stamper, other.leaf} {
		f.Add(h.DER())
	}
	f.Add([]byte{0x30, 0x80, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := pki.ParseCertificate(raw)
		if err != nil {
			if c != nil || !pki.IsCode(err, pki.CodeMalformed) {
				t.Fatalf("read %v, error %v", c, err)
			}
			return
		}
		if !bytes.Equal(c.Raw, raw) || c.Serial == nil || c.Key == nil {
			t.Fatalf("read %+v", c)
		}
		if _, err := pki.Chain(c, pki.ChainOptions{Anchors: w.Authorities(), Pool: []*pki.Certificate{c}, At: noon}); err != nil {
			return
		}
		if !c.Equal(w.leaf.Certificate) && !c.Equal(w.Issuing.Certificate) && !c.Equal(w.Stamper.Certificate) && c.SignedBy(w.Issuing.Certificate, false) != nil {
			t.Fatal("a certificate that nobody issued is trusted")
		}
	})
}
