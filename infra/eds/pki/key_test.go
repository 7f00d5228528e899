package pki_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/asn1"
	"testing"

	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/pki"
)

func TestAKeyIsWrittenAndReadAndVerifies(t *testing.T) {
	t.Parallel()
	message := []byte("құжат")
	for name, tt := range map[string]struct {
		key   *dev.Key
		other *dev.Key
	}{
		"RSA":           {keyOf(t, pki.RSA), keyOf(t, pki.RSA)},
		"ECDSA":         {keyOf(t, pki.ECDSA), keyOf(t, pki.ECDSA)},
		"GOST of today": {keyOf(t, pki.GOST2015), keyOf(t, pki.GOST2015)},
		"GOST of 2004":  {keyOf(t, pki.GOST2004), keyOf(t, pki.GOST2004)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parsed, err := pki.ParseKey(tt.key.DER())
			key := edstest.Made(t, parsed, err)
			if key.Kind() != tt.key.Kind() || !bytes.Equal(key.DER(), tt.key.DER()) || !key.Equal(tt.key.Public()) || key.Equal(tt.other.Public()) {
				t.Errorf("read a key of kind %d, %x", key.Kind(), key.DER())
			}
			if want := tt.key.DER(); !bytes.HasSuffix(want, key.Bits()) || len(key.Bits()) < 64 {
				t.Errorf("its bits are %x", key.Bits())
			}
			value, err := tt.key.Sign(message)
			value = edstest.Made(t, value, err)
			algorithm := tt.key.Algorithm()
			edstest.Refused(t, key.Verify(algorithm, message, value), "")
			edstest.Refused(t, key.Verify(algorithm, []byte("another"), value), pki.CodeBadSignature)
			edstest.Refused(t, key.Verify(algorithm, message, value[1:]), pki.CodeBadSignature)
			edstest.Refused(t, key.Verify(algorithm, message, nil), pki.CodeBadSignature)
			edstest.Refused(t, tt.other.Public().Verify(algorithm, message, value), pki.CodeBadSignature)
			value[len(value)/2] ^= 1
			edstest.Refused(t, key.Verify(algorithm, message, value), pki.CodeBadSignature)
		})
	}
}

func TestAKeySignsWithItsOwnAlgorithmsOnly(t *testing.T) {
	t.Parallel()
	key := keyOf(t, pki.ECDSA).Public()
	for name, a := range map[string]pki.Algorithm{
		"of another kind": {Kind: pki.RSA, Hash: pki.SHA256},
		"of no kind":      {},
		"unheard of":      {Kind: pki.ECDSA, Hash: pki.Streebog512},
		"beyond all":      {Kind: pki.ECDSA, Hash: 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			edstest.Refused(t, key.Verify(a, nil, nil), pki.CodeNotAllowed)
		})
	}
	edstest.Refused(t, new(pki.Key).Verify(pki.Algorithm{}, nil, nil), pki.CodeNotAllowed)
	if none := new(pki.Key); none.Equal(new(pki.Key)) || none.Kind() != 0 || none.Bits() != nil {
		t.Errorf("no key is one of kind %d", none.Kind())
	}
}

func TestKeysThatMustNotSignAreNotRead(t *testing.T) {
	t.Parallel()
	spki := func(public any) []byte {
		raw, err := x509.MarshalPKIXPublicKey(public)
		return edstest.Made(t, raw, err)
	}
	gost := keyOf(t, pki.GOST2015).DER()
	replaced := func(old, by []byte) []byte {
		if bytes.Count(gost, old) != 1 {
			t.Fatalf("%x is not in the key once", old)
		}
		return bytes.Replace(gost, old, by, 1)
	}
	ofOID := func(oid ...int) []byte {
		raw, err := asn1.Marshal(asn1.ObjectIdentifier(oid))
		return edstest.Made(t, raw, err)
	}
	curve := ofOID(1, 2, 398, 3, 10, 1, 1, 2, 2, 1)
	point := gost[len(gost)-128:]
	zero := append(bytes.Clone(gost[:len(gost)-128]), make([]byte, 128)...)
	mirrored := bytes.Clone(gost)
	for i := range point {
		mirrored[len(gost)-128+i] = point[len(point)-1-i]
	}
	unused := bytes.Clone(gost)
	unused[bytes.Index(gost, []byte{3, 0x81, 0x84})+3] = 1
	ed25519 := []byte{0x30, 42, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 33, 0}
	for name, tt := range map[string]struct {
		raw  []byte
		code string
	}{
		"a short RSA key":              {spki(rsaKey(t, 1024).Public()), pki.CodeNotAllowed},
		"a curve that is too small":    {spki(ecKey(t, elliptic.P224()).Public()), pki.CodeNotAllowed},
		"Ed25519":                      {append(ed25519, make([]byte, 32)...), pki.CodeNotAllowed},
		"another GOST curve":           {replaced(curve, ofOID(1, 2, 398, 3, 10, 1, 1, 2, 2, 2)), pki.CodeNotAllowed},
		"another GOST digest":          {replaced(ofOID(1, 2, 398, 3, 10, 1, 3, 3), ofOID(1, 2, 398, 3, 10, 1, 3, 2)), pki.CodeNotAllowed},
		"a point beside the curve":     {mirrored, pki.CodeMalformed},
		"the point zero":               {zero, pki.CodeMalformed},
		"a key with a byte too many":   {append(bytes.Clone(gost), 0), pki.CodeMalformed},
		"a key cut short":              {gost[:len(gost)-1], pki.CodeMalformed},
		"a key of seven bits a byte":   {unused, pki.CodeMalformed},
		"RSA without a modulus":        {[]byte{0x30, 0x0d, 0x30, 0x0b, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0xd, 1, 1, 1}, pki.CodeMalformed},
		"nothing":                      {nil, pki.CodeMalformed},
		"a sequence of endless length": {[]byte{0x30, 0x80, 0, 0}, pki.CodeMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, err := pki.ParseKey(tt.raw)
			edstest.Refused(t, err, tt.code)
			if key != nil {
				t.Errorf("read %x", key.DER())
			}
		})
	}
	_, err := pki.NewKey("a key")
	edstest.Refused(t, err, pki.CodeNotAllowed)
}

func FuzzParseKey(f *testing.F) {
	for _, kind := range []pki.Kind{pki.ECDSA, pki.GOST2015, pki.GOST2004} {
		f.Add(keyOf(f, kind).DER())
	}
	f.Add([]byte{0x30, 0x80, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		key, err := pki.ParseKey(raw)
		if err != nil {
			if key != nil || !pki.IsCode(err, pki.CodeMalformed) && !pki.IsCode(err, pki.CodeNotAllowed) {
				t.Fatalf("read %v, error %v", key, err)
			}
			return
		}
		if key.Kind() == 0 || key.Bits() == nil {
			t.Fatalf("read a key of no kind: %x", raw)
		}
		again, err := pki.ParseKey(key.DER())
		if err != nil || !again.Equal(key) {
			t.Fatalf("written and read again: %v, error %v", again, err)
		}
	})
}
