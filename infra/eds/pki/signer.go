package pki

// Signer makes signatures with a private key: for authorities of a demo and of tests.
type Signer interface {
	Public() *Key
	Algorithm() Algorithm
	// Sign signs a message: it takes the digest itself. The signature is as it stands in certificates and in CMS.
	Sign(message []byte) ([]byte, error)
}
