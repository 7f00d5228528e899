package pebblestore_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/readstore/pebblestore"
)

// benchDocuments is how many documents the reading benchmarks have; READSTORE_BENCH_DOCUMENTS changes it.
func benchDocuments(b *testing.B) int {
	b.Helper()
	if text := os.Getenv("READSTORE_BENCH_DOCUMENTS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	return 100_000
}

// listed is about what a row of "My applications" holds: some 350 bytes of BSON.
type listed struct {
	Owner   string    `bson:"owner"`
	Number  int64     `bson:"number"`
	Service string    `bson:"service"`
	State   string    `bson:"state"`
	Due     time.Time `bson:"due"`
	Title   string    `bson:"title"`
}

var applications = readstore.Collection{Name: "my_applications@1", Indexes: []readstore.Index{
	{Name: "owner", Fields: []readstore.Field{{Path: "owner"}, {Path: "number", Desc: true}}, Covering: true},
	{Name: "due", Fields: []readstore.Field{{Path: "state"}, {Path: "due"}}},
}}

func owner(n int) string { return fmt.Sprintf("account-%08d", n) }

// applicationID spreads ids as random UUIDs would be spread.
func applicationID(n int) string {
	source := rand.New(rand.NewPCG(uint64(n), 1))
	return fmt.Sprintf("%016x-%016x", source.Uint64(), source.Uint64())
}

func application(b *testing.B, n, perOwner int) bson.Raw {
	b.Helper()
	body, err := bson.Marshal(listed{
		Owner: owner(n / perOwner), Number: int64(n), Service: "service-" + strconv.Itoa(n%200), State: "sent",
		Due: time.Unix(1_700_000_000+int64(n), 0), Title: strings.Repeat("тақырып ", 12),
	})
	if err != nil {
		b.Fatal(err)
	}
	return body
}

func openBench(b *testing.B) *pebblestore.Store {
	b.Helper()
	quiet := slog.New(slog.DiscardHandler)
	store, err := pebblestore.Open(b.TempDir(), pebblestore.Options{Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	if err := store.Declare(b.Context(), applications); err != nil {
		b.Fatal(err)
	}
	return store
}

func fillBench(b *testing.B, store *pebblestore.Store, documents int) {
	b.Helper()
	for from := 0; from < documents; from += 1000 {
		if err := store.Commit(b.Context(), readstore.Batch{Writes: applicationWrites(b, from, 1000)}); err != nil {
			b.Fatal(err)
		}
	}
}

func applicationWrites(b *testing.B, from, count int) []readstore.Write {
	b.Helper()
	writes := make([]readstore.Write, 0, count)
	for n := from; n < from+count; n++ {
		writes = append(writes, readstore.Write{
			Collection: applications.Name, ID: applicationID(n), Seen: eventstore.Position{Commit: 1, Prepare: 1},
			Body: application(b, n, 20),
		})
	}
	return writes
}

func BenchmarkGet(b *testing.B) {
	store := openBench(b)
	documents := benchDocuments(b)
	fillBench(b, store, documents)
	ids := make([]string, 1000)
	for i := range ids {
		ids[i] = applicationID(i * documents / len(ids))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := store.Get(b.Context(), applications.Name, ids[i%len(ids)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkListCovering20(b *testing.B) {
	store := openBench(b)
	documents := benchDocuments(b)
	fillBench(b, store, documents)
	owners := documents / 20
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		query := readstore.Query{Index: "owner", Prefix: []any{owner(i % 1000 * owners / 1000)}, Limit: 20}
		page, err := store.List(b.Context(), applications.Name, query)
		if err != nil || len(page.Documents) != 20 {
			b.Fatal(len(page.Documents), err)
		}
	}
}

func BenchmarkCommit1000(b *testing.B) {
	b.Run("new", func(b *testing.B) {
		store := openBench(b)
		written := 0
		for b.Loop() {
			b.StopTimer()
			writes := applicationWrites(b, written, 1000)
			written += 1000
			b.StartTimer()
			if err := store.Commit(b.Context(), readstore.Batch{Writes: writes}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(written)/b.Elapsed().Seconds(), "docs/s")
	})
	b.Run("replaced", func(b *testing.B) {
		store := openBench(b)
		const documents = 50_000
		fillBench(b, store, documents)
		rounds := 0
		for b.Loop() {
			b.StopTimer()
			writes := applicationWrites(b, rounds*1000%documents, 1000)
			for i := range writes {
				writes[i].Seen.Commit = uint64(rounds + 2)
				writes[i].Body = application(b, rounds*1000+i, 20)
			}
			rounds++
			b.StartTimer()
			if err := store.Commit(b.Context(), readstore.Batch{Writes: writes}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(rounds*1000)/b.Elapsed().Seconds(), "docs/s")
	})
}

// BenchmarkPutEntry measures durable writes of sessions by 64 callers at once, who share fsyncs.
func BenchmarkPutEntry(b *testing.B) {
	store := openBench(b)
	if err := store.Declare(b.Context(), readstore.Collection{Name: "sessions", Expires: true}); err != nil {
		b.Fatal(err)
	}
	body := application(b, 1, 1)
	expires := time.Now().Add(time.Hour)
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			id := strconv.FormatUint(rand.Uint64(), 36)
			if _, err := store.PutEntry(b.Context(), "sessions", readstore.Entry{ID: id, Expires: expires, Body: body}); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
