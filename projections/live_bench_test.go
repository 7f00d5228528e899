//go:build unix

package projections_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/pubsub/pubsubtest"
	"services.example/portal/infra/readstore/pebblestore"
	"services.example/portal/projections"
	"services.example/portal/projections/all"
)

// BenchmarkLiveSaves measures what the live group costs for each saved step, in processor time of the whole process:
// the portal's commands share the processors with it. The events lie ready, so every batch is as large as it may be.
func BenchmarkLiveSaves(b *testing.B) {
	for _, batch := range []int{1, 8, 64} {
		b.Run(fmt.Sprint("batch=", batch), func(b *testing.B) { liveSaves(b, batch) })
	}
}

func liveSaves(b *testing.B, batch int) {
	b.Helper()
	const drafts = 1000
	quiet := slog.New(slog.DiscardHandler)
	events := portalCodec(b)
	log := pubsubtest.NewLog()
	reads, err := pebblestore.Open(b.TempDir(), pebblestore.Options{Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := reads.Close(); err != nil {
			b.Error(err)
		}
	}()
	engine, err := projections.New(projections.Config{
		Events: log, Reads: reads, Decoder: events, Projections: all.Projections(), Logger: quiet, LiveBatch: batch,
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := engine.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := engine.Close(); err != nil {
			b.Error(err)
		}
	}()
	if err := engine.CaughtUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	commands := 0
	encoded := func(n int, event any) (stream string, e eventstore.Event) {
		commands++
		who := strconv.Itoa(n % 200)
		stream = "application-" + uuid.NewSHA1(uuid.NameSpaceURL, []byte(strconv.Itoa(n))).String()
		id := uuid.NewSHA1(uuid.NameSpaceOID, []byte(strconv.Itoa(commands)))
		meta := codec.Metadata{
			CommandID: id, CorrelationID: id, CausationID: id, Actor: who, Role: "applicant", Subject: who,
		}
		e, err := events.Encode(b.Context(), stream, id, meta, event)
		if err != nil {
			b.Fatal(err)
		}
		return stream, e
	}
	write := func(stream string, event eventstore.Event) eventstore.Position {
		appended, err := log.Append(b.Context(), stream, eventstore.Any, event)
		if err != nil {
			b.Fatal(err)
		}
		return appended.Position
	}
	var last eventstore.Position
	at := time.Date(2026, 1, 5, 4, 0, 0, 0, time.UTC)
	for n := range drafts {
		last = write(encoded(n, application.DraftStarted{
			Applicant: strconv.Itoa(n % 200), ServiceID: "s", ServiceVersion: 1, RunningNumber: int64(n), Number: "1-05-01-26",
			Steps: []application.StepState{{ID: "company", Kind: service.FormStep}, {ID: "documents", Kind: service.DocumentStep}},
			At:    at,
		}))
	}
	if err := engine.Await(b.Context(), "application_page", last); err != nil {
		b.Fatal(err)
	}
	type ready struct {
		stream string
		event  eventstore.Event
	}
	form := json.RawMessage(`{"organization":"«Дала» ЖШС","bin":"101040000018","address":"Алматы, Абай даңғылы, 10",` +
		`"activity":"Бөлшек сауда","employees":12,"purpose":"Салық есептілігін тапсыру бойынша кеңес алу"}`)
	saves := make([]ready, b.N)
	for i := range saves {
		saves[i].stream, saves[i].event = encoded(i%drafts, application.StepSaved{
			StepID: "company", Data: form, Complete: true, At: at.Add(time.Duration(i) * time.Millisecond),
		})
	}
	b.ReportAllocs()
	b.ResetTimer()
	before := processorTime(b)
	for _, save := range saves {
		last = write(save.stream, save.event)
	}
	if err := engine.Await(b.Context(), "application_page", last); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64((processorTime(b)-before).Nanoseconds())/1000/float64(b.N), "cpu-µs/event")
}

// processorTime is what this process has used so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
