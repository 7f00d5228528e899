package dev_test

import (
	"fmt"
	"time"

	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/pki"
)

// A person signs with a certificate of an authority made for the test; whoever trusts the authority's root can check it.
func ExampleCA_Sign() {
	now := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	ca, err := dev.NewCA(pki.GOST2015, now)
	if err != nil {
		panic(err)
	}
	person := dev.Person{Name: "БҰЛАҚБАЙ НҰРАЙ", IIN: "890519450078"}
	der, err := ca.Sign(person, []byte("құжат"), now, dev.SignOptions{Chain: true})
	if err != nil {
		panic(err)
	}

	signed, err := cms.Parse(der, cms.Options{NeedSigningTime: true})
	if err != nil {
		panic(err)
	}
	signer := signed.Signers[0]
	chain, err := pki.Chain(signer.Certificate, pki.ChainOptions{
		Anchors: []*pki.Certificate{ca.Root.Certificate}, Pool: signed.Certificates, At: now,
	})
	fmt.Println(signer.Algorithm, signer.CheckSignature(), signer.Covers([]byte("құжат")), len(chain), err)
	// Output: GOST-2015-512 <nil> <nil> 3 <nil>
}

// A test makes a certificate as wrong as it likes: here one that nobody may sign documents with.
func ExampleCA_Issue() {
	now := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	ca, err := dev.NewCA(pki.ECDSA, now)
	if err != nil {
		panic(err)
	}
	holder, err := ca.Issue(dev.Person{Name: "БҰЛАҚБАЙ НҰРАЙ", IIN: "890519450078"}, now, func(t *dev.Template) {
		t.With(dev.ExtKeyUsage(false, pki.OIDClientAuth))
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(holder.Certificate.Owner.IIN, holder.Certificate.Signs())
	// Output: 890519450078 false
}
