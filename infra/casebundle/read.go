package casebundle

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"services.example/portal/infra/strictzip"
	"services.example/portal/infra/transparency"
)

// Bundle is a bundle that was read. Every file in it is the one that the manifest names.
type Bundle struct {
	Manifest
	Checkpoint []byte // signed; not verified yet
	Context    Context
	Records    []Record // in the order of the log; not proven yet

	manifest  []byte // as it was read
	statement []byte
	entries   map[string]*zip.File
	from      io.ReaderAt
}

// Read reads a bundle of so many bytes: every file once, and none of the attached whole. Error: ErrMalformed, for anything
// but the files that the manifest names, each whole and unchanged; those of the reader.
func Read(from io.ReaderAt, size int64) (*Bundle, error) {
	entries, err := strictzip.Open(from, size, limits)
	if err != nil {
		return nil, ofZip(err)
	}
	b := &Bundle{entries: entries, from: from}
	if err := b.readManifest(); err != nil {
		return nil, err
	}
	return b, b.take()
}

// Open gives the content of a file, which Read has checked. Error: there is none.
func (b *Bundle) Open(path string) (io.ReadCloser, error) {
	entry := b.entries[path]
	if entry == nil {
		return nil, malformed("there is no %.100q", path)
	}
	return entry.Open()
}

// Section gives a file that is not packed, to be read in any order. Error: there is none, or it is packed.
func (b *Bundle) Section(path string) (*io.SectionReader, error) {
	entry := b.entries[path]
	if entry == nil || entry.Method != zip.Store || entry.CompressedSize64 != entry.UncompressedSize64 {
		return nil, malformed("there is no %.100q, or it is packed", path)
	}
	offset, err := entry.DataOffset()
	if err != nil {
		return nil, malformed("%s: %w", path, err)
	}
	return io.NewSectionReader(b.from, offset, int64(entry.UncompressedSize64)), nil
}

// File finds a file; nil if it is not there.
func (b *Bundle) File(path string) *File {
	for i := range b.Files {
		if b.Files[i].Path == path {
			return &b.Files[i]
		}
	}
	return nil
}

// Statement verifies that the log has signed the manifest with a key. Error: transparency.ErrUnsigned, or that it was about
// something else.
func (b *Bundle) Statement(key string) error {
	text, err := transparency.OpenStatement(b.statement, statementKind, key)
	if err != nil {
		return err
	}
	if text != statement(&b.Manifest, b.manifest) {
		return fmt.Errorf("%w: the statement is about another bundle", transparency.ErrUnsigned)
	}
	return nil
}

// limits bound what is read of a bundle.
var limits = strictzip.Limits{Names: plainPath, Files: MaxFiles, Total: MaxTotal, Directory: MaxFiles * 200}

// ofZip says of an unsound zip that the bundle is malformed.
func ofZip(err error) error {
	if errors.Is(err, strictzip.ErrUnsound) {
		return malformed("%w", err)
	}
	return err
}

func (b *Bundle) readManifest() (err error) {
	if b.manifest, err = b.small(ManifestPath, maxManifest); err != nil {
		return err
	}
	// First what it is: a later form may have other members.
	var form struct {
		Format string `json:"format"`
	}
	if err := json.Unmarshal(b.manifest, &form); err != nil {
		return malformed("%s: %w", ManifestPath, err)
	}
	if form.Format != Format {
		return malformed("its form is %.100q, known is %q", form.Format, Format)
	}
	if err := strictly(b.manifest, &b.Manifest); err != nil {
		return malformed("%s: %w", ManifestPath, err)
	}
	b.statement, err = b.small(StatementPath, maxSmall)
	return err
}

// strictly reads JSON that has no members but those that are known, and nothing after it.
func strictly(data []byte, into any) error {
	from := json.NewDecoder(bytes.NewReader(data))
	from.DisallowUnknownFields()
	if err := from.Decode(into); err != nil {
		return err
	}
	if _, err := from.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something comes after its end")
	}
	return nil
}

// take checks the files that the manifest names, and makes sure that there are no others.
func (b *Bundle) take() error {
	left := make(map[string]bool, len(b.entries))
	for name := range b.entries {
		left[name] = true
	}
	delete(left, ManifestPath)
	for i := range b.Files {
		file := &b.Files[i]
		if !left[file.Path] {
			return malformed("there is no %.100q, or it is named twice", file.Path)
		}
		delete(left, file.Path)
		if file.Path == StatementPath {
			return malformed("%s is in the manifest, which it is about", file.Path)
		}
		if err := strictzip.Matches(b.entries[file.Path], MaxTotal, file.Size, file.SHA256); err != nil {
			return ofZip(err)
		}
	}
	delete(left, StatementPath)
	for name := range left {
		return malformed("%s is not in the manifest", name)
	}
	return b.takeWords()
}

// takeWords reads what is held in memory.
func (b *Bundle) takeWords() (err error) {
	if b.Checkpoint, err = b.small(CheckpointPath, maxSmall); err != nil {
		return err
	}
	context, err := b.small(ContextPath, maxContext)
	if err != nil {
		return err
	}
	if err := strictly(context, &b.Context); err != nil {
		return malformed("%s: %w", ContextPath, err)
	}
	if !slices.IsSortedFunc(b.Streams, func(a, c Stream) int { return strings.Compare(a.Name, c.Name) }) {
		return malformed("the streams are not in their order")
	}
	return b.readRecords()
}

func (b *Bundle) readRecords() error {
	if file := b.File(RecordsPath); file == nil || file.Size > MaxRecordBytes {
		return malformed("there is no %s, or it is huge", RecordsPath)
	}
	from, err := b.Open(RecordsPath)
	if err != nil {
		return err
	}
	defer from.Close() //nolint:errcheck // it was only read
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	for lines.Scan() {
		if len(b.Records) == MaxRecords {
			return malformed("more than %d records", MaxRecords)
		}
		var r Record
		if err := strictly(lines.Bytes(), &r); err != nil {
			return malformed("line %d of %s: %w", len(b.Records)+1, RecordsPath, err)
		}
		if _, err := recorded(&r); err != nil {
			return err
		}
		b.Records = append(b.Records, r)
	}
	if err := lines.Err(); err != nil {
		return malformed("%s: %w", RecordsPath, err)
	}
	if len(b.Records) != b.Manifest.Records {
		return malformed("%d records, and the manifest says %d", len(b.Records), b.Manifest.Records)
	}
	return nil
}

// small reads a small file whole.
func (b *Bundle) small(path string, limit int64) ([]byte, error) {
	entry := b.entries[path]
	if entry == nil {
		return nil, malformed("there is no %s", path)
	}
	data, err := strictzip.Content(entry, limit)
	return data, ofZip(err)
}
