package edscheck

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"

	"services.example/portal/infra/eds/native"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/trust"
)

// Authorities says whose certificates are believed, without a network: those of the national centre, those of the past too,
// and whom the flags name.
type Authorities struct {
	Trust     string   `aliases:"eds-trust" placeholder:"FILE" help:"Signed list of trusted authorities of digital signatures instead of the built-in one."`
	TrustKey  string   `aliases:"eds-trust-key" placeholder:"KEY" help:"Public key that signs that list."`
	AlsoTrust []string `placeholder:"FILE" help:"Certificates of a root and its authorities that are believed as well: those of a demo."`
	Test      bool     `name:"test-authorities" help:"Believe the national centre's authorities for developers as well."`
}

// Verifier believes them.
func (a Authorities) Verifier() (*native.Verifier, error) {
	var more []trust.Authority
	if len(a.AlsoTrust) > 0 {
		authorities, err := readAuthorities(a.AlsoTrust)
		if err != nil {
			return nil, err
		}
		more = authorities
	}
	store, err := trust.Open(trust.Options{
		Production: !a.Test && len(more) == 0, Test: a.Test, More: more, File: a.Trust, Key: a.TrustKey,
	})
	if err != nil {
		return nil, err
	}
	return native.New(store, nil), nil
}

// readAuthorities reads the certificates of a root and of the authorities that it signed. Others in the files are passed by.
func readAuthorities(names []string) ([]trust.Authority, error) {
	var root *pki.Certificate
	var issuing []*pki.Certificate
	for _, name := range names {
		data, err := readSmall(name, 1<<20)
		if err != nil {
			return nil, err
		}
		for _, der := range certificatesIn(data) {
			c, err := pki.ParseCertificate(der)
			switch {
			case err != nil:
				return nil, fmt.Errorf("%s: reading a certificate: %w", name, err)
			case !c.IsCA:
			case !bytes.Equal(c.X509.RawIssuer, c.X509.RawSubject):
				issuing = append(issuing, c)
			case root == nil:
				root = c
			default:
				return nil, fmt.Errorf("%s: more than one root", name)
			}
		}
	}
	if root == nil || len(issuing) == 0 {
		return nil, errors.New("--also-trust: certificates of a root and of an authority that it signed are needed")
	}
	return trust.NewDev(root, issuing...), nil
}

// certificatesIn gives those of a file: PEM, or one in DER.
func certificatesIn(data []byte) [][]byte {
	var list [][]byte
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			list = append(list, block.Bytes)
		}
	}
	if len(list) == 0 {
		return [][]byte{data}
	}
	return list
}
