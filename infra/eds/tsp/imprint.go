// Package tsp asks for time stamps and reads them: RFC 3161, with the algorithms of the national certification centre
// beside those of everybody. A time stamp proves that something was there at a time, by the word of an authority.
//
// What is verified here is that a token is over the bytes that one has, whole, and signed by a key that was made for time
// stamps and nothing else. Whose key that is must be asked of the caller's trusted authorities: at the token's time, with
// Token.Certificate and Token.Certificates.
package tsp

import (
	"bytes"
	encoding "encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/pki"
)

// invalid is the error of whatever is wrong with a time stamp.
func invalid(detail string) error { return &pki.Error{Code: pki.CodeTimeStamp, Detail: detail} }

// Imprint is the digest of what is stamped.
type Imprint struct {
	Hash   pki.Hash
	Digest []byte
}

// ImprintOf is the imprint of a message. The Hash must be a known one.
func ImprintOf(hash pki.Hash, message []byte) Imprint { return Imprint{hash, hash.Sum(message)} }

// Equal says whether both are of the same, by the same digest.
func (i Imprint) Equal(other Imprint) bool {
	return i.Hash == other.Hash && bytes.Equal(i.Digest, other.Digest)
}

func (i Imprint) add(b *cryptobyte.Builder) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		pki.AddIdentifier(b, i.Hash.OID())
		b.AddASN1OctetString(i.Digest)
	})
}

// readImprint reads a MessageImprint. Its digest may be one of years ago: whether that counts is for the caller.
func readImprint(from *cryptobyte.String) (Imprint, error) {
	var imprint, digest cryptobyte.String
	if !from.ReadASN1(&imprint, asn1.SEQUENCE) {
		return Imprint{}, pki.Malformed("the imprint of a time stamp")
	}
	oid, err := pki.ReadIdentifier(&imprint)
	if err != nil {
		return Imprint{}, err
	}
	hash, known := pki.HashByOID(oid)
	if !known {
		return Imprint{}, notAllowed("the digest of a time stamp: " + oid.String())
	}
	if !imprint.ReadASN1(&digest, asn1.OCTET_STRING) || !imprint.Empty() || len(digest) != hash.Size() {
		return Imprint{}, pki.Malformed("the imprint of a time stamp")
	}
	return Imprint{hash, bytes.Clone(digest)}, nil
}

func notAllowed(detail string) error { return &pki.Error{Code: pki.CodeNotAllowed, Detail: detail} }

// The policies of the national centre: which keys and clocks it stamps with.
var (
	PolicyGOST2004 = encoding.ObjectIdentifier{1, 2, 398, 3, 3, 2, 6, 1}
	PolicyGOST2015 = encoding.ObjectIdentifier{1, 2, 398, 3, 3, 2, 6, 4}
)
