package archive

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/klauspost/compress/zstd"

	"services.example/portal/infra/eventstore"
)

const (
	// window is how far back compression looks, in bytes; a reader takes no archive that wants more memory.
	window = 4 << 20
	// maxLine is the longest line, in bytes: the largest event that EventStoreDB takes, in base64, with metadata as large.
	maxLine = 48 << 20
	// lineBuffer holds most lines, in bytes.
	lineBuffer = 64 << 10
)

// Reader reads an archive, one event at a time.
type Reader struct {
	Header Header

	source *source
	unpack *zstd.Decoder
	in     *bufio.Reader
	sum    hash.Hash
	line   []byte
	number int64 // of the line
	end    *Summary
}

// NewReader reads the header. Errors: ErrFormat, ErrVersion, ErrCutOff, or that of the source.
func NewReader(r io.Reader) (*Reader, error) {
	from := &source{Reader: r}
	unpack, err := zstd.NewReader(from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(window))
	if err != nil {
		return nil, fmt.Errorf("opening the archive: %w", err)
	}
	archive := &Reader{source: from, unpack: unpack, in: bufio.NewReaderSize(unpack, lineBuffer), sum: sha256.New()}
	if err := archive.readHeader(); err != nil {
		unpack.Close()
		return nil, fmt.Errorf("opening the archive: %w", err)
	}
	return archive, nil
}

func (r *Reader) readHeader() error {
	line, err := r.next()
	switch {
	case errors.Is(err, errEnd), errors.Is(err, zstd.ErrMagicMismatch):
		return ErrFormat
	case err != nil:
		return err
	}
	var first headerLine
	if json.Unmarshal(line, &first) != nil || first.Format != Format {
		return ErrFormat
	}
	if first.Version != Version {
		return fmt.Errorf("%w: %d, and this portal reads %d", ErrVersion, first.Version, Version)
	}
	r.Header = Header{Source: first.Source, Exported: first.Exported.UTC()}
	_, _ = r.sum.Write(line)
	return nil
}

// Next reads an event. It answers io.EOF when every event was read and the trailer agrees with them. Errors: ErrCutOff,
// ErrDamaged, or that of the source.
func (r *Reader) Next() (eventstore.Recorded, error) {
	if r.end != nil {
		return eventstore.Recorded{}, io.EOF
	}
	event, last, err := r.read()
	if err != nil {
		return eventstore.Recorded{}, fmt.Errorf("line %d of the archive: %w", r.number, err)
	}
	if last != nil {
		r.end = last
		return eventstore.Recorded{}, io.EOF
	}
	return event, nil
}

// Summary is what the trailer said, once Next has answered io.EOF.
func (r *Reader) Summary() Summary {
	if r.end == nil {
		return Summary{}
	}
	return *r.end
}

// Close releases the reader's memory. It does not close the source.
func (r *Reader) Close() { r.unpack.Close() }

func (r *Reader) read() (eventstore.Recorded, *Summary, error) {
	line, err := r.next()
	if errors.Is(err, errEnd) {
		return eventstore.Recorded{}, nil, ErrCutOff
	}
	if err != nil {
		return eventstore.Recorded{}, nil, err
	}
	var read anyLine
	if err := json.Unmarshal(line, &read); err != nil {
		return eventstore.Recorded{}, nil, fmt.Errorf("%w: it is not an event", ErrDamaged)
	}
	if read.End {
		last, err := r.readTrailer(line)
		return eventstore.Recorded{}, last, err
	}
	event, err := read.event()
	if err != nil {
		return eventstore.Recorded{}, nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	_, _ = r.sum.Write(line)
	return event, nil, nil
}

// readTrailer compares the trailer with what was read, and makes sure that nothing follows.
func (r *Reader) readTrailer(line []byte) (*Summary, error) {
	var last trailerLine
	if err := json.Unmarshal(line, &last); err != nil {
		return nil, fmt.Errorf("%w: its end is unreadable", ErrDamaged)
	}
	read := Summary{Events: r.number - 2, SHA256: hex.EncodeToString(r.sum.Sum(nil))}
	if last.Events != read.Events || last.SHA256 != read.SHA256 {
		return nil, fmt.Errorf("%w: its end does not agree with its events", ErrDamaged)
	}
	if _, err := r.next(); !errors.Is(err, errEnd) {
		return nil, fmt.Errorf("%w: something follows its end", ErrDamaged)
	}
	return &read, nil
}

// errEnd says that there is no further line.
var errEnd = errors.New("no further line")

// next reads a line with its end. The bytes are valid until the next one.
func (r *Reader) next() ([]byte, error) {
	r.number++
	r.line = r.line[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		r.line = append(r.line, part...)
		switch {
		case err == nil:
			return r.line, nil
		case len(r.line) > maxLine:
			return nil, fmt.Errorf("%w: the line is longer than any event", ErrDamaged)
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(r.line) == 0:
			return nil, errEnd
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil, ErrCutOff
		default:
			return nil, r.failure(err)
		}
	}
}

// failure tells trouble with the source from damage, which the decompression finds.
func (r *Reader) failure(err error) error {
	if r.source.err != nil {
		return fmt.Errorf("reading the archive: %w", r.source.err)
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// source remembers why reading failed.
type source struct {
	io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// anyLine is an event, or the trailer.
type anyLine struct {
	End        bool            `json:"end"`
	Stream     string          `json:"stream"`
	Revision   int64           `json:"revision"`
	ID         uuid.UUID       `json:"id"`
	Type       string          `json:"type"`
	Created    time.Time       `json:"created"`
	JSON       bool            `json:"json"`
	Data       json.RawMessage `json:"data"`
	Data64     []byte          `json:"data64"`
	Metadata   json.RawMessage `json:"metadata"`
	Metadata64 []byte          `json:"metadata64"`
}

func (l *anyLine) event() (eventstore.Recorded, error) {
	event := eventstore.Recorded{
		Event:  eventstore.Event{ID: l.ID, Type: l.Type, JSON: l.JSON},
		Stream: l.Stream, Revision: l.Revision, Created: l.Created.UTC(),
	}
	switch {
	case l.Stream == "" || !carried(l.Stream):
		return event, errors.New("it names no stream that an archive carries")
	case l.Revision < 0:
		return event, errors.New("its revision is negative")
	case l.ID == uuid.Nil:
		return event, errors.New("it has no id")
	case l.Type == "":
		return event, errors.New("it has no type")
	case l.Created.IsZero():
		return event, errors.New("it has no time")
	}
	var err error
	if event.Data, err = oneOf(l.Data, l.Data64); err != nil {
		return event, err
	}
	event.Metadata, err = oneOf(l.Metadata, l.Metadata64)
	return event, err
}

// oneOf is the value of a member that is written in one of two ways.
func oneOf(plain json.RawMessage, encoded []byte) ([]byte, error) {
	if len(plain) == 0 {
		return encoded, nil
	}
	if len(encoded) > 0 || !bytes.HasPrefix(plain, []byte("{")) {
		return nil, errors.New("its data or metadata is in no form of ours")
	}
	return plain, nil
}
