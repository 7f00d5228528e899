package pki_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
	"testing"
	"time"

	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/pki"
)

// world is two authorities of the same names, and somebody whom the right one knows.
type world struct {
	*dev.CA
	impostor *dev.CA
	leaf     *dev.Holder
}

func newWorld(tb testing.TB, kind pki.Kind) *world {
	tb.Helper()
	right, err := dev.NewCA(kind, noon)
	right = edstest.Made(tb, right, err)
	wrong, err := dev.NewCA(kind, noon)
	wrong = edstest.Made(tb, wrong, err)
	leaf, err := right.Issue(person, noon)
	return &world{CA: right, impostor: wrong, leaf: edstest.Made(tb, leaf, err)}
}

func (w *world) issue(tb testing.TB, changes ...func(*dev.Template)) *pki.Certificate {
	tb.Helper()
	holder, err := w.Issue(person, noon, changes...)
	return edstest.Made(tb, holder, err).Certificate
}

// authority makes an authority below another one.
func authority(tb testing.TB, by *dev.Holder, changes ...func(*dev.Template)) *dev.Holder {
	tb.Helper()
	template := dev.IssuingTemplate(noon)
	for _, change := range changes {
		change(template)
	}
	holder, err := by.IssueTo(keyOf(tb, by.Key.Kind()), template)
	return edstest.Made(tb, holder, err)
}

func (w *world) below(tb testing.TB, by *dev.Holder) *pki.Certificate {
	tb.Helper()
	holder, err := by.IssueTo(keyOf(tb, by.Key.Kind()), dev.OwnerTemplate(person, noon.Add(-time.Minute)))
	return edstest.Made(tb, holder, err).Certificate
}

func TestAChainEndsAtTheFirstAnchor(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]pki.Kind{"GOST": pki.GOST2015, "ECDSA": pki.ECDSA} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, kind)
			root, issuing, leaf := w.Root.Certificate, w.Issuing.Certificate, w.leaf.Certificate
			strangers := []*pki.Certificate{w.impostor.Root.Certificate, w.impostor.Issuing.Certificate, leaf}
			for name, tt := range map[string]struct {
				anchors, pool, want []*pki.Certificate
			}{
				"the root is trusted":                   {[]*pki.Certificate{root}, []*pki.Certificate{issuing}, []*pki.Certificate{leaf, issuing, root}},
				"the issuing authority is trusted":      {[]*pki.Certificate{issuing}, nil, []*pki.Certificate{leaf, issuing}},
				"both are":                              {[]*pki.Certificate{root, issuing}, nil, []*pki.Certificate{leaf, issuing}},
				"others of the same name came along":    {[]*pki.Certificate{root}, append(strangers, issuing, root), []*pki.Certificate{leaf, issuing, root}},
				"another of the same name is trusted":   {[]*pki.Certificate{w.impostor.Root.Certificate, root}, []*pki.Certificate{issuing}, []*pki.Certificate{leaf, issuing, root}},
				"another of the same name is, with its": {[]*pki.Certificate{root, w.impostor.Root.Certificate}, append(strangers, issuing), []*pki.Certificate{leaf, issuing, root}},
			} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					chain, err := pki.Chain(leaf, pki.ChainOptions{Anchors: tt.anchors, Pool: tt.pool, At: noon})
					if err != nil {
						t.Fatal(err)
					}
					if !slices.EqualFunc(chain, tt.want, (*pki.Certificate).Equal) {
						t.Errorf("the chain has %d certificates, want %d", len(chain), len(tt.want))
					}
				})
			}
		})
	}
}

func TestWithoutAChainNobodyIsTrusted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pki.ECDSA)
	root, issuing, leaf := w.Root.Certificate, w.Issuing.Certificate, w.leaf.Certificate
	long := w.Issuing
	var along []*pki.Certificate
	for i := range 5 {
		along = append(along, long.Certificate)
		long = authority(t, long, func(t *dev.Template) { t.Subject[0].Value = fmt.Sprint("CA ", i) })
	}
	along = append(along, long.Certificate)
	ended := authority(t, w.Root, func(t *dev.Template) { t.NotAfter = noon.Add(-time.Second) })
	future := authority(t, w.Root, func(t *dev.Template) { t.NotBefore = noon.Add(time.Second) })
	noCA := authority(t, w.Root, func(t *dev.Template) { t.With(dev.BasicConstraints(false, -1)) })
	bare := authority(t, w.Root, func(t *dev.Template) { t.Without(dev.OIDBasicConstraints) })
	noSigner := authority(t, w.Root, func(t *dev.Template) { t.With(dev.KeyUsage(x509.KeyUsageCRLSign)) })
	short := authority(t, w.Root, func(t *dev.Template) { t.With(dev.BasicConstraints(true, 0)) })
	belowShort := authority(t, short, func(t *dev.Template) { t.Subject[0].Value = "below" })
	unknown := authority(t, w.Root, func(t *dev.Template) { t.With(strange(true)) })
	named := authority(t, w.Root, func(t *dev.Template) {
		t.With(pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 30}, Critical: true, Value: nameConstraints})
	})
	person2 := w.below(t, w.leaf) // a person who plays the authority
	only := func(c ...*pki.Certificate) []*pki.Certificate { return c }
	for name, tt := range map[string]struct {
		of            *pki.Certificate
		anchors, pool []*pki.Certificate
		code          string
	}{
		"nobody is trusted":                       {leaf, nil, only(issuing, root), pki.CodeUntrusted},
		"the issuer is missing":                   {leaf, only(root), nil, pki.CodeUntrusted},
		"another of the same name is trusted":     {leaf, only(w.impostor.Root.Certificate), only(issuing, w.impostor.Issuing.Certificate), pki.CodeUntrusted},
		"the other issues itself":                 {leaf, only(w.impostor.Issuing.Certificate), nil, pki.CodeUntrusted},
		"an anchor is no chain":                   {root, only(root), only(root), pki.CodeUntrusted},
		"the certificate alone is trusted":        {leaf, only(leaf), nil, pki.CodeUntrusted},
		"a person issued it":                      {person2, only(root), only(issuing, leaf), pki.CodeUntrusted},
		"too many authorities":                    {w.below(t, long), only(root), along, pki.CodeUntrusted},
		"the authority had ended":                 {w.below(t, ended), only(root), only(ended.Certificate), pki.CodeUntrusted},
		"the authority begins later":              {w.below(t, future), only(root), only(future.Certificate), pki.CodeUntrusted},
		"the anchor had ended":                    {w.below(t, ended), only(ended.Certificate), nil, pki.CodeUntrusted},
		"the issuer is no authority":              {w.below(t, noCA), only(root), only(noCA.Certificate), pki.CodeUntrusted},
		"it does not say that it is one":          {w.below(t, bare), only(root), only(bare.Certificate), pki.CodeUntrusted},
		"it may not sign certificates":            {w.below(t, noSigner), only(root), only(noSigner.Certificate), pki.CodeUntrusted},
		"it is further down than allowed":         {w.below(t, belowShort), only(root), only(belowShort.Certificate, short.Certificate), pki.CodeUntrusted},
		"it says something unknown":               {w.below(t, unknown), only(root), only(unknown.Certificate), pki.CodeUntrusted},
		"it may issue certain names only":         {w.below(t, named), only(root), only(named.Certificate), pki.CodeUntrusted},
		"the certificate says something unknown":  {w.issue(t, func(t *dev.Template) { t.With(strange(true)) }), only(issuing), nil, pki.CodeUntrusted},
		"something unknown that is not important": {w.issue(t, func(t *dev.Template) { t.With(strange(false)) }), only(issuing), nil, ""},
		"it had ended":                            {w.issue(t, func(t *dev.Template) { t.NotAfter = noon.Add(-time.Second) }), only(issuing), nil, pki.CodeExpired},
		"it begins later":                         {w.issue(t, func(t *dev.Template) { t.NotBefore = noon.Add(time.Second) }), only(issuing), nil, pki.CodeNotYetValid},
		"it ends now":                             {w.issue(t, func(t *dev.Template) { t.NotAfter = noon }), only(issuing), nil, ""},
		"it begins now":                           {w.issue(t, func(t *dev.Template) { t.NotBefore = noon }), only(issuing), nil, ""},
		"one authority below the allowed":         {w.below(t, short), only(root), only(short.Certificate), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chain, err := pki.Chain(tt.of, pki.ChainOptions{Anchors: tt.anchors, Pool: tt.pool, At: noon})
			edstest.Refused(t, err, tt.code)
			if (err == nil) != (len(chain) > 0) {
				t.Errorf("there is a chain of %d, error %v", len(chain), err)
			}
		})
	}
}

// nameConstraints permit names below X alone.
var nameConstraints = []byte{0x30, 7, 0xa0, 5, 0x30, 3, 0x82, 1, 'x'}

func strange(critical bool) pkix.Extension {
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: critical, Value: []byte{5, 0}}
}

func TestAlgorithmsOfYearsAgoAreForOldEvidence(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]pki.Kind{"GOST of 2004": pki.GOST2004, "SHA-1": pki.RSA} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := keyOf(t, kind)
			if kind == pki.RSA {
				key = key.With(pki.SHA1)
			}
			root, err := dev.SelfSigned(dev.RootTemplate(noon), key)
			root = edstest.Made(t, root, err)
			leaf, err := root.IssueTo(keyOf(t, pki.ECDSA), dev.OwnerTemplate(person, noon))
			leaf = edstest.Made(t, leaf, err)
			o := pki.ChainOptions{Anchors: []*pki.Certificate{root.Certificate}, At: noon}
			_, err = pki.Chain(leaf.Certificate, o)
			edstest.Refused(t, err, pki.CodeNotAllowed)
			edstest.Refused(t, leaf.Certificate.SignedBy(root.Certificate, false), pki.CodeNotAllowed)
			o.Legacy = true
			_, err = pki.Chain(leaf.Certificate, o)
			edstest.Refused(t, err, "")
		})
	}
}

func TestTheSearchForAChainIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pki.ECDSA)
	var crowd []*pki.Certificate
	for range 20 {
		crowd = append(crowd, authority(t, w.impostor.Root, func(t *dev.Template) {
			t.With(dev.SubjectKeyID(w.Issuing.Certificate.X509.SubjectKeyId)) // as if it were the right one
		}).Certificate)
	}
	o := pki.ChainOptions{Anchors: []*pki.Certificate{w.Root.Certificate}, Pool: append(crowd, w.Issuing.Certificate), At: noon}
	leaf := w.leaf.Certificate
	_, err := pki.Chain(leaf, o)
	edstest.Refused(t, err, pki.CodeUntrusted) // after eight signatures that are not of the crowd
	o.Anchors = append(o.Anchors, w.Issuing.Certificate)
	_, err = pki.Chain(leaf, o)
	edstest.Refused(t, err, "") // whom one trusts, one asks first
}

func TestAuthoritiesInACircleLeadNowhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pki.ECDSA)
	// Two authorities certify each other.
	one := dev.IssuingTemplate(noon)
	one.Subject[0].Value = "one"
	two := dev.IssuingTemplate(noon)
	two.Subject[0].Value = "two"
	keys := [2]*dev.Key{keyOf(t, pki.ECDSA), keyOf(t, pki.ECDSA)}
	first, err := dev.SelfSigned(one, keys[0])
	first = edstest.Made(t, first, err)
	second, err := first.IssueTo(keys[1], two)
	second = edstest.Made(t, second, err)
	again, err := second.IssueTo(keys[0], one)
	again = edstest.Made(t, again, err)
	leaf := w.below(t, first)
	_, err = pki.Chain(leaf, pki.ChainOptions{
		Anchors: []*pki.Certificate{w.Root.Certificate},
		Pool:    []*pki.Certificate{second.Certificate, again.Certificate}, At: noon,
	})
	edstest.Refused(t, err, pki.CodeUntrusted)
}

func TestWhatAuthoritiesSignedIsRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pki.GOST2015)
	leaf := w.leaf.Certificate
	o := pki.ChainOptions{
		Anchors: []*pki.Certificate{w.Root.Certificate}, Pool: []*pki.Certificate{w.Issuing.Certificate},
		At: noon, Cache: new(pki.Cache),
	}
	for range 2 {
		chain, err := pki.Chain(leaf, o)
		if err != nil || len(chain) != 3 {
			t.Fatalf("the chain has %d certificates, error %v", len(chain), err)
		}
	}
	// Remembered is a pair: another authority of the same name is asked anew.
	o.Anchors = []*pki.Certificate{w.impostor.Root.Certificate}
	_, err := pki.Chain(leaf, o)
	edstest.Refused(t, err, pki.CodeUntrusted)
	o.Anchors, o.At = []*pki.Certificate{w.Root.Certificate}, noon.AddDate(20, 0, 0)
	_, err = pki.Chain(leaf, o)
	edstest.Refused(t, err, pki.CodeUntrusted) // whatever is remembered, the authority has ended
}

func BenchmarkChain(b *testing.B) {
	w := newWorld(b, pki.GOST2015)
	for name, cache := range map[string]*pki.Cache{"first time": nil, "again": new(pki.Cache)} {
		b.Run(name, func(b *testing.B) {
			o := pki.ChainOptions{
				Anchors: []*pki.Certificate{w.Root.Certificate}, Pool: []*pki.Certificate{w.Issuing.Certificate},
				At: noon, Cache: cache,
			}
			for b.Loop() {
				if _, err := pki.Chain(w.leaf.Certificate, o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
