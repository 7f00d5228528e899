package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
)

// saveZip writes a zip of personal data into a file that does not exist yet, or to standard output if the path is "-".
func saveZip(path string, write func(io.Writer) error) error {
	if path == "-" {
		if terminal(os.Stdout) {
			return errors.New("a zip is not for a terminal: name a file, or send standard output into one")
		}
		return write(os.Stdout)
	}
	if err := intoFile(path, write); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "written to %s: personal data, keep it accordingly\n", path)
	return nil
}

// sendWhole answers the operator with something long. What it is stands in the log if it cannot be written to its end.
func sendWhole(w http.ResponseWriter, r *http.Request, of string, write func(context.Context, io.Writer) error) {
	out := &begun{ResponseWriter: w}
	err := write(r.Context(), out)
	switch {
	case err == nil:
	case !out.any:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default: // cut off, so that the reader sees that it is not whole
		slog.ErrorContext(r.Context(), "an answer was not written to its end", "of", of, "error", err)
		panic(http.ErrAbortHandler)
	}
}

// copyAnswer takes the answer of the running portal over.
func copyAnswer(to io.Writer) func(io.Reader) error {
	return func(answer io.Reader) error {
		if _, err := io.Copy(to, answer); err != nil {
			return fmt.Errorf("reading the running portal's answer: %w", err)
		}
		return nil
	}
}

// begun knows whether anything of an answer was written.
type begun struct {
	http.ResponseWriter
	any bool
}

// Write writes.
func (b *begun) Write(content []byte) (int, error) {
	b.any = true
	return b.ResponseWriter.Write(content)
}
