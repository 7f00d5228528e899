package pebblelog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// guardedFS is the file system under Pebble. Pebble ends the process when its write-ahead log or manifest cannot be
// written; here the first such error freezes the directory instead. From then on the disk stays exactly as it was:
// writes of the write-ahead log are swallowed (the writer asks failure after every commit and acknowledges nothing),
// removals are not carried out, and every other change fails. Reads go on.
//
// Other failed writes (of tables) are passed on, after a pause, since Pebble repeats them at once and for ever.
type guardedFS struct {
	vfs.FS
	dir      string
	failed   atomic.Pointer[error]
	once     sync.Once
	released chan struct{} // closed when the log closes: no more pauses
}

// retryPause is between two attempts of Pebble to write a table.
const retryPause = 100 * time.Millisecond

var errFrozen = errors.New("the directory is frozen after a failed write")

func newGuardedFS(inner vfs.FS, dir string) *guardedFS {
	return &guardedFS{FS: inner, dir: inner.PathDir(inner.PathJoin(dir, "x")), released: make(chan struct{})}
}

// fail freezes the directory.
func (g *guardedFS) fail(err error) { g.failed.CompareAndSwap(nil, &err) }

// failure is the error that froze the directory, nil if it is not frozen.
func (g *guardedFS) failure() error {
	if err := g.failed.Load(); err != nil {
		return *err
	}
	return nil
}

func (g *guardedFS) release() { g.once.Do(func() { close(g.released) }) }

func (g *guardedFS) pause() {
	timer := time.NewTimer(retryPause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-g.released:
	}
}

// guards tells whether the file is one of the log's own, not one of a backup.
func (g *guardedFS) guards(name string) bool { return g.PathDir(name) == g.dir }

func isWAL(name string) bool { return strings.HasSuffix(name, ".log") }

// Unwrap implements vfs.FS.
func (g *guardedFS) Unwrap() vfs.FS { return g.FS }

// Create implements vfs.FS.
func (g *guardedFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return g.open(name, func() (vfs.File, error) { return g.FS.Create(name, category) })
}

// OpenReadWrite implements vfs.FS.
func (g *guardedFS) OpenReadWrite(
	name string, category vfs.DiskWriteCategory, options ...vfs.OpenOption,
) (vfs.File, error) {
	return g.open(name, func() (vfs.File, error) { return g.FS.OpenReadWrite(name, category, options...) })
}

// ReuseForWrite implements vfs.FS.
func (g *guardedFS) ReuseForWrite(oldName, newName string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return g.open(newName, func() (vfs.File, error) { return g.FS.ReuseForWrite(oldName, newName, category) })
}

func (g *guardedFS) open(name string, open func() (vfs.File, error)) (vfs.File, error) {
	if !g.guards(name) {
		return open()
	}
	err := g.failure()
	if err == nil {
		var file vfs.File
		if file, err = open(); err == nil {
			return &guardedFile{File: file, files: g, wal: isWAL(name)}, nil
		}
	}
	if isWAL(name) {
		g.fail(fmt.Errorf("create the write-ahead log: %w", err))
		return &nullFile{name: g.PathBase(name)}, nil
	}
	g.pause()
	return nil, err
}

// OpenDir implements vfs.FS.
func (g *guardedFS) OpenDir(name string) (vfs.File, error) {
	dir, err := g.FS.OpenDir(name)
	if err != nil || g.PathDir(g.PathJoin(name, "x")) != g.dir {
		return dir, err
	}
	return &guardedFile{File: dir, files: g, wal: true}, nil
}

// Remove implements vfs.FS.
func (g *guardedFS) Remove(name string) error {
	if g.guards(name) && g.failure() != nil {
		return nil
	}
	return g.FS.Remove(name)
}

// Rename implements vfs.FS.
func (g *guardedFS) Rename(oldName, newName string) error {
	if g.guards(newName) && g.failure() != nil {
		return errFrozen
	}
	return g.FS.Rename(oldName, newName)
}

// guardedFile is a file of the log that is open for writing, or its directory.
type guardedFile struct {
	vfs.File
	files *guardedFS
	wal   bool // the write-ahead log or the directory, whose errors Pebble cannot bear
}

// Write implements vfs.File.
func (f *guardedFile) Write(p []byte) (int, error) {
	if f.files.failure() != nil {
		return f.refuse(len(p))
	}
	n, err := f.File.Write(p)
	if err != nil && f.wal {
		f.files.fail(fmt.Errorf("write the write-ahead log: %w", err))
		return len(p), nil
	}
	if err != nil {
		f.files.pause()
	}
	return n, err
}

func (f *guardedFile) refuse(n int) (int, error) {
	if f.wal {
		return n, nil
	}
	return 0, errFrozen
}

// Sync implements vfs.File.
func (f *guardedFile) Sync() error { return f.sync(f.File.Sync) }

// SyncData implements vfs.File.
func (f *guardedFile) SyncData() error { return f.sync(f.File.SyncData) }

// SyncTo implements vfs.File.
func (f *guardedFile) SyncTo(length int64) (bool, error) {
	var full bool
	err := f.sync(func() (err error) {
		full, err = f.File.SyncTo(length)
		return err
	})
	return full, err
}

// Preallocate implements vfs.File.
func (f *guardedFile) Preallocate(offset, length int64) error {
	return f.sync(func() error { return f.File.Preallocate(offset, length) })
}

// Close implements vfs.File.
func (f *guardedFile) Close() error {
	err := f.File.Close()
	if err != nil && f.wal {
		f.files.fail(fmt.Errorf("close the write-ahead log: %w", err))
		return nil
	}
	return err
}

func (f *guardedFile) sync(sync func() error) error {
	if f.files.failure() != nil {
		_, err := f.refuse(0)
		return err
	}
	err := sync()
	if err != nil && f.wal {
		f.files.fail(fmt.Errorf("sync the write-ahead log: %w", err))
		return nil
	}
	return err
}

// nullFile stands for a write-ahead log that is not to be made any more.
type nullFile struct{ name string }

var errNull = errors.New("the file was not created")

func (*nullFile) Close() error                       { return nil }
func (*nullFile) Read([]byte) (int, error)           { return 0, errNull }
func (*nullFile) ReadAt([]byte, int64) (int, error)  { return 0, errNull }
func (*nullFile) Write(p []byte) (int, error)        { return len(p), nil }
func (*nullFile) WriteAt([]byte, int64) (int, error) { return 0, errNull }
func (*nullFile) Preallocate(int64, int64) error     { return nil }
func (*nullFile) Sync() error                        { return nil }
func (*nullFile) SyncTo(int64) (bool, error)         { return false, nil }
func (*nullFile) SyncData() error                    { return nil }
func (*nullFile) Prefetch(int64, int64) error        { return nil }
func (*nullFile) Fd() uintptr                        { return vfs.InvalidFd }
func (f *nullFile) Stat() (vfs.FileInfo, error)      { return nullInfo{f.name}, nil }

type nullInfo struct{ name string }

func (i nullInfo) Name() string         { return i.name }
func (nullInfo) Size() int64            { return 0 }
func (nullInfo) Mode() fs.FileMode      { return 0o600 }
func (nullInfo) ModTime() time.Time     { return time.Time{} }
func (nullInfo) IsDir() bool            { return false }
func (nullInfo) Sys() any               { return nil }
func (nullInfo) DeviceID() vfs.DeviceID { return vfs.DeviceID{} }

var _ os.FileInfo = nullInfo{}
