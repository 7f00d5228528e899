package tlog

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"services.example/portal/infra/transparency"
)

// Material is a folder with what a copy of the log is verified by: the public key, every checkpoint, and the leaves of the
// kept tree, by which the first record that does not fit is named.
type Material struct{ Dir string }

const (
	keyFile         = "key"         // one line
	checkpointsFile = "checkpoints" // lines of JSON
	leavesFile      = "leaves"      // 32 bytes each
	latestFile      = "checkpoint"  // the latest, where the anchor of a data folder is: who restores a backup goes on from it
)

// checkpointLine is a line of the file of checkpoints.
type checkpointLine struct {
	Note string `json:"note"`
}

// Write fills the folder, which must exist, with what there is of a log up to its latest checkpoint. It needs nothing that
// is secret.
func (m Material) Write(ctx context.Context, l *Log) error {
	size := uint64(0)
	latest, err := l.Latest(ctx)
	switch {
	case err == nil:
		size = latest.Size
	case !errors.Is(err, ErrNoCheckpoint):
		return err
	}
	if reached, err := l.Size(ctx); err != nil {
		return err
	} else if reached < size {
		size = reached
	}
	return errors.Join(
		m.write(keyFile, func(w *bufio.Writer) error {
			_, err := w.WriteString(l.Key() + "\n")
			return err
		}),
		m.write(checkpointsFile, func(w *bufio.Writer) error { return writeCheckpoints(w, l.Checkpoints(ctx)) }),
		m.writeLatest(latest),
		m.write(leavesFile, func(w *bufio.Writer) error {
			for leaf, err := range l.Leaves(ctx, size) {
				if err != nil {
					return err
				}
				if _, err := w.Write(leaf[:]); err != nil {
					return err
				}
			}
			return nil
		}),
	)
}

func (m Material) writeLatest(latest transparency.Signed) error {
	if latest.Note == nil {
		return nil
	}
	return m.write(latestFile, func(w *bufio.Writer) error {
		_, err := w.Write(latest.Note)
		return err
	})
}

func writeCheckpoints(w io.Writer, checkpoints iter.Seq2[[]byte, error]) error {
	lines := json.NewEncoder(w)
	for signed, err := range checkpoints {
		if err != nil {
			return err
		}
		if err := lines.Encode(checkpointLine{Note: string(signed)}); err != nil {
			return err
		}
	}
	return nil
}

func (m Material) write(name string, fill func(*bufio.Writer) error) error {
	file, err := os.OpenFile(filepath.Join(m.Dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("writing what the log is verified by: %w", err)
	}
	w := bufio.NewWriter(file)
	err = fill(w)
	if err = errors.Join(err, w.Flush(), file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("writing what the log is verified by: %w", err)
	}
	return nil
}

// Key reads the public key. It says who signed only to those who trust the folder.
func (m Material) Key() (string, error) {
	raw, err := os.ReadFile(filepath.Join(m.Dir, keyFile))
	if err != nil {
		return "", fmt.Errorf("reading the public key of the log: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// Checkpoints yields the signed checkpoints, the earliest first.
func (m Material) Checkpoints() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		file, err := os.Open(filepath.Join(m.Dir, checkpointsFile))
		if err != nil {
			yield(nil, fmt.Errorf("reading checkpoints: %w", err))
			return
		}
		defer file.Close() //nolint:errcheck // it was only read
		lines := json.NewDecoder(bufio.NewReader(file))
		for {
			var line checkpointLine
			err := lines.Decode(&line)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(nil, fmt.Errorf("reading checkpoints: %w", err))
				return
			}
			if !yield([]byte(line.Note), nil) {
				return
			}
		}
	}
}

// Leaves yields the leaves of the kept tree, in order.
func (m Material) Leaves() iter.Seq2[transparency.Hash, error] {
	return func(yield func(transparency.Hash, error) bool) {
		file, err := os.Open(filepath.Join(m.Dir, leavesFile))
		if err != nil {
			yield(transparency.Hash{}, fmt.Errorf("reading the leaves of the kept tree: %w", err))
			return
		}
		defer file.Close() //nolint:errcheck // it was only read
		in := bufio.NewReaderSize(file, 64<<10)
		for {
			var leaf transparency.Hash
			_, err := io.ReadFull(in, leaf[:])
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(leaf, fmt.Errorf("reading the leaves of the kept tree: %w", err))
				return
			}
			if !yield(leaf, nil) {
				return
			}
		}
	}
}
