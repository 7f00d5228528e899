package pkcs12

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/x509"
	encoding "encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/gost/signing"
)

// Contents is what a file holds.
type Contents struct {
	// Key is a *signing.PrivateKey of infra/eds/gost/signing, an *rsa.PrivateKey or an *ecdsa.PrivateKey.
	Key any
	// Certificates are in DER. The first is the key's; others are those of its authorities, if there are any.
	Certificates [][]byte
}

const (
	maxParts        = 16 // of a file, and of things in a part
	maxCertificates = 16
	maxKey          = 8 << 10 // in bytes
)

var (
	oidData          = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidEncryptedData = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 6}
	oidKeyBag        = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 1}
	oidShroudedBag   = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 2}
	oidCertBag       = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 3}
	oidX509          = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 22, 1}

	explicit0 = asn1.Tag(0).ContextSpecific().Constructed()
	implicit0 = asn1.Tag(0).ContextSpecific()
)

// reader is what one Read knows.
type reader struct {
	password string
	bmp      []byte
	left     budget
	keys     [][]byte // PKCS #8
	found    [][]byte // certificates
}

// Read opens a file with its password. The file must hold exactly one private key, and its certificate. Errors are
// ErrPassword, ErrMalformed, ErrUnsupported and ErrContents.
func Read(file []byte, password string) (*Contents, error) {
	r := &reader{password: password, bmp: bmpString(password), left: maxRounds}
	safe, err := r.readAuthenticated(file)
	if err != nil {
		return nil, err
	}
	input, err := sequence(safe)
	if err != nil {
		return nil, err
	}
	for parts := 0; !input.Empty(); parts++ {
		var part cryptobyte.String
		if parts == maxParts || !input.ReadASN1(&part, asn1.SEQUENCE) {
			return nil, malformed("the parts")
		}
		if err := r.readPart(part); err != nil {
			return nil, err
		}
	}
	return r.contents()
}

// sequence gives the body of a SEQUENCE in BER.
func sequence(ber []byte) (cryptobyte.String, error) {
	der, err := normalize(ber)
	if err != nil {
		return nil, err
	}
	input := cryptobyte.String(der)
	var body cryptobyte.String
	if !input.ReadASN1(&body, asn1.SEQUENCE) || !input.Empty() {
		return nil, malformed("no sequence")
	}
	return body, nil
}

// readAuthenticated reads the file's frame and gives what its MAC vouches for.
func (r *reader) readAuthenticated(file []byte) ([]byte, error) {
	pfx, err := sequence(file)
	if err != nil {
		return nil, err
	}
	var version int
	var info, wrapped, safe, mac cryptobyte.String
	var kind encoding.ObjectIdentifier
	if !pfx.ReadASN1Integer(&version) || version != 3 || !pfx.ReadASN1(&info, asn1.SEQUENCE) ||
		!info.ReadASN1ObjectIdentifier(&kind) {
		return nil, malformed("the frame")
	}
	if !kind.Equal(oidData) {
		return nil, unsupported("authentication " + kind.String())
	}
	if !info.ReadASN1(&wrapped, explicit0) || !info.Empty() || !wrapped.ReadASN1(&safe, asn1.OCTET_STRING) || !wrapped.Empty() {
		return nil, malformed("the frame")
	}
	if pfx.Empty() {
		return nil, unsupported("a file without a MAC")
	}
	if !pfx.ReadASN1(&mac, asn1.SEQUENCE) || !pfx.Empty() {
		return nil, malformed("the MAC")
	}
	return safe, r.checkMAC(mac, safe)
}

func (r *reader) checkMAC(mac cryptobyte.String, safe []byte) error {
	var info, algorithm, want, salt cryptobyte.String
	var oid encoding.ObjectIdentifier
	rounds := 1
	if !mac.ReadASN1(&info, asn1.SEQUENCE) || !info.ReadASN1(&algorithm, asn1.SEQUENCE) ||
		!algorithm.ReadASN1ObjectIdentifier(&oid) || !info.ReadASN1(&want, asn1.OCTET_STRING) || !info.Empty() ||
		!mac.ReadASN1(&salt, asn1.OCTET_STRING) || !mac.Empty() && !mac.ReadASN1Integer(&rounds) || !mac.Empty() ||
		rounds < 1 || rounds > maxRounds {
		return malformed("the MAC")
	}
	for _, h := range hashes {
		if !h.oid.Equal(oid) {
			continue
		}
		if err := r.left.spend(rounds); err != nil {
			return err
		}
		computed := hmac.New(h.make, derive(h.make, r.bmp, salt, rounds, forMAC, h.make().Size()))
		computed.Write(safe)
		if !hmac.Equal(computed.Sum(nil), want) {
			return ErrPassword
		}
		return nil
	}
	return unsupported("MAC with " + oid.String())
}

// readPart reads one ContentInfo: bags, which may be encrypted.
func (r *reader) readPart(part cryptobyte.String) error {
	var kind encoding.ObjectIdentifier
	var content, bags cryptobyte.String
	if !part.ReadASN1ObjectIdentifier(&kind) || !part.ReadASN1(&content, explicit0) || !part.Empty() {
		return malformed("a part")
	}
	switch {
	case kind.Equal(oidData):
		if !content.ReadASN1(&bags, asn1.OCTET_STRING) || !content.Empty() {
			return malformed("a part")
		}
		return r.readBags(bags)
	case kind.Equal(oidEncryptedData):
		plain, err := r.readEncrypted(content)
		if err != nil {
			return err
		}
		return r.readBags(plain)
	default:
		return unsupported("a part " + kind.String())
	}
}

func (r *reader) readEncrypted(content cryptobyte.String) ([]byte, error) {
	var data, info, algorithm, pieces cryptobyte.String
	var version int
	var kind encoding.ObjectIdentifier
	if !content.ReadASN1(&data, asn1.SEQUENCE) || !content.Empty() || !data.ReadASN1Integer(&version) || version != 0 ||
		!data.ReadASN1(&info, asn1.SEQUENCE) || !data.Empty() || !info.ReadASN1ObjectIdentifier(&kind) || !kind.Equal(oidData) ||
		!info.ReadASN1(&algorithm, asn1.SEQUENCE) {
		return nil, malformed("an encrypted part")
	}
	var encrypted []byte
	if info.PeekASN1Tag(implicit0) {
		if !info.ReadASN1(&pieces, implicit0) {
			return nil, malformed("an encrypted part")
		}
		encrypted = pieces
	} else {
		if !info.ReadASN1(&pieces, explicit0) {
			return nil, malformed("an encrypted part")
		}
		for !pieces.Empty() {
			var piece cryptobyte.String
			if !pieces.ReadASN1(&piece, asn1.OCTET_STRING) {
				return nil, malformed("a piece of an encrypted part")
			}
			encrypted = append(encrypted, piece...)
		}
	}
	if !info.Empty() {
		return nil, malformed("an encrypted part")
	}
	return r.decrypt(algorithm, encrypted)
}

// readBags reads SafeContents. The attributes of a bag, a name for people and an id, are not needed.
func (r *reader) readBags(ber []byte) error {
	bags, err := sequence(ber)
	if err != nil {
		return err
	}
	for count := 0; !bags.Empty(); count++ {
		var bag, value cryptobyte.String
		var kind encoding.ObjectIdentifier
		if count == maxParts || !bags.ReadASN1(&bag, asn1.SEQUENCE) || !bag.ReadASN1ObjectIdentifier(&kind) ||
			!bag.ReadASN1(&value, explicit0) {
			return malformed("a bag")
		}
		if err := r.readBag(kind, value); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) readBag(kind encoding.ObjectIdentifier, value cryptobyte.String) error {
	switch {
	case kind.Equal(oidKeyBag):
		r.keys = append(r.keys, value)
	case kind.Equal(oidShroudedBag):
		var info, algorithm, encrypted cryptobyte.String
		if !value.ReadASN1(&info, asn1.SEQUENCE) || !info.ReadASN1(&algorithm, asn1.SEQUENCE) ||
			!info.ReadASN1(&encrypted, asn1.OCTET_STRING) || !info.Empty() {
			return malformed("an encrypted key")
		}
		key, err := r.decrypt(algorithm, encrypted)
		if err != nil {
			return err
		}
		r.keys = append(r.keys, key)
	case kind.Equal(oidCertBag):
		var bag, wrapped, certificate cryptobyte.String
		var format encoding.ObjectIdentifier
		if !value.ReadASN1(&bag, asn1.SEQUENCE) || !bag.ReadASN1ObjectIdentifier(&format) || !format.Equal(oidX509) ||
			!bag.ReadASN1(&wrapped, explicit0) || !wrapped.ReadASN1(&certificate, asn1.OCTET_STRING) {
			return malformed("a bag of a certificate")
		}
		if len(r.found) == maxCertificates {
			return malformed("too many certificates")
		}
		r.found = append(r.found, bytes.Clone(certificate))
	}
	// What else there may be, revocation lists and secrets, is of no use here.
	return nil
}

// contents brings the key and its certificate together.
func (r *reader) contents() (*Contents, error) {
	if len(r.keys) != 1 {
		return nil, contents("not exactly one private key")
	}
	key, public, err := parseKey(r.keys[0])
	if err != nil {
		return nil, err
	}
	for i, der := range r.found {
		if belongs(der, public) {
			certificates := append([][]byte{der}, r.found[:i]...)
			return &Contents{Key: key, Certificates: append(certificates, r.found[i+1:]...)}, nil
		}
	}
	return nil, contents("no certificate of the private key")
}

// parseKey reads PKCS #8. The public key is given as it stands in certificates: the BIT STRING of GOST keys, else the
// whole SubjectPublicKeyInfo.
func parseKey(der []byte) (key any, public []byte, err error) {
	if len(der) > maxKey {
		return nil, nil, malformed("a key too long")
	}
	if der, err = normalize(der); err != nil {
		return nil, nil, err
	}
	national, err := signing.ParsePKCS8(der)
	if err == nil {
		return national, national.Public().Bytes(), nil
	}
	foreign, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, nil, unsupported("the key")
	}
	switch signer := foreign.(type) {
	case *rsa.PrivateKey:
		public, err = x509.MarshalPKIXPublicKey(signer.Public())
	case *ecdsa.PrivateKey:
		public, err = x509.MarshalPKIXPublicKey(signer.Public())
	default:
		return nil, nil, unsupported("the key")
	}
	if err != nil {
		return nil, nil, unsupported("the key")
	}
	return foreign, public, nil
}

// belongs says whether a certificate is that of a public key, which parseKey gave.
func belongs(der, public []byte) bool {
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return false
	}
	if bytes.Equal(certificate.RawSubjectPublicKeyInfo, public) {
		return true
	}
	input := cryptobyte.String(certificate.RawSubjectPublicKeyInfo)
	var info, raw cryptobyte.String
	var wrapped encoding.BitString
	if !input.ReadASN1(&info, asn1.SEQUENCE) || !info.SkipASN1(asn1.SEQUENCE) || !info.ReadASN1BitString(&wrapped) {
		return false
	}
	inner := cryptobyte.String(wrapped.Bytes)
	return inner.ReadASN1(&raw, asn1.OCTET_STRING) && inner.Empty() && bytes.Equal(raw, public)
}
