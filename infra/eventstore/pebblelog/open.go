package pebblelog

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/tablefs"
)

// format is the value of the format key: the name and version of this layout.
const format = "pebblelog 1"

// pebbleFormat is fixed, so that a newer Pebble does not make a directory unreadable for the release before.
const pebbleFormat = pebble.FormatValueSeparation

var (
	errForeign = errors.New("it holds something else than an event log of this version")

	// ErrInUse is wrapped by the error of Open for a directory that is open already, here or in another process.
	ErrInUse = errors.New("the directory is in use by another portal")
)

// Open opens the log in a directory, and creates both if they do not exist. Errors: ErrInUse, DamageError.
func Open(dir string, options Options) (*Log, error) {
	l, err := open(dir, options.withDefaults(), false)
	if err != nil {
		return nil, fmt.Errorf("open the event log in %s: %w", dir, err)
	}
	return l, nil
}

// OpenReadOnly opens the log in a directory, such as that of a backup, without changing anything in it. Nothing can be
// written to it. Errors: as Open.
func OpenReadOnly(dir string, options Options) (*Log, error) {
	l, err := open(dir, options.withDefaults(), true)
	if err != nil {
		return nil, fmt.Errorf("open the event log in %s to read it: %w", dir, err)
	}
	return l, nil
}

func open(dir string, options Options, readOnly bool) (*Log, error) {
	files := options.FS
	if !readOnly {
		if err := files.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	lock, err := lockDirectory(dir, files)
	if err != nil {
		return nil, err
	}
	l := &Log{
		dir: dir, options: options, logger: options.Logger, lock: lock,
		files:   newGuardedFS(files, dir),
		heads:   newHeadCache(options.Heads / 2),
		queue:   newQueue(),
		closing: make(chan struct{}),
		stopped: make(chan struct{}),
	}
	l.health = newHealth(l.queue.refuse)
	if l.db, err = pebble.Open(dir, l.pebbleOptions(readOnly)); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	w, err := l.load(readOnly)
	if err = errors.Join(err, l.files.failure()); err != nil {
		return nil, errors.Join(err, l.db.Close(), lock.Close())
	}
	if readOnly {
		close(l.stopped)
		return l, nil
	}
	go w.run()
	go w.land()
	return l, nil
}

func lockDirectory(dir string, files vfs.FS) (*pebble.Lock, error) {
	lock, err := pebble.LockDirectory(dir, files)
	var path *os.PathError
	switch {
	case err == nil:
		return lock, nil
	case errors.As(err, &path): // the lock file itself cannot be made
		return nil, fmt.Errorf("lock the directory: %w", err)
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EACCES), err.Error() == "lock held by current process":
		return nil, fmt.Errorf("%w: %w", ErrInUse, err)
	default:
		return nil, fmt.Errorf("lock the directory: %w", err)
	}
}

func (l *Log) pebbleOptions(readOnly bool) *pebble.Options {
	options := &pebble.Options{
		FS:                          tablefs.New(l.files),
		Lock:                        l.lock,
		ReadOnly:                    readOnly,
		ErrorIfNotExists:            readOnly,
		FormatMajorVersion:          pebbleFormat,
		CacheSize:                   l.options.CacheSize,
		MemTableSize:                uint64(l.options.MemTableSize),
		MemTableStopWritesThreshold: 4,
		MaxOpenFiles:                512,
		WALBytesPerSync:             0,
		Logger:                      pebbleLogger{logger: l.logger, fatal: l.files.fail},
		EventListener:               l.listener(),
	}
	options.Experimental.SpanPolicyFunc = tablesByKind
	options.TargetFileSizes[0] = 8 << 20
	// Every compaction out of the first level writes the stream index below it anew: a few large ones cost less.
	options.L0CompactionThreshold, options.L0StopWritesThreshold = 16, 48
	for i := range options.Levels {
		options.Levels[i].FilterPolicy = newHeadFilter()
		options.Levels[i].IndexBlockSize = 64 << 10 // one step to an event, not two
	}
	return options
}

// load reads where the log ends and what the writer must remember.
func (l *Log) load(readOnly bool) (*writer, error) {
	if err := l.checkFormat(readOnly); err != nil {
		return nil, err
	}
	last, found, err := l.lastRecord()
	if err != nil {
		return nil, err
	}
	end := mark{}
	if found {
		end = mark{position: last.position, users: last.users}
	}
	l.tail = newTail(end, l.options.TailCount, l.options.TailSize)
	w := &writer{
		log: l, ids: newIDMemory(l.options.IDs), ticks: last.created, next: end,
		landing: make(chan *group, groupsInFlight), places: make(chan struct{}, groupsInFlight),
	}
	if readOnly {
		return w, nil
	}
	return w, w.warm(end.position)
}

func (l *Log) checkFormat(readOnly bool) error {
	value, closer, err := l.db.Get([]byte(formatKey))
	if err == nil {
		same := string(value) == format
		if err := closer.Close(); err != nil {
			return err
		}
		if !same {
			return errForeign
		}
		return nil
	}
	if !errors.Is(err, pebble.ErrNotFound) {
		return err
	}
	empty, err := l.isEmpty()
	switch {
	case err != nil:
		return err
	case !empty:
		return errForeign
	case readOnly:
		return nil
	}
	if err := l.db.Set([]byte(formatKey), []byte(format), pebble.Sync); err != nil {
		return err
	}
	// Pebble begins the first write-ahead file before it adopts the format, without the marks by which damage in the
	// middle of a file is told from a torn end. A flush begins the next file, which has them.
	return l.db.Flush()
}

func (l *Log) isEmpty() (bool, error) {
	it, err := l.db.NewIter(nil)
	if err != nil {
		return false, err
	}
	empty := !it.First()
	return empty, it.Close()
}

func (l *Log) lastRecord() (last record, found bool, err error) {
	it, err := l.db.NewIter(&pebble.IterOptions{LowerBound: eventKey(0), UpperBound: []byte{eventPrefix + 1}})
	if err != nil {
		return record{}, false, err
	}
	if it.Last() {
		found = true
		last, err = parseEntry(it)
	}
	if closeErr := it.Close(); err == nil {
		err = closeErr
	}
	return last, found, err
}

// warm reads the last events' ids, so that appends repeated after a restart are recognised.
func (w *writer) warm(end uint64) error {
	count := min(end, uint64(w.log.options.IDs))
	it, err := w.log.db.NewIter(&pebble.IterOptions{LowerBound: eventKey(end - count + 1), UpperBound: eventKey(end + 1)})
	if err != nil {
		return err
	}
	numbers := map[string]uint64{}
	for valid := it.First(); valid && err == nil; valid = it.Next() {
		err = w.remember(it, numbers)
	}
	if closeErr := it.Close(); err == nil {
		err = closeErr
	}
	return err
}

func (w *writer) remember(it *pebble.Iterator, numbers map[string]uint64) error {
	r, err := parseEntry(it)
	if err != nil {
		return err
	}
	number, ok := numbers[string(r.stream)]
	if !ok {
		h, err := w.log.storedHead(string(r.stream))
		if err != nil {
			return err
		}
		number = h.number
		numbers[string(r.stream)] = number
	}
	w.ids.add(number, r.id, place{revision: r.revision, position: r.position})
	return nil
}

// writable tells why nothing can be written now; nil if it can.
func (l *Log) writable() error {
	if failed := l.failed.Load(); failed != nil {
		return *failed
	}
	if err := l.files.failure(); err != nil {
		l.fail(err)
		return *l.failed.Load()
	}
	if err := l.health.current(); err != nil {
		return err
	}
	usage, err := l.options.FS.GetDiskUsage(l.dir)
	if err != nil {
		return nil //nolint:nilerr // a file system that cannot tell: the write itself will
	}
	if usage.AvailBytes < l.options.Reserve {
		return fmt.Errorf("%w: the disk is full: %d bytes free, %d needed",
			eventstore.ErrUnavailable, usage.AvailBytes, l.options.Reserve)
	}
	return nil
}

// tablesByKind keeps events, indexes and heads in tables of their own. Those of the events follow one another, so that
// most of them move down Pebble's levels as they are, after a compaction out of the first level at most.
func tablesByKind(key []byte) (policy pebble.SpanPolicy, end []byte, err error) {
	return pebble.SpanPolicy{DisableValueSeparationBySuffix: true}, []byte{key[0] + 1}, nil
}
