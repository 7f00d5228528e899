package revocation_test

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ocsp"

	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/revocation"
)

// answer signs what the responder says of the owner: that all is well, as of a minute ago. What changes do to it comes first.
func (a authority) answer(tb testing.TB, by *dev.Holder, changes ...func(*dev.OCSPAnswer)) []byte {
	tb.Helper()
	said := &dev.OCSPAnswer{ProducedAt: noon.Add(-time.Minute), Entries: []dev.OCSPEntry{{
		ID: dev.CertID(pki.SHA256, a.Issuing.Certificate, a.owner.Certificate.Serial), ThisUpdate: noon.Add(-time.Minute),
	}}}
	for _, change := range changes {
		change(said)
	}
	raw, err := by.OCSP(said)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// responder is a responder whose certificate was changed.
func (a authority) responder(tb testing.TB, by *dev.Holder, changes ...func(*dev.Template)) *dev.Holder {
	tb.Helper()
	key, err := dev.NewKey(by.Key.Kind())
	if err != nil {
		tb.Fatal(err)
	}
	template := dev.ResponderTemplate(noon.Add(-time.Hour))
	for _, change := range changes {
		change(template)
	}
	holder, err := by.IssueTo(key, template)
	if err != nil {
		tb.Fatal(err)
	}
	return holder
}

func TestAResponderTellsWhatBecameOfACertificate(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]pki.Kind{"GOST": pki.GOST2015, "RSA": pki.RSA, "ECDSA": pki.ECDSA} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAuthority(t, kind)
			revoked := func(r dev.Revocation, more ...pkix.Extension) func(*dev.OCSPAnswer) {
				return func(o *dev.OCSPAnswer) { o.Entries[0].Revoked, o.Extensions = &r, more }
			}
			never := dev.NeverIssued(a.owner.Certificate.Serial)
			for name, test := range map[string]struct {
				raw  []byte
				want revocation.Status
				code string
			}{
				"good":                  {a.answer(t, a.Responder), revocation.Status{State: revocation.Good}, ""},
				"good, says the issuer": {a.answer(t, a.Issuing), revocation.Status{State: revocation.Good}, ""},
				"good, by its key":      {a.answer(t, a.Responder, func(o *dev.OCSPAnswer) { o.ByKey = true }), revocation.Status{State: revocation.Good}, ""},
				"good, says the issuer by its key": {
					a.answer(t, a.Issuing, func(o *dev.OCSPAnswer) { o.ByKey, o.Certificates = true, [][]byte{} }),
					revocation.Status{State: revocation.Good},
					"",
				},
				"unknown": {a.answer(t, a.Responder, func(o *dev.OCSPAnswer) { o.Entries[0].Unknown = true }), revocation.Status{State: revocation.Unknown}, pki.CodeUnknown},
				"revoked": {
					a.answer(t, a.Responder, revoked(a.revoked(noon.Add(-time.Hour), revocation.KeyCompromise))),
					revocation.Status{State: revocation.Revoked, RevokedAt: noon.Add(-time.Hour), Reason: revocation.KeyCompromise},
					pki.CodeRevoked,
				},
				"revoked, nobody says why": {
					a.answer(t, a.Responder, revoked(dev.Revocation{At: noon.Add(-time.Hour), Reason: -1})),
					revocation.Status{State: revocation.Revoked, RevokedAt: noon.Add(-time.Hour)},
					pki.CodeRevoked,
				},
				"never issued": {a.answer(t, a.Responder, revoked(never, dev.ExtendedRevoke())), revocation.Status{State: revocation.Unknown}, pki.CodeUnknown},
				"really held since 1970": {
					a.answer(t, a.Responder, revoked(never)),
					revocation.Status{State: revocation.Revoked, RevokedAt: time.Unix(0, 0).UTC(), Reason: revocation.CertificateHold},
					pki.CodeRevoked,
				},
			} {
				response, err := revocation.ParseOCSP(test.raw)
				if err != nil {
					t.Fatal(name, err)
				}
				got, err := response.Status(a.query())
				want := test.want
				want.ThisUpdate, want.Evidence = noon.Add(-time.Minute), []revocation.Evidence{{Kind: revocation.OCSP, DER: test.raw}}
				if diff := cmp.Diff(want, got); err != nil || diff != "" {
					t.Errorf("%s: error %v\n%s", name, err, diff)
				}
				if err := got.Err(noon); test.code == "" && err != nil || test.code != "" && !pki.IsCode(err, test.code) {
					t.Errorf("%s: error %v, want %q", name, err, test.code)
				}
			}
		})
	}
}

func TestAForgedOrUnfitAnswerIsRefused(t *testing.T) {
	t.Parallel()
	a, stranger := newAuthority(t, pki.ECDSA), newAuthority(t, pki.ECDSA)
	entry := func(change func(*dev.OCSPEntry)) func(*dev.OCSPAnswer) {
		return func(o *dev.OCSPAnswer) { change(&o.Entries[0]) }
	}
	id := func(hash pki.Hash, issuer *dev.Holder, of *dev.Holder) func(*dev.OCSPAnswer) {
		return entry(func(e *dev.OCSPEntry) { e.ID = dev.CertID(hash, issuer.Certificate, of.Certificate.Serial) })
	}
	duty := []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true}}
	other, err := a.Issue(dev.Person{Name: "X"}, noon)
	if err != nil {
		t.Fatal(err)
	}
	good := a.answer(t, a.Responder)
	for name, test := range map[string]struct {
		raw  []byte
		want string
	}{
		"changed":                     {bytes.Replace(good, []byte("20261123065900Z"), []byte("20261123065901Z"), 2), "bad-signature: its value is not the key's"},
		"about another certificate":   {a.answer(t, a.Responder, id(pki.SHA256, a.Issuing, other)), "revocation-unavailable: an answer about another certificate"},
		"about another's certificate": {a.answer(t, a.Responder, id(pki.SHA256, stranger.Issuing, a.owner)), "revocation-unavailable: an answer about another certificate"},
		"about one named by SHA-1":    {a.answer(t, a.Responder, id(pki.SHA1, a.Issuing, a.owner)), "revocation-unavailable: an answer about another certificate"},
		"about nothing":               {a.answer(t, a.Responder, func(o *dev.OCSPAnswer) { o.Entries = nil }), "revocation-unavailable: an answer about another certificate"},
		"that says two things":        {a.answer(t, a.Responder, func(o *dev.OCSPAnswer) { o.Entries = append(o.Entries, o.Entries[0]) }), "revocation-unavailable: an answer that says two things"},
		"about many":                  {a.answer(t, a.Responder, func(o *dev.OCSPAnswer) { o.Entries = repeated(o.Entries[0], 17) }), "malformed: an OCSP response about many certificates"},
		"of yesterday":                {a.answer(t, a.Responder, entry(func(e *dev.OCSPEntry) { e.ThisUpdate = noon.Add(-revocation.MaxAge - time.Second) })), "revocation-unavailable: an answer that is out of date"},
		"that was to be new by now": {a.answer(t, a.Responder, entry(func(e *dev.OCSPEntry) {
			e.NextUpdate = noon.Add(-revocation.Skew - time.Second)
			e.ThisUpdate = e.NextUpdate
		})), "revocation-unavailable: an answer that is out of date"},
		"that ends before it begins": {a.answer(t, a.Responder, entry(func(e *dev.OCSPEntry) { e.NextUpdate = e.ThisUpdate.Add(-time.Second) })), "revocation-unavailable: an answer that ends before it begins"},
		"from the future": {a.answer(t, a.Responder, func(o *dev.OCSPAnswer) {
			o.ProducedAt = noon.Add(6 * time.Minute)
			o.Entries[0].ThisUpdate = o.ProducedAt
		}), "revocation-unavailable: an answer from the future"},
		"made in the future":            {a.answer(t, a.Responder, func(o *dev.OCSPAnswer) { o.ProducedAt = noon.Add(6 * time.Minute) }), "revocation-unavailable: an answer from the future"},
		"made before it was known":      {a.answer(t, a.Responder, func(o *dev.OCSPAnswer) { o.ProducedAt = noon.Add(-time.Hour) }), "revocation-unavailable: an answer from before it was known"},
		"by the owner":                  {a.answer(t, a.owner), "untrusted-ca: an OCSP response by whom may give none"},
		"by whom another certified":     {a.answer(t, a.responder(t, stranger.Issuing)), "bad-signature: its value is not the key's"},
		"by the root's responder":       {a.answer(t, a.responder(t, a.Root)), "untrusted-ca: it names another issuer"},
		"by an unknown issuer":          {a.answer(t, stranger.Issuing), "bad-signature: its value is not the key's"},
		"by whom nobody knows":          {a.answer(t, a.Responder, func(o *dev.OCSPAnswer) { o.Certificates = [][]byte{} }), "untrusted-ca: the certificate of an OCSP responder is not there"},
		"by somebody of another name":   {a.answer(t, a.Responder, func(o *dev.OCSPAnswer) { o.Responder = dev.Name{{OID: dev.OIDCommonName, Value: "X"}} }), "untrusted-ca: the certificate of an OCSP responder is not there"},
		"by a namesake of the issuer":   {a.answer(t, stranger.Issuing, func(o *dev.OCSPAnswer) { o.Certificates = [][]byte{stranger.Issuing.DER(), a.Responder.DER()} }), "bad-signature: its value is not the key's"},
		"by a time-stamping authority":  {a.answer(t, a.Stamper), "untrusted-ca: an OCSP response by whom may give none"},
		"by a responder that is a CA":   {a.answer(t, a.responder(t, a.Issuing, func(c *dev.Template) { c.With(dev.BasicConstraints(true, -1)) })), "untrusted-ca: an OCSP response by whom may give none"},
		"by a key for something else":   {a.answer(t, a.responder(t, a.Issuing, func(c *dev.Template) { c.With(dev.KeyUsage(1 << 2)) })), "untrusted-ca: an OCSP response by whom may give none"},
		"by one with an unknown duty":   {a.answer(t, a.responder(t, a.Issuing, func(c *dev.Template) { c.With(duty[0]) })), "untrusted-ca: an OCSP response by whom may give none"},
		"by one whose time was over":    {a.answer(t, a.responder(t, a.Issuing, func(c *dev.Template) { c.NotAfter = noon.Add(-2 * time.Minute) })), "untrusted-ca: the certificate of an OCSP responder was not valid"},
		"by one whose time has to come": {a.answer(t, a.responder(t, a.Issuing, func(c *dev.Template) { c.NotBefore = noon })), "untrusted-ca: the certificate of an OCSP responder was not valid"},
		"with an unknown duty":          {a.answer(t, a.Responder, func(o *dev.OCSPAnswer) { o.Extensions = duty }), "malformed: a critical extension that is not known"},
		"with an unknown duty inside":   {a.answer(t, a.Responder, entry(func(e *dev.OCSPEntry) { e.Extensions = duty })), "malformed: a critical extension that is not known"},
		"of an unknown algorithm":       {a.answer(t, a.Responder, func(o *dev.OCSPAnswer) { o.Algorithm = asn1.ObjectIdentifier{1, 2, 3} }), "alg-not-allowed: signature 1.2.3"},
		"of another kind of key":        {a.answer(t, a.Responder, func(o *dev.OCSPAnswer) { o.Algorithm = pki.Algorithm{Kind: pki.RSA, Hash: pki.SHA256}.OID() }), "alg-not-allowed: the algorithm is none of the key's"},
		"with many certificates":        {a.answer(t, a.Responder, func(o *dev.OCSPAnswer) { o.Certificates = repeated(a.Responder.DER(), 9) }), "malformed: the certificates of an OCSP response"},
		"with a broken certificate":     {a.answer(t, a.Responder, func(o *dev.OCSPAnswer) { o.Certificates = [][]byte{{0x30, 0}} }), "malformed: a certificate"},
		"with trailing bytes":           {append(bytes.Clone(good), 0), "malformed: not one OCSP response"},
		"successful without an answer":  {sequence([]byte{10, 1, 0}), "malformed: not a basic OCSP response"},
		"of another type":               {sequence([]byte{10, 1, 0}, tlv(0xa0, sequence(oid(t, 1, 2, 3), tlv(4, []byte("x"))))), "malformed: not a basic OCSP response"},
		"that is huge":                  {make([]byte, revocation.MaxOCSP+1), "malformed: a huge OCSP response"},
		"nothing":                       {nil, "malformed: not one OCSP response"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, err := revocation.ParseOCSP(test.raw)
			if err == nil {
				_, err = response.Status(a.query())
			}
			var fault *pki.Error
			if !errors.As(err, &fault) || fault.Error() != test.want {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

func repeated[T any](one T, times int) []T {
	all := make([]T, times)
	for i := range all {
		all[i] = one
	}
	return all
}

func TestAResponderIsFoundAmongCertificates(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.ECDSA)
	namesake := a.responder(t, a.Issuing)
	raw := a.answer(t, a.Responder, func(o *dev.OCSPAnswer) { o.Certificates = [][]byte{a.owner.DER(), namesake.DER(), a.Responder.DER()} })
	response, err := revocation.ParseOCSP(raw)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := response.Status(a.query()); err != nil || got.State != revocation.Good {
		t.Errorf("%s, error %v", got.State, err)
	}
}

func TestAnAnswerForAnotherAuthorityIsNone(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.ECDSA)
	response, err := revocation.ParseOCSP(a.answer(t, a.Responder))
	if err != nil {
		t.Fatal(err)
	}
	q := a.query()
	q.Issuer = a.Root.Certificate
	if _, err := response.Status(q); !pki.IsCode(err, pki.CodeRevocationUnavailable) {
		t.Errorf("error %v", err)
	}
}

func TestAKeptAnswerCountsForItsTime(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.ECDSA)
	late := a.owner.Certificate.NotAfter.Add(time.Hour)
	after := func(retained time.Time) []byte {
		return a.answer(t, a.Responder, func(o *dev.OCSPAnswer) {
			o.ProducedAt, o.Entries[0].ThisUpdate = late, late
			if !retained.IsZero() {
				o.Entries[0].Extensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 6}, Value: generalized(retained)}}
			}
		})
	}
	for name, test := range map[string]struct {
		raw  []byte
		at   time.Time
		code string
	}{
		"at that time":                   {a.answer(t, a.Responder), noon, ""},
		"made long after":                {a.answer(t, a.Responder), noon.AddDate(0, -3, 0), ""},
		"made a day before":              {a.answer(t, a.Responder), noon.Add(revocation.MaxAge), pki.CodeRevocationUnavailable},
		"made when it had expired":       {after(time.Time{}), noon, pki.CodeRevocationUnavailable},
		"made then by who forgets early": {after(late), noon, pki.CodeRevocationUnavailable},
		"made then by who forgets late":  {after(noon), noon, ""},
	} {
		response, err := revocation.ParseOCSP(test.raw)
		if err != nil {
			t.Fatal(name, err)
		}
		_, err = response.Status(revocation.Query{Certificate: a.owner.Certificate, Issuer: a.Issuing.Certificate, At: test.at})
		if test.code == "" && err != nil || test.code != "" && !pki.IsCode(err, test.code) {
			t.Errorf("%s: error %v, want %q", name, err, test.code)
		}
	}
}

func TestOldEvidenceMayUseOldAlgorithms(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.RSA)
	weak := &dev.Holder{Certificate: a.Issuing.Certificate, Key: a.Issuing.Key.With(pki.SHA1)}
	response, err := revocation.ParseOCSP(a.answer(t, weak, func(o *dev.OCSPAnswer) {
		o.Entries[0].ID = dev.CertID(pki.SHA1, a.Issuing.Certificate, a.owner.Certificate.Serial)
	}))
	if err != nil {
		t.Fatal(err)
	}
	q := a.query()
	q.Legacy = true
	if got, err := response.Status(q); err != nil || got.State != revocation.Good {
		t.Errorf("%s, error %v", got.State, err)
	}
	response, err = revocation.ParseOCSP(a.answer(t, weak))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := response.Status(a.query()); !pki.IsCode(err, pki.CodeNotAllowed) {
		t.Errorf("now: error %v", err)
	}
}

func TestARefusalSaysWhetherToAskAgain(t *testing.T) {
	t.Parallel()
	for failure, want := range map[dev.OCSPFailure]struct {
		words     string
		temporary bool
	}{
		dev.OCSPMalformed:    {"the OCSP responder refused with status 1 malformed-request", false},
		dev.OCSPInternal:     {"the OCSP responder refused with status 2 internal-error", true},
		dev.OCSPTryLater:     {"the OCSP responder refused with status 3 try-later", true},
		dev.OCSPSigRequired:  {"the OCSP responder refused with status 5 signature-required", false},
		dev.OCSPUnauthorized: {"the OCSP responder refused with status 6 unauthorized", false},
	} {
		_, err := revocation.ParseOCSP(failure.DER())
		var refused *revocation.RefusalError
		if !errors.As(err, &refused) || err.Error() != want.words || refused.Temporary() != want.temporary {
			t.Errorf("error %v, want %q, temporary %t", err, want.words, want.temporary)
		}
	}
}

func TestOthersReadTheQuestion(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.GOST2015)
	raw, err := revocation.NewOCSPRequest(a.owner.Certificate, a.Issuing.Certificate, []byte("a nonce of mine!"))
	if err != nil {
		t.Fatal(err)
	}
	request, err := ocsp.ParseRequest(raw)
	if err != nil {
		t.Fatal(err)
	}
	if request.SerialNumber.Cmp(a.owner.Certificate.Serial) != 0 || !bytes.Equal(request.IssuerNameHash, pki.SHA256.Sum(a.Issuing.Certificate.X509.RawSubject)) ||
		!bytes.Contains(raw, []byte("a nonce of mine!")) {
		t.Errorf("read %+v", request)
	}
}

func FuzzParseOCSP(f *testing.F) {
	a := newAuthority(f, pki.ECDSA)
	f.Add(a.answer(f, a.Responder))
	f.Add(a.answer(f, a.Issuing, func(o *dev.OCSPAnswer) {
		o.ByKey, o.Extensions, o.Certificates = true, []pkix.Extension{dev.Nonce([]byte("nonce")), dev.ExtendedRevoke()}, [][]byte{}
		r := dev.NeverIssued(a.owner.Certificate.Serial)
		o.Entries[0].Revoked, o.Entries[0].NextUpdate = &r, noon
	}))
	f.Add(dev.OCSPTryLater.DER())
	f.Add([]byte{0x30, 0x80, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		response, err := revocation.ParseOCSP(raw)
		var fault *pki.Error
		var refused *revocation.RefusalError
		if err != nil {
			if response != nil || !errors.As(err, &fault) && !errors.As(err, &refused) {
				t.Fatalf("read %v, error %v", response, err)
			}
			return
		}
		if status, err := response.Status(a.query()); (err == nil) == (status.State == 0) || err != nil && !errors.As(err, &fault) {
			t.Fatalf("%v, error %v", status, err)
		}
	})
}

func BenchmarkOCSPWithGOST(b *testing.B) {
	a := newAuthority(b, pki.GOST2015)
	raw := a.answer(b, a.Responder)
	b.ReportAllocs()
	for b.Loop() {
		response, err := revocation.ParseOCSP(raw)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := response.Status(a.query()); err != nil {
			b.Fatal(err)
		}
	}
}
