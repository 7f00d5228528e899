package revocation_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"time"

	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/remote"
	"services.example/portal/infra/eds/revocation"
)

// The responder of an authority is asked first, its list next. What it said is kept, and checked again years later.
func Example() {
	now := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	authority, err := dev.NewCA(pki.GOST2015, now)
	if err != nil {
		panic(err)
	}
	owner, err := authority.Issue(dev.Person{Name: "ҮЛГІ АЙДАНА", IIN: "900101300823"}, now)
	if err != nil {
		panic(err)
	}
	server := httptest.NewServer(authority.Handler(func() time.Time { return now }))
	defer server.Close()

	client := remote.New(nil)
	defer client.Close()
	list, err := revocation.NewCRLClient(revocation.CRLOptions{URL: server.URL + "/ca.crl", Client: client})
	if err != nil {
		panic(err)
	}
	defer list.Close()
	responder, err := revocation.NewOCSPClient(server.URL+"/ocsp", client, list)
	if err != nil {
		panic(err)
	}
	checker := revocation.Checker{Sources: []revocation.Source{responder, list}, Timeout: 10 * time.Second}

	question := revocation.Query{Certificate: owner.Certificate, Issuer: authority.Issuing.Certificate, At: now, Now: now}
	status, err := checker.Check(context.Background(), question)
	if err != nil {
		panic(err)
	}
	fmt.Println(status.State, status.Evidence[0].Kind)

	kept, err := revocation.ParseOCSP(status.Evidence[0].DER)
	if err != nil {
		panic(err)
	}
	question.Now = time.Time{} // years later
	status, err = kept.Status(question)
	fmt.Println(status.State, err)
	// Output:
	// good ocsp
	// good <nil>
}
