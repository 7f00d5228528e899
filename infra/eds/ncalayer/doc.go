// Package ncalayer speaks the protocol with which pages in browsers ask NCALayer, the signing program of the national
// certification centre, for signatures: JSON in WebSocket messages on this machine. It is a stand-in for that program in
// demos and tests. The pages' code does not notice: the library ncalayer-js-client works against it as it is.
//
// A page connects, is told the version, and asks for one thing at a time. Module kz.gov.pki.knca.basics signs
// (method sign: CMS, of one document or several, detached or not, of a document or its digest); of the older module
// kz.gov.pki.knca.commonUtils there are getActiveTokens, getKeyInfo, createCAdESFromBase64, createCAdESFromBase64Hash,
// createCMSSignatureFromBase64 and changeLocale. XML signatures, files that a page names by their path, and requests for
// certificates are refused.
//
// Pages whose Content-Security-Policy restricts connections must allow the address: connect-src ws://127.0.0.1:13580 for a
// stand-in on that port, wss://127.0.0.1:13579 for NCALayer itself.
//
// It differs from the real program where that would harm or hinder a demo: it takes pages of its own list of origins
// alone, where NCALayer takes any; a Host that is no name of this machine is refused; and keys of test authorities may
// sign without being asked for by an empty chain.
package ncalayer
