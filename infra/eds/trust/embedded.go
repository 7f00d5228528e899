package trust

import (
	"embed"
	"encoding/pem"
	"fmt"
	"strings"
	"sync"
	"time"

	"services.example/portal/infra/eds/pki"
)

// certificates are those of the national authorities, as they publish them.
//
//go:embed authorities/*.pem
var certificates embed.FS

// embeddedNumber is the version of the embedded list: add one whenever a row changes.
const embeddedNumber = 1

var embeddedIssued = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// embedded is the list that a program begins with. The pins were compared with what the authorities publish. Others that the
// national roots have signed (of state bodies, of banks) are left out on purpose: their certificates follow other rules.
var embedded = []struct {
	name string // of its file
	role Role
	kind Kind
	pin  string // SHA-256 of the certificate's DER
}{
	{"root-gost-2022", Production, Root, "af77725f8328bb24f89d81da3acdf7cee4324248538b7ba2cd2a860517fb9dca"},
	{"nca-gost-2022", Production, Issuing, "32c7d233a42703a327f3025543a05b930e3f39a786c68dfa196baa86d5618524"},
	{"root-rsa-2020", Production, Root, "9ba06354b626641715182e4d07c9dbaa1777720fa795d03174ffc68876535dcd"},
	{"nca-rsa-2022", Production, Issuing, "84fb799a66140950818c056a5d9730acc2a7622cdd4ef0d47113b132fb892905"},

	{"root-gost-2015", Historic, Root, "9ab210e54e6b0343321131202d9edcc2598f598cfdd9ee4ec1056021ab2e9759"},
	{"nca-gost-2018", Historic, Issuing, "908521d0531e5645e64b34d3588374a3a83582c860e5f7293a04c41217e8cc18"},
	{"root-rsa-2015", Historic, Root, "a7064abc5699827f370c67b09f1a1bfd7ad5e1514d471223df209c08300ea972"},
	{"nca-rsa-2018", Historic, Issuing, "34d1b311a9873191ae3382805df51e0a5da23315c512a8deeb885668ceeb5834"},

	{"test-root-gost-2022", Test, Root, "b995e79e7c07429f8f79e185451e5599ce342ac720000f01b3854fdfa03031a6"},
	{"test-nca-gost-2022", Test, Issuing, "beeffc0bdb77cd798c35983eb0715f6ef0051cccb71d7cd05505e8a4fb2c6f4d"},
}

// Embedded is the list that comes with the program: the authorities of today, those of the past, and those of tests.
var Embedded = sync.OnceValues(func() (*List, error) {
	authorities := make([]Authority, len(embedded))
	for i, row := range embedded {
		text, err := certificates.ReadFile("authorities/" + row.name + ".pem")
		if err != nil {
			return nil, fmt.Errorf("the embedded list of trust: %w", err)
		}
		block, rest := pem.Decode(text)
		if block == nil || block.Type != "CERTIFICATE" || strings.TrimSpace(string(rest)) != "" {
			return nil, fmt.Errorf("the embedded list of trust: %s is not one certificate", row.name)
		}
		certificate, err := pki.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("the embedded list of trust: %s: %w", row.name, err)
		}
		authorities[i] = ofCertificate(row.name, row.role, row.kind, certificate)
		authorities[i].SHA256 = row.pin
	}
	return NewList(embeddedNumber, embeddedIssued, authorities...)
})
