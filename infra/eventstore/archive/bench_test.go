package archive_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/archive"
	"services.example/portal/infra/eventstore/pebblelog"
)

// benchEvents is how many events are moved, two of a stream at a time.
const benchEvents = 20_000

func diskLog(b *testing.B) *pebblelog.Log {
	b.Helper()
	log, err := pebblelog.Open(b.TempDir(), pebblelog.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := log.Close(); err != nil {
			b.Error(err)
		}
	})
	return log
}

func benchArchive(b *testing.B) (source eventstore.Store, file []byte) {
	b.Helper()
	log := diskLog(b)
	payload := bytes.Repeat([]byte("0123456789abcdef"), 16)
	for n := range benchEvents / 20 {
		events := make([]eventstore.Event, 20)
		for i := range events {
			events[i] = eventstore.Event{
				ID: uuid.New(), Type: "application.step-saved.v1", JSON: true,
				Data:     fmt.Appendf(nil, `{"n":%d,"data":"%s-%s"}`, i, payload, uuid.New()),
				Metadata: fmt.Appendf(nil, `{"commandId":"%s","actor":"%s"}`, uuid.New(), uuid.New()),
			}
		}
		for i := 0; i < len(events); i += 2 {
			if _, err := log.Append(b.Context(), fmt.Sprintf("application-%d", n*10+i), eventstore.Any, events[i:i+2]...); err != nil {
				b.Fatal(err)
			}
		}
	}
	var out bytes.Buffer
	if _, err := archive.Export(b.Context(), log, &out, header, nil); err != nil {
		b.Fatal(err)
	}
	return log, out.Bytes()
}

func perSecond(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.N)*benchEvents/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkReadAll(b *testing.B) {
	source, _ := benchArchive(b)
	for b.Loop() {
		for _, err := range source.ReadAll(b.Context(), eventstore.AllRead{}) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	perSecond(b)
}

func BenchmarkExport(b *testing.B) {
	source, file := benchArchive(b)
	for b.Loop() {
		if _, err := archive.Export(b.Context(), source, &bytes.Buffer{}, header, nil); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b)
	b.ReportMetric(float64(len(file))/benchEvents, "B/event")
}

func BenchmarkImport(b *testing.B) {
	_, file := benchArchive(b)
	for b.Loop() {
		b.StopTimer()
		target := diskLog(b)
		b.StartTimer()
		if _, err := archive.Import(b.Context(), target, bytes.NewReader(file), nil); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b)
}

// BenchmarkCompare repeats an import into a store that has everything.
func BenchmarkCompare(b *testing.B) {
	_, file := benchArchive(b)
	target := diskLog(b)
	if _, err := archive.Import(b.Context(), target, bytes.NewReader(file), nil); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := archive.Import(b.Context(), target, bytes.NewReader(file), nil); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b)
}
