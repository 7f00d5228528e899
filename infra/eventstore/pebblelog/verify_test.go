package pebblelog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
)

// rewrite changes the raw keys of a log that is not open.
func rewrite(t *testing.T, dir string, change func(set func(key, value []byte), remove func(key []byte))) {
	t.Helper()
	db := openDatabase(t, dir)
	change(func(key, value []byte) {
		if err := db.Set(key, value, pebble.Sync); err != nil {
			t.Fatal(err)
		}
	}, func(key []byte) {
		if err := db.Delete(key, pebble.Sync); err != nil {
			t.Fatal(err)
		}
	})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func openDatabase(t *testing.T, dir string) *pebble.DB {
	t.Helper()
	db, err := pebble.Open(dir, &pebble.Options{FormatMajorVersion: pebble.FormatValueSeparation, Logger: quietLogger{}})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// entries returns the raw keys of a log with a first byte, in order.
func entries(t *testing.T, dir string, prefix byte) (keys, values [][]byte) {
	t.Helper()
	db := openDatabase(t, dir)
	it, err := db.NewIter(&pebble.IterOptions{LowerBound: []byte{prefix}, UpperBound: []byte{prefix + 1}})
	if err != nil {
		t.Fatal(err)
	}
	for valid := it.First(); valid; valid = it.Next() {
		keys, values = append(keys, bytes.Clone(it.Key())), append(values, bytes.Clone(it.Value()))
	}
	if err := errors.Join(it.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	return keys, values
}

// varied writes a log in which everything occurs that Verify looks at: 8 streams, 18 events, 11 of them not the
// system's, one tombstone.
func varied(t *testing.T, dir string) {
	t.Helper()
	log, err := pebblelog.Open(dir, pebblelog.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	add := func(stream string, events ...eventstore.Event) {
		t.Helper()
		if _, err := log.Append(t.Context(), stream, eventstore.Any, events...); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		add("thing-1", benchEvent())
		add(fmt.Sprintf("$system-%d", i%2), benchEvent())
		add("thing-2", benchEvent())
	}
	metadata := benchEvent()
	metadata.Type, metadata.Data = "$metadata", []byte(`{"$maxCount":2}`)
	add("$$thing-1", metadata)
	metadata.ID = uuid.New()
	add("$$nothing", metadata)
	if _, err := log.Delete(t.Context(), "thing-2", eventstore.Any); err != nil {
		t.Fatal(err)
	}
	add("thing-2", benchEvent(), benchEvent())
	add("gone", benchEvent(), benchEvent())
	if _, err := log.Tombstone(t.Context(), "gone", eventstore.Any); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyCountsAHealthyLog(t *testing.T) {
	dir := t.TempDir()
	varied(t, dir)
	var progress []pebblelog.Report
	report, err := pebblelog.Verify(t.Context(), dir, pebblelog.Options{Logger: quiet}, func(r pebblelog.Report) {
		progress = append(progress, r)
	})
	if err != nil {
		t.Fatal(err)
	}
	if report.Bytes < 13*390 {
		t.Errorf("%d bytes", report.Bytes)
	}
	want := pebblelog.Report{
		Events: 18, Users: 11, Streams: 8, Tombstones: 1, Bytes: report.Bytes,
		Last: eventstore.Position{Commit: 18, Prepare: 18},
	}
	if diff := cmp.Diff(want, report); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]pebblelog.Report{want}, progress); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
}

func TestVerifyEndsWithItsContext(t *testing.T) {
	log := open(t, t.TempDir(), pebblelog.Options{Logger: quiet})
	for i := range 10 {
		events := make([]eventstore.Event, 500)
		for i := range events {
			events[i] = benchEvent()
		}
		if _, err := log.Append(t.Context(), fmt.Sprintf("thing-%d", i), eventstore.NoStream, events...); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := log.Verify(ctx, func(pebblelog.Report) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("verify: %v", err)
	}
}

func TestVerifyNamesTheDamage(t *testing.T) {
	const middle, last = 7, 17
	for _, damage := range []struct {
		name   string
		plant  func(t *testing.T, dir string)
		expect string
	}{
		{"an event dropped in the middle", func(t *testing.T, dir string) {
			t.Helper()
			keys, _ := entries(t, dir, 'E')
			rewrite(t, dir, func(_ func(k, v []byte), remove func([]byte)) { remove(keys[middle]) })
		}, "at event 8: the event is missing"},
		{"the last event dropped", func(t *testing.T, dir string) {
			t.Helper()
			keys, _ := entries(t, dir, 'E')
			rewrite(t, dir, func(_ func(k, v []byte), remove func([]byte)) { remove(keys[last]) })
		}, "at event 18: the event is missing"},
		{"two events swapped", func(t *testing.T, dir string) {
			t.Helper()
			keys, values := entries(t, dir, 'E')
			rewrite(t, dir, func(set func(k, v []byte), _ func([]byte)) {
				set(keys[middle], values[middle+1])
				set(keys[middle+1], values[middle])
			})
		}, "at event 8: the record's checksum is wrong"},
		{"one bit of an event changed", func(t *testing.T, dir string) {
			t.Helper()
			keys, values := entries(t, dir, 'E')
			values[middle][len(values[middle])/2] ^= 0x10
			rewrite(t, dir, func(set func(k, v []byte), _ func([]byte)) { set(keys[middle], values[middle]) })
		}, "at event 8: the record's checksum is wrong"},
		{"an event cut off", func(t *testing.T, dir string) {
			t.Helper()
			keys, values := entries(t, dir, 'E')
			rewrite(t, dir, func(set func(k, v []byte), _ func([]byte)) { set(keys[middle], values[middle][:3]) })
		}, "at event 8: the record is cut off"},
		{"an event of zeros", func(t *testing.T, dir string) {
			t.Helper()
			keys, _ := entries(t, dir, 'E')
			rewrite(t, dir, func(set func(k, v []byte), _ func([]byte)) { set(keys[middle], make([]byte, 500)) })
		}, "at event 8: the record has an unknown format"},
		{"an event too many", func(t *testing.T, dir string) {
			t.Helper()
			keys, values := entries(t, dir, 'E')
			key := bytes.Clone(keys[last])
			key[len(key)-1]++
			rewrite(t, dir, func(set func(k, v []byte), _ func([]byte)) { set(key, values[last]) })
		}, "at event 19: the record's checksum is wrong"},
		{"an index entry dropped", func(t *testing.T, dir string) {
			t.Helper()
			keys, _ := entries(t, dir, 'S')
			rewrite(t, dir, func(_ func(k, v []byte), remove func([]byte)) { remove(keys[1]) })
		}, "in stream thing-1 at event 7: the index of the stream does not agree with its events"},
		{"the last index entry of a stream dropped", func(t *testing.T, dir string) {
			t.Helper()
			keys, _ := entries(t, dir, 'S')
			rewrite(t, dir, func(_ func(k, v []byte), remove func([]byte)) { remove(keys[2]) })
		}, "there are not as many index entries as events"},
		{"two index entries swapped", func(t *testing.T, dir string) {
			t.Helper()
			keys, values := entries(t, dir, 'S')
			rewrite(t, dir, func(set func(k, v []byte), _ func([]byte)) {
				set(keys[1], values[2])
				set(keys[2], values[1])
			})
		}, "in stream thing-1 at event 7: the index of the stream does not agree with its events"},
		{"an index entry's id changed", func(t *testing.T, dir string) {
			t.Helper()
			keys, values := entries(t, dir, 'S')
			values[0][20]++
			rewrite(t, dir, func(set func(k, v []byte), _ func([]byte)) { set(keys[0], values[0]) })
		}, "in stream thing-1 at event 1: the index of the stream does not agree with its events"},
		{"a head dropped", func(t *testing.T, dir string) {
			t.Helper()
			rewrite(t, dir, func(_ func(k, v []byte), remove func([]byte)) { remove([]byte("Hthing-1")) })
		}, "in stream thing-1: the stream has no head"},
		{"a head of another stream", func(t *testing.T, dir string) {
			t.Helper()
			_, values := entries(t, dir, 'H')
			rewrite(t, dir, func(set func(k, v []byte), _ func([]byte)) { set([]byte("Hthing-1"), values[0]) })
		}, "in stream thing-1: the head of the stream does not agree with its events"},
		{"a head of a stream that there is not", func(t *testing.T, dir string) {
			t.Helper()
			nothing := []byte{0, 0, 1, 0, 0} // no events, and no metadata either
			rewrite(t, dir, func(set func(k, v []byte), _ func([]byte)) { set([]byte("Hunknown"), nothing) })
		}, "in stream unknown: the head of the stream does not agree with its events"},
		{"a head that hides more than its metadata say", func(t *testing.T, dir string) {
			t.Helper()
			keys, values := entries(t, dir, 'H')
			for i, key := range keys {
				if string(key) == "Hthing-1" {
					values[i][len(values[i])-2] += 2 // $maxCount
					rewrite(t, dir, func(set func(k, v []byte), _ func([]byte)) { set(key, values[i]) })
				}
			}
		}, "in stream thing-1: the head of the stream does not agree with its metadata"},
		{"a head that cannot be read", func(t *testing.T, dir string) {
			t.Helper()
			rewrite(t, dir, func(set func(k, v []byte), _ func([]byte)) { set([]byte("Hthing-1"), []byte{0xff}) })
		}, "in stream thing-1: the head of the stream is damaged"},
		{"a key that is not the log's", func(t *testing.T, dir string) {
			t.Helper()
			rewrite(t, dir, func(set func(k, v []byte), _ func([]byte)) { set([]byte("Zoo"), nil) })
		}, "there is a key that is not the log's"},
	} {
		t.Run(damage.name, func(t *testing.T) {
			dir := t.TempDir()
			varied(t, dir)
			damage.plant(t, dir)
			_, err := pebblelog.Verify(t.Context(), dir, pebblelog.Options{Logger: quiet}, nil)
			if !errors.As(err, new(*pebblelog.DamageError)) || !strings.Contains(err.Error(), damage.expect) {
				t.Errorf("verify says %v, want %q", err, damage.expect)
			}
		})
	}
}

// Damage in the middle of a write-ahead file must not pass for its torn end, behind which nothing was acknowledged.
func TestVerifyFindsDamageInTheMiddleOfAFile(t *testing.T) {
	dir := t.TempDir()
	log, err := pebblelog.Open(dir, pebblelog.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	for range 150 { // all in the first file that is written to
		event := eventstore.Event{ID: uuid.New(), Type: "written.v1", Data: make([]byte, 1000)}
		if _, err := log.Append(t.Context(), "stream", eventstore.Any, event); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	damaged := 0
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(content) < 100<<10 {
			continue
		}
		for i := range content[len(content)/4 : len(content)/2] {
			content[len(content)/4+i] ^= 0xff
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		damaged++
	}
	if damaged != 1 {
		t.Fatalf("damaged %d of %d files", damaged, len(files))
	}
	if report, err := pebblelog.Verify(t.Context(), dir, pebblelog.Options{Logger: quiet}, nil); err == nil {
		t.Errorf("150 events were written, and %d are said to be all", report.Events)
	}
}

func TestReadsReportDamage(t *testing.T) {
	dir := t.TempDir()
	varied(t, dir)
	keys, values := entries(t, dir, 'E')
	values[6][100] ^= 1 // event 7, the third of thing-1
	rewrite(t, dir, func(set func(k, v []byte), _ func([]byte)) { set(keys[6], values[6]) })
	log := open(t, dir, pebblelog.Options{Logger: quiet, IDs: 1})
	check := func(what string, want int, read func(yield func(eventstore.Recorded, error) bool)) {
		t.Helper()
		got := 0
		var failure error
		for _, err := range read {
			if err != nil {
				failure = err
				break
			}
			got++
		}
		var damage *pebblelog.DamageError
		if !errors.As(failure, &damage) || damage.Position != 7 || got != want {
			t.Errorf("%s: %d events, then %v", what, got, failure)
		}
	}
	check("the log", 6, log.ReadAll(t.Context(), eventstore.AllRead{Filter: eventstore.Filter{System: true}}))
	check("the stream", 1, log.ReadStream(t.Context(), "thing-1", eventstore.StreamRead{}))
}

// TestBackupOfALogInUse makes copies while many append. Each copy holds what had been acknowledged when it was begun.
func TestBackupOfALogInUse(t *testing.T) {
	log := open(t, t.TempDir(), pebblelog.Options{Logger: quiet, MemTableSize: 256 << 10})
	target := filepath.Join(t.TempDir(), "backups")
	if err := os.MkdirAll(filepath.Join(target, "0"), 0o700); err != nil { // one exists, and is empty
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var group errgroup.Group
	for writer := range 8 {
		group.Go(func() error {
			for i := 0; ctx.Err() == nil; i++ {
				_, err := log.Append(ctx, fmt.Sprintf("thing-%d", writer), eventstore.Expected(i-1), benchEvent())
				if err != nil && ctx.Err() == nil {
					return err
				}
			}
			return nil
		})
	}
	follow, err := log.Subscribe(t.Context(), eventstore.Position{}, eventstore.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		for wanted := uint64(500 * (i + 1)); log.End().Commit < wanted; { // each copy has more than the one before
			if _, err := follow.Next(t.Context(), 100); err != nil {
				t.Fatal(err)
			}
		}
		acknowledged := log.End()
		dir := filepath.Join(target, strconv.Itoa(i))
		if err := log.Backup(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
		report, err := pebblelog.Verify(t.Context(), dir, pebblelog.Options{Logger: quiet}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if report.Last.Before(acknowledged) {
			t.Errorf("the copy ends at %v, before %v", report.Last, acknowledged)
		}
	}
	cancel()
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := log.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
	names, err := filepath.Glob(filepath.Join(target, ".*"))
	if err != nil || len(names) > 0 {
		t.Errorf("left behind: %v, error %v", names, err)
	}

	copied := open(t, filepath.Join(target, "2"), pebblelog.Options{Logger: quiet})
	before := copied.End()
	if _, err := copied.Append(t.Context(), "thing-new", eventstore.NoStream, benchEvent()); err != nil {
		t.Fatalf("append to a copy: %v", err)
	}
	i := uint64(0)
	for event, err := range copied.ReadAll(t.Context(), eventstore.AllRead{}) {
		i++
		if err != nil || event.Position.Commit != i {
			t.Fatalf("event %d of the copy: position %v, error %v", i, event.Position, err)
		}
	}
	if i != before.Commit+1 {
		t.Errorf("the copy has %d events, want %d", i, before.Commit+1)
	}
}

func TestBackupRefusesADirectoryInUse(t *testing.T) {
	log := open(t, t.TempDir(), pebblelog.Options{Logger: quiet})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "letter.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := log.Backup(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("backup: %v", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := log.Backup(over, filepath.Join(t.TempDir(), "copy")); !errors.Is(err, context.Canceled) {
		t.Errorf("backup with a context that is over: %v", err)
	}
}
