package trust_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/trust"
)

var noon = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

// maker makes the certificates of authorities.
type maker struct {
	key      *ecdsa.PrivateKey
	template *x509.Certificate
	Made     *pki.Certificate
}

// made makes an authority that another one signed; nil: it signed itself. Change may make its certificate wrong.
func made(tb testing.TB, name string, by *maker, change func(*x509.Certificate)) *maker {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	m := &maker{key: key, template: &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(9, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}}
	if change != nil {
		change(m.template)
	}
	if by == nil {
		by = m
	}
	raw, err := x509.CreateCertificate(rand.Reader, m.template, by.template, key.Public(), by.key)
	if err != nil {
		tb.Fatal(err)
	}
	if m.Made, err = pki.ParseCertificate(raw); err != nil {
		tb.Fatal(err)
	}
	return m
}

// pair makes a root and an issuing authority below it.
func pair(tb testing.TB) []trust.Authority {
	tb.Helper()
	root := made(tb, "ROOT", nil, nil)
	return trust.NewDev(root.Made, made(tb, "ISSUING", root, nil).Made)
}

// genuine are authorities that a list for production may hold.
func genuine(tb testing.TB) []trust.Authority {
	tb.Helper()
	list := pair(tb)
	for i := range list {
		list[i].Role = trust.Production
	}
	return list
}

func list(tb testing.TB, number int, authorities ...trust.Authority) *trust.List {
	tb.Helper()
	l, err := trust.NewList(number, noon, authorities...)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}
