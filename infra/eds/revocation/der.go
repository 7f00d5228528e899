package revocation

import (
	encoding "encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/pki"
)

// OIDs as they stand in DER, without tag and length: lists have half a million of them.
const (
	oidReason         = "\x55\x1d\x15"
	oidInvalidity     = "\x55\x1d\x18"
	oidCRLNumber      = "\x55\x1d\x14"
	oidDelta          = "\x55\x1d\x1b"
	oidIssuingPoint   = "\x55\x1d\x1c"
	oidAuthorityKey   = "\x55\x1d\x23"
	oidExpiredOnCRL   = "\x55\x1d\x3c"
	oidBasic          = "\x2b\x06\x01\x05\x05\x07\x30\x01\x01"
	oidNonce          = "\x2b\x06\x01\x05\x05\x07\x30\x01\x02"
	oidArchiveCutoff  = "\x2b\x06\x01\x05\x05\x07\x30\x01\x06"
	oidExtendedRevoke = "\x2b\x06\x01\x05\x05\x07\x30\x01\x09"
)

const maxSerial = 32 // bytes; RFC 5280 allows 20

func readReason(from cryptobyte.String, out *Reason) bool {
	var n int
	if !from.ReadASN1Enum(&n) || !from.Empty() || n < 0 || n > int(AACompromise) {
		return false
	}
	*out = Reason(n)
	return out.known()
}

// readAlgorithm reads the algorithm of a signature, as the OID that it is known by and as what it is.
func readAlgorithm(from *cryptobyte.String) (encoding.ObjectIdentifier, pki.Algorithm, error) {
	oid, err := pki.ReadIdentifier(from)
	if err != nil {
		return nil, pki.Algorithm{}, err
	}
	algorithm, known := pki.AlgorithmByOID(oid)
	if !known {
		return nil, pki.Algorithm{}, notAllowed("signature " + oid.String())
	}
	return oid, algorithm, nil
}

// readSerial reads the content of an INTEGER without making a number of it. It may be negative.
func readSerial(from, out *cryptobyte.String) bool {
	if !from.ReadASN1(out, asn1.INTEGER) || len(*out) == 0 || len(*out) > maxSerial {
		return false
	}
	n := *out
	if len(n) == 1 {
		return true
	}
	first := uint16(n[0])<<1 | uint16(n[1])>>7 // nine equal bits are one byte too many
	return first != 0 && first != 0x1ff
}

// Errors in short.
func notAllowed(detail string) error { return &pki.Error{Code: pki.CodeNotAllowed, Detail: detail} }
func untrusted(detail string) error  { return &pki.Error{Code: pki.CodeUntrusted, Detail: detail} }
