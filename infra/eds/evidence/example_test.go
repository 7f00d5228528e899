package evidence_test

import (
	"context"
	"fmt"
	"os"

	"services.example/portal/infra/eds/bundle"
	"services.example/portal/infra/eds/evidence"
	"services.example/portal/infra/eds/native"
	"services.example/portal/infra/eds/trust"
)

// A bundle is checked with the authorities that the program knows, and with nothing else.
func ExampleVerify() {
	file, err := os.Open("evidence.zip")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close() //nolint:errcheck // it is only read
	info, err := file.Stat()
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := bundle.Read(file, info.Size())
	if err != nil {
		fmt.Println(err)
		return
	}
	store, err := trust.Open(trust.Options{Production: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	results, err := evidence.Verify(context.Background(), native.New(store, nil), b)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range results {
		fmt.Println(r.Signature.Signer, r.Verdict, r.Gaps, r.Report.Certificate.Owner, r.Report.TrustedAt)
	}
}
