package cms

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
)

// Object identifiers of RFC 5652, RFC 5035 and the algorithms that are allowed.
var (
	oidData        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidDigest      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	oidSigningCert = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12} // binds by SHA-1
	oidCertV2      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}

	oidSHA256 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}

	oidRSA         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidRSASHA256   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
	oidRSASHA384   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}
	oidRSASHA512   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}
	oidECDSASHA256 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidECDSASHA384 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}
	oidECDSASHA512 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}
)

// digests are the digests that are allowed.
var digests = []struct {
	oid  asn1.ObjectIdentifier
	hash crypto.Hash
}{{oidSHA256, crypto.SHA256}, {oidSHA384, crypto.SHA384}, {oidSHA512, crypto.SHA512}}

// algorithms are the pairs of digest and signature algorithm that are allowed. A key's own identifier stands for its
// signatures with whatever digest the signer names.
var algorithms = []struct {
	hash      crypto.Hash
	oid       asn1.ObjectIdentifier
	algorithm x509.SignatureAlgorithm
}{
	{crypto.SHA256, oidRSA, x509.SHA256WithRSA},
	{crypto.SHA384, oidRSA, x509.SHA384WithRSA},
	{crypto.SHA512, oidRSA, x509.SHA512WithRSA},
	{crypto.SHA256, oidRSASHA256, x509.SHA256WithRSA},
	{crypto.SHA384, oidRSASHA384, x509.SHA384WithRSA},
	{crypto.SHA512, oidRSASHA512, x509.SHA512WithRSA},
	{crypto.SHA256, oidECDSASHA256, x509.ECDSAWithSHA256},
	{crypto.SHA384, oidECDSASHA384, x509.ECDSAWithSHA384},
	{crypto.SHA512, oidECDSASHA512, x509.ECDSAWithSHA512},
}

func hashOf(oid asn1.ObjectIdentifier) (crypto.Hash, bool) {
	for _, d := range digests {
		if d.oid.Equal(oid) {
			return d.hash, true
		}
	}
	return 0, false
}

func algorithmOf(hash crypto.Hash, oid asn1.ObjectIdentifier) (x509.SignatureAlgorithm, bool) {
	for _, a := range algorithms {
		if a.hash == hash && a.oid.Equal(oid) {
			return a.algorithm, true
		}
	}
	return x509.UnknownSignatureAlgorithm, false
}
