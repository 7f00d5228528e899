package pebblelog_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
)

const benchCallers = 64

var (
	benchData     = bytes.Repeat([]byte("application "), 25) // 300 bytes
	benchMetadata = bytes.Repeat([]byte("metadata "), 10)    // 90 bytes
)

var quiet = slog.New(slog.DiscardHandler)

func benchEvent() eventstore.Event {
	return eventstore.Event{
		ID: uuid.New(), Type: "application.step_saved.v1", JSON: true, Data: benchData, Metadata: benchMetadata,
	}
}

// BenchmarkAppend64 appends one event at a time from 64 callers, each to streams of its own, with explicit revisions.
func BenchmarkAppend64(b *testing.B) {
	log := open(b, b.TempDir(), pebblelog.Options{Logger: quiet})
	b.ResetTimer()
	appendAll(b, log, b.N)
}

// BenchmarkRawPebbleSync64 commits batches of the same size to Pebble from 64 callers, each with a sync.
func BenchmarkRawPebbleSync64(b *testing.B) {
	db := openRaw(b, 8<<20)
	b.ResetTimer()
	commitAll(b, db, b.N)
}

// BenchmarkAppendRatio runs the log, and raw Pebble in two ways, in turn and in short rounds: with the bare record
// under one key, which is the bar of 0.8, and with an index entry beside it. It reports appends a second of the log
// divided by commits a second of each, and what an operation costs in processor time (user and system, both sides of
// the call), which depends less on what else the machine does.
func BenchmarkAppendRatio(b *testing.B) {
	const round = 4000
	log := open(b, b.TempDir(), pebblelog.Options{Logger: quiet})
	indexed, bare := openRaw(b, 8<<20), openRaw(b, 16<<20)
	parties := []struct {
		name string
		run  func()
		wall time.Duration
		cpu  time.Duration
	}{
		{name: "append", run: func() { appendAll(b, log, round) }},
		{name: "indexed", run: func() { commitAll(b, indexed, round) }},
		{name: "bare", run: func() { setAll(b, bare, round) }},
	}
	for range b.N {
		for i := range parties {
			p := &parties[i]
			start, cpu := time.Now(), cpuTime(b)
			p.run()
			p.wall += time.Since(start)
			p.cpu += cpuTime(b) - cpu
		}
	}
	for _, p := range parties {
		b.ReportMetric(float64(round*b.N)/p.wall.Seconds(), p.name+"/s")
		b.ReportMetric(float64(p.cpu.Microseconds())/float64(round*b.N), "cpu-us/"+p.name)
		b.ReportMetric(p.wall.Seconds()/parties[0].wall.Seconds(), "ratio-"+p.name)
	}
}

// cpuTime is what the process has used of the processors so far.
func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// setAll writes bare records, as raw as Pebble allows.
func setAll(b *testing.B, db *pebble.DB, n int) {
	b.Helper()
	value := append(bytes.Clone(benchData), benchMetadata...)
	share(b, n, func(caller int) error {
		return db.Set(fmt.Appendf(nil, "%08d/%08d", caller, rawKeys.Add(1)), value, pebble.Sync)
	})
}

// share runs do in 64 goroutines until it has been called n times in all.
func share(b *testing.B, n int, do func(caller int) error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(n))
	var group sync.WaitGroup
	for caller := range benchCallers {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				if err := do(caller); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

func appendAll(b *testing.B, log *pebblelog.Log, n int) {
	b.Helper()
	var streams [benchCallers]string
	var revisions [benchCallers]int64
	share(b, n, func(caller int) error {
		if streams[caller] == "" || revisions[caller] == 9 {
			streams[caller], revisions[caller] = "application-"+uuid.NewString(), eventstore.NoRevision
		}
		appended, err := log.Append(b.Context(), streams[caller], eventstore.Expected(revisions[caller]), benchEvent())
		revisions[caller] = appended.Revision
		return err
	})
}

func openRaw(b *testing.B, memtable uint64) *pebble.DB {
	b.Helper()
	db, err := pebble.Open(b.TempDir(), &pebble.Options{
		FormatMajorVersion: pebble.FormatNewest, CacheSize: 64 << 20, MemTableSize: memtable,
		MemTableStopWritesThreshold: 4, LoggerAndTracer: nil, Logger: quietLogger{},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	return db
}

type quietLogger struct{}

func (quietLogger) Infof(string, ...any)  {}
func (quietLogger) Errorf(string, ...any) {}
func (quietLogger) Fatalf(format string, args ...any) {
	panic(fmt.Sprintf(format, args...))
}

var rawKeys atomic.Uint64

// commitAll writes what an event needs at the least: its record and an entry of its stream's index.
func commitAll(b *testing.B, db *pebble.DB, n int) {
	b.Helper()
	value := append(bytes.Clone(benchData), benchMetadata...)
	value = append(value, make([]byte, 16)...) // the id
	share(b, n, func(caller int) error {
		number := rawKeys.Add(1)
		batch := db.NewBatch()
		key := binary.BigEndian.AppendUint64([]byte{'E'}, number)
		if err := batch.Set(key, value, nil); err != nil {
			return err
		}
		key = binary.BigEndian.AppendUint64([]byte{'S'}, uint64(caller))
		key = binary.BigEndian.AppendUint64(key, number)
		if err := batch.Set(key, key[9:], nil); err != nil {
			return err
		}
		return batch.Commit(pebble.Sync)
	})
}

// fillLog writes n events of the bench's size into streams of ten, interleaved.
func fillLog(b *testing.B, log *pebblelog.Log, n int) []string {
	b.Helper()
	streams := make([]string, n/10)
	for i := range streams {
		streams[i] = "application-" + uuid.NewString()
	}
	share(b, len(streams), func() func(int) error {
		var next atomic.Int64
		return func(int) error {
			stream := streams[next.Add(1)-1]
			for revision := range int64(10) {
				if _, err := log.Append(b.Context(), stream, eventstore.Expected(revision-1), benchEvent()); err != nil {
					return err
				}
			}
			return nil
		}
	}())
	return streams
}

// BenchmarkReadAll reads and decodes the whole log; the figure is that of one event.
func BenchmarkReadAll(b *testing.B) {
	const events = 100_000
	log := open(b, b.TempDir(), pebblelog.Options{Logger: quiet})
	fillLog(b, log, events)
	b.ReportAllocs()
	b.ResetTimer()
	read := 0
	for read < b.N {
		for _, err := range log.ReadAll(b.Context(), eventstore.AllRead{}) {
			if err != nil {
				b.Fatal(err)
			}
			if read++; read == b.N {
				break
			}
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkReadStream10 reads streams of ten events out of 10,000 such streams.
func BenchmarkReadStream10(b *testing.B) {
	log := open(b, b.TempDir(), pebblelog.Options{Logger: quiet})
	streams := fillLog(b, log, 100_000)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		read := 0
		for _, err := range log.ReadStream(b.Context(), streams[i*7919%len(streams)], eventstore.StreamRead{}) {
			if err != nil {
				b.Fatal(err)
			}
			read++
		}
		if read != 10 {
			b.Fatalf("read %d events", read)
		}
	}
}

// BenchmarkReadStreamNew asks for what came after the last known event, when nothing did.
func BenchmarkReadStreamNew(b *testing.B) {
	log := open(b, b.TempDir(), pebblelog.Options{Logger: quiet})
	streams := fillLog(b, log, 10_000)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		for _, err := range log.ReadStream(b.Context(), streams[i%len(streams)], eventstore.StreamRead{From: 10}) {
			b.Fatalf("an event after the last, or error %v", err)
		}
	}
}

// BenchmarkEventsAfter counts how far a reader is behind.
func BenchmarkEventsAfter(b *testing.B) {
	log := open(b, b.TempDir(), pebblelog.Options{Logger: quiet})
	fillLog(b, log, 50_000)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		position := uint64(i*7919%50_000) + 1
		after := eventstore.Position{Commit: position, Prepare: position}
		if _, err := log.EventsAfter(b.Context(), after, 1_000_000); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen opens a log of 200,000 events.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	log, err := pebblelog.Open(dir, pebblelog.Options{Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	fillLog(b, log, 200_000)
	if err := log.Close(); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for range b.N {
		log, err := pebblelog.Open(dir, pebblelog.Options{Logger: quiet})
		if err != nil {
			b.Fatal(err)
		}
		if err := log.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
