package analytics

import (
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// rowGroup is how many rows are in memory before they are written.
const rowGroup = 64 << 10

type parquetWriter struct {
	writer *parquet.GenericWriter[Record]
}

func newParquet(to io.Writer) *parquetWriter {
	return &parquetWriter{parquet.NewGenericWriter[Record](to,
		parquet.MaxRowsPerRowGroup(rowGroup), parquet.WriteBufferSize(bufferSize),
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}),
		parquet.CreatedBy("portal", "1", ""), parquet.KeyValueMetadata("portal.export", "applications.v1"))}
}

// Write adds rows.
func (w *parquetWriter) Write(records []Record) error {
	if _, err := w.writer.Write(records); err != nil {
		return fmt.Errorf("writing Parquet: %w", err)
	}
	return nil
}

// Close writes the footer, without which there is no file.
func (w *parquetWriter) Close() error {
	if err := w.writer.Close(); err != nil {
		return fmt.Errorf("writing Parquet: %w", err)
	}
	return nil
}
