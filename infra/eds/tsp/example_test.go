package tsp_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"time"

	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/remote"
	"services.example/portal/infra/eds/tsp"
)

// A time stamp is asked for, and checked as it will be years later: against whom one trusts, at the time that it says.
func Example() {
	now := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	authority, err := dev.NewCA(pki.GOST2015, now)
	if err != nil {
		panic(err)
	}
	server := httptest.NewServer(authority.Handler(func() time.Time { return now }))
	defer server.Close()

	connection := remote.New(nil)
	defer connection.Close()
	client, err := tsp.NewClient(tsp.ClientOptions{URL: server.URL + "/tsp", Client: connection})
	if err != nil {
		panic(err)
	}
	signature := []byte("the value of a signature")
	stamped, err := client.Stamp(context.Background(), signature, now)
	if err != nil {
		panic(err)
	}

	token, err := tsp.ParseToken(stamped.Raw, tsp.Options{})
	if err != nil {
		panic(err)
	}
	if err := token.Verify(signature); err != nil {
		panic(err)
	}
	chain, err := pki.Chain(token.Certificate, pki.ChainOptions{Anchors: authority.Authorities(), At: token.Time})
	if err != nil {
		panic(err)
	}
	fmt.Println(token.Time, token.Imprint.Hash, len(chain) > 1)
	// Output: 2026-11-23 07:00:00 +0000 UTC Streebog512 true
}
