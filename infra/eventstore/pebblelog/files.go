package pebblelog

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"services.example/portal/infra/tablefs"
)

// guardedFS is the file system under Pebble. Pebble ends the process, or panics, when its write-ahead log or its
// manifest cannot be written. Here the first such error freezes the directory instead: what the disk holds then is
// what the next opening will find. Pebble is not told. Its changes go to memory from then on, so that nothing in it
// waits for the disk and reads go on, and removals are not carried out. The writer asks failure after every commit,
// acknowledges nothing any more, and so the memory stays small.
//
// Failed writes of tables are passed on, since Pebble repeats them until they succeed; but only after a pause, since
// it does so at once.
type guardedFS struct {
	vfs.FS
	dir      string
	memory   *vfs.MemFS // what was created since the directory froze
	failed   atomic.Pointer[error]
	once     sync.Once
	released chan struct{} // closed when the log closes: no more pauses
}

// retryPause is between two attempts of Pebble to write a table.
const retryPause = 100 * time.Millisecond

func newGuardedFS(inner vfs.FS, dir string) *guardedFS {
	g := &guardedFS{
		FS: inner, dir: inner.PathDir(inner.PathJoin(dir, "x")), memory: vfs.NewMem(), released: make(chan struct{}),
	}
	return g
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

func (g *guardedFS) frozen() bool { return g.failed.Load() != nil }

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

// Unwrap implements vfs.FS.
func (g *guardedFS) Unwrap() vfs.FS { return g.FS }

// Create implements vfs.FS.
func (g *guardedFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return g.create(name, func() (vfs.File, error) { return g.FS.Create(name, category) })
}

// OpenReadWrite implements vfs.FS.
func (g *guardedFS) OpenReadWrite(
	name string, category vfs.DiskWriteCategory, options ...vfs.OpenOption,
) (vfs.File, error) {
	return g.create(name, func() (vfs.File, error) { return g.FS.OpenReadWrite(name, category, options...) })
}

// ReuseForWrite implements vfs.FS.
func (g *guardedFS) ReuseForWrite(oldName, newName string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return g.create(newName, func() (vfs.File, error) { return g.FS.ReuseForWrite(oldName, newName, category) })
}

func (g *guardedFS) create(name string, create func() (vfs.File, error)) (vfs.File, error) {
	if !g.guards(name) {
		return create()
	}
	if g.frozen() {
		return g.createInMemory(name)
	}
	file, err := create()
	switch {
	case err == nil:
		return &guardedFile{File: file, files: g, name: g.PathBase(name), repeatable: tablefs.IsTable(name)}, nil
	case tablefs.IsTable(name): // Pebble bears it
		g.pause()
		return nil, err
	default:
		g.fail(fmt.Errorf("create %s: %w", g.PathBase(name), err))
		return g.createInMemory(name)
	}
}

func (g *guardedFS) createInMemory(name string) (vfs.File, error) {
	return g.memory.Create(g.PathBase(name), vfs.WriteCategoryUnspecified)
}

func (g *guardedFS) inMemory(name string) bool {
	if !g.frozen() || !g.guards(name) {
		return false
	}
	_, err := g.memory.Stat(g.PathBase(name))
	return err == nil
}

// Open implements vfs.FS.
func (g *guardedFS) Open(name string, options ...vfs.OpenOption) (vfs.File, error) {
	if g.inMemory(name) {
		return g.memory.Open(g.PathBase(name), options...)
	}
	return g.FS.Open(name, options...)
}

// Stat implements vfs.FS.
func (g *guardedFS) Stat(name string) (vfs.FileInfo, error) {
	if g.inMemory(name) {
		return g.memory.Stat(g.PathBase(name))
	}
	return g.FS.Stat(name)
}

// OpenDir implements vfs.FS.
func (g *guardedFS) OpenDir(name string) (vfs.File, error) {
	dir, err := g.FS.OpenDir(name)
	if err != nil || g.PathDir(g.PathJoin(name, "x")) != g.dir {
		return dir, err
	}
	return &guardedFile{File: dir, files: g, name: "the directory"}, nil
}

// Remove implements vfs.FS.
func (g *guardedFS) Remove(name string) error {
	switch {
	case g.inMemory(name):
		return g.memory.Remove(g.PathBase(name))
	case g.frozen() && g.guards(name):
		return nil
	}
	return g.FS.Remove(name)
}

// Rename implements vfs.FS.
func (g *guardedFS) Rename(oldName, newName string) error {
	switch {
	case g.inMemory(oldName):
		return g.memory.Rename(g.PathBase(oldName), g.PathBase(newName))
	case g.frozen() && g.guards(newName):
		return nil
	}
	return g.FS.Rename(oldName, newName)
}

// guardedFile is a file of the log that is open for writing, or its directory.
type guardedFile struct {
	vfs.File
	files      *guardedFS
	name       string
	repeatable bool
}

// swallow does what fails for Pebble alone: it freezes the directory and hides the error.
func (f *guardedFile) swallow(action string, do func() error) error {
	if f.repeatable {
		return do()
	}
	if f.files.frozen() {
		return nil
	}
	if err := do(); err != nil {
		f.files.fail(fmt.Errorf("%s %s: %w", action, f.name, err))
	}
	return nil
}

// Write implements vfs.File.
func (f *guardedFile) Write(p []byte) (int, error) {
	n := len(p)
	err := f.swallow("write", func() (err error) {
		n, err = f.File.Write(p)
		return err
	})
	if err != nil {
		f.files.pause()
		return n, err
	}
	return len(p), nil
}

// Sync implements vfs.File.
func (f *guardedFile) Sync() error { return f.swallow("sync", f.File.Sync) }

// SyncData implements vfs.File.
func (f *guardedFile) SyncData() error { return f.swallow("sync", f.File.SyncData) }

// SyncTo implements vfs.File.
func (f *guardedFile) SyncTo(length int64) (bool, error) {
	var full bool
	err := f.swallow("sync", func() (err error) {
		full, err = f.File.SyncTo(length)
		return err
	})
	return full, err
}

// Preallocate implements vfs.File.
func (f *guardedFile) Preallocate(offset, length int64) error {
	return f.swallow("preallocate", func() error { return f.File.Preallocate(offset, length) })
}

// Close implements vfs.File.
func (f *guardedFile) Close() error {
	err := f.File.Close()
	return f.swallow("close", func() error { return err })
}
