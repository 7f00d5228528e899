package dev

import (
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/infra/eds/pki"
)

// kinds are the kinds of keys of which an authority can be.
var kinds = map[string]pki.Kind{"GOST-2015": pki.GOST2015, "GOST-2004": pki.GOST2004, "ECDSA": pki.ECDSA, "RSA": pki.RSA}

var authorities sync.Map // func() (*CA, error) by kind

// caOf is an authority of the kind; all tests share it.
func caOf(tb testing.TB, kind pki.Kind) *CA {
	tb.Helper()
	made, _ := authorities.LoadOrStore(kind, sync.OnceValues(func() (*CA, error) { return NewCA(kind, noon) }))
	ca, err := made.(func() (*CA, error))()
	if err != nil {
		tb.Fatal(err)
	}
	return ca
}

func TestAuthoritiesOfEveryKindIssueCertificates(t *testing.T) {
	t.Parallel()
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ca := caOf(t, kind)
			owner, err := ca.Owner(Person{Name: "БҰЛАҚБАЙ НҰРАЙ СЕРІКҚЫЗЫ", IIN: iin, BIN: bin, Organization: `ЖШС "ҮЛГІ"`}, noon)
			if err != nil {
				t.Fatal(err)
			}
			for _, below := range []struct{ holder, issuer *Holder }{
				{ca.Root, ca.Root}, {ca.Issuing, ca.Root}, {ca.Responder, ca.Issuing}, {ca.Stamper, ca.Issuing}, {owner, ca.Issuing},
			} {
				if err := below.holder.Certificate.SignedBy(below.issuer.Certificate, kind == pki.GOST2004); err != nil {
					t.Errorf("%s: %v", below.holder.Certificate.X509.Subject, err)
				}
			}
			c := owner.Certificate
			want := pki.Owner{
				CommonName: "БҰЛАҚБАЙ НҰРАЙ", Surname: "БҰЛАҚБАЙ", GivenName: "СЕРІКҚЫЗЫ", IIN: iin, BIN: bin, Organization: `ЖШС "ҮЛГІ"`,
			}
			if c.Owner != want || !c.Signs() || !c.Has(pki.RoleCEO) || !c.Has(pki.RoleLegalEntity) || c.X509.IsCA || c.Serial.Cmp(SerialOf(owner.Key.DER())) != 0 {
				t.Errorf("the owner's certificate reads %+v", c)
			}
		})
	}
}

func TestAnAuthorityLiesInAFileOfItsOwner(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ca.pem")
	var opened [3]*CA
	var group sync.WaitGroup
	for i := range opened {
		group.Go(func() {
			var err error
			if opened[i], err = OpenCA(path, noon); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its file is %v, error %v", info, err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, error %v; want one file", left, err)
	}
	for _, ca := range opened {
		if ca == nil || !ca.Root.Certificate.Equal(opened[0].Root.Certificate) {
			t.Fatal("two processes made two authorities")
		}
	}
	if end := opened[0].Issuing.Certificate.NotAfter; end.Before(noon.AddDate(9, 0, 0)) {
		t.Errorf("it ends at %s", end)
	}
}

func TestAPersonHasOneKeyInEveryProcessForHalfAYear(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ca.pem")
	person := Person{Name: "X", IIN: iin}
	keyOf := func(t *testing.T, person Person, at time.Time) *pki.Certificate {
		t.Helper()
		ca, err := OpenCA(path, noon)
		if err != nil {
			t.Fatal(err)
		}
		owner, err := ca.Owner(person, at)
		if err != nil {
			t.Fatal(err)
		}
		if err := owner.Certificate.ValidAt(at); err != nil {
			t.Errorf("at %s: %v", at, err)
		}
		return owner.Certificate
	}
	first := keyOf(t, person, noon)
	for name, tt := range map[string]struct {
		person Person
		at     time.Time
		same   bool
	}{
		"at once":                  {person, noon, true},
		"months later":             {person, noon.AddDate(0, 5, 0), true},
		"before there was a CA":    {person, noon.Add(-30 * time.Minute), true},
		"more than half a year on": {person, noon.AddDate(0, 7, 0), false},
		"years later":              {person, noon.AddDate(5, 0, 0), false},
		"as the head of something": {Person{Name: "X", IIN: iin, BIN: bin, Organization: "Y"}, noon, false},
		"somebody else":            {Person{Name: "X", IIN: identitytest.IIN(3)}, noon, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := keyOf(t, tt.person, tt.at)
			if same := got.Key.Equal(first.Key); same != tt.same || same != (got.Serial.Cmp(first.Serial) == 0) {
				t.Errorf("same key: %v, serial number %x after %x", same, got.Serial, first.Serial)
			}
		})
	}
}

func TestADamagedAuthorityOfAFileIsNotReplaced(t *testing.T) {
	t.Parallel()
	whole, err := caOf(t, pki.ECDSA).marshal()
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewCA(pki.ECDSA, noon)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := other.marshal()
	if err != nil {
		t.Fatal(err)
	}
	const secret = "-----BEGIN PRIVATE KEY-----\n"
	blocks := strings.SplitAfter(string(whole), "-----END PRIVATE KEY-----\n")
	strange := strings.SplitAfter(string(stranger), "-----END PRIVATE KEY-----\n")
	certificate, key, found := strings.Cut(blocks[0], secret)
	_, strangeKey, foundToo := strings.Cut(strange[0], secret)
	if !found || !foundToo {
		t.Fatal("there are no keys in the file")
	}
	damaged := "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"
	for name, content := range map[string]string{
		"empty":                   "",
		"a holder less":           strings.Join(blocks[:3], ""),
		"a holder more":           string(whole) + blocks[0],
		"no keys":                 certificate,
		"a damaged key":           certificate + damaged,
		"a damaged certificate":   "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n" + secret + key,
		"another root's key":      certificate + secret + strangeKey,
		"another root":            strange[0] + strings.Join(blocks[1:], ""),
		"another's OCSP":          blocks[0] + blocks[1] + strange[2] + blocks[3],
		"in another order":        blocks[0] + blocks[2] + blocks[1] + blocks[3],
		"words after it":          string(whole) + "x",
		"a certificate for a key": certificate + certificate,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "ca.pem")
			write(t, path, []byte(content))
			_, err := OpenCA(path, noon)
			if err == nil || strings.Contains(err.Error(), "MAA") {
				t.Errorf("opened with error %v", err)
			}
			if after, err := os.ReadFile(path); err != nil || string(after) != content {
				t.Errorf("the file now reads %q, error %v", after, err)
			}
		})
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	write(t, path, whole)
	if _, err := OpenCA(path, noon); err != nil {
		t.Errorf("the whole one: %v", err)
	}
}

func TestWhatIsRevokedIsKnownToEveryProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ca.pem")
	ca, err := OpenCA(path, noon)
	if err != nil {
		t.Fatal(err)
	}
	other, err := OpenCA(path, noon)
	if err != nil {
		t.Fatal(err)
	}
	revocation := func(serial int64, reason int) Revocation {
		return Revocation{Serial: big.NewInt(serial), At: noon, Reason: reason}
	}
	for _, r := range []Revocation{revocation(1, ReasonSuperseded), revocation(2, ReasonKeyCompromise), revocation(1, ReasonCertificateHold)} {
		if err := ca.Revoke(r); err != nil {
			t.Fatal(err)
		}
	}
	is := func(want ...Revocation) {
		t.Helper()
		got, err := other.Revoked()
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 })); err != nil || diff != "" {
			t.Errorf("error %v, revoked (-want +got):\n%s", err, diff)
		}
	}
	is(revocation(2, ReasonKeyCompromise), revocation(1, ReasonCertificateHold))
	if err := other.Restore(big.NewInt(2)); err != nil {
		t.Fatal(err)
	}
	is(revocation(1, ReasonCertificateHold))
	for _, damaged := range []string{"", "[{}]", "{"} {
		write(t, RevokedFile(path), []byte(damaged))
		if got, err := ca.Revoked(); err == nil {
			t.Errorf("read %v out of %q", got, damaged)
		}
		if err := ca.Revoke(revocation(3, 1)); err == nil {
			t.Errorf("wrote over %q", damaged)
		}
	}
}
