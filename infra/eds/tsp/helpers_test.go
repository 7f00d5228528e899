package tsp_test

import (
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/pki"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	noon    = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	message = []byte("қолтаңбаның мәні")
)

func newAuthority(tb testing.TB, kind pki.Kind) *dev.CA {
	tb.Helper()
	ca, err := dev.NewCA(kind, noon.AddDate(-1, 0, 0))
	if err != nil {
		tb.Fatal(err)
	}
	return ca
}

// stamp makes a token over the message at noon. What change does to what it says comes first.
func stamp(tb testing.TB, by *dev.Holder, changes ...func(*dev.TimeStamp)) []byte {
	tb.Helper()
	said := &dev.TimeStamp{Hash: pki.SHA256, Imprint: pki.SHA256.Sum(message), At: noon}
	for _, change := range changes {
		change(said)
	}
	raw, err := by.TimeStamp(said)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// drafted makes a token over the message. What change does to its container comes first; it is signed rightly.
func drafted(tb testing.TB, by *dev.Holder, change func(*cms.Draft)) []byte {
	tb.Helper()
	draft, err := by.TimeStampDraft(&dev.TimeStamp{Hash: pki.SHA256, Imprint: pki.SHA256.Sum(message), At: noon})
	if err != nil {
		tb.Fatal(err)
	}
	change(draft)
	return sign(tb, draft, by)
}

// saying makes a token with a TSTInfo by hand; it is signed rightly.
func saying(tb testing.TB, by *dev.Holder, parts ...[]byte) []byte {
	tb.Helper()
	return sign(tb, cms.NewAttached(cms.OIDTSTInfo, sequence(parts...), by.Certificate, by.Key.Algorithm(), noon), by)
}

func sign(tb testing.TB, draft *cms.Draft, by *dev.Holder) []byte {
	tb.Helper()
	keys := slices.Repeat([]pki.Signer{by.Key}, len(draft.Signers))
	if err := draft.SignBy(keys...); err != nil {
		tb.Fatal(err)
	}
	return draft.DER()
}

// stamper is a time-stamping authority whose certificate was changed.
func stamper(tb testing.TB, by *dev.Holder, change func(*dev.Template)) *dev.Holder {
	tb.Helper()
	key, err := dev.NewKey(by.Key.Kind())
	if err != nil {
		tb.Fatal(err)
	}
	template := dev.StamperTemplate(noon.AddDate(0, 0, -1))
	change(template)
	holder, err := by.IssueTo(key, template)
	if err != nil {
		tb.Fatal(err)
	}
	return holder
}

// DER by hand: what no authority would write.

var tlv, sequence = edstest.TLV, edstest.Sequence

// The parts of a TSTInfo that is right.
var (
	version = []byte{2, 1, 1}
	policy  = []byte{6, 3, 42, 3, 4}
	serial  = []byte{2, 1, 5}
	genTime = tlv(0x18, []byte("20261123070000Z"))
)

func imprint(tb testing.TB) []byte {
	tb.Helper()
	return sequence(sequence(edstest.Marshal(tb, pki.SHA256.OID())), tlv(4, pki.SHA256.Sum(message)))
}
