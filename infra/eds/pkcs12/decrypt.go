package pkcs12

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // what the files are encrypted with
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // what the files are encrypted with
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	encoding "encoding/asn1"
	"hash"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

var (
	oidTripleDES = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 1, 3}
	oidRC2128    = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 1, 5}
	oidRC240     = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 1, 6}
	oidPBES2     = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2    = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
)

// old are the ciphers that take a key and an IV derived in the way of PKCS #12.
var old = []struct {
	oid    encoding.ObjectIdentifier
	size   int // of the key in bytes
	cipher func(key []byte) (cipher.Block, error)
}{
	{oidTripleDES, 24, des.NewTripleDESCipher},
	{oidRC2128, 16, func(key []byte) (cipher.Block, error) { return newRC2(key), nil }},
	{oidRC240, 5, func(key []byte) (cipher.Block, error) { return newRC2(key), nil }},
}

// aesSizes are the ciphers of PBES2: AES in CBC mode, with the size of its key in bytes.
var aesSizes = []struct {
	oid  encoding.ObjectIdentifier
	size int
}{
	{encoding.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 2}, 16},
	{encoding.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 22}, 24},
	{encoding.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}, 32},
}

// hashes are those of a MAC, and those of PBKDF2 by the identifier of their HMAC.
var hashes = []struct {
	oid, hmac encoding.ObjectIdentifier
	make      func() hash.Hash
}{
	{encoding.ObjectIdentifier{1, 3, 14, 3, 2, 26}, encoding.ObjectIdentifier{1, 2, 840, 113549, 2, 7}, sha1.New},
	{encoding.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, encoding.ObjectIdentifier{1, 2, 840, 113549, 2, 9}, sha256.New},
	{encoding.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, encoding.ObjectIdentifier{1, 2, 840, 113549, 2, 11}, sha512.New},
}

// decrypt decrypts what algorithm, the body of an AlgorithmIdentifier, says how.
func (r *reader) decrypt(algorithm cryptobyte.String, encrypted []byte) ([]byte, error) {
	var oid encoding.ObjectIdentifier
	var parameters cryptobyte.String
	if !algorithm.ReadASN1ObjectIdentifier(&oid) || !algorithm.ReadASN1(&parameters, asn1.SEQUENCE) || !algorithm.Empty() {
		return nil, malformed("an encryption algorithm")
	}
	if oid.Equal(oidPBES2) {
		return r.decryptPBES2(parameters, encrypted)
	}
	for _, c := range old {
		if !c.oid.Equal(oid) {
			continue
		}
		salt, rounds, ok := readSalt(&parameters)
		if !ok || !parameters.Empty() {
			return nil, malformed("the parameters of an encryption algorithm")
		}
		// The key may take two rows of hashing, the IV takes one.
		if err := r.left.spend(3 * rounds); err != nil {
			return nil, err
		}
		block, err := c.cipher(derive(sha1.New, r.bmp, salt, rounds, forKey, c.size))
		if err != nil {
			return nil, unsupported("a key")
		}
		return decryptCBC(block, derive(sha1.New, r.bmp, salt, rounds, forIV, block.BlockSize()), encrypted)
	}
	return nil, unsupported("encryption " + oid.String())
}

// decryptPBES2 decrypts as RFC 8018 says, with PBKDF2 and AES.
func (r *reader) decryptPBES2(parameters cryptobyte.String, encrypted []byte) ([]byte, error) {
	var derivation, scheme, derivationParameters, iv cryptobyte.String
	var derivationOID, schemeOID encoding.ObjectIdentifier
	if !parameters.ReadASN1(&derivation, asn1.SEQUENCE) || !parameters.ReadASN1(&scheme, asn1.SEQUENCE) || !parameters.Empty() ||
		!derivation.ReadASN1ObjectIdentifier(&derivationOID) || !derivation.ReadASN1(&derivationParameters, asn1.SEQUENCE) ||
		!scheme.ReadASN1ObjectIdentifier(&schemeOID) {
		return nil, malformed("the parameters of PBES2")
	}
	if !derivationOID.Equal(oidPBKDF2) {
		return nil, unsupported("key derivation " + derivationOID.String())
	}
	for _, c := range aesSizes {
		if !c.oid.Equal(schemeOID) {
			continue
		}
		if !scheme.ReadASN1(&iv, asn1.OCTET_STRING) || len(iv) != aes.BlockSize || !scheme.Empty() {
			return nil, malformed("an IV")
		}
		key, err := r.derivePBKDF2(derivationParameters, c.size)
		if err != nil {
			return nil, err
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, unsupported("a key")
		}
		return decryptCBC(block, iv, encrypted)
	}
	return nil, unsupported("encryption " + schemeOID.String())
}

func (r *reader) derivePBKDF2(parameters cryptobyte.String, size int) ([]byte, error) {
	salt, rounds, ok := readSalt(&parameters)
	length := size
	if !ok || parameters.PeekASN1Tag(asn1.INTEGER) && !parameters.ReadASN1Integer(&length) || length != size {
		return nil, malformed("the parameters of PBKDF2")
	}
	newHash := sha1.New // the default
	if !parameters.Empty() {
		var prf cryptobyte.String
		var oid encoding.ObjectIdentifier
		if !parameters.ReadASN1(&prf, asn1.SEQUENCE) || !prf.ReadASN1ObjectIdentifier(&oid) || !parameters.Empty() {
			return nil, malformed("the parameters of PBKDF2")
		}
		newHash = nil
		for _, h := range hashes {
			if h.hmac.Equal(oid) {
				newHash = h.make
			}
		}
		if newHash == nil {
			return nil, unsupported("key derivation with " + oid.String())
		}
	}
	if err := r.left.spend(2 * rounds); err != nil {
		return nil, err
	}
	key, err := pbkdf2.Key(newHash, r.password, salt, rounds, size)
	if err != nil {
		return nil, unsupported("the parameters of PBKDF2")
	}
	return key, nil
}

// readSalt reads a salt and a number of rounds, which is bounded when it is spent.
func readSalt(parameters *cryptobyte.String) (salt []byte, rounds int, ok bool) {
	var raw cryptobyte.String
	ok = parameters.ReadASN1(&raw, asn1.OCTET_STRING) && parameters.ReadASN1Integer(&rounds) && rounds > 0 && rounds <= maxRounds
	return raw, rounds, ok
}

// decryptCBC decrypts and takes the padding off. The MAC was right, so what is wrong here is the file, not the password.
func decryptCBC(block cipher.Block, iv, encrypted []byte) ([]byte, error) {
	size := block.BlockSize()
	if len(encrypted) == 0 || len(encrypted)%size != 0 {
		return nil, malformed("the length of something encrypted")
	}
	plain := make([]byte, len(encrypted))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, encrypted)
	padding := int(plain[len(plain)-1])
	if padding == 0 || padding > size {
		return nil, malformed("a padding")
	}
	rest := len(plain) - padding
	for _, b := range plain[rest:] {
		if subtle.ConstantTimeByteEq(b, byte(padding)) != 1 {
			return nil, malformed("a padding")
		}
	}
	return plain[:rest], nil
}
