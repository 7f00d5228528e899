package dev

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"

	"services.example/portal/infra/eds/gost"
	"services.example/portal/infra/eds/gost/signing"
	"services.example/portal/infra/eds/pki"
)

// Key is a private key of nobody: of a demo or of a test. It signs with whatever digest is asked for, allowed or not.
type Key struct {
	gost   *signing.PrivateKey
	signer crypto.Signer // RSA or ECDSA
	kind   pki.Kind
	hash   pki.Hash // with which it signs
	public []byte   // SubjectPublicKeyInfo
}

var _ pki.Signer = (*Key)(nil)

// rsaBits is the size of the RSA keys that NewKey makes.
const rsaBits = 2048

// NewKey makes a key of a kind. RSA keys have 2048 bits and take long to make; those of ECDSA are on P-256.
func NewKey(kind pki.Kind) (*Key, error) {
	switch kind {
	case pki.GOST2015, pki.GOST2004:
		private, err := signing.Generate(curveOf(kind), rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("making a GOST key: %w", err)
		}
		return GOSTKey(private)
	case pki.RSA:
		private, err := rsa.GenerateKey(rand.Reader, rsaBits)
		if err != nil {
			return nil, fmt.Errorf("making an RSA key: %w", err)
		}
		return WrapKey(private)
	case pki.ECDSA:
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("making an ECDSA key: %w", err)
		}
		return WrapKey(private)
	default:
		return nil, fmt.Errorf("making a key: no kind %d", kind)
	}
}

func curveOf(kind pki.Kind) *gost.Curve {
	if kind == pki.GOST2004 {
		return gost.CryptoProA()
	}
	return gost.TC26Set512A()
}

// GOSTKey is a Key of a GOST key, of a key store for instance.
func GOSTKey(private *signing.PrivateKey) (*Key, error) {
	public, err := pki.NewKey(private.Public())
	if err != nil {
		return nil, fmt.Errorf("writing a public key: %w", err)
	}
	hash := pki.Streebog512
	if public.Kind() == pki.GOST2004 {
		hash = pki.GOST94
	}
	return &Key{gost: private, kind: public.Kind(), hash: hash, public: public.DER()}, nil
}

// WrapKey is a Key of an RSA or ECDSA key of whatever size: also of one that no verifier takes.
func WrapKey(private crypto.Signer) (*Key, error) {
	k := &Key{signer: private, hash: pki.SHA256}
	switch private.(type) {
	case *rsa.PrivateKey:
		k.kind = pki.RSA
	case *ecdsa.PrivateKey:
		k.kind = pki.ECDSA
	default:
		return nil, fmt.Errorf("no key to sign with: %T", private)
	}
	var err error
	if k.public, err = x509.MarshalPKIXPublicKey(private.Public()); err != nil {
		return nil, fmt.Errorf("writing a public key: %w", err)
	}
	return k, nil
}

// With is the key signing with another digest: also with one that its kind never goes with.
func (k *Key) With(hash pki.Hash) *Key {
	other := *k
	other.hash = hash
	return &other
}

// Kind is the kind of the key.
func (k *Key) Kind() pki.Kind { return k.kind }

// DER is the public key as SubjectPublicKeyInfo.
func (k *Key) DER() []byte { return bytes.Clone(k.public) }

// Public is the public key. Of one that no verifier takes it is the zero Key.
func (k *Key) Public() *pki.Key {
	public, err := pki.ParseKey(k.public)
	if err != nil {
		return &pki.Key{}
	}
	return public
}

// Algorithm is what the key signs with.
func (k *Key) Algorithm() pki.Algorithm { return pki.Algorithm{Kind: k.kind, Hash: k.hash} }

var standard = map[pki.Hash]crypto.Hash{
	pki.SHA1: crypto.SHA1, pki.SHA256: crypto.SHA256, pki.SHA384: crypto.SHA384, pki.SHA512: crypto.SHA512,
}

// Sign signs a message. A GOST signature is r‖s, little-endian.
func (k *Key) Sign(message []byte) ([]byte, error) {
	if k.hash.Size() == 0 {
		return nil, errors.New("signing: with no digest")
	}
	var value []byte
	var err error
	if digest := k.hash.Sum(message); k.gost != nil {
		value, err = k.gost.Sign(digest, rand.Reader)
	} else {
		value, err = k.signer.Sign(rand.Reader, digest, standard[k.hash])
	}
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return value, nil
}

// PKCS8 writes the private key, which ParseKey reads.
func (k *Key) PKCS8() ([]byte, error) {
	if k.gost != nil {
		return k.gost.MarshalPKCS8()
	}
	return x509.MarshalPKCS8PrivateKey(k.signer)
}

var errKey = errors.New("reading a private key: it is damaged") // without the reason, which may quote it

// ParseKey reads a private key in PKCS#8. Its error tells nothing of the key.
func ParseKey(der []byte) (*Key, error) {
	if private, err := signing.ParsePKCS8(der); err == nil {
		return GOSTKey(private)
	}
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errKey
	}
	signer, is := private.(crypto.Signer)
	if !is {
		return nil, errKey
	}
	return WrapKey(signer)
}
