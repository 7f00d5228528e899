package pebblestore

import (
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options tune a store. The zero value is right for the portal.
type Options struct {
	// Now is the clock by which entries expire; time.Now if nil.
	Now func() time.Time
	// SweepEvery is the pause between removals of expired entries: a minute if 0, never if negative.
	SweepEvery time.Duration
	// CacheSize is the memory for blocks of the database files, in bytes; 32 MiB if 0.
	CacheSize int64
	// MemTableSize is the memory for the latest writes, in bytes, of which there are at most three at a time; 16 MiB if 0.
	MemTableSize uint64
	// ReserveSpace is the free space of the disk, in bytes, below which nothing is written any more, so that the
	// database can always be closed and cleaned up in order; 128 MiB if 0.
	ReserveSpace uint64
	// InMemory keeps everything in memory, for tests; the directory is then only a name.
	InMemory bool
	// Logger receives what the database has to say; slog.Default if nil.
	Logger *slog.Logger

	fs   vfs.FS // for tests with faults; nil: the operating system's
	pile int32  // for tests: how many tables pile up while compactions are deferred; 1000 if 0
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.SweepEvery == 0 {
		o.SweepEvery = time.Minute
	}
	if o.CacheSize == 0 {
		o.CacheSize = 32 << 20
	}
	if o.MemTableSize == 0 {
		o.MemTableSize = 16 << 20
	}
	if o.ReserveSpace == 0 {
		o.ReserveSpace = 128 << 20
	}
	if o.pile == 0 {
		o.pile = 1000
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	switch {
	case o.fs != nil:
	case o.InMemory:
		o.fs = vfs.NewMem()
	default:
		o.fs = vfs.Default
	}
	return o
}
