package pki

import (
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Kind is the kind of a key. The zero Kind is one that is not known here.
type Kind uint8

// The kinds of keys.
const (
	RSA      Kind = iota + 1
	ECDSA         // on the curves P-256, P-384 and P-521
	GOST2015      // GOST R 34.10-2012 with 512 bits, in Kazakhstan ST RK GOST R 34.10-2015
	GOST2004      // GOST 34.310-2004 with 256 bits
)

// Algorithm is how something is signed. The zero Algorithm is one that is not known here.
type Algorithm struct {
	Kind Kind
	Hash Hash
}

// OIDs of keys. Each stands in a signature too, where the digest is named beside it.
var (
	oidRSA      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidGOST2015 = asn1.ObjectIdentifier{1, 2, 398, 3, 10, 1, 1, 2, 2}
	oidGOST2004 = asn1.ObjectIdentifier{1, 2, 398, 3, 10, 1, 1, 1, 1}
)

// algorithms are those that are known: since is when a signature may be made with them.
var algorithms = []struct {
	algorithm Algorithm
	name      string
	legacy    bool
	oid       asn1.ObjectIdentifier
	key       asn1.ObjectIdentifier // that may stand for oid in a signature; nil: none
}{
	{Algorithm{GOST2015, Streebog512}, "GOST-2015-512", false, asn1.ObjectIdentifier{1, 2, 398, 3, 10, 1, 1, 2, 3, 2}, oidGOST2015},
	{Algorithm{RSA, SHA256}, "RSA-SHA256", false, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, oidRSA},
	{Algorithm{RSA, SHA384}, "RSA-SHA384", false, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, oidRSA},
	{Algorithm{RSA, SHA512}, "RSA-SHA512", false, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, oidRSA},
	{Algorithm{ECDSA, SHA256}, "ECDSA-SHA256", false, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, nil},
	{Algorithm{ECDSA, SHA384}, "ECDSA-SHA384", false, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, nil},
	{Algorithm{ECDSA, SHA512}, "ECDSA-SHA512", false, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, nil},
	{Algorithm{GOST2004, GOST94}, "GOST-2004", true, asn1.ObjectIdentifier{1, 2, 398, 3, 10, 1, 1, 1, 2}, oidGOST2004},
	{Algorithm{RSA, SHA1}, "RSA-SHA1", true, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5}, oidRSA},
}

// AlgorithmByOID finds an algorithm by the identifier of its signatures.
func AlgorithmByOID(oid asn1.ObjectIdentifier) (Algorithm, bool) {
	for _, a := range algorithms {
		if a.oid.Equal(oid) {
			return a.algorithm, true
		}
	}
	return Algorithm{}, false
}

// AlgorithmOf finds the algorithm of a signer who names it and the digest apart. Programs write the identifier of the
// signature there, or that of the key.
func AlgorithmOf(oid asn1.ObjectIdentifier, digest Hash) (Algorithm, bool) {
	for _, a := range algorithms {
		if a.algorithm.Hash == digest && (a.oid.Equal(oid) || a.key != nil && a.key.Equal(oid)) {
			return a.algorithm, true
		}
	}
	return Algorithm{}, false
}

// Allowed says whether signatures of the algorithm count. Legacy is for evidence of years ago alone: what was signed
// with GOST 34.310-2004 or SHA-1 when that was good, says a trusted time.
func (a Algorithm) Allowed(legacy bool) bool {
	for _, known := range algorithms {
		if known.algorithm == a {
			return legacy || !known.legacy
		}
	}
	return false
}

// OID is the identifier of signatures; nil if the algorithm is not known.
func (a Algorithm) OID() asn1.ObjectIdentifier {
	for _, known := range algorithms {
		if known.algorithm == a {
			return known.oid
		}
	}
	return nil
}

// String is the name for reports.
func (a Algorithm) String() string {
	for _, known := range algorithms {
		if known.algorithm == a {
			return known.name
		}
	}
	return "unknown"
}

// ReadIdentifier reads an AlgorithmIdentifier without parameters: absent or NULL. Errors: *Error with malformed, or
// alg-not-allowed if it has parameters.
func ReadIdentifier(from *cryptobyte.String) (asn1.ObjectIdentifier, error) {
	var identifier, null cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !from.ReadASN1(&identifier, der.SEQUENCE) || !identifier.ReadASN1ObjectIdentifier(&oid) {
		return nil, Malformed("an algorithm")
	}
	if identifier.Empty() || identifier.ReadASN1(&null, der.NULL) && null.Empty() && identifier.Empty() {
		return oid, nil
	}
	return nil, notAllowed("parameters of " + oid.String())
}

// AddIdentifier writes an AlgorithmIdentifier with NULL parameters, as the national certification centre does.
func AddIdentifier(b *cryptobyte.Builder, oid asn1.ObjectIdentifier) {
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		b.AddASN1NULL()
	})
}
