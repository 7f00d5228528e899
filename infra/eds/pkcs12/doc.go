// Package pkcs12 opens the .p12 files in which people get their keys from Kazakhstan's national certification centre:
// PKCS #12 of RFC 7292 in BER with indefinite lengths, certificates under RC2 with 40 bits, the key under triple DES, a
// MAC with SHA-1; GOST keys of 2015 and of 2004, and RSA ones. It opens files of OpenSSL too, with AES.
//
// It is for the demo's signer and for tests. A portal never sees such a file: people sign where their keys are.
//
// A file may be hostile: its size, the depth of its structure and the rounds of hashing that it asks for are bounded.
package pkcs12
