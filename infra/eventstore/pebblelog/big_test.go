package pebblelog_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
)

// bigVariable asks for the test of a big log, and names the directory (of some gigabytes) that holds it from one run
// to the next.
const bigVariable = "PEBBLELOG_TEST_BIG"

const (
	bigStreams = 1_100_000
	bigRounds  = 5 // every stream gets one event a round, so that its events are as far apart as can be
	bigEvents  = 5_000_000
)

func bigStream(i int) string {
	return fmt.Sprintf("application-%08x%08x", uint32(i)*2654435761, i)
}

// bigLog returns the directory of a log of 5,000,000 events in 1,100,000 streams.
func bigLog(t *testing.T) string {
	t.Helper()
	base := os.Getenv(bigVariable)
	if base == "" {
		t.Skipf("%s names no directory", bigVariable)
	}
	dir := filepath.Join(base, "log")
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	log, err := pebblelog.Open(dir+".new", pebblelog.Options{Logger: quiet, FS: unsynced{vfs.Default}})
	if err != nil {
		t.Fatal(err)
	}
	const callers = 64
	for round := range bigRounds {
		streams := min(bigStreams, bigEvents-round*bigStreams)
		var group sync.WaitGroup
		for caller := range callers {
			group.Go(func() {
				for i := caller; i < streams; i += callers {
					if _, err := log.Append(t.Context(), bigStream(i), eventstore.Expected(round-1), benchEvent()); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		group.Wait()
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir+".new", dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// unsynced is a file system that does not wait for the disk.
type unsynced struct{ vfs.FS }

type unsyncedFile struct{ vfs.File }

func (unsyncedFile) Sync() error     { return nil }
func (unsyncedFile) SyncData() error { return nil }

func (u unsynced) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := u.FS.Create(name, category)
	return unsyncedFile{file}, err
}

func (u unsynced) ReuseForWrite(old, name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := u.FS.ReuseForWrite(old, name, category)
	return unsyncedFile{file}, err
}

// TestABigLogIsSmallInMemory opens a log of 5,000,000 events and reads 100,000 of its streams.
func TestABigLogIsSmallInMemory(t *testing.T) {
	dir := bigLog(t)
	debug.FreeOSMemory()
	before := resident(t)
	start := time.Now()
	log := open(t, dir, pebblelog.Options{Logger: quiet})
	opening := time.Since(start)
	t.Logf("opened in %v; resident %d MiB, %d before", opening, resident(t)>>20, before>>20)

	const reads = 100_000
	random := rand.New(rand.NewPCG(1, 2))
	events, wall, cpu := 0, time.Now(), cpuTime(t)
	for range reads {
		for _, err := range log.ReadStream(t.Context(), bigStream(random.IntN(bigStreams)), eventstore.StreamRead{}) {
			if err != nil {
				t.Fatal(err)
			}
			events++
		}
	}
	t.Logf("%d streams of %.1f events read: %v each, %v of processor time",
		reads, float64(events)/reads, time.Since(wall)/reads, (cpuTime(t)-cpu)/reads)
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	after := resident(t)
	t.Logf("heap %d MiB, resident %d MiB", memory.HeapAlloc>>20, after>>20)

	wall, cpu = time.Now(), cpuTime(t)
	stream := bigStream(random.IntN(bigStreams))
	for range reads {
		for _, err := range log.ReadStream(t.Context(), stream, eventstore.StreamRead{From: bigRounds}) {
			t.Fatalf("an event after the last, or error %v", err)
		}
	}
	t.Logf("end of a stream not written to since the start: %v, %v of processor time",
		time.Since(wall)/reads, (cpuTime(t)-cpu)/reads)
	if opening > 500*time.Millisecond || after-before > 150<<20 {
		t.Errorf("opened in %v, %d MiB more resident", opening, (after-before)>>20)
	}
}

// resident is the memory of the process in bytes.
func resident(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip(err)
	}
	pages, err := strconv.ParseInt(string(bytes.Fields(text)[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}
