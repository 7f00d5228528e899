// Package pki knows the certificates of Kazakhstan's national certification centre: the algorithms that may sign, keys
// (RSA, ECDSA, GOST), who a certificate's owner is and what the owner may sign, and the chain from a certificate to an
// authority that somebody trusts.
//
// It replaces crypto/x509 where that stops: x509 reads certificates with GOST keys, but cannot verify them, and its
// verification knows neither the roles nor a time of long ago.
//
// Input is hostile. What is read is DER without a byte to spare, of bounded size, and nothing recurs on its depth.
// Whatever is wrong is an *Error with a code that callers show to people, and a detail for developers that quotes
// nothing of the input.
package pki
