// Package cms reads digital signatures, CMS SignedData of RFC 5652, more strictly than the RFC asks: DER without a byte to
// spare, signers whose certificate came along and is the only one of its name, signed attributes that are mandatory and
// each there once, and no algorithm of yesterday. What popular libraries let pass beside that are forgeries.
//
// Beside signatures over documents, which are detached as a rule, it reads time-stamp tokens, and what a signer adds for
// those who look years later: time stamps, certificates, answers about revocation. Of the latter nothing is verified
// here.
package cms
