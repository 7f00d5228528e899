//go:build unix

package projections_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
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

// BenchmarkLiveMessages is the same for messages, in threads that grow to hundreds of them.
func BenchmarkLiveMessages(b *testing.B) {
	for _, batch := range []int{1, 8, 64} {
		b.Run(fmt.Sprint("batch=", batch), func(b *testing.B) { liveMessages(b, batch) })
	}
}

var benchMonday = time.Date(2026, 1, 5, 4, 0, 0, 0, time.UTC)

func liveSaves(b *testing.B, batch int) {
	b.Helper()
	const drafts = 1000
	form := json.RawMessage(`{"organization":"«Дала» ЖШС","bin":"101040000018","address":"Алматы, Абай даңғылы, 10",` +
		`"activity":"Бөлшек сауда","employees":12,"purpose":"Салық есептілігін тапсыру бойынша кеңес алу"}`)
	l := openLive(b, batch)
	l.draft(drafts)
	l.measure("application_page", func(i int) (string, eventstore.Event) {
		return l.encoded("application-", i%drafts, application.StepSaved{
			StepID: "company", Data: form, Complete: true, At: benchMonday.Add(time.Duration(i) * time.Millisecond),
		})
	})
}

func liveMessages(b *testing.B, batch int) {
	b.Helper()
	const threads = 64
	l := openLive(b, batch)
	l.draft(threads)
	for n := range threads {
		l.write(l.encoded("application-", n, application.Submitted{
			ServiceID: "s", ProviderID: "p", Term: service.Term{Days: 15, Kind: service.WorkingDays}, At: benchMonday, DueAt: benchMonday,
		}))
	}
	text := strings.Repeat("Құжатты қашан алуға болады? ", 7)
	l.measure("thread", func(i int) (string, eventstore.Event) {
		n := i % threads
		return l.encoded("correspondence-", n, correspondence.MessagePosted{
			MessageID: strconv.Itoa(i), Applicant: liveApplicant(n), Author: liveApplicant(n), Side: correspondence.Applicant,
			Text: text, At: benchMonday,
		})
	})
}

// live is an engine with all read models over a log in memory.
type live struct {
	b        *testing.B
	log      *pubsubtest.Log
	codec    *codec.Codec
	engine   *projections.Engine
	commands int
	last     eventstore.Position
}

func openLive(b *testing.B, batch int) *live {
	b.Helper()
	quiet := slog.New(slog.DiscardHandler)
	l := &live{b: b, log: pubsubtest.NewLog(), codec: portalCodec(b)}
	reads, err := pebblestore.Open(b.TempDir(), pebblestore.Options{Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	l.engine, err = projections.New(projections.Config{
		Events: l.log, Reads: reads, Decoder: l.codec, Projections: all.Projections(), Logger: quiet, LiveBatch: batch,
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := l.engine.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := errors.Join(l.engine.Close(), reads.Close()); err != nil {
			b.Error(err)
		}
	})
	if err := l.engine.CaughtUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	return l
}

func liveApplicant(n int) string { return strconv.Itoa(n % 200) }

// encoded is an event in a stream of the n-th application, by its applicant.
func (l *live) encoded(prefix string, n int, event any) (stream string, e eventstore.Event) {
	l.commands++
	who := liveApplicant(n)
	stream = prefix + uuid.NewSHA1(uuid.NameSpaceURL, []byte(strconv.Itoa(n))).String()
	id := uuid.NewSHA1(uuid.NameSpaceOID, []byte(strconv.Itoa(l.commands)))
	meta := codec.Metadata{
		CommandID: id, CorrelationID: id, CausationID: id, Actor: who, Role: "applicant", Subject: who,
	}
	e, err := l.codec.Encode(l.b.Context(), stream, id, meta, event)
	if err != nil {
		l.b.Fatal(err)
	}
	return stream, e
}

func (l *live) write(stream string, event eventstore.Event) {
	appended, err := l.log.Append(l.b.Context(), stream, eventstore.Any, event)
	if err != nil {
		l.b.Fatal(err)
	}
	l.last = appended.Position
}

// draft starts applications.
func (l *live) draft(applications int) {
	for n := range applications {
		l.write(l.encoded("application-", n, application.DraftStarted{
			Applicant: liveApplicant(n), ServiceID: "s", ServiceVersion: 1, RunningNumber: int64(n), Number: "1-05-01-26",
			Steps: []application.StepState{{ID: "company", Kind: service.FormStep}, {ID: "documents", Kind: service.DocumentStep}},
			At:    benchMonday,
		}))
	}
}

// measure asks for b.N events, which then are written at once and folded into all read models.
func (l *live) measure(last string, event func(i int) (string, eventstore.Event)) {
	type ready struct {
		stream string
		event  eventstore.Event
	}
	if err := l.engine.Await(l.b.Context(), "application_page", l.last); err != nil {
		l.b.Fatal(err)
	}
	events := []ready{}
	for i := range l.b.N {
		stream, made := event(i)
		events = append(events, ready{stream, made})
	}
	l.b.ReportAllocs()
	l.b.ResetTimer()
	before := processorTime(l.b)
	for _, e := range events {
		l.write(e.stream, e.event)
	}
	if err := l.engine.Await(l.b.Context(), last, l.last); err != nil {
		l.b.Fatal(err)
	}
	l.b.ReportMetric(float64((processorTime(l.b)-before).Nanoseconds())/1000/float64(l.b.N), "cpu-µs/event")
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
