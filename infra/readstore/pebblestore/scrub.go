package pebblestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Scrub takes off the disk what was removed or replaced: it merges the tables in which the past still lies, and replaces
// the logs that the engine keeps to write over. Others may read and write meanwhile. It takes as long as rewriting those
// tables does; where nothing was removed or replaced, moments. Values of indexes stay in the list of tables until the store is
// opened again: what identifies a person belongs in no index.
func (s *Store) Scrub(ctx context.Context) error {
	leave, err := s.enterWrite(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if err := s.scrub(ctx); err != nil {
		return fmt.Errorf("scrubbing the read store: %w", err)
	}
	return nil
}

func (s *Store) scrub(ctx context.Context) error {
	if err := s.db.Compact(ctx, []byte{0}, bytes.Repeat([]byte{0xff}, endKeySize), false); err != nil {
		return err
	}
	// Every flush begins a log, in the place of one that is kept to write over while there are any.
	s.logs.renew.Add(1)
	defer s.logs.renew.Add(-1)
	for range 2 * (memTables + 2) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.db.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// endKeySize makes a key of 0xff bytes that comes after every other.
const endKeySize = 64

// logFiles is a file system on which logs can be renewed rather than written over.
type logFiles struct {
	vfs.FS
	renew atomic.Int32 // those who want that now
}

// ReuseForWrite gives a file for writing in the place of another.
func (l *logFiles) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if l.renew.Load() == 0 {
		return l.FS.ReuseForWrite(oldname, newname, category)
	}
	if err := l.Remove(oldname); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return l.Create(newname, category)
}

// Unwrap gives the file system under it.
func (l *logFiles) Unwrap() vfs.FS { return l.FS }
