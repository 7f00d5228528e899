package native

import (
	"encoding/asn1"
	"time"
)

// Name names this verifier in reports. Its number grows when it decides differently.
const Name = "native/1"

// Skew is by how much clocks may differ: the signer's, that of a time-stamping authority, and ours.
const Skew = 5 * time.Minute

// retryAfter is when to try again where nobody says whether a certificate is revoked.
const retryAfter = time.Minute

// maxTimeStamps is how many time stamps over one signature are looked at.
const maxTimeStamps = 4

// maxKept is how many kept OCSP answers are looked at, and how many kept lists.
const maxKept = 8

// LegacyBefore ends the time of GOST 34.310-2004 and SHA-1: what a trusted time puts before it may be signed with them.
var LegacyBefore = time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC)

// policy is the national centre's for the certificates of those who sign: they are issued under it, or below it.
var policy = asn1.ObjectIdentifier{1, 2, 398, 3, 3, 2}
