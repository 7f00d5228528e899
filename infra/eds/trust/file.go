package trust

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/mod/sumdb/note"

	"services.example/portal/infra/eds/pki"
)

// MaxFile is the largest file of a list that is read, in bytes.
const MaxFile = 512 << 10

// written is the form of a list in a file.
type written struct {
	Version     int                `json:"version"`
	Issued      time.Time          `json:"issued"`
	Authorities []writtenAuthority `json:"authorities"`
}

type writtenAuthority struct {
	Name        string    `json:"name"`
	Role        Role      `json:"role"`
	Kind        Kind      `json:"kind"`
	Purposes    []Purpose `json:"purposes,omitempty"`
	From        time.Time `json:"from"`
	Until       time.Time `json:"until"`
	SHA256      string    `json:"sha256"`
	Certificate []byte    `json:"certificate"` // DER
}

// Text is the list as JSON, as Parse reads it.
func (l *List) Text() ([]byte, error) {
	w := written{Version: l.number, Issued: l.issued, Authorities: make([]writtenAuthority, len(l.authorities))}
	for i, a := range l.authorities {
		w.Authorities[i] = writtenAuthority{
			Name: a.Name, Role: a.Role, Kind: a.Kind, Purposes: a.Purposes, From: a.From, Until: a.Until,
			SHA256: a.SHA256, Certificate: a.Certificate.Raw,
		}
	}
	text, err := json.MarshalIndent(w, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing a list of trust: %w", err)
	}
	return append(text, '\n'), nil
}

// Sign writes the list and a signature below it, as a note of golang.org/x/mod/sumdb/note.
func (l *List) Sign(signer note.Signer) ([]byte, error) {
	text, err := l.Text()
	if err != nil {
		return nil, err
	}
	signed, err := note.Sign(&note.Note{Text: string(text)}, signer)
	if err != nil {
		return nil, fmt.Errorf("signing a list of trust: %w", err)
	}
	return signed, nil
}

// Read reads a list that was signed, if the verifier's key did it.
func Read(file []byte, verifier note.Verifier) (*List, error) {
	if len(file) > MaxFile {
		return nil, fmt.Errorf("a list of trust: more than %d bytes", MaxFile)
	}
	opened, err := note.Open(file, note.VerifierList(verifier))
	if err != nil {
		return nil, fmt.Errorf("a list of trust: its signature: %w", err)
	}
	return Parse([]byte(opened.Text))
}

// Parse reads the text of a list that nobody has signed yet, and checks it.
func Parse(text []byte) (*List, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var w written
	if err := decoder.Decode(&w); err != nil {
		return nil, fmt.Errorf("a list of trust: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("a list of trust: something stands behind it")
	}
	if len(w.Authorities) > maxAuthorities {
		return nil, errors.New("a list of trust: too many authorities")
	}
	authorities := make([]Authority, len(w.Authorities))
	for i, a := range w.Authorities {
		certificate, err := pki.ParseCertificate(a.Certificate)
		if err != nil {
			return nil, fmt.Errorf("a list of trust: authority %d: %w", i+1, err)
		}
		authorities[i] = Authority{
			Name: a.Name, Role: a.Role, Kind: a.Kind, Purposes: a.Purposes, From: a.From, Until: a.Until,
			SHA256: a.SHA256, Certificate: certificate,
		}
	}
	return NewList(w.Version, w.Issued, authorities...)
}
