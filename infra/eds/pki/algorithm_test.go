package pki_test

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"testing"

	"golang.org/x/crypto/cryptobyte"

	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/pki"
)

func TestWhatMaySignNowAndWhatCouldYearsAgo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		algorithm   pki.Algorithm
		name        string
		now, before bool
	}{
		{pki.Algorithm{Kind: pki.GOST2015, Hash: pki.Streebog512}, "GOST-2015-512", true, true},
		{pki.Algorithm{Kind: pki.RSA, Hash: pki.SHA256}, "RSA-SHA256", true, true},
		{pki.Algorithm{Kind: pki.RSA, Hash: pki.SHA384}, "RSA-SHA384", true, true},
		{pki.Algorithm{Kind: pki.RSA, Hash: pki.SHA512}, "RSA-SHA512", true, true},
		{pki.Algorithm{Kind: pki.ECDSA, Hash: pki.SHA256}, "ECDSA-SHA256", true, true},
		{pki.Algorithm{Kind: pki.ECDSA, Hash: pki.SHA384}, "ECDSA-SHA384", true, true},
		{pki.Algorithm{Kind: pki.ECDSA, Hash: pki.SHA512}, "ECDSA-SHA512", true, true},
		{pki.Algorithm{Kind: pki.GOST2004, Hash: pki.GOST94}, "GOST-2004", false, true},
		{pki.Algorithm{Kind: pki.RSA, Hash: pki.SHA1}, "RSA-SHA1", false, true},
		{pki.Algorithm{Kind: pki.ECDSA, Hash: pki.SHA1}, "unknown", false, false},
		{pki.Algorithm{Kind: pki.GOST2015, Hash: pki.GOST94}, "unknown", false, false},
		{pki.Algorithm{Kind: pki.GOST2004, Hash: pki.Streebog512}, "unknown", false, false},
		{pki.Algorithm{Kind: pki.RSA, Hash: pki.Streebog512}, "unknown", false, false},
		{pki.Algorithm{}, "unknown", false, false},
	} {
		if now, before := tt.algorithm.Allowed(false), tt.algorithm.Allowed(true); now != tt.now || before != tt.before {
			t.Errorf("%s is allowed now: %v, before: %v", tt.name, now, before)
		}
		if got := tt.algorithm.String(); got != tt.name {
			t.Errorf("it is called %s, want %s", got, tt.name)
		}
		found, known := pki.AlgorithmByOID(tt.algorithm.OID())
		if want := tt.before; known != want || known && found != tt.algorithm {
			t.Errorf("%s is found as %s, %v", tt.name, found, known)
		}
		if found, known := pki.AlgorithmOf(tt.algorithm.OID(), tt.algorithm.Hash); known && found != tt.algorithm || known != tt.before {
			t.Errorf("%s is found as %s, %v", tt.name, found, known)
		}
	}
}

func TestASignerMayNameTheKeyInsteadOfTheAlgorithm(t *testing.T) {
	t.Parallel()
	rsa := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	gost := asn1.ObjectIdentifier{1, 2, 398, 3, 10, 1, 1, 2, 2}
	legacy := asn1.ObjectIdentifier{1, 2, 398, 3, 10, 1, 1, 1, 1}
	curve := asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	for _, tt := range []struct {
		oid    asn1.ObjectIdentifier
		digest pki.Hash
		name   string
	}{
		{rsa, pki.SHA256, "RSA-SHA256"},
		{rsa, pki.SHA512, "RSA-SHA512"},
		{rsa, pki.Streebog512, "unknown"},
		{gost, pki.Streebog512, "GOST-2015-512"},
		{gost, pki.Streebog256, "unknown"},
		{gost, pki.GOST94, "unknown"},
		{legacy, pki.GOST94, "GOST-2004"},
		{curve, pki.SHA256, "unknown"},
		{nil, pki.SHA256, "unknown"},
	} {
		if got, _ := pki.AlgorithmOf(tt.oid, tt.digest); got.String() != tt.name {
			t.Errorf("%s with %s is %s, want %s", tt.oid, tt.digest, got, tt.name)
		}
		if got, known := pki.AlgorithmByOID(tt.oid); known {
			t.Errorf("the key %s is the algorithm %s", tt.oid, got)
		}
	}
}

func TestDigestsAreKnownByTheirIdentifiers(t *testing.T) {
	t.Parallel()
	names := []string{"SHA1", "SHA256", "SHA384", "SHA512", "GOST94", "Streebog256", "Streebog512"}
	for i, name := range names {
		h := pki.Hash(i + 1)
		found, known := pki.HashByOID(h.OID())
		if !known || found != h || h.String() != name {
			t.Errorf("%s is found as %s, %v", name, found, known)
		}
		if sum := h.Sum(nil); len(sum) != h.Size() || h.New().Size() != h.Size() {
			t.Errorf("a digest of %s has %d bytes, %d are announced", h, len(sum), h.Size())
		}
		if legacy := h == pki.SHA1 || h == pki.GOST94; h.Legacy() != legacy {
			t.Errorf("%s is of years ago: %v", h, h.Legacy())
		}
		if standard := h < pki.GOST94; standard != h.Crypto().Available() {
			t.Errorf("%s is %v in the standard library", h, h.Crypto())
		}
	}
	for _, none := range []pki.Hash{0, 8, 255} {
		if none.Size() != 0 || none.OID() != nil || none.String() != "unknown" || none.Crypto() != 0 {
			t.Errorf("digest %d is known as %s", none, none)
		}
	}
	if h, known := pki.HashByOID(asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 5}); known {
		t.Errorf("MD5 is known as %s", h)
	}
	// RFC 6986, example M1, written as the standard library writes digests.
	const want = "1b54d01a4af5b9d5cc3d86d68d285462b19abc2475222f35c085122be4ba1ffa00ad30f8767b3a82384c6574f024c311e2a481332b08ef7f41797891c1646f48"
	if got := hex.EncodeToString(pki.Streebog512.Sum([]byte("012345678901234567890123456789012345678901234567890123456789012"))); got != want {
		t.Errorf("the digest of RFC 6986 is %s", got)
	}
}

func TestAnIdentifierHasNoParameters(t *testing.T) {
	t.Parallel()
	oid := pki.SHA256.OID()
	b := cryptobyte.NewBuilder(nil)
	pki.AddIdentifier(b, oid)
	withNull := b.BytesOrPanic()
	without := append([]byte{0x30, withNull[1] - 2}, withNull[2:len(withNull)-2]...)
	for name, tt := range map[string]struct {
		raw  []byte
		code string
	}{
		"NULL":                     {withNull, ""},
		"nothing":                  {without, ""},
		"something":                {bytes.Replace(withNull, []byte{5, 0}, []byte{2, 0}, 1), pki.CodeNotAllowed},
		"something after NULL":     {append([]byte{0x30, withNull[1] + 2}, append(withNull[2:len(withNull):len(withNull)], 5, 0)...), pki.CodeNotAllowed},
		"a NULL that is not empty": {append([]byte{0x30, withNull[1] + 1}, append(withNull[2:len(withNull)-1:len(withNull)-1], 1, 0)...), pki.CodeNotAllowed},
		"no identifier":            {[]byte{0x30, 2, 5, 0}, pki.CodeMalformed},
		"cut short":                {withNull[:len(withNull)-1], pki.CodeMalformed},
	} {
		input := cryptobyte.String(tt.raw)
		got, err := pki.ReadIdentifier(&input)
		edstest.Refused(t, err, tt.code)
		if tt.code == "" && !got.Equal(oid) {
			t.Errorf("%s: read %s", name, got)
		}
	}
}
