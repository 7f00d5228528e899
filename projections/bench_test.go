package projections_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/aggregates"
	"services.example/portal/infra/codec/codectest"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
	"services.example/portal/infra/readstore/pebblestore"
	"services.example/portal/projections"
	"services.example/portal/projections/all"
)

const (
	benchServices = 12
	benchAccounts = 2_000
)

func portalCodec(tb testing.TB) *codec.Codec {
	tb.Helper()
	events, err := codec.New(codectest.NewKeys(), aggregates.All()...)
	if err != nil {
		tb.Fatal(err)
	}
	return events
}

// history writes about as many events as asked for, as a portal would: services, people who register, and their
// applications of six events each, one in eight a draft and one in eight withdrawn.
func history(tb testing.TB, log eventstore.Store, events *codec.Codec, count int) int {
	tb.Helper()
	begun := time.Date(2026, 1, 5, 4, 0, 0, 0, time.UTC)
	written, commands := 0, 0
	write := func(stream, subject string, happened ...any) {
		var batch []eventstore.Event
		for _, event := range happened {
			commands++
			id := uuid.NewSHA1(uuid.NameSpaceOID, []byte(strconv.Itoa(commands)))
			meta := codec.Metadata{
				CommandID: id, CorrelationID: id, CausationID: id, Actor: subject, Role: "applicant", Subject: subject,
			}
			encoded, err := events.Encode(tb.Context(), stream, id, meta, event)
			if err != nil {
				tb.Fatal(err)
			}
			batch = append(batch, encoded)
		}
		if _, err := log.Append(tb.Context(), stream, eventstore.Any, batch...); err != nil {
			tb.Fatal(err)
		}
		written += len(batch)
	}
	id := func(kind string, n int) string {
		return uuid.NewSHA1(uuid.NameSpaceURL, []byte(kind+strconv.Itoa(n))).String()
	}
	for n := range benchServices {
		write("service-"+id("service", n), "",
			service.Revised{Version: 1, Content: benchContent(n), At: begun}, service.Published{Version: 1, At: begun})
	}
	for n := range benchAccounts {
		who := id("account", n)
		write("account-"+who, who, account.RegistrationStarted{
			RegistrationID: id("registration", n), Kind: account.Individual, Number: "900101300000", LastName: "Ахметов",
			FirstName: "Айдар", Email: "someone@example.kz", Phone: "+77010000000", PasswordHash: "$argon2id$x",
			NotifyBy: []account.Channel{account.SMS}, Language: text.Kazakh, At: begun,
		}, account.RegistrationConfirmed{RegistrationID: id("registration", n), At: begun})
	}
	form := json.RawMessage(`{"organization":"«Дала» ЖШС","bin":"101040000018","address":"Алматы, Абай даңғылы, 10",` +
		`"activity":"Бөлшек сауда","employees":12,"purpose":"Салық есептілігін тапсыру бойынша кеңес алу"}`)
	for n := 0; written < count; n++ {
		who, what := id("account", n%benchAccounts), id("service", n%benchServices)
		at := begun.Add(time.Duration(n) * time.Second)
		happened := []any{
			application.DraftStarted{
				Applicant: who, ServiceID: what, ServiceVersion: 1, RunningNumber: int64(n), Number: fmt.Sprint(n, "-05-01-26"),
				Steps: []application.StepState{{ID: "company", Kind: service.FormStep}, {ID: "documents", Kind: service.DocumentStep}},
				At:    at,
			},
			application.StepSaved{StepID: "company", Data: form, At: at},
			application.StepSaved{StepID: "company", Data: form, Complete: true, At: at},
			application.FileAttached{
				FileID: id("file", n), StepID: "documents", Name: "құжат.pdf", MIME: "application/pdf", Size: 1000,
				SHA256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Complete: true, At: at,
			},
		}
		if n%8 != 0 {
			happened = append(happened, application.Submitted{
				ServiceID: what, Term: service.Term{Days: 15, Kind: service.WorkingDays}, DueAt: at.AddDate(0, 0, 21), At: at,
			})
		}
		if n%8 == 1 {
			happened = append(happened, application.Withdrawn{ServiceID: what, At: at})
		}
		write("application-"+id("application", n), who, happened...)
	}
	return written
}

func benchContent(n int) service.Content {
	words := text.Text{KK: "Салық есептілігі бойынша кеңес", RU: "Консультация по налоговой отчётности", EN: "Advice on tax reports"}
	return service.Content{
		Passport: service.Passport{
			Name: words, Description: words, Conditions: words, Recipients: words, Result: words, Kind: service.Consultation,
			Term: service.Term{Days: 15, Kind: service.WorkingDays}, CategoryID: strconv.Itoa(n % 3), ProviderID: "p",
		},
		Steps: []service.Step{{ID: "company", Kind: service.FormStep, Title: words, Schema: json.RawMessage(`{"type":"object"}`)}},
	}
}

// BenchmarkRebuild rebuilds all read models of the portal from a log on disk, and compares the speed with that of
// iterating and decoding the log alone, on one processor and on all.
func BenchmarkRebuild(b *testing.B) {
	const count = 300_000
	quiet := slog.New(slog.DiscardHandler)
	events := portalCodec(b)
	log, err := pebblelog.Open(b.TempDir(), pebblelog.Options{Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := log.Close(); err != nil {
			b.Error(err)
		}
	}()
	written := history(b, log, events, count)
	for b.Loop() {
		began := time.Now()
		read := 0
		for event, err := range log.ReadAll(b.Context(), eventstore.AllRead{}) {
			if err != nil {
				b.Fatal(err)
			}
			if _, err := events.Decode(b.Context(), event); err != nil {
				b.Fatal(err)
			}
			read++
		}
		alone := time.Since(began)
		if read != written {
			b.Fatalf("read %d events of %d", read, written)
		}

		reads, err := pebblestore.Open(b.TempDir(), pebblestore.Options{Logger: quiet})
		if err != nil {
			b.Fatal(err)
		}
		engine, err := projections.New(projections.Config{
			Events: log, Reads: reads, Decoder: events, Projections: all.Projections(), Logger: quiet,
		})
		if err != nil {
			b.Fatal(err)
		}
		began = time.Now()
		if err := engine.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		if err := engine.CaughtUp(b.Context()); err != nil {
			b.Fatal(err)
		}
		took := time.Since(began)
		if err := engine.Close(); err != nil {
			b.Fatal(err)
		}
		if err := reads.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(written)/took.Seconds(), "events/s")
		b.ReportMetric(float64(written)/alone.Seconds(), "decode-events/s")
		b.ReportMetric(alone.Seconds()/took.Seconds(), "of-decode")
	}
}

// BenchmarkLive measures the time from the acknowledgement of an append to its being seen in "My applications", at 500
// appends a second, on disk.
func BenchmarkLive(b *testing.B) {
	quiet := slog.New(slog.DiscardHandler)
	events := portalCodec(b)
	log, err := pebblelog.Open(b.TempDir(), pebblelog.Options{Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := log.Close(); err != nil {
			b.Error(err)
		}
	}()
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
		Events: log, Reads: reads, Decoder: events, Projections: all.Projections(), Logger: quiet,
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
	var mu sync.Mutex
	var waits []time.Duration
	var working sync.WaitGroup
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for n := 0; b.Loop(); n++ {
		<-tick.C
		working.Go(func() {
			id := uuid.New()
			started := application.DraftStarted{Applicant: "a", ServiceID: "s", RunningNumber: int64(n), At: time.Now().UTC()}
			event, err := events.Encode(b.Context(), "application-"+id.String(), id, codec.Metadata{CommandID: id, Actor: "a"}, started)
			if err != nil {
				b.Error(err)
				return
			}
			appended, err := log.Append(b.Context(), "application-"+id.String(), eventstore.NoStream, event)
			if err != nil {
				b.Error(err)
				return
			}
			acknowledged := time.Now()
			if err := engine.Await(b.Context(), "my_applications", appended.Position); err != nil {
				b.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			waits = append(waits, time.Since(acknowledged))
		})
	}
	working.Wait()
	if len(waits) == 0 {
		b.Fatal("nothing was measured")
	}
	slices.Sort(waits)
	b.ReportMetric(float64(waits[len(waits)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(float64(waits[len(waits)-1].Microseconds()), "max-µs")
}
