package analytics

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
)

// bufferSize is how much is gathered before it is sent, in bytes.
const bufferSize = 64 << 10

type csvWriter struct {
	buffer *bufio.Writer
	csv    *csv.Writer
	line   []string
}

func newCSV(to io.Writer) (*csvWriter, error) {
	w := &csvWriter{buffer: bufio.NewWriterSize(to, bufferSize), line: make([]string, len(Columns))}
	w.csv = csv.NewWriter(w.buffer)
	for i, column := range Columns {
		w.line[i] = column.Name
	}
	if err := w.csv.Write(w.line); err != nil {
		return nil, fmt.Errorf("writing CSV: %w", err)
	}
	return w, nil
}

// Write writes lines. No value begins with what a spreadsheet takes for a formula: there are only ids, codes and numbers.
func (w *csvWriter) Write(records []Record) error {
	for i := range records {
		r := &records[i]
		w.line = append(w.line[:0],
			r.Application, r.Applicant, r.Service, integer(r.ServiceVersion), r.Provider, r.Region, r.Status, r.SentOn, r.DueOn,
			integer(r.TermDays), r.TermKind, integer(r.Returns), optional(r.FirstAnswerHours), optional(r.DecisionHours),
			r.Decision, r.Refusal, strconv.FormatBool(r.Overdue), optional(r.EndedHours), r.Outcome, optional(r.Score))
		if err := w.csv.Write(w.line); err != nil {
			return fmt.Errorf("writing CSV: %w", err)
		}
	}
	return nil
}

// Close writes what was gathered.
func (w *csvWriter) Close() error {
	w.csv.Flush()
	if err := w.csv.Error(); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	if err := w.buffer.Flush(); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	return nil
}

func integer(n int32) string { return strconv.Itoa(int(n)) }

func optional(n *int32) string {
	if n == nil {
		return ""
	}
	return integer(*n)
}
