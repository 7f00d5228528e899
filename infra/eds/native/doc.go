// Package native verifies digital signatures of Kazakhstan's national certification centre in pure Go: GOST, RSA and ECDSA,
// in CMS with CAdES attributes.
//
// A signature is checked in eight steps, each of which stands in the report: the container, the document, the signature,
// the time, the chain, the usage, the owner, and revocation. All but the last are made even after one has failed, where they
// can be, so that a report tells everything; the first failure gives the code. Revocation is asked last and only for what
// passed all else, so that nobody makes the program ask others about forgeries.
//
// Certificates are checked for a trusted time: that of a time stamp over the signature, else that of receipt. The time that
// the signer claims is never trusted; it must not differ from the trusted one by more than Skew.
//
// Of an authority that stamps times it is asked whether it was trusted for that then, and offline whether a kept list or
// answer calls its certificate revoked; online nobody is asked about it.
//
// Verify is for a signature that was just handed in, and asks the authorities. VerifyOffline is for one of years ago with
// the evidence that was kept: it asks nobody, and allows the algorithms of that time.
package native
