package pebblestore

import (
	"errors"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/readstore"
)

// smallDisk is a file system that says how much room it has.
type smallDisk struct {
	vfs.FS
	available atomic.Uint64
}

func (d *smallDisk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: d.available.Load()}, nil
}

func TestFullDisk(t *testing.T) {
	ctx := t.Context()
	disk := &smallDisk{FS: vfs.NewMem()}
	disk.available.Store(1 << 30)
	store := openIn(t, "store", Options{fs: disk, ReserveSpace: 1 << 20})
	declareIndexes(t, store, "c", indexBy("n", "n"))
	noError(t, store.Declare(ctx, readstore.Collection{Name: "codes", Expires: true}))
	noError(t, store.Commit(ctx, oneWrite(t, "c", "before", bson.M{"n": 1})))

	disk.available.Store(1<<20 - 1)
	entry := readstore.Entry{ID: "x", Expires: time.Now().Add(time.Hour), Body: oneWrite(t, "", "", bson.M{}).Writes[0].Body}
	wantError(t, store.Commit(ctx, oneWrite(t, "c", "during", bson.M{"n": 2})), readstore.ErrUnavailable)
	_, err := store.PutEntry(ctx, "codes", entry)
	wantError(t, err, readstore.ErrUnavailable)
	wantError(t, store.Declare(ctx, readstore.Collection{Name: "d"}), readstore.ErrUnavailable)
	_, err = store.Get(ctx, "c", "before") // reading goes on
	noError(t, err)
	noError(t, store.Drop(ctx, "codes")) // and making room

	disk.available.Store(1 << 20)
	noError(t, store.Commit(ctx, oneWrite(t, "c", "after", bson.M{"n": 3})))
	_, err = store.Get(ctx, "c", "during")
	wantError(t, err, readstore.ErrNotFound)
}

// TestFailedLog has the disk refuse the engine's log in the middle of the work: nothing is acknowledged from then on, and
// everything that was is there after opening again.
func TestFailedLog(t *testing.T) {
	for _, durable := range []bool{true, false} {
		t.Run(map[bool]string{true: "durable", false: "not durable"}[durable], func(t *testing.T) {
			ctx := t.Context()
			disk := vfs.NewCrashableMem()
			var full atomic.Bool
			faulty := errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
				if full.Load() && strings.HasSuffix(op.Path, ".log") && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
					return syscall.ENOSPC
				}
				return nil
			}))
			store := openIn(t, "store", Options{fs: faulty})
			declareIndexes(t, store, "c", indexBy("n", "n"))
			first := oneWrite(t, "c", "first", bson.M{"n": 1})
			first.Sync = true
			noError(t, store.Commit(ctx, first))

			full.Store(true)
			next := oneWrite(t, "c", "second", bson.M{"n": 2})
			next.Sync = durable
			var err error
			// What need not be durable is refused once the engine has noticed, which it does beside the commits. They must not
			// fill its first table before: it ends the process when it cannot begin another log.
			for range 1_000 {
				next.Writes[0].Seen.Commit++
				if err = store.Commit(ctx, next); err != nil {
					break
				}
				time.Sleep(200 * time.Microsecond)
			}
			wantError(t, err, readstore.ErrUnavailable)
			_, err = store.Get(ctx, "c", "first")
			if durable {
				wantError(t, err, readstore.ErrUnavailable)
			}
			_ = store.Close()

			again := openIn(t, "store", Options{fs: disk.CrashClone(vfs.CrashCloneCfg{})})
			_, err = again.Get(ctx, "c", "first")
			noError(t, err)
			noError(t, again.Commit(ctx, oneWrite(t, "c", "third", bson.M{"n": 3})))
		})
	}
}

// TestPowerFailure loses everything that was not synced.
func TestPowerFailure(t *testing.T) {
	ctx := t.Context()
	disk := vfs.NewCrashableMem()
	store := openIn(t, "store", Options{fs: disk})
	declareIndexes(t, store, "c", indexBy("n", "n"))
	noError(t, store.Declare(ctx, readstore.Collection{Name: "codes", Expires: true}))
	synced, lost := oneWrite(t, "c", "synced", bson.M{"n": 1}), oneWrite(t, "c", "lost", bson.M{"n": 2})
	synced.Sync = true
	noError(t, store.Commit(ctx, synced))
	entry := readstore.Entry{ID: "kept", Expires: time.Now().Add(time.Hour), Body: synced.Writes[0].Body}
	_, err := store.PutEntry(ctx, "codes", entry)
	noError(t, err)
	noError(t, store.Commit(ctx, lost))

	again := openIn(t, "store", Options{fs: disk.CrashClone(vfs.CrashCloneCfg{})})
	_, err = again.Get(ctx, "c", "synced")
	noError(t, err)
	_, err = again.Entry(ctx, "codes", "kept")
	noError(t, err)
	_, err = again.Get(ctx, "c", "lost")
	wantError(t, err, readstore.ErrNotFound)
	page, err := again.List(ctx, "c", readstore.Query{Index: "n", Limit: 10})
	noError(t, err)
	if len(page.Documents) != 1 || page.Documents[0].ID != "synced" {
		t.Fatalf("listed %v", page.Documents)
	}
}

func TestLockedDirectory(t *testing.T) {
	dir := t.TempDir()
	store := openIn(t, dir, Options{})
	_, err := Open(dir, Options{Logger: quiet})
	var locked *LockedError
	if !errors.As(err, &locked) || locked.Dir != dir || !strings.Contains(err.Error(), "in use by another process") {
		t.Fatalf("got error %v, want a LockedError for %s", err, dir)
	}
	noError(t, store.Close())
	openIn(t, dir, Options{})
}

func TestForeignFormat(t *testing.T) {
	disk := vfs.NewMem()
	store := openIn(t, "store", Options{fs: disk})
	noError(t, store.db.Set(metaKey(metaFormat), []byte("99"), nil))
	noError(t, store.Close())
	_, err := Open("store", Options{fs: disk, Logger: quiet})
	var format *FormatError
	if !errors.As(err, &format) || format.Stored != 99 || format.Known != formatVersion {
		t.Fatalf("got error %v, want a FormatError with 99", err)
	}
}

// TestOrphans ends a process while it fills an index: nothing of that is left after opening again.
func TestOrphans(t *testing.T) {
	disk := vfs.NewMem()
	store := openIn(t, "store", Options{fs: disk})
	declareIndexes(t, store, "c", indexBy("n", "n"))
	noError(t, store.Commit(t.Context(), oneWrite(t, "c", "x", bson.M{"n": 1})))
	for _, table := range []byte{tableRecord, tableIndex, tableExpiry} {
		for _, number := range []uint32{3, 900, 1<<32 - 1} {
			noError(t, store.db.Set(append(appendNumbered(nil, table, number), "left behind"...), nil, nil))
		}
	}
	noError(t, store.Close())

	again := openIn(t, "store", Options{fs: disk})
	keys := 0
	iterator, err := again.db.NewIter(nil)
	noError(t, err)
	for valid := iterator.First(); valid; valid = iterator.Next() {
		if strings.HasSuffix(string(iterator.Key()), "left behind") {
			t.Errorf("key %q is still there", iterator.Key())
		}
		keys++
	}
	noError(t, iterator.Close())
	if keys != 5 { // format, next number, definition, document, index entry
		t.Errorf("%d keys are there, want 5", keys)
	}
}
