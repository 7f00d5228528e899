package pebblestore

import (
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/readstore"
)

// count counts the keys of a table.
func count(t *testing.T, store *Store, table byte) int {
	t.Helper()
	start, end := tableSpan(table)
	iterator, err := store.db.NewIter(nil)
	noError(t, err)
	defer func() { noError(t, iterator.Close()) }()
	keys := 0
	for valid := iterator.SeekGE(start); valid && string(iterator.Key()) < string(end); valid = iterator.Next() {
		keys++
	}
	return keys
}

func TestSweep(t *testing.T) {
	ctx := t.Context()
	var now atomic.Int64
	store := openMemory(t, Options{SweepEvery: -1, Now: func() time.Time { return time.UnixMilli(now.Load()) }})
	codes := readstore.Collection{Name: "codes", Expires: true, Indexes: []readstore.Index{indexBy("n", "n")}}
	noError(t, store.Declare(ctx, codes))
	body := oneWrite(t, "", "", bson.M{"n": bson.A{1, 2}}).Writes[0].Body
	const entries = sweepLimit + 500
	for i := range entries {
		e := readstore.Entry{ID: strconv.Itoa(i), Expires: time.UnixMilli(int64(i + 1)), Body: body}
		_, err := store.PutEntry(ctx, "codes", e)
		noError(t, err)
	}
	later := readstore.Entry{ID: "0", Version: 1, Expires: time.UnixMilli(entries + 100), Body: body}
	_, err := store.PutEntry(ctx, "codes", later)
	noError(t, err)

	for _, step := range []struct {
		at            int64
		removed, left int
	}{
		{0, 0, entries},
		{9, 8, entries - 8}, // the first is to live longer
		{entries + 99, sweepLimit, 492},
		{entries + 99, 491, 1},
		{entries + 99, 0, 1},
		{entries + 100, 1, 0},
	} {
		now.Store(step.at)
		removed, err := store.Sweep(ctx)
		noError(t, err)
		if removed != step.removed || count(t, store, tableRecord) != step.left ||
			count(t, store, tableIndex) != 2*step.left || count(t, store, tableExpiry) != step.left {
			t.Fatalf("at %d: removed %d; %d records, %d index entries, %d expiries are left; want %d and %d", step.at, removed,
				count(t, store, tableRecord), count(t, store, tableIndex), count(t, store, tableExpiry), step.removed, step.left)
		}
	}
}

// TestSweeper waits until the background sweep has removed what expired.
func TestSweeper(t *testing.T) {
	store := openMemory(t, Options{SweepEvery: time.Millisecond})
	noError(t, store.Declare(t.Context(), readstore.Collection{Name: "codes", Expires: true}))
	body := oneWrite(t, "", "", bson.M{}).Writes[0].Body
	_, err := store.PutEntry(t.Context(), "codes", readstore.Entry{ID: "x", Expires: time.UnixMilli(1), Body: body})
	noError(t, err)
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for count(t, store, tableRecord) > 0 {
		select {
		case <-ticker.C:
		case <-t.Context().Done():
			t.Fatal("the entry was not removed")
		}
	}
}
