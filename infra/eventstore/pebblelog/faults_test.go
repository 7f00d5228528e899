package pebblelog_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
)

// small makes Pebble write tables and change its write-ahead log often.
func small(files vfs.FS) pebblelog.Options {
	return pebblelog.Options{Logger: quiet, FS: files, MemTableSize: 64 << 10, CacheSize: 1 << 20}
}

// attempts are appends of one event, in the order in which they were made, and which of them were acknowledged.
type attempts struct {
	mu    sync.Mutex
	made  map[string][]uuid.UUID // by stream; the index is the revision
	acked map[string]int         // number of acknowledged events of the stream, the first of them
}

// appendUntilRefused appends from several goroutines, each to its own stream, until an append fails or each has
// written its share.
func appendUntilRefused(t *testing.T, log *pebblelog.Log, each int) (*attempts, error) {
	t.Helper()
	a := &attempts{made: map[string][]uuid.UUID{}, acked: map[string]int{}}
	var group sync.WaitGroup
	var failure atomic.Pointer[error]
	for writer := range 4 {
		stream := fmt.Sprintf("thing-%d", writer)
		group.Go(func() {
			for i := range each {
				event := benchEvent()
				event.Data = make([]byte, 1000)
				a.mu.Lock()
				a.made[stream] = append(a.made[stream], event.ID)
				a.mu.Unlock()
				if _, err := log.Append(t.Context(), stream, eventstore.Expected(i-1), event); err != nil {
					failure.Store(&err)
					return
				}
				a.mu.Lock()
				a.acked[stream]++
				a.mu.Unlock()
			}
		})
	}
	group.Wait()
	if err := failure.Load(); err != nil {
		return a, *err
	}
	return a, nil
}

// wantAcknowledged checks that the log holds every acknowledged event, and nothing that was not attempted.
func wantAcknowledged(t *testing.T, log *pebblelog.Log, a *attempts) {
	t.Helper()
	for stream, made := range a.made {
		var got []uuid.UUID
		for event, err := range log.ReadStream(t.Context(), stream, eventstore.StreamRead{}) {
			if errors.As(err, new(*eventstore.NotFoundError)) {
				break
			}
			if err != nil {
				t.Fatalf("read %s: %v", stream, err)
			}
			got = append(got, event.ID)
		}
		if len(got) < a.acked[stream] {
			t.Fatalf("%s has %d events, %d were acknowledged", stream, len(got), a.acked[stream])
		}
		if diff := cmp.Diff(made[:len(got)], got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("events of %s (-attempted +stored):\n%s", stream, diff)
		}
	}
}

// TestNoWriteFaultLosesAcknowledgedEvents lets each write to the disk fail in turn, once or from then on, and pulls the
// plug afterwards: what the disk had not synced is gone, or partly gone.
func TestNoWriteFaultLosesAcknowledgedEvents(t *testing.T) {
	const each = 400
	total := countWrites(t, each)
	if total < 400 {
		t.Fatalf("only %d writes to the disk: the test would not reach the interesting ones", total)
	}
	faults := 40
	if testing.Short() {
		faults = 8
	}
	refusals := 0
	for _, lasting := range []bool{false, true} {
		for fault := range faults {
			at := int64(fault)*total/int64(faults) + rand.Int64N(total/int64(faults))
			t.Run(fmt.Sprintf("lasting %v at %d", lasting, at), func(t *testing.T) {
				if runFault(t, each, at, lasting) {
					refusals++
				}
			})
		}
	}
	if refusals < faults {
		t.Errorf("only %d of %d faults made the log refuse an append", refusals, 2*faults)
	}
}

// countWrites tells how many writes to the disk a run without faults makes.
func countWrites(t *testing.T, each int) int64 {
	t.Helper()
	var writes atomic.Int64
	log := open(t, "log", small(errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			writes.Add(1)
		}
		return nil
	}))))
	writes.Store(0)
	if _, err := appendUntilRefused(t, log, each); err != nil {
		t.Fatal(err)
	}
	return writes.Load()
}

// runFault tells whether an append was refused.
func runFault(t *testing.T, each int, at int64, lasting bool) bool {
	t.Helper()
	disk := vfs.NewCrashableMem()
	var left atomic.Int64
	left.Store(1 << 40)
	files := errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() != errorfs.OpIsWrite || op.Kind == errorfs.OpLock {
			return nil
		}
		n := left.Add(-1)
		if n == 0 || n < 0 && lasting {
			return syscall.EIO
		}
		return nil
	}))
	log, err := pebblelog.Open("log", small(files))
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	left.Store(at + 1)
	a, failure := appendUntilRefused(t, log, each)
	if failure != nil && !errors.Is(failure, eventstore.ErrUnavailable) {
		t.Errorf("refused with %v, want ErrUnavailable", failure)
	}
	wantAcknowledged(t, log, a) // reads go on
	_ = log.Close()             // with a broken disk it may well complain

	for _, percent := range []int{0, 50, 100} {
		survived := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(1, uint64(at)))})
		again, err := pebblelog.Open("log", small(survived))
		if err != nil {
			t.Fatalf("open after a crash that kept %d%% of what was not synced: %v", percent, err)
		}
		wantAcknowledged(t, again, a)
		if _, err := again.Verify(t.Context(), nil); err != nil {
			t.Errorf("after a crash that kept %d%%: %v", percent, err)
		}
		if _, err := again.Append(t.Context(), "thing-after", eventstore.NoStream, benchEvent()); err != nil {
			t.Errorf("append after a crash: %v", err)
		}
		if err := again.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	return failure != nil
}

func TestFailedSyncMakesTheLogReadOnly(t *testing.T) {
	var broken atomic.Bool
	disk := vfs.NewCrashableMem()
	files := errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		sync := op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo
		if broken.Load() && sync && strings.HasSuffix(op.Path, ".log") {
			return syscall.EIO
		}
		return nil
	}))
	log := open(t, "log", pebblelog.Options{Logger: quiet, FS: files})
	events := []eventstore.Event{benchEvent(), benchEvent()}
	if _, err := log.Append(t.Context(), "thing-1", eventstore.NoStream, events[0]); err != nil {
		t.Fatal(err)
	}
	subscription, err := log.Subscribe(t.Context(), eventstore.EndPosition, eventstore.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	broken.Store(true)
	for range 3 {
		_, err := log.Append(t.Context(), "thing-1", 0, events[1])
		if !errors.Is(err, eventstore.ErrUnavailable) || !errors.Is(err, syscall.EIO) {
			t.Fatalf("append while the disk is broken: %v", err)
		}
		broken.Store(false) // it stays read-only: what the disk holds is not known
	}
	// What was not acknowledged is not shown, in any way of reading.
	if got := ids(t, log, "thing-1"); !cmp.Equal(got, []uuid.UUID{events[0].ID}) {
		t.Errorf("stream holds %v", got)
	}
	if _, err := log.Append(t.Context(), "thing-2", eventstore.NoStream, events[1]); !errors.Is(err, eventstore.ErrUnavailable) {
		t.Errorf("append to another stream: %v", err)
	}
	if position := log.End(); position != (eventstore.Position{Commit: 1, Prepare: 1}) {
		t.Errorf("end of the log at %v", position)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if delivery, err := subscription.Next(ctx, 10); !errors.Is(err, context.Canceled) {
		t.Errorf("subscription delivered %v, error %v", delivery, err)
	}
}

func TestFullDiskRefusesAppendsUntilThereIsRoom(t *testing.T) {
	disk := vfs.NewMem()
	disk.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 30, TotalBytes: 1 << 40, UsedBytes: 1 << 39})
	log := open(t, "log", pebblelog.Options{Logger: quiet, FS: disk})
	first, second := benchEvent(), benchEvent()
	if _, err := log.Append(t.Context(), "thing-1", eventstore.NoStream, first); err != nil {
		t.Fatal(err)
	}
	disk.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 20, TotalBytes: 1 << 40, UsedBytes: 1 << 40})
	for range 3 {
		if _, err := log.Append(t.Context(), "thing-1", 0, second); !errors.Is(err, eventstore.ErrUnavailable) {
			t.Fatalf("append to a full disk: %v", err)
		}
	}
	if got := ids(t, log, "thing-1"); !cmp.Equal(got, []uuid.UUID{first.ID}) {
		t.Errorf("stream holds %v", got)
	}
	disk.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 30, TotalBytes: 1 << 40, UsedBytes: 1 << 39})
	appended, err := log.Append(t.Context(), "thing-1", 0, second)
	if err != nil || appended.Revision != 1 {
		t.Fatalf("append when there is room again: revision %d, error %v", appended.Revision, err)
	}
}

func ids(t *testing.T, log *pebblelog.Log, stream string) []uuid.UUID {
	t.Helper()
	var list []uuid.UUID
	for event, err := range log.ReadStream(t.Context(), stream, eventstore.StreamRead{}) {
		if err != nil {
			t.Fatalf("read %s: %v", stream, err)
		}
		list = append(list, event.ID)
	}
	return list
}

func TestOnlyOnePortalOpensADirectory(t *testing.T) {
	dir := t.TempDir()
	log := open(t, dir, pebblelog.Options{Logger: quiet})
	_, err := pebblelog.Open(dir, pebblelog.Options{Logger: quiet})
	if !errors.Is(err, pebblelog.ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Errorf("second opening: %v", err)
	}
	if output := runChild(t, childOpen, dir); !strings.Contains(output, dir) || !strings.Contains(output, pebblelog.ErrInUse.Error()) {
		t.Errorf("opening by another process: %s", output)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir, pebblelog.Options{Logger: quiet})
}

func TestForeignDirectoriesAreRefused(t *testing.T) {
	dir := t.TempDir()
	rewrite(t, dir, func(set func(key, value []byte), _ func(key []byte)) {
		set([]byte("something"), []byte("else"))
	})
	if _, err := pebblelog.Open(dir, pebblelog.Options{Logger: quiet}); err == nil {
		t.Error("opened a directory of another kind")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := pebblelog.Open(file, pebblelog.Options{Logger: quiet}); err == nil {
		t.Error("opened a file")
	}
}
