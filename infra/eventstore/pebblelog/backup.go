package pebblelog

import (
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/errors/oserror"
	"github.com/google/uuid"
)

var errNotEmpty = errors.New("the directory is not empty")

// Backup writes a copy of the log, as it is at this moment, to a directory that is empty or does not exist. The log
// stays in use meanwhile. On the same disk the copy shares files with the log until they are replaced; a copy is
// opened like any log. The directory appears only when the copy is complete.
func (l *Log) Backup(ctx context.Context, dir string) error {
	if err := l.backup(ctx, dir); err != nil {
		return fmt.Errorf("back up the event log in %s to %s: %w", l.dir, dir, err)
	}
	return nil
}

func (l *Log) backup(ctx context.Context, dir string) error {
	leave, err := l.enter()
	if err != nil {
		return err
	}
	defer leave()
	if err := errors.Join(ctx.Err(), l.files.failure()); err != nil {
		return err
	}
	files := l.options.FS
	names, err := files.List(dir)
	exists := err == nil
	switch {
	case exists && len(names) > 0:
		return errNotEmpty
	case !exists && !oserror.IsNotExist(err):
		return err
	}
	dir = files.PathJoin(dir)
	parent := files.PathDir(dir)
	partial := files.PathJoin(parent, "."+files.PathBase(dir)+"-"+uuid.NewString())
	if err := l.db.Checkpoint(partial); err != nil {
		return errors.Join(err, files.RemoveAll(partial))
	}
	if err = ctx.Err(); err == nil && exists {
		err = files.Remove(dir) // fails if something was put there meanwhile
	}
	if err == nil {
		err = files.Rename(partial, dir)
	}
	if err != nil {
		return errors.Join(err, files.RemoveAll(partial))
	}
	return l.syncDirectory(parent)
}

func (l *Log) syncDirectory(name string) error {
	dir, err := l.options.FS.OpenDir(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
