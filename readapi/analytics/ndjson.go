package analytics

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
)

type ndjsonWriter struct {
	buffer  *bufio.Writer
	encoder *json.Encoder
}

func newNDJSON(to io.Writer) *ndjsonWriter {
	buffer := bufio.NewWriterSize(to, bufferSize)
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	return &ndjsonWriter{buffer: buffer, encoder: encoder}
}

// Write writes one line a record.
func (w *ndjsonWriter) Write(records []Record) error {
	for i := range records {
		if err := w.encoder.Encode(&records[i]); err != nil {
			return fmt.Errorf("writing NDJSON: %w", err)
		}
	}
	return nil
}

// Close writes what was gathered.
func (w *ndjsonWriter) Close() error {
	if err := w.buffer.Flush(); err != nil {
		return fmt.Errorf("writing NDJSON: %w", err)
	}
	return nil
}
