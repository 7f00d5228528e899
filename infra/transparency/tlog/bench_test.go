package tlog_test

import (
	"context"
	"crypto/ed25519"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
	"services.example/portal/infra/readstore/pebblestore"
	"services.example/portal/infra/transparency"
	"services.example/portal/infra/transparency/tlog"
)

const benchRecords = 200_000

// benchLog is a log on disk with records of about 450 bytes.
func benchLog(b *testing.B) *pebblelog.Log {
	b.Helper()
	log, err := pebblelog.Open(b.TempDir(), pebblelog.Options{Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = log.Close() })
	filler := strings.Repeat("0123456789abcdef", 18)
	for n := 0; n < benchRecords; {
		var events []eventstore.Event
		for range 200 {
			e := event(n)
			e.Data = append(append([]byte(`{"data":"`), filler...), '"', '}')
			events = append(events, e)
			n++
		}
		if _, err := log.Append(b.Context(), "application-"+strconv.Itoa(n), eventstore.Any, events...); err != nil {
			b.Fatal(err)
		}
	}
	return log
}

func benchKept(b *testing.B) *tlog.Log {
	b.Helper()
	reads, err := pebblestore.Open(b.TempDir(), pebblestore.Options{Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = reads.Close() })
	signer, err := transparency.NewSigner(make([]byte, ed25519.SeedSize))
	if err == nil {
		err = tlog.Declare(b.Context(), reads)
	}
	if err != nil {
		b.Fatal(err)
	}
	log, err := tlog.New(tlog.Options{Reads: reads, Signer: signer, Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	return log
}

// build keeps the tree until it has the whole log.
func build(b *testing.B, kept *tlog.Log, events eventstore.Store) transparency.Signed {
	b.Helper()
	head, err := eventstore.Head(b.Context(), events)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		(&tlog.Keeper{Log: kept, Events: events, Every: time.Hour, Logger: quiet}).Run(ctx)
	}()
	signed, err := kept.Cover(ctx, head)
	cancel()
	<-done
	if err != nil {
		b.Fatal(err)
	}
	return signed
}

// BenchmarkRebuild builds the tree of a whole log, in a read store on disk.
func BenchmarkRebuild(b *testing.B) {
	events := benchLog(b)
	for b.Loop() {
		b.StopTimer()
		kept := benchKept(b)
		b.StartTimer()
		if signed := build(b, kept, events); signed.Size != benchRecords {
			b.Fatalf("%d records", signed.Size)
		}
	}
	b.ReportMetric(float64(b.N)*benchRecords/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkVerify compares a whole log on disk with its tree and checkpoint.
func BenchmarkVerify(b *testing.B) {
	events := benchLog(b)
	kept := benchKept(b)
	signed := build(b, kept, events)
	for b.Loop() {
		found, err := transparency.History{
			Key: kept.Key(), Records: events.ReadAll(b.Context(), eventstore.AllRead{}), Kept: kept.Checkpoints(b.Context()),
			Leaves: kept.Leaves(b.Context(), signed.Size),
		}.Verify(b.Context())
		if err != nil || !found.Sound() || found.Covered != benchRecords {
			b.Fatalf("found %+v, error %v", found, err)
		}
	}
	b.ReportMetric(float64(b.N)*benchRecords/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkProof proves records of a log of PORTAL_BENCH_LEAVES records (1,000,000) with a tree on disk: what counts is the
// tree, so the records themselves are not made.
func BenchmarkProof(b *testing.B) {
	size := 1_000_000
	if n, err := strconv.Atoi(os.Getenv("PORTAL_BENCH_LEAVES")); err == nil {
		size = n
	}
	kept := benchKept(b)
	if err := kept.Fill(b.Context(), size); err != nil {
		b.Fatal(err)
	}
	signed, err := kept.Sign(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	var longest time.Duration
	for b.Loop() {
		began := time.Now()
		at := random.Uint64N(uint64(size))
		record := eventstore.Recorded{Position: eventstore.Position{Commit: at + 1, Prepare: at + 1}}
		if _, err := kept.Prove(b.Context(), signed.Checkpoint, record); err != nil {
			b.Fatal(err)
		}
		longest = max(longest, time.Since(began))
	}
	b.ReportMetric(float64(longest.Microseconds()), "µs-longest")
}
