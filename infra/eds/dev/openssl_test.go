package dev

import (
	"bytes"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/revocation"
	"services.example/portal/infra/eds/tsp"
)

// TestOpenSSLAgrees asks a program that others wrote about everything that an authority makes. It knows no GOST.
func TestOpenSSLAgrees(t *testing.T) {
	t.Parallel()
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip(err)
	}
	ca := caOf(t, pki.ECDSA)
	folder := t.TempDir()
	file := func(name string, content []byte, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, name)
		write(t, path, content)
		return path
	}
	certificate := func(name string, holders ...*Holder) string {
		t.Helper()
		var text []byte
		for _, h := range holders {
			text = append(text, pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: h.DER()})...)
		}
		return file(name, text, nil)
	}
	owner := ownerOfCA(t, ca, nurai)
	signed, err := ca.SignBy(owner, document, noon, SignOptions{Chain: true})
	container := file("cms", signed, err)
	request, err := tsp.Request{Imprint: tsp.ImprintOf(pki.SHA256, document)}.DER()
	asked := file("tsq", request, err)
	reply, err := ca.AnswerTimeStamp(request, noon)
	stamped := file("tsr", reply, err)
	question, err := revocation.NewOCSPRequest(owner.Certificate, ca.Issuing.Certificate, []byte("12345678"))
	questioned := file("ocsp-request", question, err)
	response, err := ca.AnswerOCSP(question, noon)
	answered := file("ocsp-response", response, err)
	crl, err := ca.CRL(noon)
	list := file("crl", crl, err)
	roots, issuing, leaf := certificate("roots.pem", ca.Root), certificate("issuing.pem", ca.Issuing), certificate("owner.pem", owner)
	content := file("document", document, nil)
	const at = "1795417200" // noon
	for name, arguments := range map[string][]string{
		"chain": {"verify", "-attime", at, "-CAfile", roots, "-untrusted", issuing, leaf},
		"cms": {
			"cms", "-verify", "-binary", "-inform", "DER", "-in", container, "-content", content, "-CAfile", roots,
			"-attime", at, "-purpose", "smimesign", "-out", os.DevNull,
		},
		"time stamp": {"ts", "-verify", "-queryfile", asked, "-in", stamped, "-CAfile", roots, "-untrusted", issuing, "-attime", at},
		"ocsp": {
			"ocsp", "-respin", answered, "-reqin", questioned, "-no_nonce", "-CAfile", roots,
			"-verify_other", issuing, "-attime", at, "-validity_period", "3153600000",
		},
		"list": {"crl", "-inform", "DER", "-in", list, "-CAfile", issuing, "-noout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := exec.CommandContext(t.Context(), openssl, arguments...).CombinedOutput()
			if err != nil || bytes.Contains(out, []byte("rror")) {
				t.Errorf("openssl: %v\n%s", err, out)
			}
		})
	}
}
