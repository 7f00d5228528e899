package analytics_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"testing"

	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/readstore/pebblestore"
	"services.example/portal/projections/cases"
	"services.example/portal/readapi/analytics"
)

// source is a read store with so many applications that were refused, a tenth of them from another region.
func source(tb testing.TB, n int) analytics.Source {
	tb.Helper()
	reads, err := pebblestore.Open(tb.TempDir(), pebblestore.Options{SweepEvery: -1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := reads.Close(); err != nil {
			tb.Error(err)
		}
	})
	const collection = "cases@2"
	if err := reads.Declare(tb.Context(), readstore.Collection{Name: collection, Indexes: cases.Model.Indexes}); err != nil {
		tb.Fatal(err)
	}
	c := refused()
	c.StartedMonth = c.SentMonth
	c.Steps = []cases.Step{{ID: "applicant", Touched: true, Complete: true}, {ID: "question", Touched: true, Complete: true}, {ID: "papers", Complete: true}}
	for i := 0; i < n; {
		var batch readstore.Batch
		for ; i < n && len(batch.Writes) < 1000; i++ {
			c.Applicant = uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, i/3)).String()
			if c.Region = "KZ-71"; i%10 == 0 {
				c.Region = "KZ-62"
			}
			batch.Writes = append(batch.Writes, readstore.Write{
				Collection: collection, ID: uuid.NewSHA1(uuid.NameSpaceURL, fmt.Append(nil, i)).String(),
				Seen: eventstore.Position{Commit: uint64(i) + 1}, Body: c.AppendBSON(nil),
			})
		}
		if err := reads.Commit(tb.Context(), batch); err != nil {
			tb.Fatal(err)
		}
	}
	return analytics.Source{Reads: reads, Collection: collection}
}

// counting counts the rows and regions that are written.
type counting struct {
	rows    int
	regions map[string]int
}

func (c *counting) Write(records []analytics.Record) error {
	for i := range records {
		c.rows++
		c.regions[records[i].Region]++
	}
	return nil
}

func (c *counting) Close() error { return nil }

func TestAnExportHasEveryRowAndNoRareRegion(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 map[]", 40: "40 map[:4 KZ-71:36]", 2050: "2050 map[KZ-62:205 KZ-71:1845]"} {
		from := source(t, n)
		cube, err := from.Cube(t.Context(), analytics.NewKeys(secret), "2026-01", "2026-12", monday)
		if err != nil {
			t.Fatal(err)
		}
		written := &counting{regions: map[string]int{}}
		rows, err := from.Export(t.Context(), []analytics.Cube{cube}, "2026-01", "2026-12", monday, pseudonyms(t, "analyst", ""),
			func(*cases.Case) bool { return true }, written)
		if got := fmt.Sprint(written.rows, " ", written.regions); err != nil || got != want || rows != int64(n) {
			t.Errorf("%d rows written: %s, want %s; error %v", rows, got, want, err)
		}
	}
}

// TestTheOrderOfAnExportTellsNothing: the rows of two exports are the same, but not line by line.
func TestTheOrderOfAnExportTellsNothing(t *testing.T) {
	t.Parallel()
	from := source(t, 200)
	export := func() []string {
		t.Helper()
		names := &order{}
		_, err := from.Export(t.Context(), nil, "2026-01", "2026-12", monday, pseudonyms(t, "analyst", "sixteen bytes or more"),
			func(*cases.Case) bool { return true }, names)
		if err != nil {
			t.Fatal(err)
		}
		return names.list
	}
	first, second := export(), export()
	together := 0
	for i := range first {
		if first[i] == second[i] {
			together++
		}
	}
	slices.Sort(first)
	slices.Sort(second)
	if together > 20 || len(first) != 200 || !slices.Equal(first, second) {
		t.Errorf("%d of %d rows are in the same line of both exports", together, len(first))
	}
}

// order keeps the pseudonyms of applications as they come.
type order struct{ list []string }

func (o *order) Write(records []analytics.Record) error {
	for i := range records {
		o.list = append(o.list, records[i].Application)
	}
	return nil
}

func (o *order) Close() error { return nil }

func TestScansEndWithTheirContext(t *testing.T) {
	t.Parallel()
	from := source(t, 1500)
	ctx, cancel := context.WithCancel(t.Context())
	visited := 0
	err := from.Scan(ctx, cases.BySent, "2026-11", "2026-11", func(string, *cases.Case) error {
		visited++
		cancel()
		return nil
	})
	if err == nil || visited > 1000 {
		t.Errorf("%d visited, error %v", visited, err)
	}
}

// TestStepsAreReadByWhenTheyWereStarted, and left out where nobody asks for them.
func TestStepsAreReadByWhenTheyWereStarted(t *testing.T) {
	t.Parallel()
	from := source(t, 3)
	for index, want := range map[string]int{cases.ByStarted: 3, cases.BySent: 0} {
		visited := 0
		err := from.Scan(t.Context(), index, "2026-11", "2026-11", func(_ string, c *cases.Case) error {
			if visited++; len(c.Steps) != want || len(c.Scores) != 2 || c.Refusal != "duplicate" || !c.DecidedAt.Equal(*later(48)) {
				t.Errorf("%s: read as %+v", index, c)
			}
			return nil
		})
		if err != nil || visited != 3 {
			t.Errorf("%s: %d visited, error %v", index, visited, err)
		}
	}
}

// BenchmarkExportFromStore is a whole export, from the read store to the file.
func BenchmarkExportFromStore(b *testing.B) {
	const rows = 200_000
	from := source(b, rows)
	cube, err := from.Cube(b.Context(), analytics.NewKeys(secret), "2026-11", "2026-11", monday)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("count", func(b *testing.B) {
		for b.Loop() {
			if _, err := from.Cube(b.Context(), analytics.NewKeys(secret), "2026-11", "2026-11", monday); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
	for _, format := range []analytics.Format{analytics.CSV, analytics.NDJSON, analytics.Parquet} {
		b.Run(string(format), func(b *testing.B) {
			for b.Loop() {
				w, err := analytics.NewWriter(format, io.Discard)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := from.Export(b.Context(), []analytics.Cube{cube}, "2026-11", "2026-11", monday,
					pseudonyms(b, "analyst", ""), func(*cases.Case) bool { return true }, w); err != nil {
					b.Fatal(err)
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
