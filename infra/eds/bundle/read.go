package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"regexp"

	"services.example/portal/infra/eds"
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
	if err := checkEnd(from, size); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(from, size)
	if err != nil {
		return nil, malformed("%w", err)
	}
	entries := map[string]*zip.File{}
	total := uint64(0)
	for _, entry := range z.File {
		if err := checkEntry(entry); err != nil {
			return nil, err
		}
		if entries[entry.Name] != nil {
			return nil, malformed("%s is there twice", entry.Name)
		}
		entries[entry.Name] = entry
		if total += entry.UncompressedSize64; total > MaxTotal {
			return nil, malformed("more than %d bytes", MaxTotal)
		}
	}
	b := &Bundle{small: map[string][]byte{}}
	if b.Manifest, err = readManifest(entries[manifestPath]); err != nil {
		return nil, err
	}
	if entries[readmePath] != nil {
		if _, err := content(entries[readmePath], maxReadme); err != nil {
			return nil, err
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

// checkEnd makes sure that the zip's directory is small and right before its end, with nothing after it: that bounds what a
// reader of zips will read.
func checkEnd(from io.ReaderAt, size int64) error {
	const (
		endSize      = 22
		maxDirectory = 256 << 10
		comment      = 0 // bytes
	)
	if size < endSize || size > MaxTotal+maxDirectory {
		return malformed("%d bytes", size)
	}
	var end [endSize]byte
	if _, err := from.ReadAt(end[:], size-endSize); err != nil {
		return fmt.Errorf("reading a bundle: %w", err)
	}
	directory, offset := int64(binary.LittleEndian.Uint32(end[12:])), int64(binary.LittleEndian.Uint32(end[16:]))
	if !bytes.Equal(end[:8], []byte("PK\x05\x06\x00\x00\x00\x00")) || binary.LittleEndian.Uint16(end[20:]) != comment {
		return malformed("no zip that ends where the file ends")
	}
	if directory > maxDirectory || offset+directory != size-endSize {
		return malformed("the directory of the zip is not right before its end, or huge")
	}
	return nil
}

var plainPath = regexp.MustCompile(`^(document(\.[a-z0-9]{1,5})?|signatures/[0-9]{1,2}/[a-z0-9-]{1,40}\.[a-z0-9]{1,5}|manifest\.json|README\.txt)$`)

func checkEntry(entry *zip.File) error {
	const encrypted = 1
	switch {
	case !plainPath.MatchString(entry.Name):
		return malformed("a file of another name: %.100q", entry.Name)
	case entry.Flags&encrypted != 0:
		return malformed("%s is encrypted", entry.Name)
	case entry.Method != zip.Store && entry.Method != zip.Deflate:
		return malformed("%s is packed by method %d", entry.Name, entry.Method)
	default:
		return nil
	}
}

func readManifest(entry *zip.File) (Manifest, error) {
	if entry == nil {
		return Manifest{}, malformed("there is no %s", manifestPath)
	}
	text, err := content(entry, maxManifest)
	if err != nil {
		return Manifest{}, err
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
			if err := matches(entry, file); err != nil {
				return err
			}
			continue
		}
		data, err := content(entry, eds.MaxEvidence)
		if err != nil {
			return err
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

// content reads a small file whole.
func content(entry *zip.File, limit int64) ([]byte, error) {
	if entry.UncompressedSize64 > uint64(limit) {
		return nil, malformed("%s has %d bytes", entry.Name, entry.UncompressedSize64)
	}
	from, err := entry.Open()
	if err != nil {
		return nil, malformed("%s: %w", entry.Name, err)
	}
	defer from.Close()                                     //nolint:errcheck // it was only read
	data, err := io.ReadAll(io.LimitReader(from, limit+1)) // what unpacks to more than it says is an error of its reader
	if err != nil {
		return nil, malformed("%s: %w", entry.Name, err)
	}
	return data, nil
}

// matches makes sure that a large file is the one that the manifest names.
func matches(entry *zip.File, file *File) error {
	if entry.UncompressedSize64 > MaxDocument {
		return malformed("%s has %d bytes", entry.Name, entry.UncompressedSize64)
	}
	from, err := entry.Open()
	if err != nil {
		return malformed("%s: %w", entry.Name, err)
	}
	defer from.Close() //nolint:errcheck // it was only read
	sum := sha256.New()
	size, err := io.Copy(sum, io.LimitReader(from, MaxDocument+1))
	if err != nil {
		return malformed("%s: %w", entry.Name, err)
	}
	if size != file.Size || hex.EncodeToString(sum.Sum(nil)) != file.SHA256 {
		return malformed("%s is not the one that the manifest names", file.Path)
	}
	return nil
}
