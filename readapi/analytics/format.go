package analytics

import (
	"fmt"
	"io"
)

// Format is how an export is written.
type Format string

// The formats.
const (
	CSV     Format = "csv"
	NDJSON  Format = "ndjson"
	Parquet Format = "parquet"
)

// MediaType of the format.
func (f Format) MediaType() string {
	switch f {
	case CSV:
		return "text/csv; charset=utf-8; header=present"
	case NDJSON:
		return "application/x-ndjson"
	case Parquet:
		return "application/vnd.apache.parquet"
	default:
		return "application/octet-stream"
	}
}

// Writer writes records. What it has not been closed after is no complete export.
type Writer interface {
	Write(records []Record) error
	Close() error
}

// NewWriter writes records of a format in constant memory. Error: an unknown format.
func NewWriter(format Format, to io.Writer) (Writer, error) {
	switch format {
	case CSV:
		return newCSV(to)
	case NDJSON:
		return newNDJSON(to), nil
	case Parquet:
		return newParquet(to), nil
	default:
		return nil, fmt.Errorf("writing an export: there is no format %q", format)
	}
}
