// Package pebblestore keeps read models in an embedded Pebble database: the adapter of readstore for one machine.
//
// A batch is one Pebble batch, so it is atomic. Indexes are key ranges in the order of their fields; a covering index
// holds the documents too, so that a page is one scan. Values compare as in MongoDB: null, numbers (all types
// together, exactly), strings bytewise, binary, object ids, booleans, times, timestamps; a range finds only values of
// its bounds' kind. Documents, arrays within arrays, decimals and code cannot be indexed.
package pebblestore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"services.example/portal/infra/readstore"
	"services.example/portal/infra/tablefs"
)

// Store is a read store in one directory. It is safe for concurrent use.
type Store struct {
	options Options
	db      *pebble.DB
	logger  *engineLogger
	disk    diskGuard
	logs    *logFiles

	deferred atomic.Int32 // those who asked for compactions to wait
	piled    atomic.Int32 // tables of latest writes that were stored since then

	life   sync.RWMutex // held by every call while it works; Close waits for them
	closed bool
	wedged atomic.Bool // the engine cannot even be closed any more

	declaring sync.Mutex // one Declare or Drop at a time
	next      uint32     // number of the next collection or index
	catalog   atomic.Pointer[catalog]

	recent      *recent
	checkpoints stripes
	entries     stripes

	stopped chan struct{} // closed by Close
	sweeper sync.WaitGroup
}

var _ readstore.Store = (*Store)(nil)

// LockedError says that another process, or another part of this one, has the directory open.
type LockedError struct {
	Dir   string
	Cause error
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("read store %s is in use by another process; stop it first, or choose another directory: %v", e.Dir, e.Cause)
}

// Unwrap returns the refusal of the operating system.
func (e *LockedError) Unwrap() error { return e.Cause }

// Open opens the store in a directory, which it creates if need be. Errors: LockedError, FormatError.
func Open(dir string, options Options) (*Store, error) {
	options = options.withDefaults()
	if err := options.fs.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the directory of the read store: %w", err)
	}
	lock, err := pebble.LockDirectory(dir, options.fs)
	if err != nil {
		return nil, &LockedError{Dir: absolute(dir), Cause: err}
	}
	defer func() { _ = lock.Close() }() // the database holds it from here on
	logger := &engineLogger{log: options.Logger}
	logs := &logFiles{FS: options.fs}
	options.fs = vfs.OnDiskFull(logs, func() { logger.fail("the disk is full") })
	s := &Store{
		options: options,
		logger:  logger,
		logs:    logs,
		recent:  newRecent(),
		stopped: make(chan struct{}),
		disk:    diskGuard{fs: options.fs, dir: dir, reserve: options.ReserveSpace},
	}
	if s.db, err = pebble.Open(dir, s.engineOptions(lock)); err != nil {
		return nil, fmt.Errorf("opening the read store %s: %w", absolute(dir), err)
	}
	if err := s.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the read store %s: %w", absolute(dir), err), s.db.Close())
	}
	s.startSweeper()
	return s, nil
}

func absolute(dir string) string {
	if path, err := filepath.Abs(dir); err == nil {
		return path
	}
	return dir
}

// memTables is how many tables of latest writes there may be: one that is written, others on their way to the disk.
const memTables = 3

func (s *Store) engineOptions(lock *pebble.Lock) *pebble.Options {
	listener := s.logger.listener()
	listener.FlushEnd = func(pebble.FlushInfo) { s.piled.Add(1) }
	options := &pebble.Options{
		FS:                          tablefs.New(s.options.fs),
		Lock:                        lock,
		Logger:                      s.logger,
		EventListener:               listener,
		FormatMajorVersion:          pebble.FormatTableFormatV6,
		CacheSize:                   s.options.CacheSize + memTables*int64(s.options.MemTableSize),
		MemTableSize:                s.options.MemTableSize,
		MemTableStopWritesThreshold: memTables,
		// Every compaction out of the first level writes the one below it anew: large ones cost less, but reading looks into
		// up to eight layers before one.
		L0CompactionThreshold:      16,
		L0StopWritesThreshold:      4 * int(s.options.pile), // compactions are on their way long before
		LBaseMaxBytes:              64 << 20,
		BytesPerSync:               1 << 20,
		FlushDelayDeleteRange:      flushDelay,
		CompactionConcurrencyRange: s.compactions,
	}
	// More compactions at a time than least: never.
	options.Experimental.L0CompactionConcurrency = math.MaxInt
	options.Experimental.CompactionDebtConcurrency = math.MaxUint64
	options.Experimental.CompactionGarbageFractionForMaxConcurrency = func() float64 { return -1 }
	for i := range options.Levels {
		options.Levels[i].BlockSize = 8 << 10
		options.Levels[i].IndexBlockSize = 64 << 10
		options.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		// What is not in the last level is rewritten soon: compressing it first would be for nothing.
		options.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.NoCompression }
	}
	options.Levels[len(options.Levels)-1].Compression = func() *sstable.CompressionProfile { return sstable.FastestCompression }
	return options
}

// compactions is how many there may be at a time: one, and none while they are deferred, unless so much has piled up that
// writes would come to wait for them.
func (s *Store) compactions() (least, most int) {
	if s.deferred.Load() > 0 && s.piled.Load() < s.options.pile {
		return 0, 1 // the engine divides by the greater one, and comes to it only by settings that engineOptions excludes
	}
	return 1, 1
}

// DeferCompactions lets tables of latest writes pile up until resume is called, or there are a thousand, and merges them
// only then: for a rebuild that nobody reads beside, which would be merged again and again otherwise. Reading is slow
// meanwhile.
func (s *Store) DeferCompactions() (resume func()) {
	if s.deferred.Add(1) == 1 {
		s.piled.Store(0)
	}
	return sync.OnceFunc(func() {
		s.deferred.Add(-1)
		if _, err := s.db.AsyncFlush(); err != nil { // after which the engine looks for what is to be merged
			s.options.Logger.Warn("compactions begin with the next writes", "error", err)
		}
	})
}

// load prepares an opened database: its format, its catalogue, and no rests of unfinished work.
func (s *Store) load() error {
	if err := s.checkFormat(); err != nil {
		return err
	}
	loaded, err := s.readCatalog()
	if err != nil {
		return err
	}
	if err := s.clearOrphans(loaded); err != nil {
		return err
	}
	s.catalog.Store(loaded)
	return nil
}

// enter begins a call; the returned function ends it.
func (s *Store) enter(ctx context.Context) (func(), error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.begin()
}

func (s *Store) begin() (func(), error) {
	s.life.RLock()
	if s.closed {
		s.life.RUnlock()
		return nil, fmt.Errorf("%w: it is closed", readstore.ErrUnavailable)
	}
	if err := s.healthy(); err != nil {
		s.life.RUnlock()
		return nil, err
	}
	return s.life.RUnlock, nil
}

// enterWrite begins a call that writes.
func (s *Store) enterWrite(ctx context.Context) (func(), error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.disk.check(); err != nil {
		leave()
		return nil, err
	}
	return leave, nil
}

// healthy tells whether the engine has given up.
func (s *Store) healthy() error {
	if reason := s.logger.failed.Load(); reason != nil {
		return fmt.Errorf("%w: it failed and must be opened again: %s", readstore.ErrUnavailable, *reason)
	}
	return nil
}

// broken turns an error of the engine into one of the port.
func broken(doing string, err error) error {
	return fmt.Errorf("%s: %w: %w", doing, readstore.ErrUnavailable, err)
}

// apply writes a batch. With durable it gives a function that waits until the batch is on the disk, so that locks can be
// released before; all who wait at the same time share one fsync.
func (s *Store) apply(batch *pebble.Batch, durable bool) (wait func() error, err error) {
	if err := s.hand(batch, durable); err != nil {
		return nil, broken("writing", err)
	}
	return func() error {
		if !durable {
			return nil
		}
		if err := batch.SyncWait(); err != nil {
			s.logger.fail(fmt.Sprintf("log cannot be written: %v", err))
			return broken("waiting for the disk", err)
		}
		return s.healthy()
	}, nil
}

// hand gives a batch to the engine, which tells of a failed write only through its logger, or by a panic that leaves it
// with its locks held.
func (s *Store) hand(batch *pebble.Batch, durable bool) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			s.wedged.Store(true)
			s.logger.fail(fmt.Sprint(problem))
			err = s.healthy()
		}
	}()
	if durable {
		err = s.db.ApplyNoSyncWait(batch, pebble.Sync)
	} else {
		err = s.db.Apply(batch, pebble.NoSync)
	}
	if err != nil {
		return err
	}
	if err = s.healthy(); err != nil && durable {
		_ = batch.SyncWait() // the batch belongs to the engine until then
	}
	return err
}

// applySync writes a batch and returns when it is durable.
func (s *Store) applySync(batch *pebble.Batch) error {
	wait, err := s.apply(batch, true)
	if err != nil {
		return err
	}
	return wait()
}

// Close waits for the calls at work and releases the directory. Closing again does nothing.
func (s *Store) Close() error {
	s.life.Lock()
	if s.closed {
		s.life.Unlock()
		return nil
	}
	s.closed = true
	s.life.Unlock()
	close(s.stopped)
	s.sweeper.Wait()
	if err := s.closeEngine(); err != nil {
		return fmt.Errorf("closing the read store: %w", err)
	}
	return nil
}

// closeEngine closes the database. An engine that has failed checks its own books when it closes, and panics.
func (s *Store) closeEngine() (err error) {
	if s.wedged.Load() {
		return fmt.Errorf("only the end of the process releases it: %w", s.healthy())
	}
	defer func() {
		if problem := recover(); problem != nil && s.healthy() != nil {
			err = fmt.Errorf("%w: %v", s.healthy(), problem)
		} else if problem != nil {
			panic(problem)
		}
	}()
	return s.db.Close()
}
