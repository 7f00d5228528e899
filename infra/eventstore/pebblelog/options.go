package pebblelog

import (
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options tune a log. The zero value of every field stands for its default.
type Options struct {
	Logger *slog.Logger     // default: slog.Default()
	Clock  func() time.Time // default: time.Now

	// CacheSize is how many bytes of blocks are kept in memory, memtables included; what the process holds for them
	// may be twice as much. The rest comes from the operating system's cache. Default 32 MiB.
	CacheSize    int64
	MemTableSize int // bytes of one memtable, of which there are up to four; default 8 MiB
	GroupCount   int // appends in one group at most; default 1024
	GroupSize    int // bytes after which a group takes no further append; default 4 MiB
	Heads        int // stream heads kept in memory; default 16,384
	IDs          int // recent event ids kept in memory, read from the log's end at start; default 16,384
	TailCount    int // recent events kept in memory for subscriptions; default 4,096
	TailSize     int // bytes of them; default 8 MiB

	// Reserve is how many bytes must be free on the disk for an append; below it appends answer
	// eventstore.ErrUnavailable until there is room again. Default 128 MiB: what flushes and compactions that are
	// under way may still need.
	Reserve uint64
	// FS is the file system; default that of the operating system. Tests put their faults here.
	FS vfs.FS
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.FS == nil {
		o.FS = vfs.Default
	}
	setDefault(&o.CacheSize, 32<<20)
	setDefault(&o.MemTableSize, 8<<20)
	setDefault(&o.GroupCount, 1024)
	setDefault(&o.GroupSize, 4<<20)
	setDefault(&o.Heads, 16384)
	setDefault(&o.IDs, 16384)
	setDefault(&o.TailCount, 4096)
	setDefault(&o.TailSize, 8<<20)
	setDefault(&o.Reserve, 128<<20)
	return o
}

func setDefault[N int | int64 | uint64](value *N, fallback N) {
	if *value == 0 {
		*value = fallback
	}
}

func ticksOf(t time.Time) int64 { return max(t.UnixNano()/int64(tick), 0) }

// secondsToTicks is bounded, so that an absurd age hides nothing.
func secondsToTicks(seconds int64) int64 {
	const limit = 1 << 32 // 136 years
	return min(seconds, limit) * int64(time.Second/tick)
}
