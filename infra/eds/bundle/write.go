package bundle

import (
	"archive/zip"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"time"

	"services.example/portal/infra/eds"
)

//go:embed readme.txt
var readme []byte

// Write writes a bundle. The manifest comes without the paths and sizes of its files, and is left as it is; open gives their
// contents by their SHA-256. The same manifest gives the same bytes.
// Errors: those of open and of the writer, and contents that have another SHA-256. After an error what was written is no zip.
func Write(to io.Writer, m Manifest, open func(sha256 string) (io.ReadCloser, error)) error {
	m = named(m)
	z := zip.NewWriter(to)
	if err := add(z, readmePath, readme); err != nil {
		return err
	}
	for _, file := range m.files() {
		if err := copyIn(z, file, open); err != nil {
			return fmt.Errorf("writing %s into a bundle: %w", file.Path, err)
		}
	}
	manifest, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the manifest of a bundle: %w", err)
	}
	if err := add(z, manifestPath, append(manifest, '\n')); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("writing a bundle: %w", err)
	}
	return nil
}

// begin begins a file. All bear the same date: when a bundle was made says nothing.
func begin(z *zip.Writer, path string) (io.Writer, error) {
	return z.CreateHeader(&zip.FileHeader{
		Name: path, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC),
	})
}

func add(z *zip.Writer, path string, content []byte) error {
	to, err := begin(z, path)
	if err == nil {
		_, err = to.Write(content)
	}
	if err != nil {
		return fmt.Errorf("writing %s into a bundle: %w", path, err)
	}
	return nil
}

// copyIn writes a file and notes its size.
func copyIn(z *zip.Writer, file *File, open func(sha256 string) (io.ReadCloser, error)) error {
	content, err := open(file.SHA256)
	if err != nil {
		return err
	}
	defer content.Close() //nolint:errcheck // it was only read
	to, err := begin(z, file.Path)
	if err != nil {
		return err
	}
	sum := sha256.New()
	if file.Size, err = io.Copy(io.MultiWriter(to, sum), content); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != file.SHA256 {
		return fmt.Errorf("its SHA-256 is %s, not %s", got, file.SHA256)
	}
	return nil
}

// named is a copy of the manifest in which every file has its path.
func named(m Manifest) Manifest {
	m.Format = Format
	m.Document.Path = "document" + extension(m.Document.Name)
	m.Signatures = append([]Signature{}, m.Signatures...)
	for i := range m.Signatures {
		s := &m.Signatures[i]
		folder := fmt.Sprintf("signatures/%d/", i+1)
		if s.Container != nil {
			container := *s.Container
			container.Path = folder + "container.p7s"
			s.Container = &container
		}
		s.Pieces = append([]Piece(nil), s.Pieces...)
		for k := range s.Pieces {
			piece := &s.Pieces[k]
			piece.Path = fmt.Sprintf("%s%02d-%s%s", folder, k+1, piece.Kind, endings[piece.Kind])
		}
	}
	return m
}

// endings are those of the files of evidence.
var endings = map[eds.EvidenceKind]string{
	eds.EvidenceReport: ".json", eds.EvidenceTimeStamp: ".tst", eds.EvidenceOCSP: ".der", eds.EvidenceCRL: ".crl",
	eds.EvidenceCertificate: ".cer",
}

var plainExtension = regexp.MustCompile(`^\.[a-z0-9]{1,5}$`)

// extension is that of a file name, if it is a plain one.
func extension(name string) string {
	if ext := filepath.Ext(name); plainExtension.MatchString(ext) {
		return ext
	}
	return ""
}
