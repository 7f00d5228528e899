package revocation_test

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"go.uber.org/goleak"

	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/revocation"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

// authority is a certification authority and one of those whom it certified.
type authority struct {
	*dev.CA
	owner *dev.Holder
}

func newAuthority(tb testing.TB, kind pki.Kind) authority {
	tb.Helper()
	ca, err := dev.NewCA(kind, noon.AddDate(-1, 0, 0))
	if err != nil {
		tb.Fatal(err)
	}
	owner, err := ca.Issue(dev.Person{Name: "ҮЛГІ АЙДАНА", IIN: "900101300823"}, noon)
	if err != nil {
		tb.Fatal(err)
	}
	return authority{ca, owner}
}

// query asks for the owner, now.
func (a authority) query() revocation.Query {
	return revocation.Query{Certificate: a.owner.Certificate, Issuer: a.Issuing.Certificate, At: noon, Now: noon}
}

// list signs a list of the authority; what changes does to it comes first.
func (a authority) list(tb testing.TB, changes ...func(*dev.List)) []byte {
	tb.Helper()
	l := &dev.List{Number: 7, ThisUpdate: noon.Add(-time.Hour), NextUpdate: noon.Add(time.Hour)}
	for _, change := range changes {
		change(l)
	}
	raw, err := a.Issuing.CRL(l)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// revoked is a revocation of the owner.
func (a authority) revoked(at time.Time, reason revocation.Reason) dev.Revocation {
	return dev.Revocation{Serial: a.owner.Certificate.Serial, At: at, Reason: int(reason)}
}

func parseList(tb testing.TB, raw []byte) *revocation.List {
	tb.Helper()
	list, err := revocation.ParseCRL(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return list
}

// DER by hand: what no authority would write.

var (
	tlv, sequence = edstest.TLV, edstest.Sequence
	marshal       = edstest.Marshal
)

func utc(at time.Time) []byte { return tlv(0x17, []byte(at.UTC().Format("060102150405Z"))) }

func generalized(at time.Time) []byte { return tlv(0x18, []byte(at.UTC().Format("20060102150405Z"))) }

func integer(tb testing.TB, n *big.Int) []byte {
	tb.Helper()
	return marshal(tb, n)
}

func oid(tb testing.TB, id ...int) []byte {
	tb.Helper()
	return marshal(tb, asn1.ObjectIdentifier(id))
}

func extension(tb testing.TB, critical bool, value []byte, id ...int) []byte {
	tb.Helper()
	return marshal(tb, pkix.Extension{Id: id, Critical: critical, Value: value})
}

// signed is a list or the like in the form of certificates: what is signed, algorithm, signature.
func signed(tb testing.TB, by *dev.Holder, body []byte) []byte {
	tb.Helper()
	value, err := by.Key.Sign(body)
	if err != nil {
		tb.Fatal(err)
	}
	return sequence(body, sequence(marshal(tb, by.Key.Algorithm().OID()), []byte{5, 0}), tlv(3, []byte{0}, value))
}

// handmade signs a list with entries and extensions in DER.
func (a authority) handmade(tb testing.TB, entries []byte, extensions ...[]byte) []byte {
	tb.Helper()
	parts := [][]byte{
		{2, 1, 1},
		sequence(marshal(tb, a.Issuing.Key.Algorithm().OID())), a.Issuing.Certificate.X509.RawSubject,
		utc(noon.Add(-time.Hour)), utc(noon.Add(time.Hour)),
	}
	if entries != nil {
		parts = append(parts, entries)
	}
	if len(extensions) > 0 {
		parts = append(parts, tlv(0xa0, sequence(extensions...)))
	}
	return signed(tb, a.Issuing, sequence(parts...))
}
