package ncalayer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	tlsLifetime = 365 * 24 * time.Hour
	tlsRenewal  = 30 * 24 * time.Hour // before it ends
)

// Certificate reads the TLS certificate of this machine's loopback addresses out of a file, with its key. It is made, and
// made again before it expires, readable by its owner alone. Nobody vouches for it: people allow it in their browser by
// hand, and programs are given the file.
func Certificate(path string, now time.Time) (tls.Certificate, error) {
	certificate, err := loadCertificate(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && certificate.Leaf.NotAfter.Before(now.Add(tlsRenewal)) {
		if err = makeCertificate(path, now); err == nil {
			certificate, err = loadCertificate(path)
		}
	}
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("opening the TLS certificate of this machine: %w", err)
	}
	return certificate, nil
}

func loadCertificate(path string) (tls.Certificate, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(text, text)
}

func makeCertificate(path string, now time.Time) (err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "127.0.0.1", Organization: []string{"DEMO"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(tlsLifetime),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		BasicConstraintsValid: true,
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
	draft, err := os.CreateTemp(filepath.Dir(path), ".demo-signer-*") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(draft.Name()))
		}
	}()
	_, err = draft.Write(text)
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	return os.Rename(draft.Name(), path)
}
