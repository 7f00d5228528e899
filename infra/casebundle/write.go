package casebundle

import (
	"archive/zip"
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"
)

//go:embed README.txt
var readme []byte

// Contents is what goes into a bundle.
type Contents struct {
	Application string // its id
	Number      string
	Log         string // public key of the log
	Checkpoint  []byte // signed
	Records     []Record
	Streams     []Stream
	Context     Context
	Made        []Made       // what follows from records and context: reports and events
	Attached    []Attachment // by path
}

// Made is a file that is made of the rest.
type Made struct {
	Path  string
	Write func(to io.Writer) error
}

// Attachment is a file that records name.
type Attachment struct {
	Path   string
	SHA256 string // of its content, as the record says it; empty for evidence, which vouches for its own files
	Size   int64  // bytes, as the record says it
	// Open gives its content. Errors: fs.ErrPermission once the person was erased; fs.ErrNotExist for one that was lost.
	Open func() (io.ReadCloser, error)
}

// Signer signs words of the log.
type Signer interface {
	State(kind, text string) ([]byte, error)
}

// statementKind tells statements about bundles from others.
const statementKind = "case-bundle"

// statement is what the log says of a bundle.
func statement(m *Manifest, manifest []byte) string {
	sum := sha256.Sum256(manifest)
	return "application " + m.Application + "\nmanifest sha256 " + hex.EncodeToString(sum[:]) + "\n"
}

// Write writes a bundle. It never holds a file whole; the same contents give the same bytes. Errors: ErrTooLarge, before
// anything is written; those of the files and of the writer.
func Write(to io.Writer, c *Contents, signer Signer) error {
	if err := c.Check(); err != nil {
		return err
	}
	w := &writer{zip: zip.NewWriter(to), manifest: Manifest{
		Format: Format, Application: c.Application, Number: c.Number, Log: c.Log, Records: len(c.Records), Streams: slices.Clone(c.Streams),
	}}
	slices.SortFunc(w.manifest.Streams, func(a, b Stream) int { return strings.Compare(a.Name, b.Name) })
	if err := w.all(c, signer); err != nil {
		return fmt.Errorf("writing the bundle of a case: %w", err)
	}
	return nil
}

// Check tells whether the contents fit into a bundle. Error: ErrTooLarge.
func (c *Contents) Check() error {
	total := int64(0)
	for i := range c.Attached {
		total += c.Attached[i].Size
	}
	if len(c.Records) > MaxRecords || len(c.Attached) > MaxFiles-100 || total > MaxTotal-2*MaxRecordBytes {
		return fmt.Errorf("%w: %d records, %d files of %d bytes", ErrTooLarge, len(c.Records), len(c.Attached), total)
	}
	return nil
}

type writer struct {
	zip      *zip.Writer
	manifest Manifest
}

func (w *writer) all(c *Contents, signer Signer) error {
	if err := w.bytes(readmePath, readme); err != nil {
		return err
	}
	if err := w.file(RecordsPath, func(to io.Writer) error { return writeRecords(to, c.Records) }); err != nil {
		return err
	}
	context, err := json.MarshalIndent(c.Context, "", "  ")
	if err != nil {
		return err
	}
	if err := w.bytes(ContextPath, append(context, '\n')); err != nil {
		return err
	}
	for _, made := range c.Made {
		if err := w.file(made.Path, made.Write); err != nil {
			return err
		}
	}
	for i := range c.Attached {
		if err := w.attach(&c.Attached[i]); err != nil {
			return err
		}
	}
	if err := w.bytes(CheckpointPath, c.Checkpoint); err != nil {
		return err
	}
	return w.end(signer)
}

func (w *writer) end(signer Signer) error {
	manifest, err := json.MarshalIndent(w.manifest, "", "  ")
	if err != nil {
		return err
	}
	manifest = append(manifest, '\n')
	signed, err := signer.State(statementKind, statement(&w.manifest, manifest))
	if err != nil {
		return err
	}
	if err := w.bytes(StatementPath, signed); err != nil {
		return err
	}
	if err := w.bytes(ManifestPath, manifest); err != nil {
		return err
	}
	return w.zip.Close()
}

func (w *writer) bytes(path string, content []byte) error {
	return w.file(path, func(to io.Writer) error {
		_, err := to.Write(content)
		return err
	})
}

// begun is the date of every file: when a bundle was made says nothing.
var begun = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// file writes a file, and notes it.
func (w *writer) file(path string, write func(io.Writer) error) error {
	method := zip.Deflate
	if strings.HasSuffix(path, ".zip") || strings.HasSuffix(path, ".pdf") { // packed already
		method = zip.Store
	}
	to, err := w.zip.CreateHeader(&zip.FileHeader{Name: path, Method: method, Modified: begun})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	counted := &counting{to: to, sum: sha256.New()}
	buffered := bufio.NewWriter(counted)
	if err := errors.Join(write(buffered), buffered.Flush()); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	w.manifest.Files = append(w.manifest.Files, File{Path: path, Size: counted.size, SHA256: hex.EncodeToString(counted.sum.Sum(nil))})
	return nil
}

// attach writes a file that records name, unless it is gone.
func (w *writer) attach(a *Attachment) error {
	content, err := a.Open()
	switch {
	case errors.Is(err, fs.ErrPermission):
		w.manifest.Missing = append(w.manifest.Missing, Missing{Path: a.Path, SHA256: a.SHA256, Why: Erased})
		return nil
	case errors.Is(err, fs.ErrNotExist):
		w.manifest.Missing = append(w.manifest.Missing, Missing{Path: a.Path, SHA256: a.SHA256, Why: Lost})
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", a.Path, err)
	}
	defer content.Close() //nolint:errcheck // it was only read
	if err := w.file(a.Path, func(to io.Writer) error {
		_, err := io.Copy(to, content)
		return err
	}); err != nil {
		return err
	}
	if got := w.manifest.Files[len(w.manifest.Files)-1].SHA256; a.SHA256 != "" && got != a.SHA256 {
		return fmt.Errorf("%s: its SHA-256 is %s, not %s", a.Path, got, a.SHA256)
	}
	return nil
}

func writeRecords(to io.Writer, records []Record) error {
	lines := json.NewEncoder(to)
	for i := range records {
		if err := lines.Encode(&records[i]); err != nil {
			return fmt.Errorf("record %d: %w", records[i].Index, err)
		}
	}
	return nil
}
