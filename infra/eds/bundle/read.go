package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"regexp"

	"services.example/portal/infra/eds"
	"services.example/portal/infra/strictzip"
)

// Bundle is a bundle that was read. Every file in it is the one that the manifest names.
type Bundle struct {
	Manifest

	small    map[string][]byte // by path: all but the document
	document *zip.File
}

// Read reads a bundle of so many bytes: every file once, all but the document into memory. Error: ErrMalformed, for anything
// but the files that the manifest names, each whole and unchanged; those of the reader.
func Read(from io.ReaderAt, size int64) (*Bundle, error) {
	entries, err := strictzip.Open(from, size, limits)
	if err != nil {
		return nil, ofZip(err)
	}
	b := &Bundle{small: map[string][]byte{}}
	if b.Manifest, err = readManifest(entries[manifestPath]); err != nil {
		return nil, err
	}
	if entries[readmePath] != nil {
		if _, err := strictzip.Content(entries[readmePath], maxReadme); err != nil {
			return nil, ofZip(err)
		}
	}
	delete(entries, manifestPath)
	delete(entries, readmePath)
	return b, b.take(entries)
}

// OpenDocument gives the document's bytes, which Read has checked.
func (b *Bundle) OpenDocument() (io.ReadCloser, error) { return b.document.Open() }

// Bytes is the content of a signature container or a piece of evidence.
func (b *Bundle) Bytes(f File) []byte { return b.small[f.Path] }

var plainPath = regexp.MustCompile(`^(document(\.[a-z0-9]{1,5})?|signatures/[0-9]{1,2}/[a-z0-9-]{1,40}\.[a-z0-9]{1,5}|manifest\.json|README\.txt)$`)

// limits bound what is read of a bundle.
var limits = strictzip.Limits{Names: plainPath, Total: MaxTotal, Directory: 256 << 10}

// ofZip says of an unsound zip that the bundle is malformed.
func ofZip(err error) error {
	if errors.Is(err, strictzip.ErrUnsound) {
		return malformed("%w", err)
	}
	return err
}

func readManifest(entry *zip.File) (Manifest, error) {
	if entry == nil {
		return Manifest{}, malformed("there is no %s", manifestPath)
	}
	text, err := strictzip.Content(entry, maxManifest)
	if err != nil {
		return Manifest{}, ofZip(err)
	}
	// First what it is: a later form may have other members.
	var form struct {
		Format string `json:"format"`
	}
	if err := json.Unmarshal(text, &form); err != nil {
		return Manifest{}, malformed("%s: %w", manifestPath, err)
	}
	if form.Format != Format {
		return Manifest{}, malformed("its form is %.100q, known is %q", form.Format, Format)
	}
	var m Manifest
	from := json.NewDecoder(bytes.NewReader(text))
	from.DisallowUnknownFields()
	if err := from.Decode(&m); err != nil {
		return Manifest{}, malformed("%s: %w", manifestPath, err)
	}
	return m, m.check()
}

// check makes sure that a manifest is one that Write could have written.
func (m *Manifest) check() error {
	if len(m.Signatures) > MaxSignatures {
		return malformed("%d signatures", len(m.Signatures))
	}
	for i := range m.Signatures {
		s := &m.Signatures[i]
		if len(s.Pieces) > MaxEvidence {
			return malformed("%d pieces of evidence of one signature", len(s.Pieces))
		}
		for _, piece := range s.Pieces {
			if endings[piece.Kind] == "" {
				return malformed("evidence of an unknown kind")
			}
		}
		if s.Container == nil && (s.Method == methodEDS || len(s.Pieces) > 0) {
			return malformed("a digital signature without its container")
		}
	}
	right := named(*m)
	want, got := right.files(), m.files()
	for i, file := range got {
		if file.Path != want[i].Path {
			return malformed("a file %.100q where %s belongs", file.Path, want[i].Path)
		}
	}
	return nil
}

// methodEDS is the method of digital signatures.
const methodEDS = "eds"

// take checks the files that the manifest names, and makes sure that there are no others.
func (b *Bundle) take(entries map[string]*zip.File) error {
	for _, file := range b.files() {
		entry := entries[file.Path]
		if entry == nil {
			return malformed("there is no %s", file.Path)
		}
		delete(entries, file.Path)
		if file == &b.Document.File {
			b.document = entry
			if err := strictzip.Matches(entry, MaxDocument, file.Size, file.SHA256); err != nil {
				return ofZip(err)
			}
			continue
		}
		data, err := strictzip.Content(entry, eds.MaxEvidence)
		if err != nil {
			return ofZip(err)
		}
		sum := sha256.Sum256(data)
		if int64(len(data)) != file.Size || hex.EncodeToString(sum[:]) != file.SHA256 {
			return malformed("%s is not the one that the manifest names", file.Path)
		}
		b.small[file.Path] = data
	}
	for name := range entries {
		return malformed("%s is not in the manifest", name)
	}
	return nil
}
