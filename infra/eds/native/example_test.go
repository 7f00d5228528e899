package native_test

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/dev/devtest"
	"services.example/portal/infra/eds/native"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/trust"
)

// A signature made under an authority of a demo is verified. In production the options say Production, nothing is added to
// the list of trust, and the source asks the national centre (revocation.Checker).
func Example() {
	now := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	authority, err := dev.NewCA(pki.GOST2015, now)
	if err != nil {
		fmt.Println(err)
		return
	}
	document := []byte("келісім")
	signed, err := authority.Sign(dev.Person{Name: "ҮЛГІ АДАМ", IIN: "600102500002"}, document, now, dev.SignOptions{TimeStamp: true})
	if err != nil {
		fmt.Println(err)
		return
	}

	list, err := trust.Open(trust.Options{More: trust.NewDev(authority.Root.Certificate, authority.Issuing.Certificate)})
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier := native.New(list, devtest.Services{CA: authority})
	report, err := verifier.Verify(context.Background(), eds.Signature{
		CMS: signed, Document: bytes.NewReader(document), IIN: "600102500002", At: now,
	})
	fmt.Println(err, report.Certificate.Owner, report.Algorithm, report.TimeFrom)
	for _, check := range report.Checks {
		fmt.Println(check.Step, check.Code == "")
	}
	// Output:
	// <nil> ҮЛГІ АДАМ GOST-2015-512 time-stamp
	// container true
	// document true
	// signature true
	// time true
	// chain true
	// usage true
	// owner true
	// revocation true
}
