package trust_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/infra/eds/trust"
)

func TestTheEmbeddedList(t *testing.T) {
	t.Parallel()
	l, err := trust.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range l.Authorities() {
		got = append(got, fmt.Sprintf("%s %s %s %s %s..%s", a.Name, a.Role, a.Kind, a.SHA256[:8],
			a.From.Format(time.DateOnly), a.Until.Format(time.DateOnly)))
	}
	want := []string{
		"root-gost-2022 production root af77725f 2022-06-15..2045-09-08",
		"nca-gost-2022 production issuing 32c7d233 2022-06-15..2045-09-07",
		"root-rsa-2020 production root 9ba06354 2020-09-08..2045-09-08",
		"nca-rsa-2022 production issuing 84fb799a 2022-09-22..2045-09-07",
		"root-gost-2015 historic root 9ab210e5 2015-07-27..2025-07-27",
		"nca-gost-2018 historic issuing 908521d0 2018-08-08..2025-06-25",
		"root-rsa-2015 historic root a7064abc 2015-07-27..2025-07-27",
		"nca-rsa-2018 historic issuing 34d1b311 2018-08-08..2025-06-25",
		"test-root-gost-2022 test root b995e79e 2022-07-07..2032-07-07",
		"test-nca-gost-2022 test issuing beeffc0b 2022-07-07..2032-07-04",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("it holds other authorities (-want +got):\n%s", diff)
	}
	if l.Number() != 1 || !strings.HasPrefix(l.Version(), "1-") || len(l.Version()) != 14 || l.Real() {
		t.Errorf("it is version %s, real %v", l.Version(), l.Real())
	}
}

func TestAnAuthorityIsBelievedWithinItsWindowAndForItsPurposes(t *testing.T) {
	t.Parallel()
	authorities := pair(t)
	authorities[1].Purposes = []trust.Purpose{trust.Signing}
	authorities[1].Until = noon
	l := list(t, 7, authorities...)
	for _, tt := range []struct {
		at      time.Time
		purpose trust.Purpose
		want    int
	}{
		{noon, trust.Signing, 1},
		{noon.Add(time.Second), trust.Signing, 0}, // withdrawn, though the certificate lasts
		{authorities[1].From, trust.Signing, 1},
		{authorities[1].From.Add(-time.Second), trust.Signing, 0},
		{noon, trust.TimeStamping, 0},
	} {
		if got := l.Believed(tt.at, tt.purpose); len(got) != tt.want {
			t.Errorf("%s at %s: %d authorities are believed, want %d", tt.purpose, tt.at, len(got), tt.want)
		}
	}
	authorities[0].Until = noon.Add(-time.Hour)
	if got := list(t, 8, authorities...).Believed(noon, trust.Signing); len(got) != 0 {
		t.Error("an authority is believed whose root is not any more")
	}
	if root := l.RootOf(authorities[1].Certificate); root == nil || !root.Equal(authorities[0].Certificate) {
		t.Errorf("its root is %v", root)
	}
	if root := l.RootOf(authorities[0].Certificate); root != nil {
		t.Errorf("a root has the root %v", root)
	}
	if a, found := l.Find(authorities[1].Certificate); !found || a.Name != "dev-1" {
		t.Errorf("found %v %v, want dev-1", a.Name, found)
	}
	if a, found := l.Find(made(t, "ISSUING", nil, nil).Made); found {
		t.Errorf("found %v, which has only the same name", a.Name)
	}
}

func TestWrongListsAreRefused(t *testing.T) {
	t.Parallel()
	root := made(t, "ROOT", nil, nil)
	right := trust.NewDev(root.Made, made(t, "ISSUING", root, nil).Made)
	with := func(change func([]trust.Authority)) []trust.Authority {
		changed := slices.Clone(right)
		change(changed)
		return changed
	}
	issued := func(by *maker, change func(*x509.Certificate)) []trust.Authority {
		return trust.NewDev(root.Made, made(t, "ISSUING", by, change).Made)
	}
	short := made(t, "ROOT", nil, func(c *x509.Certificate) { c.MaxPathLenZero = true })
	many := make([]trust.Authority, 65)
	for i := range many {
		many[i] = right[0]
	}
	for name, tt := range map[string]struct {
		number int
		of     []trust.Authority
		want   string
	}{
		"no number":                    {0, right, "no number"},
		"nobody":                       {1, nil, "too few"},
		"too many":                     {1, many, "too many"},
		"no certificate":               {1, with(func(l []trust.Authority) { l[0].Certificate = nil }), "no certificate"},
		"no name":                      {1, with(func(l []trust.Authority) { l[0].Name = "" }), "no name"},
		"a name twice":                 {1, with(func(l []trust.Authority) { l[1].Name = l[0].Name }), "there twice"},
		"a certificate twice":          {1, with(func(l []trust.Authority) { l[1] = l[0]; l[1].Name = "x" }), "there twice"},
		"no role":                      {1, with(func(l []trust.Authority) { l[0].Role = "friend" }), "no role"},
		"no kind":                      {1, with(func(l []trust.Authority) { l[0].Kind = "leaf" }), "no kind"},
		"no purpose":                   {1, with(func(l []trust.Authority) { l[1].Purposes = nil }), "no purpose"},
		"a purpose twice":              {1, with(func(l []trust.Authority) { l[1].Purposes = []trust.Purpose{trust.Signing, trust.Signing} }), "no purpose"},
		"another purpose":              {1, with(func(l []trust.Authority) { l[1].Purposes = []trust.Purpose{"web"} }), "no purpose"},
		"a root with purposes":         {1, with(func(l []trust.Authority) { l[0].Purposes = l[1].Purposes }), "a root with purposes"},
		"another pin":                  {1, with(func(l []trust.Authority) { l[0].SHA256 = l[1].SHA256 }), "pinned"},
		"a pin in other letters":       {1, with(func(l []trust.Authority) { l[0].SHA256 = strings.ToUpper(l[0].SHA256) }), "pinned"},
		"from before it existed":       {1, with(func(l []trust.Authority) { l[0].From = l[0].From.Add(-time.Second) }), "window"},
		"until after its end":          {1, with(func(l []trust.Authority) { l[0].Until = l[0].Until.Add(time.Second) }), "window"},
		"an empty window":              {1, with(func(l []trust.Authority) { l[0].Until = l[0].From }), "window"},
		"no root":                      {1, right[1:], "no root"},
		"an issuing one as root":       {1, with(func(l []trust.Authority) { l[1].Kind, l[1].Purposes = trust.Root, nil }), "no root"},
		"a root of issuing ones alone": {1, trust.NewDev(short.Made, made(t, "ISSUING", short, nil).Made), "no root"},
		"another role's root":          {1, with(func(l []trust.Authority) { l[1].Role = trust.Production }), "no root"},
		"another's of that name":       {1, issued(made(t, "ROOT", nil, nil), nil), "no root"},
		"no authority's":               {1, issued(root, func(c *x509.Certificate) { c.IsCA, c.KeyUsage = false, x509.KeyUsageDigitalSignature }), "not an authority's"},
		"an authority for no one":      {1, issued(root, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign }), "not an authority's"},
		"critical and unknown": {1, issued(root, func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
		}), "critical"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if l, err := trust.NewList(tt.number, noon, tt.of...); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("made %v, error %v; want one that says %q", l, err, tt.want)
			}
		})
	}
}

func TestAListCannotBeChangedFromOutside(t *testing.T) {
	t.Parallel()
	authorities := pair(t)
	l := list(t, 1, authorities...)
	authorities[1].Purposes[0] = "web"
	l.Authorities()[0].Certificate = nil
	if got := l.Believed(noon, trust.Signing); len(got) != 1 || l.Authorities()[0].Certificate == nil {
		t.Errorf("it believes %v", got)
	}
}
