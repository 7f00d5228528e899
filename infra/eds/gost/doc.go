// Package gost verifies the digital signatures of Kazakhstan's national standard: GOST R 34.10-2012 over Streebog
// (there ST RK GOST R 34.10-2015), and, for evidence of years ago, GOST 34.310-2004 over GOST 34.311-95.
//
// Its wire form is the Kazakh one: every number is little-endian, a public key is X‖Y and a signature r‖s (the
// Russian RFCs write s‖r, big-endian). Digests are read as little-endian numbers too.
//
// Nothing here runs in constant time, because verifying knows no secret. Making signatures is in the package signing,
// which is for tests and the demo.
//
// The package needs the standard library only.
package gost
