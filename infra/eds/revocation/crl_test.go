package revocation_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/revocation"
)

func TestAListTellsWhatWasRevoked(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]pki.Kind{"GOST": pki.GOST2015, "RSA": pki.RSA, "ECDSA": pki.ECDSA} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAuthority(t, kind)
			empty, full := parseList(t, a.list(t)), parseList(t, a.list(t, func(l *dev.List) {
				l.Revoked = []dev.Revocation{{Serial: big.NewInt(1), At: noon, Reason: -1}, a.revoked(noon.Add(-time.Minute), revocation.KeyCompromise)}
			}))
			if got, err := empty.Status(a.query(), nil); err != nil || got.State != revocation.Good || got.Err(noon) != nil {
				t.Errorf("nothing revoked: %s, error %v", got.State, err)
			}
			got, err := full.Status(a.query(), nil)
			want := revocation.Status{
				State: revocation.Revoked, RevokedAt: noon.Add(-time.Minute), Reason: revocation.KeyCompromise,
				ThisUpdate: noon.Add(-time.Hour), NextUpdate: noon.Add(time.Hour), Evidence: []revocation.Evidence{{Kind: revocation.CRL, DER: full.Raw}},
			}
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("error %v\n%s", err, diff)
			}
			if err := got.Err(noon); !pki.IsCode(err, pki.CodeRevoked) {
				t.Errorf("error %v, want that it was revoked", err)
			}
			if err := got.Err(noon.Add(-time.Hour)); err != nil {
				t.Errorf("signed before: error %v", err)
			}
		})
	}
}

func TestAForgedOrUnfitListIsRefused(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.ECDSA)
	stranger := newAuthority(t, pki.ECDSA) // of the same name
	for name, test := range map[string]struct {
		raw  []byte
		want string
	}{
		"changed":                     {flipped(a.list(t), "DEMO CA"), "untrusted-ca: a list of another authority"},
		"changed in its times":        {bytes.Replace(a.list(t), []byte("261123080000Z"), []byte("271123080000Z"), 1), "bad-signature: its value is not the key's"},
		"of a namesake":               {stranger.list(t), "untrusted-ca: a list of another authority"},
		"of a namesake, unsaid":       {stranger.handmade(t, nil), "bad-signature: its value is not the key's"},
		"with trailing bytes":         {append(a.list(t), 0), "malformed: not one list of revoked certificates"},
		"of a certificate's owner":    {must(t, a.owner, &dev.List{ThisUpdate: noon.Add(-time.Hour), NextUpdate: noon.Add(time.Hour)}), "untrusted-ca: a list of another authority"},
		"without its end":             {a.list(t, func(l *dev.List) { l.NextUpdate = time.Time{} }), "malformed: issuer or times of a list of revoked certificates"},
		"out of date":                 {a.list(t, func(l *dev.List) { l.NextUpdate = noon.Add(-revocation.Skew - time.Second) }), "revocation-unavailable: an answer that is out of date"},
		"from the future":             {a.list(t, func(l *dev.List) { l.ThisUpdate = noon.Add(revocation.Skew + time.Second) }), "revocation-unavailable: an answer from the future"},
		"that ends before it begins":  {a.list(t, func(l *dev.List) { l.ThisUpdate, l.NextUpdate = noon, noon.Add(-time.Minute) }), "revocation-unavailable: an answer that ends before it begins"},
		"that only adds to another":   {a.list(t, func(l *dev.List) { l.Base = 6 }), "revocation-unavailable: a delta list without the list that it adds to"},
		"of other certificates":       {a.list(t, point(t, tlv(0xa0, tlv(0xa0, tlv(0x86, []byte("http://ca.invalid/other.crl")))))), "revocation-unavailable: a list about other certificates"},
		"of authorities":              {a.list(t, point(t, []byte{0x82, 1, 0xff})), "revocation-unavailable: a list about other certificates"},
		"of attribute certificates":   {a.list(t, point(t, []byte{0x85, 1, 0xff})), "revocation-unavailable: a list about other certificates"},
		"of some reasons":             {a.list(t, point(t, []byte{0x83, 2, 1, 0x40})), "revocation-unavailable: a list about other certificates"},
		"of other authorities too":    {a.list(t, point(t, []byte{0x84, 1, 0xff})), "revocation-unavailable: a list about other certificates"},
		"of a point named otherwise":  {a.list(t, point(t, tlv(0xa0, tlv(0xa1, []byte{0x31, 0})))), "revocation-unavailable: a list about other certificates"},
		"with a strange flag":         {a.list(t, point(t, []byte{0x81, 1, 1})), "malformed: the content of an extension"},
		"with an unknown duty":        {a.list(t, extended(pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true})), "malformed: a critical extension that is not known"},
		"with an extension twice":     {a.list(t, extended(pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}}, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}})), "malformed: an extension twice"},
		"with a broken number":        {a.handmade(t, nil, extension(t, false, []byte{2, 1, 0xff}, 2, 5, 29, 20)), "malformed: the content of an extension"},
		"a delta without a number":    {a.handmade(t, nil, extension(t, true, []byte{2, 1, 1}, 2, 5, 29, 27)), "malformed: a delta list without a number"},
		"without extensions in them":  {a.handmade(t, nil, []byte{}), "malformed: a list of no extensions"},
		"with an entry of nobody's":   {a.handmade(t, sequence(sequence(integer(t, big.NewInt(3)), utc(noon), sequence(extension(t, true, sequence(), 2, 5, 29, 29))))), "malformed: a critical extension that is not known"},
		"with an unknown reason":      {a.handmade(t, sequence(sequence(integer(t, big.NewInt(3)), utc(noon), sequence(extension(t, false, []byte{10, 1, 7}, 2, 5, 29, 21))))), "malformed: the content of an extension"},
		"with a number in BER":        {a.handmade(t, sequence(sequence([]byte{2, 2, 0, 3}, utc(noon)))), "malformed: an entry of a list of revoked certificates"},
		"with a time without seconds": {a.handmade(t, sequence(sequence([]byte{2, 1, 3}, tlv(0x17, []byte("2611230700Z"))))), "malformed: an entry of a list of revoked certificates"},
		"with an odd date":            {a.handmade(t, sequence(sequence([]byte{2, 1, 3}, tlv(0x17, []byte("260230070000Z"))))), "malformed: an entry of a list of revoked certificates"},
		"with a time elsewhere":       {a.handmade(t, sequence(sequence([]byte{2, 1, 3}, tlv(0x18, []byte("20261123070000+"))))), "malformed: an entry of a list of revoked certificates"},
		"of two algorithms":           {twoAlgorithms(t, a), "malformed: a list of revoked certificates names two algorithms"},
		"of the first version":        {signed(t, a.Issuing, sequence(sequence(marshal(t, a.Issuing.Key.Algorithm().OID())), a.Issuing.Certificate.X509.RawSubject, utc(noon), utc(noon))), "malformed: version of a list of revoked certificates"},
		"nothing":                     {nil, "malformed: not one list of revoked certificates"},
		"a certificate":               {a.owner.DER(), "malformed: version of a list of revoked certificates"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, err := revocation.ParseCRL(test.raw)
			if err == nil {
				_, err = list.Status(a.query(), nil)
			}
			var fault *pki.Error
			if !errors.As(err, &fault) || fault.Error() != test.want {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

func must(t *testing.T, by *dev.Holder, l *dev.List) []byte {
	t.Helper()
	raw, err := by.CRL(l)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// flipped changes a bit of the word.
func flipped(raw []byte, word string) []byte {
	return bytes.Replace(raw, []byte(word), append([]byte{word[0] ^ 1}, word[1:]...), 1)
}

func extended(list ...pkix.Extension) func(*dev.List) {
	return func(l *dev.List) { l.Extensions = append(l.Extensions, list...) }
}

// point says about which certificates a list is.
func point(t *testing.T, content ...[]byte) func(*dev.List) {
	t.Helper()
	return extended(pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: sequence(content...)})
}

func twoAlgorithms(t *testing.T, a authority) []byte {
	t.Helper()
	inner := sequence(oid(t, 1, 2, 840, 10045, 4, 3, 4))
	body := sequence([]byte{2, 1, 1}, inner, a.Issuing.Certificate.X509.RawSubject, utc(noon), utc(noon))
	return signed(t, a.Issuing, body)
}

func TestAListByWhomMaySignNoneIsRefused(t *testing.T) {
	t.Parallel()
	ca, err := dev.NewCA(pki.ECDSA, noon)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*dev.Template){
		"no authority":         func(c *dev.Template) { c.With(dev.BasicConstraints(false, -1)) },
		"not for lists either": func(c *dev.Template) { c.With(dev.KeyUsage(x509.KeyUsageCertSign)) },
	} {
		key, err := dev.NewKey(pki.ECDSA)
		if err != nil {
			t.Fatal(err)
		}
		template := dev.IssuingTemplate(noon)
		change(template)
		issuer, err := ca.Root.IssueTo(key, template)
		if err != nil {
			t.Fatal(err)
		}
		list := parseList(t, must(t, issuer, &dev.List{ThisUpdate: noon, NextUpdate: noon.Add(time.Hour)}))
		if err := list.SignedBy(issuer.Certificate, false); !pki.IsCode(err, pki.CodeUntrusted) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestAListSignedWithSHA1IsOfYearsAgo(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.RSA)
	weak := &dev.Holder{Certificate: a.Issuing.Certificate, Key: a.Issuing.Key.With(pki.SHA1)}
	list := parseList(t, must(t, weak, &dev.List{ThisUpdate: noon, NextUpdate: noon.Add(time.Hour)}))
	if err := list.SignedBy(a.Issuing.Certificate, false); !pki.IsCode(err, pki.CodeNotAllowed) {
		t.Errorf("error %v", err)
	}
	if err := list.SignedBy(a.Issuing.Certificate, true); err != nil {
		t.Errorf("years ago: error %v", err)
	}
}

// The national centre writes the algorithm with NULL in the one place and without it in the other, which crypto/x509 refuses.
func TestAListMayWriteItsAlgorithmInTwoWays(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.ECDSA)
	raw := a.list(t)
	if _, err := x509.ParseRevocationList(raw); err == nil {
		t.Error("crypto/x509 takes it too: this package is not needed any more")
	}
	if _, err := parseList(t, raw).Status(a.query(), nil); err != nil {
		t.Error(err)
	}
}

func TestAListAboutThisKindOfCertificateIsTaken(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.ECDSA)
	for name, content := range map[string][]byte{
		"all":                  {},
		"of owners":            {0x81, 1, 0xff},
		"of the same address":  tlv(0xa0, tlv(0xa0, tlv(0x82, []byte("name")), tlv(0x86, []byte(a.owner.Certificate.X509.CRLDistributionPoints[0])))),
		"with flags unlowered": {0x81, 1, 0, 0x82, 1, 0},
	} {
		if got, err := parseList(t, a.list(t, point(t, content))).Status(a.query(), nil); err != nil || got.State != revocation.Good {
			t.Errorf("%s: %s, error %v", name, got.State, err)
		}
	}
}

func TestASilentListSaysNothingAboutAnExpiredCertificate(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.ECDSA)
	expired := a.owner.Certificate.NotAfter
	late := func(l *dev.List) { l.ThisUpdate, l.NextUpdate = expired.Add(time.Hour), expired.Add(48*time.Hour) }
	keeps := func(since time.Time) func(*dev.List) {
		return extended(pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 60}, Value: generalized(since)})
	}
	q := a.query()
	q.Now = time.Time{}
	for name, test := range map[string]struct {
		list *revocation.List
		want revocation.State
	}{
		"forgotten":         {parseList(t, a.list(t, late)), 0},
		"forgotten by then": {parseList(t, a.list(t, late, keeps(expired.Add(time.Second)))), 0},
		"kept":              {parseList(t, a.list(t, late, keeps(expired.Add(-time.Second)))), revocation.Good},
		"listed": {
			parseList(t, a.list(t, late, func(l *dev.List) { l.Revoked = []dev.Revocation{a.revoked(noon, revocation.KeyCompromise)} })),
			revocation.Revoked,
		},
	} {
		got, err := test.list.Status(q, nil)
		if got.State != test.want || (test.want == 0) != pki.IsCode(err, pki.CodeRevocationUnavailable) {
			t.Errorf("%s: %s, error %v; want %s", name, got.State, err, test.want)
		}
	}
}

func TestAKeptListCountsForItsTime(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.ECDSA)
	list := parseList(t, a.list(t))
	for name, test := range map[string]struct {
		at   time.Time
		code string
	}{
		"while it was in force":  {noon, ""},
		"before it was made":     {noon.Add(-30 * 24 * time.Hour), ""}, // what was not revoked later was not revoked then
		"after it was to be new": {noon.Add(time.Hour + revocation.Skew + time.Second), pki.CodeRevocationUnavailable},
	} {
		_, err := list.Status(revocation.Query{Certificate: a.owner.Certificate, Issuer: a.Issuing.Certificate, At: test.at}, nil)
		if test.code == "" && err != nil || test.code != "" && !pki.IsCode(err, test.code) {
			t.Errorf("%s: error %v, want %q", name, err, test.code)
		}
	}
}

func TestTheEarliestOfSeveralRevocationsCounts(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.ECDSA)
	serial := integer(t, a.owner.Certificate.Serial)
	since := extension(t, false, generalized(noon.Add(-72*time.Hour)), 2, 5, 29, 24)
	later := extension(t, false, generalized(noon), 2, 5, 29, 24)
	reason := extension(t, false, []byte{10, 1, 1}, 2, 5, 29, 21)
	for name, test := range map[string]struct {
		entries []byte
		at      time.Time
		reason  revocation.Reason
	}{
		"listed twice":       {sequence(sequence(serial, utc(noon)), sequence(serial, utc(noon.Add(-time.Hour)), sequence(reason)), sequence(serial, utc(noon))), noon.Add(-time.Hour), revocation.KeyCompromise},
		"invalid before":     {sequence(sequence(serial, utc(noon), sequence(since, reason))), noon.Add(-72 * time.Hour), revocation.KeyCompromise},
		"invalid only later": {sequence(sequence(serial, generalized(noon.Add(-time.Hour)), sequence(later))), noon.Add(-time.Hour), revocation.Unspecified},
	} {
		list := parseList(t, a.handmade(t, test.entries))
		got, err := list.Status(a.query(), nil)
		if err != nil || !got.RevokedAt.Equal(test.at) || got.Reason != test.reason {
			t.Errorf("%s: %s %s, error %v; want %s %s", name, got.RevokedAt, got.Reason, err, test.at, test.reason)
		}
	}
}

func TestADeltaListAddsToAWholeOne(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.ECDSA)
	held := []dev.Revocation{a.revoked(noon.Add(-2*time.Hour), revocation.CertificateHold)}
	whole := func(changes ...func(*dev.List)) []byte {
		return a.list(t, append([]func(*dev.List){func(l *dev.List) {
			l.Number, l.ThisUpdate, l.NextUpdate = 7, noon.Add(-48*time.Hour), noon.Add(-24*time.Hour)
		}}, changes...)...)
	}
	delta := func(changes ...func(*dev.List)) []byte {
		return a.list(t, append([]func(*dev.List){func(l *dev.List) { l.Number, l.Base = 9, 7 }}, changes...)...)
	}
	revoked := func(list ...dev.Revocation) func(*dev.List) { return func(l *dev.List) { l.Revoked = list } }
	for name, test := range map[string]struct {
		whole, delta []byte
		want         revocation.State
	}{
		"nothing":                   {whole(), delta(), revocation.Good},
		"revoked since":             {whole(), delta(revoked(a.revoked(noon, revocation.Superseded))), revocation.Revoked},
		"revoked before":            {whole(revoked(held...)), delta(), revocation.Revoked},
		"no longer held":            {whole(revoked(held...)), delta(revoked(a.revoked(noon, revocation.RemoveFromCRL))), revocation.Good},
		"to an earlier list":        {whole(), delta(func(l *dev.List) { l.Base = 8 }), 0},
		"to a list that is newer":   {whole(func(l *dev.List) { l.Number = 10 }), delta(), 0},
		"to a list about others":    {whole(point(t, []byte{0x81, 1, 0xff})), delta(), 0},
		"that is out of date":       {whole(), delta(func(l *dev.List) { l.NextUpdate = noon.Add(-10 * time.Minute) }), 0},
		"that is a whole one":       {whole(), whole(), 0},
		"to one that is only added": {delta(), delta(), 0},
	} {
		got, err := parseList(t, test.whole).Status(a.query(), parseList(t, test.delta))
		if got.State != test.want || (test.want == 0) != pki.IsCode(err, pki.CodeRevocationUnavailable) {
			t.Errorf("%s: %s, error %v; want %s", name, got.State, err, test.want)
		}
		if err == nil && len(got.Evidence) != 2 {
			t.Errorf("%s: %d pieces of evidence", name, len(got.Evidence))
		}
	}
	stranger := newAuthority(t, pki.ECDSA)
	foreign := parseList(t, stranger.list(t, func(l *dev.List) { l.Number, l.Base = 9, 7 }))
	if _, err := parseList(t, whole()).Status(a.query(), foreign); !pki.IsCode(err, pki.CodeUntrusted) {
		t.Errorf("of a namesake: error %v", err)
	}
}

func TestAHugeListIsNotRead(t *testing.T) {
	t.Parallel()
	if _, err := revocation.ParseCRL(make([]byte, revocation.MaxCRL+1)); !pki.IsCode(err, pki.CodeMalformed) {
		t.Errorf("error %v", err)
	}
}

// A list of one serial number over and over takes no longer than another one.
func TestAListMayRepeatItself(t *testing.T) {
	t.Parallel()
	const times = 100_000
	entry := sequence([]byte{2, 1, 3}, utc(noon))
	list := parseList(t, bare(t, bytes.Repeat(entry, times)))
	if e, is := list.Find(big.NewInt(3)); !is || !e.RevokedAt.Equal(noon) || list.Entries != times {
		t.Errorf("%v %t of %d", e, is, list.Entries)
	}
}

func TestStatesAndReasonsHaveNames(t *testing.T) {
	t.Parallel()
	got := fmt.Sprint(revocation.Good, revocation.Revoked, revocation.Unknown, revocation.State(0), revocation.CessationOfOperation, revocation.Reason(7))
	if want := "good revoked unknown none cessation-of-operation unknown-reason"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if err := (revocation.Status{}).Err(noon); !pki.IsCode(err, pki.CodeUnknown) {
		t.Errorf("nobody said anything: error %v", err)
	}
}

// bare is a list whose signature nobody asks for.
func bare(tb testing.TB, entries ...[]byte) []byte {
	tb.Helper()
	algorithm := sequence(oid(tb, 1, 2, 840, 10045, 4, 3, 2))
	body := sequence([]byte{2, 1, 1}, algorithm, sequence(), utc(noon), utc(noon), sequence(entries...))
	return sequence(body, algorithm, []byte{3, 1, 0})
}

func TestAllAndOnlyTheListedAreFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		number := rapid.Custom(func(r *rapid.T) *big.Int {
			n := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(r, "bytes"))
			if rapid.Bool().Draw(r, "negative") {
				n.Neg(n)
			}
			return n
		})
		listed, others := map[string]time.Time{}, rapid.SliceOf(number).Draw(r, "others")
		var entries [][]byte
		for i, n := range rapid.SliceOfN(number, 0, 50).Draw(r, "listed") {
			at := noon.Add(time.Duration(i) * time.Minute)
			if _, twice := listed[n.String()]; !twice {
				listed[n.String()] = at
			}
			entries = append(entries, sequence(integer(t, n), utc(at)))
		}
		list, err := revocation.ParseCRL(bare(t, entries...))
		if err != nil || list.Entries != len(entries) {
			r.Fatalf("read %+v, error %v", list, err)
		}
		for name, at := range listed {
			n, _ := new(big.Int).SetString(name, 10)
			if e, is := list.Find(n); !is || !e.RevokedAt.Equal(at) {
				r.Fatalf("%s: %v %t, want %s", name, e, is, at)
			}
		}
		for _, n := range others {
			if _, is := list.Find(n); is != !listed[n.String()].IsZero() {
				r.Fatalf("%s: found %t", n, is)
			}
		}
	})
}

func FuzzParseCRL(f *testing.F) {
	a := newAuthority(f, pki.ECDSA)
	f.Add(a.list(f))
	f.Add(a.list(f, func(l *dev.List) {
		l.Base, l.Revoked = 6, []dev.Revocation{{Serial: big.NewInt(5), At: noon, Reason: 8}, {Serial: big.NewInt(6), At: noon.AddDate(40, 0, 0), Reason: -1}}
		l.Extensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: sequence(tlv(0xa0, tlv(0xa0, tlv(0x86, []byte("x")))), []byte{0x82, 1, 0xff})}}
	}))
	f.Add(bare(f, sequence([]byte{2, 1, 3}, utc(noon), sequence(extension(f, false, generalized(noon), 2, 5, 29, 24)))))
	f.Add([]byte{0x30, 0x80, 0, 0})
	serial := a.owner.Certificate.Serial
	f.Fuzz(func(t *testing.T, raw []byte) {
		list, err := revocation.ParseCRL(raw)
		var fault *pki.Error
		if err != nil {
			if list != nil || !errors.As(err, &fault) {
				t.Fatalf("read %v, error %v", list, err)
			}
			return
		}
		list.Find(serial)
		if status, err := list.Status(a.query(), nil); (err == nil) == (status.State == 0) || err != nil && !errors.As(err, &fault) {
			t.Fatalf("%v, error %v", status, err)
		}
	})
}

// half a million entries, as long as those of the centre
func huge(tb testing.TB) []byte {
	tb.Helper()
	reason := sequence(extension(tb, false, []byte{10, 1, 4}, 2, 5, 29, 21))
	entries := make([][]byte, 500_000)
	for i := range entries {
		serial := make([]byte, 20)
		serial[0] = 0x11
		binary.BigEndian.PutUint64(serial[12:], uint64(i)*2)
		entries[i] = sequence(tlv(2, serial), utc(noon), reason)
	}
	return bare(tb, slices.Concat(entries...))
}

func BenchmarkParseHalfAMillionEntries(b *testing.B) {
	raw := huge(b)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := revocation.ParseCRL(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFindInHalfAMillionEntries(b *testing.B) {
	list, err := revocation.ParseCRL(huge(b))
	if err != nil || list.Entries != 500_000 {
		b.Fatal(err)
	}
	first := new(big.Int).Lsh(big.NewInt(0x11), 152)
	there, absent := new(big.Int).Add(first, big.NewInt(2*123_456)), new(big.Int).Add(first, big.NewInt(2*123_456+1))
	b.ReportAllocs()
	for b.Loop() {
		if _, is := list.Find(there); !is {
			b.Fatal("not found")
		}
		if _, is := list.Find(absent); is {
			b.Fatal("found")
		}
	}
}
