package pkcs12_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/gost"
	"services.example/portal/infra/eds/gost/signing"
	"services.example/portal/infra/eds/pkcs12"
)

// The centre's own files, with the passwords that it publishes for them: the key of each belongs to its certificate.
func TestFilesOfTheNationalAuthority(t *testing.T) {
	for _, name := range edstest.Names(t, "p12") {
		t.Run(name, func(t *testing.T) {
			file, password := edstest.Fixture(t, name), "Qwerty12"
			if strings.HasSuffix(name, "_2015.p12") {
				password = "Aa123456"
			}
			contents, err := pkcs12.Read(file, password)
			require.NoError(t, err)
			require.Len(t, contents.Certificates, 1)
			requireOwnKey(t, contents)

			_, err = pkcs12.Read(file, password+"x")
			require.ErrorIs(t, err, pkcs12.ErrPassword)
		})
	}
}

func TestFilesOfOpenSSL(t *testing.T) {
	for _, c := range []struct {
		name, password string
		certificates   int
	}{
		{"rsa_rc2", "Құпиясөз1", 1},
		{"rsa_aes", "Құпиясөз1", 1},
		{"ecdsa_aes", "secret", 2},
		{"ecdsa_rc2128", "", 2},
		{"ecdsa_plain", "secret", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			file, err := os.ReadFile("testdata/" + c.name + ".p12")
			require.NoError(t, err)
			contents, err := pkcs12.Read(file, c.password)
			require.NoError(t, err)
			require.Len(t, contents.Certificates, c.certificates)
			requireOwnKey(t, contents)

			_, err = pkcs12.Read(file, "another")
			require.ErrorIs(t, err, pkcs12.ErrPassword)
			changed := slices.Clone(file)
			changed[len(changed)/2] ^= 1
			_, err = pkcs12.Read(changed, c.password)
			require.Error(t, err)
		})
	}
}

// requireOwnKey signs with the key and verifies with the first certificate.
func requireOwnKey(t *testing.T, contents *pkcs12.Contents) {
	t.Helper()
	certificate, err := x509.ParseCertificate(contents.Certificates[0])
	require.NoError(t, err)
	digest := sha256.Sum256([]byte("a document"))
	switch key := contents.Key.(type) {
	case *rsa.PrivateKey:
		require.True(t, key.PublicKey.Equal(certificate.PublicKey))
	case *ecdsa.PrivateKey:
		require.True(t, key.PublicKey.Equal(certificate.PublicKey))
	case *signing.PrivateKey:
		raw := certificate.RawSubjectPublicKeyInfo
		public, err := gost.ParsePublicKey(key.Curve(), raw[len(raw)-2*key.Curve().Size():])
		require.NoError(t, err)
		signature, err := key.Sign(slices.Concat(digest[:], digest[:])[:key.Curve().Size()], rand.Reader)
		require.NoError(t, err)
		require.True(t, public.Verify(slices.Concat(digest[:], digest[:])[:key.Curve().Size()], signature))
	default:
		t.Fatalf("a key %T", key)
	}
}

func TestTheKeysCertificateComesFirst(t *testing.T) {
	owner, authority, other := newPerson(t), newPerson(t), newPerson(t)
	contents, err := pkcs12.Read(file(
		plain(shrouded(owner.pkcs8)),
		encrypted(certificateBag(authority.certificate), certificateBag(owner.certificate), certificateBag(other.certificate)),
	), password)
	require.NoError(t, err)
	require.Equal(t, [][]byte{owner.certificate, authority.certificate, other.certificate}, contents.Certificates)
	key, ok := contents.Key.(*signing.PrivateKey)
	require.True(t, ok)
	pkcs8, err := key.MarshalPKCS8()
	require.NoError(t, err)
	require.Equal(t, owner.pkcs8, pkcs8)
}

func TestBagsOfNoUseAreLeftAlone(t *testing.T) {
	owner := newPerson(t)
	contents, err := pkcs12.Read(file(
		plain(bag(4, sequenceOf()), bag(5, sequenceOf()), keyBag(owner.pkcs8)), plain(certificateBag(owner.certificate)),
	), password)
	require.NoError(t, err)
	require.Equal(t, [][]byte{owner.certificate}, contents.Certificates)
}

// The centre encrypts in pieces, in an indefinite length.
func TestEncryptedPartsInPieces(t *testing.T) {
	owner := newPerson(t)
	algorithm, content := encrypt(oidRC240, sequenceOf(certificateBag(owner.certificate)), 2)
	pieces := wrapped(explicit0, octets(content[:8]), octets(content[8:9]), octets(content[9:]))
	contents, err := pkcs12.Read(file(plain(shrouded(owner.pkcs8)), encryptedPart(algorithm, pieces)), password)
	require.NoError(t, err)
	require.Equal(t, [][]byte{owner.certificate}, contents.Certificates)
}

// What a file must not be. The MAC is right in each: only who knows the password can write such a file.
func TestFilesThatAreRefused(t *testing.T) {
	owner, other := newPerson(t), newPerson(t)
	key, certificate := plain(shrouded(owner.pkcs8)), encrypted(certificateBag(owner.certificate))
	_, err := pkcs12.Read(file(key, certificate), password)
	require.NoError(t, err)

	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	edwards, err := x509.MarshalPKCS8PrivateKey(ed)
	require.NoError(t, err)
	algorithm, secret := encrypt(oidTripleDES, owner.pkcs8, 2)
	short := secret[:len(secret)-8]
	safe := sequenceOf(key, certificate)
	unpadded, fit := encrypt(oidTripleDES, slices.Repeat([]byte{9}, 8), 2)

	for what, c := range map[string]struct {
		file []byte
		want error
	}{
		"no key":                        {file(certificate), pkcs12.ErrContents},
		"two keys":                      {file(key, plain(shrouded(other.pkcs8)), certificate), pkcs12.ErrContents},
		"the same key twice":            {file(key, key, certificate), pkcs12.ErrContents},
		"no certificate":                {file(key), pkcs12.ErrContents},
		"another's certificate":         {file(key, encrypted(certificateBag(other.certificate))), pkcs12.ErrContents},
		"a certificate that is none":    {file(key, plain(certificateBag([]byte("no certificate")))), pkcs12.ErrContents},
		"a key of another kind":         {file(plain(keyBag(edwards)), certificate), pkcs12.ErrUnsupported},
		"a key that is none":            {file(plain(keyBag(sequenceOf())), certificate), pkcs12.ErrUnsupported},
		"a key that is too long":        {file(plain(keyBag(octets(make([]byte, 9000)))), certificate), pkcs12.ErrMalformed},
		"nothing":                       {nil, pkcs12.ErrMalformed},
		"no file at all":                {[]byte("MIIM"), pkcs12.ErrMalformed},
		"something after it":            {append(file(key, certificate), 0), pkcs12.ErrMalformed},
		"too large":                     {file(key, certificate, plain(bag(5, octets(make([]byte, pkcs12.MaxFile))))), pkcs12.ErrMalformed},
		"another version":               {sequenceOf(integer(1)), pkcs12.ErrMalformed},
		"authenticated with signatures": {sequenceOf(integer(3), sequenceOf(identifier(object(1, 7, 2)))), pkcs12.ErrUnsupported},
		"no MAC":                        {sequenceOf(integer(3), sequenceOf(identifier(oidData), wrapped(explicit0, octets(safe)))), pkcs12.ErrUnsupported},
		"an unknown MAC":                {fileOf(safe, mac(safe, object(2, 5), 3)), pkcs12.ErrUnsupported},
		"a MAC of no rounds":            {fileOf(safe, mac(safe, oidSHA1, 0)), pkcs12.ErrMalformed},
		"a MAC of too many rounds":      {fileOf(safe, mac(safe, oidSHA1, pkcs12.MaxRounds+1)), pkcs12.ErrMalformed},
		"a MAC of something else":       {fileOf(safe, mac(sequenceOf(key), oidSHA1, 3)), pkcs12.ErrPassword},
		"an unknown kind of part":       {file(key, certificate, sequenceOf(identifier(object(1, 7, 3)), wrapped(explicit0))), pkcs12.ErrUnsupported},
		"too many parts":                {file(slices.Repeat([][]byte{plain()}, 17)...), pkcs12.ErrMalformed},
		"too many bags":                 {file(plain(slices.Repeat([][]byte{bag(5, octets(nil))}, 17)...)), pkcs12.ErrMalformed},
		"too many certificates": {
			file(key, plain(slices.Repeat([][]byte{certificateBag(other.certificate)}, 16)...), certificate), pkcs12.ErrMalformed,
		},
		"a part that is no sequence":    {file(octets(nil)), pkcs12.ErrMalformed},
		"a part of an unknown cipher":   {file(key, encryptedPart(pbe(object(1, 12, 1, 1), 2), wrapped(implicit0, short))), pkcs12.ErrUnsupported},
		"a part without encryption":     {file(key, encryptedPart(pbe(oidRC240, 2), nil)), pkcs12.ErrMalformed},
		"a part encrypted in no rounds": {file(key, encryptedPart(pbe(oidRC240, 0), wrapped(implicit0, short))), pkcs12.ErrMalformed},
		"too many rounds in one part": {
			file(key, encryptedPart(pbe(oidRC240, pkcs12.MaxRounds), wrapped(implicit0, short))), pkcs12.ErrUnsupported,
		},
		"a part of half a block":   {file(key, encryptedPart(pbe(oidRC240, 2), wrapped(implicit0, short[:4]))), pkcs12.ErrMalformed},
		"a piece of something":     {file(key, encryptedPart(pbe(oidRC240, 2), wrapped(explicit0, integer(1)))), pkcs12.ErrMalformed},
		"a key cut off":            {file(plain(bag(2, sequenceOf(algorithm, octets(short)))), certificate), pkcs12.ErrMalformed},
		"a key without anything":   {file(plain(bag(2, sequenceOf(algorithm, octets(nil)))), certificate), pkcs12.ErrMalformed},
		"a key that is no key":     {file(plain(bag(2, sequenceOf(unpadded, octets(fit)))), certificate), pkcs12.ErrMalformed},
		"a bag of another format":  {file(plain(bag(3, sequenceOf(identifier(object(1, 9, 22, 2)))))), pkcs12.ErrMalformed},
		"a bag that is no bag":     {file(plain(integer(1))), pkcs12.ErrMalformed},
		"parameters that are none": {file(plain(bag(2, sequenceOf(sequenceOf(identifier(oidTripleDES)), octets(short))))), pkcs12.ErrMalformed},
	} {
		t.Run(what, func(t *testing.T) {
			contents, err := pkcs12.Read(c.file, password)
			require.ErrorIs(t, err, c.want)
			require.Nil(t, contents)
		})
	}
}

// The rounds of all that is encrypted are bounded together: many parts do not help to keep the reader busy.
func TestRoundsAreBoundedTogether(t *testing.T) {
	owner := newPerson(t)
	_, secret := encrypt(oidRC240, sequenceOf(), 1)
	const each = pkcs12.MaxRounds / 30
	algorithm := pbe(oidRC240, each)
	_, right := encrypt(oidRC240, sequenceOf(), each)
	part := encryptedPart(algorithm, wrapped(implicit0, right))
	_, err := pkcs12.Read(file(slices.Repeat([][]byte{part}, 11)...), password)
	require.ErrorIs(t, err, pkcs12.ErrUnsupported)
	require.ErrorContains(t, err, "rounds")

	_, err = pkcs12.Read(file(plain(keyBag(owner.pkcs8), certificateBag(owner.certificate)), part), password)
	require.NoError(t, err)
	require.NotEmpty(t, secret)
}

func TestErrorsQuoteNothing(t *testing.T) {
	owner := newPerson(t)
	_, err := pkcs12.Read(file(plain(keyBag(owner.pkcs8))), password)
	require.EqualError(t, err, "pkcs12: not one private key with its certificate: no certificate of the private key")
	_, err = pkcs12.Read(file(plain(keyBag(owner.pkcs8))), "wrong")
	require.EqualError(t, err, "pkcs12: the password is wrong, or the file was changed")
}

// FuzzRead looks for bytes that panic, behind the MAC, which is always right.
func FuzzRead(f *testing.F) {
	owner := newPerson(f)
	f.Add(sequenceOf(plain(shrouded(owner.pkcs8)), encrypted(certificateBag(owner.certificate))))
	f.Add(sequenceOf(plain(keyBag(owner.pkcs8), certificateBag(owner.certificate))))
	algorithm, content := encrypt(oidRC240, sequenceOf(bag(5, sequenceOf())), 2)
	f.Add(sequenceOf(encryptedPart(algorithm, wrapped(explicit0, octets(content[:8]), octets(content[8:])))))
	f.Add([]byte{0x30, 0x80, 0x30, 0x80, 0x24, 0x80, 0x04, 0x00, 0, 0, 0, 0, 0, 0})
	f.Add(wrapped(asn1.SEQUENCE, bytes.Repeat([]byte{0x30, 0x80}, 40)))
	f.Fuzz(func(t *testing.T, safe []byte) {
		contents, err := pkcs12.Read(fileOf(safe, mac(safe, oidSHA1, 1)), password)
		require.Equal(t, err == nil, contents != nil)
		if err == nil {
			require.NotNil(t, contents.Key)
			require.NotEmpty(t, contents.Certificates)
		}
	})
}
