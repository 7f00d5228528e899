package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"

	"services.example/portal/infra/eventstore"
)

// Writer writes an archive.
type Writer struct {
	out   *zstd.Encoder
	sum   hash.Hash
	count int64
	line  []byte
}

// headerLine is the first line.
type headerLine struct {
	Format   string    `json:"format"`
	Version  int       `json:"version"`
	Source   string    `json:"source"`
	Exported time.Time `json:"exported"`
}

// trailerLine is the last line.
type trailerLine struct {
	End    bool   `json:"end"`
	Events int64  `json:"events"`
	SHA256 string `json:"sha256"`
}

// NewWriter begins an archive.
func NewWriter(w io.Writer, header Header) (*Writer, error) {
	out, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window))
	if err != nil {
		return nil, fmt.Errorf("beginning the archive: %w", err)
	}
	archive := &Writer{out: out, sum: sha256.New()}
	first, err := json.Marshal(headerLine{Format: Format, Version: Version, Source: header.Source, Exported: header.Exported.UTC()})
	if err != nil {
		return nil, fmt.Errorf("beginning the archive: %w", err)
	}
	return archive, archive.put(first)
}

// Write adds an event. Its position is not kept: positions belong to a store.
func (w *Writer) Write(event eventstore.Recorded) error {
	line, err := appendEvent(w.line[:0], event)
	if err != nil {
		return fmt.Errorf("writing event %d of stream %s to the archive: %w", event.Revision, event.Stream, err)
	}
	w.line = line // to be used again
	w.count++
	return w.put(line)
}

// Close writes the trailer. Without it the archive counts as cut off.
func (w *Writer) Close() (Summary, error) {
	summary := Summary{Events: w.count, SHA256: hex.EncodeToString(w.sum.Sum(nil))}
	last, err := json.Marshal(trailerLine{End: true, Events: summary.Events, SHA256: summary.SHA256})
	if err != nil {
		return Summary{}, fmt.Errorf("ending the archive: %w", err)
	}
	if err := w.put(last); err != nil {
		return Summary{}, err
	}
	if err := w.out.Close(); err != nil {
		return Summary{}, fmt.Errorf("ending the archive: %w", err)
	}
	return summary, nil
}

// put writes a line, which has no end yet.
func (w *Writer) put(line []byte) error {
	line = append(line, '\n')
	_, _ = w.sum.Write(line) // a hash takes everything
	if _, err := w.out.Write(line); err != nil {
		return fmt.Errorf("writing the archive: %w", err)
	}
	return nil
}

// appendEvent writes a line by hand: the bytes of data and metadata must stay as they are.
func appendEvent(line []byte, event eventstore.Recorded) ([]byte, error) {
	stream, err := json.Marshal(event.Stream)
	if err != nil {
		return nil, err
	}
	eventType, err := json.Marshal(event.Type)
	if err != nil {
		return nil, err
	}
	line = append(append(line, `{"stream":`...), stream...)
	line = strconv.AppendInt(append(line, `,"revision":`...), event.Revision, 10)
	line = append(append(line, `,"id":"`...), event.ID.String()...)
	line = append(append(line, `","type":`...), eventType...)
	line = event.Created.UTC().AppendFormat(append(line, `,"created":"`...), time.RFC3339Nano)
	line = append(line, '"')
	if event.JSON {
		line = append(line, `,"json":true`...)
	}
	line = appendBytes(line, "data", event.Data)
	line = appendBytes(line, "metadata", event.Metadata)
	return append(line, '}'), nil
}

// appendBytes writes an object of JSON as it is, and everything else in base64 under a name with 64 at its end.
func appendBytes(line []byte, name string, value []byte) []byte {
	switch {
	case len(value) == 0:
		return line
	case plainObject(value):
		line = append(append(append(line, `,"`...), name...), `":`...)
		return append(line, value...)
	default:
		line = append(append(append(line, `,"`...), name...), `64":"`...)
		return append(base64.StdEncoding.AppendEncode(line, value), '"')
	}
}

// plainObject tells whether a reader of JSON gives these bytes back as they are, and one of lines too.
func plainObject(value []byte) bool {
	return value[0] == '{' && value[len(value)-1] == '}' && !bytes.ContainsAny(value, "\r\n") && utf8.Valid(value) && json.Valid(value)
}
