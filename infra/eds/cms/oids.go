package cms

import "encoding/asn1"

// Types of content.
var (
	OIDData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}        // a document
	OIDTSTInfo = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4} // what a time stamp says
)

// Attributes of signers.
var (
	OIDContentType         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	OIDMessageDigest       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	OIDSigningTime         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	OIDSigningCertificate  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12} // binds by SHA-1
	OIDTimeStampToken      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14} // unsigned
	OIDCertificateValues   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 23} // unsigned
	OIDRevocationValues    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 24} // unsigned
	OIDSigningCertificate2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
)

var (
	oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidOCSP       = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 16, 2} // an OCSP response among revocation lists
	oidOCSPBasic  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}
)
