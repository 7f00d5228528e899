package tablefs_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"services.example/portal/infra/tablefs"
)

// counting is a file system that counts the writes to its files, and fails them when it shall.
type counting struct {
	vfs.FS
	writes int
	broken error
}

func (c *counting) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := c.FS.Create(name, category)
	return countedFile{file, c}, err
}

type countedFile struct {
	vfs.File
	disk *counting
}

func (f countedFile) Write(p []byte) (int, error) {
	if f.disk.broken != nil {
		return 0, f.disk.broken
	}
	f.disk.writes++
	return f.File.Write(p)
}

func newDisk() (*counting, vfs.FS) {
	disk := &counting{FS: vfs.NewMem()}
	return disk, tablefs.New(disk)
}

func create(t *testing.T, files vfs.FS, name string) vfs.File {
	t.Helper()
	file, err := files.Create(name, vfs.WriteCategoryUnspecified)
	noError(t, err)
	return file
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, file vfs.File, data []byte) {
	t.Helper()
	n, err := file.Write(bytes.Clone(data)) // a file may change what it is given
	noError(t, err)
	if n != len(data) {
		t.Fatalf("%d bytes written of %d", n, len(data))
	}
}

func contents(t *testing.T, files vfs.FS, name string) []byte {
	t.Helper()
	file, err := files.Open(name)
	noError(t, err)
	data, err := io.ReadAll(file)
	noError(t, err)
	noError(t, file.Close())
	return data
}

func TestTablesAreWrittenInLargePieces(t *testing.T) {
	t.Parallel()
	const each, times = 4101, 1000
	for name, want := range map[string]int{"1.sst": 16, "1.blob": 16, "1.log": times, "MANIFEST-1": times, "sst": times} {
		disk, files := newDisk()
		file := create(t, files, name)
		var all []byte
		for i := range times {
			piece := bytes.Repeat([]byte{byte(i)}, each)
			write(t, file, piece)
			all = append(all, piece...)
		}
		noError(t, file.Close())
		if disk.writes != want {
			t.Errorf("%s: %d writes, want %d", name, disk.writes, want)
		}
		if !bytes.Equal(contents(t, files, name), all) {
			t.Errorf("%s holds something else than was written", name)
		}
	}
}

// TestATableIsWhatWasWritten: however a table is written, and whatever is asked of it meanwhile, it holds in the end what
// was written, and all of it as soon as that was asked for.
func TestATableIsWhatWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		_, files := newDisk()
		file := create(t, files, "1.sst")
		var all []byte
		size := rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(250<<10, 270<<10), rapid.Just(600<<10))
		for i := range rapid.IntRange(0, 12).Draw(r, "steps") {
			piece := bytes.Repeat([]byte{byte(i + 1)}, size.Draw(r, "size"))
			write(t, file, piece)
			all = append(all, piece...)
			complete := true
			switch rapid.SampledFrom([]string{"write on", "Sync", "SyncData", "SyncTo", "Stat"}).Draw(r, "then") {
			case "Sync":
				noError(t, file.Sync())
			case "SyncData":
				noError(t, file.SyncData())
			case "SyncTo":
				_, err := file.SyncTo(int64(len(all)))
				noError(t, err)
			case "Stat":
				info, err := file.Stat()
				noError(t, err)
				if info.Size() != int64(len(all)) {
					r.Fatalf("%d bytes by Stat, want %d", info.Size(), len(all))
				}
			default:
				complete = false
			}
			if complete && !bytes.Equal(contents(t, files, "1.sst"), all) {
				r.Fatal("something is not written yet")
			}
		}
		noError(t, file.Close())
		if !bytes.Equal(contents(t, files, "1.sst"), all) {
			r.Fatal("the table is not what was written")
		}
	})
}

// TestAFailedWriteIsTold: at the latest by what makes the table durable. It is never as if nothing had been.
func TestAFailedWriteIsTold(t *testing.T) {
	t.Parallel()
	broken := errors.New("no space left on the disk")
	for name, ask := range map[string]func(vfs.File) error{
		"Sync":     vfs.File.Sync,
		"SyncData": vfs.File.SyncData,
		"SyncTo":   func(f vfs.File) error { _, err := f.SyncTo(5); return err },
		"Stat":     func(f vfs.File) error { _, err := f.Stat(); return err },
		"Close":    vfs.File.Close,
		"Write":    func(f vfs.File) error { _, err := f.Write(make([]byte, 1<<20)); return err },
	} {
		disk, files := newDisk()
		file := create(t, files, "1.sst")
		write(t, file, []byte("words"))
		disk.broken = broken
		if err := ask(file); !errors.Is(err, broken) {
			t.Errorf("%s: error %v, want %v", name, err, broken)
		}
		if name == "Close" {
			continue
		}
		disk.broken = nil
		if err := file.Sync(); !errors.Is(err, broken) {
			t.Errorf("%s: the disk works again, and error %v, want %v", name, err, broken)
		}
		if _, err := file.Write([]byte("more")); !errors.Is(err, broken) {
			t.Errorf("%s: written on with error %v, want %v", name, err, broken)
		}
		if err := file.Close(); !errors.Is(err, broken) {
			t.Errorf("%s: closed with error %v, want %v", name, err, broken)
		}
	}
}

func TestAClosedTableSharesNothing(t *testing.T) {
	t.Parallel()
	_, files := newDisk()
	file := create(t, files, "1.sst")
	write(t, file, []byte("first"))
	noError(t, file.Close())
	other := create(t, files, "2.sst")
	write(t, other, []byte("second"))
	func() {
		defer func() { _ = recover() }() // a closed file in memory panics, one of the system's gives an error
		_, _ = file.Write([]byte("late"))
	}()
	noError(t, other.Close())
	if got := contents(t, files, "2.sst"); string(got) != "second" {
		t.Errorf("the other table holds %q", got)
	}
	if tablefs.New(vfs.Default).Unwrap() != vfs.Default {
		t.Error("the file system below is not told")
	}
}
