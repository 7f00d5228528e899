package dev

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"services.example/portal/infra/eds/pki"
)

// OpenCA reads an authority out of a file, or makes it there with GOST keys, readable by its owner alone. Several
// processes may open the same file: they get the same authority. What it revokes stands in a file beside, which every
// process reads.
func OpenCA(path string, now time.Time) (*CA, error) {
	ca, err := loadCA(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = createCA(path, now); err == nil {
			ca, err = loadCA(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("opening the certification authority of the demo: %w", err)
	}
	return ca, nil
}

// RevokedFile is where the authority of a file keeps what it has revoked.
func RevokedFile(path string) string {
	return strings.TrimSuffix(path, filepath.Ext(path)) + "-revoked.json"
}

// createCA makes an authority. Somebody else's that was there first stays.
func createCA(path string, now time.Time) (err error) {
	ca, err := NewCA(pki.GOST2015, now)
	if err != nil {
		return err
	}
	text, err := ca.marshal()
	if err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // 0600
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

// holders are all holders of the authority, in the order in which they stand in its file.
func (ca *CA) holders() []**Holder {
	return []**Holder{&ca.Root, &ca.Issuing, &ca.Responder, &ca.Stamper}
}

// The kinds of PEM blocks in the file.
const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY"
)

func (ca *CA) marshal() ([]byte, error) {
	var text []byte
	for _, holder := range ca.holders() {
		key, err := (*holder).Key.PKCS8()
		if err != nil {
			return nil, err
		}
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: (*holder).DER()})...)
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: key})...)
	}
	return text, nil
}

func loadCA(path string) (*CA, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	ca := &CA{revoked: &revocations{path: RevokedFile(path)}}
	for _, place := range ca.holders() {
		if *place, text, err = readHolder(text); err != nil {
			return nil, err
		}
	}
	if len(strings.TrimSpace(string(text))) > 0 {
		return nil, errors.New("the file holds more than an authority")
	}
	for _, below := range []struct{ issuer, holder *Holder }{
		{ca.Root, ca.Root}, {ca.Root, ca.Issuing}, {ca.Issuing, ca.Responder}, {ca.Issuing, ca.Stamper},
	} {
		if err := below.holder.Certificate.SignedBy(below.issuer.Certificate, false); err != nil {
			return nil, fmt.Errorf("reading its certificates: %w", err)
		}
	}
	return ca, nil
}

// readHolder reads a certificate and its key.
func readHolder(text []byte) (*Holder, []byte, error) {
	certificate, rest := pem.Decode(text)
	if certificate == nil || certificate.Type != certificateBlock {
		return nil, nil, errors.New("the file lacks a certificate")
	}
	secret, rest := pem.Decode(rest)
	if secret == nil || secret.Type != keyBlock {
		return nil, nil, errors.New("the file lacks a key")
	}
	key, err := ParseKey(secret.Bytes)
	if err != nil {
		return nil, nil, err
	}
	holder, err := NewHolder(certificate.Bytes, key)
	return holder, rest, err
}
