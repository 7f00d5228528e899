// Package ncanode lets a NCANode server verify signatures, for those whom the law obliges to a certified product: NCANode
// wraps one. It speaks the server's POST /cms/verify.
//
// The server's word alone does not suffice. It calls a signature valid that has no signer, or one whose certificate did not
// come along; it looks at the content of an attached signature instead of the document that it was given; it takes
// certificates for signing in, and anybody's; it checks revocation only when asked to, and says "not revoked" of a list that
// it does not have; it compares no time stamp with what was stamped. So whatever needs no trusted authority is checked here
// first, by the strict reader of package cms: the form, the signer's certificate, the document, the signature, the owner.
// Then the server is asked, for the signature again, the chain and the revocation, and its answer is believed only where it is
// about this very certificate and says of each thing that it was checked.
//
// One thing cannot be mended from outside: the server does not verify that OCSP answers are signed. Package both with the
// portal's own verifier does.
package ncanode
