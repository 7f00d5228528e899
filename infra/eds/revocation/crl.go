package revocation

import (
	"bytes"
	encoding "encoding/asn1"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/internal/der"
	"services.example/portal/infra/eds/pki"
)

// MaxCRL is the size of the largest list that is read, in bytes: more than a million entries.
const MaxCRL = 64 << 20

// List is a list of revoked certificates that was read. Nothing vouches for it before SignedBy.
type List struct {
	Raw        []byte // DER; entries are looked up in it
	Issuer     []byte // name, DER
	ThisUpdate time.Time
	NextUpdate time.Time
	Number     *big.Int // nil: it has none
	Base       *big.Int // of a delta list: the number of the list that it adds to; nil: it is whole
	Entries    int

	index        index
	algorithm    pki.Algorithm
	signed       []byte
	signature    []byte
	authorityKey []byte // identifier; nil: none
	point        issuingPoint
	pointRaw     []byte    // the extension; nil: it is about all certificates
	retained     time.Time // the expired stay listed since; zero: they do not
}

// ParseCRL reads a list, or a delta list. Errors: *pki.Error with malformed or alg-not-allowed.
func ParseCRL(raw []byte) (*List, error) {
	if len(raw) > MaxCRL {
		return nil, pki.Malformed("a huge list of revoked certificates")
	}
	input := cryptobyte.String(raw)
	var whole, signed cryptobyte.String
	if !input.ReadASN1(&whole, asn1.SEQUENCE) || !input.Empty() || !whole.ReadASN1Element(&signed, asn1.SEQUENCE) {
		return nil, pki.Malformed("not one list of revoked certificates")
	}
	outer, algorithm, err := readAlgorithm(&whole)
	if err != nil {
		return nil, err
	}
	l := &List{Raw: raw, algorithm: algorithm, signed: signed}
	if !whole.ReadASN1BitStringAsBytes(&l.signature) || !whole.Empty() {
		return nil, pki.Malformed("the signature of a list of revoked certificates")
	}
	if err := l.read(signed, outer); err != nil {
		return nil, err
	}
	return l, nil
}

// read reads what is signed. The algorithm that is signed must be that which signed: the centre writes it with NULL as
// its parameters in the one place, and without parameters in the other.
func (l *List) read(signed cryptobyte.String, outer encoding.ObjectIdentifier) error {
	var list, issuer, entries, extensions cryptobyte.String
	var version int
	if !signed.ReadASN1(&list, asn1.SEQUENCE) || !list.ReadASN1Integer(&version) || version != 1 {
		return pki.Malformed("version of a list of revoked certificates")
	}
	inner, _, err := readAlgorithm(&list)
	if err != nil {
		return err
	}
	if !inner.Equal(outer) {
		return pki.Malformed("a list of revoked certificates names two algorithms")
	}
	if !list.ReadASN1Element(&issuer, asn1.SEQUENCE) || !der.ReadTime(&list, &l.ThisUpdate) || !der.ReadTime(&list, &l.NextUpdate) {
		return pki.Malformed("issuer or times of a list of revoked certificates")
	}
	l.Issuer = issuer
	if list.PeekASN1Tag(asn1.SEQUENCE) && !list.ReadASN1(&entries, asn1.SEQUENCE) {
		return pki.Malformed("the entries of a list of revoked certificates")
	}
	var present bool
	if !list.ReadOptionalASN1(&extensions, &present, der.Explicit(0)) || !list.Empty() {
		return pki.Malformed("the end of a list of revoked certificates")
	}
	if present {
		var content cryptobyte.String
		if !extensions.ReadASN1(&content, asn1.SEQUENCE) || !extensions.Empty() {
			return pki.Malformed("the extensions of a list of revoked certificates")
		}
		if err := der.ReadExtensions(content, l.takeExtension); err != nil {
			return err
		}
	}
	if l.Base != nil && l.Number == nil {
		return pki.Malformed("a delta list without a number")
	}
	l.index, err = indexEntries(entries)
	l.Entries = l.index.count
	return err
}

func (l *List) takeExtension(x der.Extension) (known, fine bool) {
	switch string(x.OID) {
	case oidCRLNumber:
		l.Number = new(big.Int)
		return true, readNumber(&x.Value, l.Number)
	case oidDelta:
		l.Base = new(big.Int)
		return true, readNumber(&x.Value, l.Base)
	case oidAuthorityKey:
		return true, readAuthorityKey(&x.Value, &l.authorityKey)
	case oidIssuingPoint:
		l.pointRaw = x.Value
		return true, l.point.read(x.Value)
	case oidExpiredOnCRL:
		return true, der.ReadGeneralizedTime(&x.Value, &l.retained) && x.Value.Empty()
	default:
		return false, false
	}
}

func readNumber(from *cryptobyte.String, out *big.Int) bool {
	return len(*from) <= maxSerial+2 && from.ReadASN1Integer(out) && from.Empty() && out.Sign() >= 0
}

// readAuthorityKey reads the identifier of the issuer's key, and leaves out its name and serial number.
func readAuthorityKey(from *cryptobyte.String, out *[]byte) bool {
	var sequence, id cryptobyte.String
	var present bool
	if !from.ReadASN1(&sequence, asn1.SEQUENCE) || !from.Empty() || !sequence.ReadOptionalASN1(&id, &present, der.Implicit(0)) {
		return false
	}
	if present {
		*out = id
	}
	return sequence.SkipOptionalASN1(der.Explicit(1)) && sequence.SkipOptionalASN1(der.Implicit(2)) && sequence.Empty()
}

// Find finds the entry of a certificate by its serial number.
func (l *List) Find(serial *big.Int) (Entry, bool) {
	content, err := contentOf(serial)
	if err != nil {
		return Entry{}, false // such a number cannot be in a list
	}
	return l.index.find(content)
}

// contentOf is the content of the DER of a number.
func contentOf(n *big.Int) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1BigInt(n)
	raw, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	input := cryptobyte.String(raw)
	var content cryptobyte.String
	if !input.ReadASN1(&content, asn1.INTEGER) {
		return nil, pki.Malformed("a serial number")
	}
	return content, nil
}

// sameScope tells whether two lists are about the same certificates of the same authority.
func (l *List) sameScope(other *List) bool {
	return bytes.Equal(l.Issuer, other.Issuer) && bytes.Equal(l.pointRaw, other.pointRaw) && bytes.Equal(l.authorityKey, other.authorityKey)
}
