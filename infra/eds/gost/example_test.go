package gost_test

import (
	"crypto/rand"
	"fmt"

	"services.example/portal/infra/eds/gost"
	"services.example/portal/infra/eds/gost/signing"
)

func ExamplePublicKey_Verify() {
	private, err := signing.Generate(gost.TC26Set512A(), rand.Reader)
	if err != nil {
		panic(err)
	}
	hash := gost.New512()
	hash.Write([]byte("a document"))
	digest := hash.Sum(nil)
	signature, err := private.Sign(digest, rand.Reader)
	if err != nil {
		panic(err)
	}

	key, err := gost.ParsePublicKey(gost.TC26Set512A(), private.Public().Bytes())
	if err != nil {
		panic(err)
	}
	fmt.Println(key.Verify(digest, signature))
	digest[0] ^= 1
	fmt.Println(key.Verify(digest, signature))
	// Output:
	// true
	// false
}
