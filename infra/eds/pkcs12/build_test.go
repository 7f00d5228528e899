package pkcs12_test

import (
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	encoding "encoding/asn1"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/gost"
	"services.example/portal/infra/eds/gost/signing"
	"services.example/portal/infra/eds/pkcs12"
)

const password = "Пароль-1"

// The parts of a file, written as the national centre writes them but in DER.

func object(last ...int) encoding.ObjectIdentifier {
	return append(encoding.ObjectIdentifier{1, 2, 840, 113549}, last...)
}

var (
	explicit0 = asn1.Tag(0).ContextSpecific().Constructed()
	implicit0 = asn1.Tag(0).ContextSpecific()

	oidData      = object(1, 7, 1)
	oidEncrypted = object(1, 7, 6)
	oidTripleDES = object(1, 12, 1, 3)
	oidRC240     = object(1, 12, 1, 6)
	oidSHA1      = encoding.ObjectIdentifier{1, 3, 14, 3, 2, 26}
)

func sequenceOf(parts ...[]byte) []byte { return wrapped(asn1.SEQUENCE, parts...) }

func octets(content []byte) []byte { return wrapped(asn1.OCTET_STRING, content) }

func integer(n int64) []byte {
	var b cryptobyte.Builder
	b.AddASN1Int64(n)
	return b.BytesOrPanic()
}

func identifier(oid encoding.ObjectIdentifier) []byte {
	var b cryptobyte.Builder
	b.AddASN1ObjectIdentifier(oid)
	return b.BytesOrPanic()
}

func wrapped(tag asn1.Tag, parts ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(slices.Concat(parts...)) })
	return b.BytesOrPanic()
}

var salt = []byte("8 bytes.")

// file is a whole file: parts under a MAC.
func file(parts ...[]byte) []byte {
	return fileOf(sequenceOf(parts...), mac(sequenceOf(parts...), oidSHA1, 3))
}

func fileOf(safe []byte, mac []byte) []byte {
	return sequenceOf(integer(3), sequenceOf(identifier(oidData), wrapped(explicit0, octets(safe))), mac)
}

func mac(safe []byte, hash encoding.ObjectIdentifier, rounds int) []byte {
	h := hmac.New(sha1.New, pkcs12.Derive(sha1.New, pkcs12.BMPString(password), salt, min(rounds, 3), pkcs12.ForMAC, sha1.Size))
	h.Write(safe)
	return sequenceOf(sequenceOf(sequenceOf(identifier(hash)), octets(h.Sum(nil))), octets(salt), integer(int64(rounds)))
}

// plain is a part that is not encrypted.
func plain(bags ...[]byte) []byte {
	return sequenceOf(identifier(oidData), wrapped(explicit0, octets(sequenceOf(bags...))))
}

// encrypted is a part under RC2 with 40 bits.
func encrypted(bags ...[]byte) []byte {
	algorithm, content := encrypt(oidRC240, sequenceOf(bags...), 2)
	return encryptedPart(algorithm, wrapped(implicit0, content))
}

func encryptedPart(algorithm, content []byte) []byte {
	return sequenceOf(identifier(oidEncrypted),
		wrapped(explicit0, sequenceOf(integer(0), sequenceOf(identifier(oidData), algorithm, content))))
}

// encrypt gives the algorithm's identifier and what it makes of content.
func encrypt(oid encoding.ObjectIdentifier, content []byte, rounds int) (algorithm, secret []byte) {
	derived := func(purpose byte, size int) []byte {
		return pkcs12.Derive(sha1.New, pkcs12.BMPString(password), salt, rounds, purpose, size)
	}
	block := pkcs12.NewRC2(derived(pkcs12.ForKey, 5))
	if oid.Equal(oidTripleDES) {
		block, _ = des.NewTripleDESCipher(derived(pkcs12.ForKey, 24))
	}
	padding := 8 - len(content)%8
	secret = append(slices.Clone(content), slices.Repeat([]byte{byte(padding)}, padding)...)
	cipher.NewCBCEncrypter(block, derived(pkcs12.ForIV, 8)).CryptBlocks(secret, secret)
	return pbe(oid, rounds), secret
}

func pbe(oid encoding.ObjectIdentifier, rounds int) []byte {
	return sequenceOf(identifier(oid), sequenceOf(octets(salt), integer(int64(rounds))))
}

// bag is a SafeBag of one of the kinds, with a name for people as an attribute.
func bag(kind int, value []byte) []byte {
	name := sequenceOf(identifier(object(1, 9, 20)), wrapped(asn1.SET, wrapped(asn1.Tag(30), []byte{0, 'a'})))
	return sequenceOf(identifier(object(1, 12, 10, 1, kind)), wrapped(explicit0, value), wrapped(asn1.SET, name))
}

func keyBag(pkcs8 []byte) []byte { return bag(1, pkcs8) }

// shrouded is a key under triple DES.
func shrouded(pkcs8 []byte) []byte {
	algorithm, content := encrypt(oidTripleDES, pkcs8, 2)
	return bag(2, sequenceOf(algorithm, octets(content)))
}

func certificateBag(der []byte) []byte {
	return bag(3, sequenceOf(identifier(object(1, 9, 22, 1)), wrapped(explicit0, octets(der))))
}

// person is a GOST key and a certificate for it that nobody signed.
type person struct{ pkcs8, certificate []byte }

func newPerson(tb testing.TB) person {
	tb.Helper()
	key, err := signing.Generate(gost.TC26Set512A(), rand.Reader)
	require.NoError(tb, err)
	pkcs8, err := key.MarshalPKCS8()
	require.NoError(tb, err)
	national := encoding.ObjectIdentifier{1, 2, 398, 3, 10, 1, 1, 2}
	algorithm := sequenceOf(identifier(append(national, 3, 2)))
	name := sequenceOf()
	var validity cryptobyte.Builder
	validity.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1UTCTime(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		b.AddASN1UTCTime(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	})
	public := sequenceOf(sequenceOf(identifier(append(national, 2)), sequenceOf(identifier(append(national, 2, 1)))),
		wrapped(asn1.BIT_STRING, []byte{0}, octets(key.Public().Bytes())))
	tbs := sequenceOf(wrapped(explicit0, integer(2)), integer(1), algorithm, name, validity.BytesOrPanic(), name, public)
	return person{pkcs8, sequenceOf(tbs, algorithm, wrapped(asn1.BIT_STRING, []byte{0, 1}))}
}
