// Package dev is the certification authority of a demo, and the verifier of the signatures that its certificates make. It
// vouches for nobody: a portal in production never trusts it.
package dev

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	keyBits  = 2048
	lifetime = 10 * 365 * 24 * time.Hour // of the authority
)

// Authority is a certification authority whose key lies in a file.
type Authority struct {
	certificate *x509.Certificate
	key         *rsa.PrivateKey
	roots       *x509.CertPool

	signer func() (*rsa.PrivateKey, error) // the key of everybody who signs in the demo
}

// Open reads the authority out of a file, or makes it there, readable by its owner alone. Several processes may open the
// same file: they get the same authority.
func Open(path string, now time.Time) (*Authority, error) {
	a, err := load(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = create(path, now); err == nil {
			a, err = load(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("opening the certification authority of the demo: %w", err)
	}
	return a, nil
}

// create makes an authority. Somebody else's that was there first stays.
func create(path string, now time.Time) (err error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return err
	}
	number, err := serial()
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: number,
		Subject:      pkix.Name{CommonName: "DEMO CA: NOT A SIGNATURE OF ANYBODY", Organization: []string{"Portal"}, Country: []string{"KZ"}},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.Add(lifetime),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...)

	draft, err := os.CreateTemp(filepath.Dir(path), ".demo-ca-*") // 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(draft.Name())) }()
	_, err = draft.Write(text)
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func load(path string) (*Authority, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	first, rest := pem.Decode(text)
	second, _ := pem.Decode(rest)
	if first == nil || second == nil {
		return nil, errors.New("the file does not hold a certificate and a key")
	}
	a := &Authority{roots: x509.NewCertPool()}
	if a.certificate, err = x509.ParseCertificate(first.Bytes); err != nil {
		return nil, fmt.Errorf("reading its certificate: %w", err)
	}
	key, err := x509.ParsePKCS8PrivateKey(second.Bytes)
	if err != nil {
		return nil, errors.New("reading its key: it is damaged") // the reason may quote it
	}
	var is bool
	if a.key, is = key.(*rsa.PrivateKey); !is || !a.key.PublicKey.Equal(a.certificate.PublicKey) {
		return nil, errors.New("its key is not that of its certificate")
	}
	a.roots.AddCert(a.certificate)
	a.signer = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, keyBits) })
	return a, nil
}

// serial is a random serial number.
func serial() (*big.Int, error) {
	return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
}
