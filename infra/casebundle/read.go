package casebundle

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

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
	if err := checkEnd(from, size); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(from, size)
	if err != nil {
		return nil, malformed("%w", err)
	}
	b := &Bundle{entries: map[string]*zip.File{}, from: from}
	total := uint64(0)
	for _, entry := range z.File {
		if err := checkEntry(entry); err != nil {
			return nil, err
		}
		if b.entries[entry.Name] != nil {
			return nil, malformed("%s is there twice", entry.Name)
		}
		b.entries[entry.Name] = entry
		if total += entry.UncompressedSize64; total > MaxTotal || len(b.entries) > MaxFiles {
			return nil, malformed("more than %d bytes or %d files", int64(MaxTotal), MaxFiles)
		}
	}
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

// checkEnd makes sure that the zip's directory is small and right before its end, with nothing after it: that bounds what a
// reader of zips will read.
func checkEnd(from io.ReaderAt, size int64) error {
	const (
		endSize      = 22
		maxDirectory = MaxFiles * 200
	)
	if size < endSize || size > MaxTotal+maxDirectory {
		return malformed("%d bytes", size)
	}
	var end [endSize]byte
	if _, err := from.ReadAt(end[:], size-endSize); err != nil {
		return fmt.Errorf("reading the bundle of a case: %w", err)
	}
	directory, offset := int64(binary.LittleEndian.Uint32(end[12:])), int64(binary.LittleEndian.Uint32(end[16:]))
	if !bytes.Equal(end[:8], []byte("PK\x05\x06\x00\x00\x00\x00")) || binary.LittleEndian.Uint16(end[20:]) != 0 {
		return malformed("no zip that ends where the file ends")
	}
	if directory > maxDirectory || offset+directory != size-endSize {
		return malformed("the directory of the zip is not right before its end, or huge")
	}
	return nil
}

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
		if err := matches(b.entries[file.Path], file); err != nil {
			return err
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
	if entry.UncompressedSize64 > uint64(limit) {
		return nil, malformed("%s has %d bytes", path, entry.UncompressedSize64)
	}
	from, err := entry.Open()
	if err != nil {
		return nil, malformed("%s: %w", path, err)
	}
	defer from.Close() //nolint:errcheck // it was only read
	data, err := io.ReadAll(io.LimitReader(from, limit+1))
	if err != nil || int64(len(data)) > limit {
		return nil, malformed("%s: %w", path, errors.Join(err, errors.New("cannot be read whole")))
	}
	return data, nil
}

// matches reads a file to its end and compares it with what the manifest says.
func matches(entry *zip.File, file *File) error {
	from, err := entry.Open()
	if err != nil {
		return malformed("%s: %w", file.Path, err)
	}
	defer from.Close() //nolint:errcheck // it was only read
	sum := sha256.New()
	size, err := io.Copy(sum, io.LimitReader(from, MaxTotal+1))
	if err != nil {
		return malformed("%s: %w", file.Path, err)
	}
	if size != file.Size || hex.EncodeToString(sum.Sum(nil)) != file.SHA256 {
		return malformed("%s is not the one that the manifest names", file.Path)
	}
	return nil
}
