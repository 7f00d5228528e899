package cms_test

import (
	"fmt"

	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/pki"
)

// What a verifier does with a signature first: it reads it, checks that it is over the document and that the
// certificate's key made it, and looks for a chain to an authority that it trusts, at a time that it trusts. Usage, owner
// and revocation come after that.
func Example() {
	ca, err := dev.NewCA(pki.GOST2015, noon)
	if err != nil {
		fmt.Println(err)
		return
	}
	received, err := ca.Sign(person, document, noon, dev.SignOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}

	signed, err := cms.Parse(received, cms.Options{NeedSigningTime: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	signer := signed.Signers[0]
	fmt.Println("another document:", signer.Covers([]byte("another")))
	fmt.Println("this document:", signer.Covers(document))
	fmt.Println("its signature:", signer.CheckSignature())
	chain, err := pki.Chain(signer.Certificate, pki.ChainOptions{
		Anchors: ca.Authorities(), Pool: signed.Certificates, At: noon,
	})
	fmt.Println("chain of", len(chain), "certificates:", err)
	fmt.Println(signer.Algorithm, signer.Certificate.Signs(), signer.Certificate.Owner.CommonName)
	// Output:
	// another document: doc-changed: signed was something else
	// this document: <nil>
	// its signature: <nil>
	// chain of 2 certificates: <nil>
	// GOST-2015-512 true БҰЛАҚБАЙ НҰРАЙ
}
