package analytics_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/parquet-go/parquet-go"

	"services.example/portal/projections/cases"
	"services.example/portal/readapi/analytics"
)

var (
	secret = []byte("a secret of the installation")
	monday = time.Date(2026, 11, 2, 5, 0, 0, 0, time.UTC)
)

// later is a moment so many hours after Monday.
func later(hours int) *time.Time {
	at := monday.Add(time.Duration(hours) * time.Hour)
	return &at
}

// refused is an application that was sent on Monday and refused two days later.
func refused() *cases.Case {
	return &cases.Case{
		Applicant: "11111111-1111-4111-8111-111111111111", ServiceID: "33333333-3333-4333-8333-333333333333", ServiceVersion: 2,
		ProviderID: "55555555-5555-4555-8555-555555555555", Region: "KZ-71", Status: "completed", SentMonth: "2026-11",
		StartedAt: monday, SentAt: later(0), DueAt: later(100), TermDays: 5, TermKind: "working", FirstAnswerAt: later(20),
		DecidedAt: later(48), Decision: "refused", Refusal: "duplicate", EndedAt: later(48), Outcome: "refused",
		Scores: []cases.Score{{Question: "speed", Score: 4}, {Question: "politeness", Score: 5}},
	}
}

func pseudonyms(tb testing.TB, analyst, key string) *analytics.Pseudonyms {
	tb.Helper()
	names, err := analytics.NewPseudonyms(secret, analyst, []byte(key))
	if err != nil {
		tb.Fatal(err)
	}
	return names
}

// records are two rows: one with everything, one with nothing.
func records(tb testing.TB) []analytics.Record {
	tb.Helper()
	names, days := pseudonyms(tb, "analyst", "sixteen bytes or more"), analytics.NewDays()
	list := make([]analytics.Record, 2)
	list[0].Fill("a", refused(), names, days, true, monday)
	list[1].Fill("b", &cases.Case{SentAt: later(0), Region: "KZ-71"}, names, days, false, monday)
	return list
}

func written(tb testing.TB, format analytics.Format, rows []analytics.Record) []byte {
	tb.Helper()
	var file bytes.Buffer
	writer, err := analytics.NewWriter(format, &file)
	if err != nil {
		tb.Fatal(err)
	}
	if err := writer.Write(rows); err != nil {
		tb.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		tb.Fatal(err)
	}
	return file.Bytes()
}

func TestCSV(t *testing.T) {
	t.Parallel()
	rows := records(t)
	want := "application,applicant,service,service_version,provider,region,status,sent_on,due_on,term_days,term_kind,returns," +
		"first_answer_hours,decision_hours,decision,refusal,overdue,ended_hours,outcome,score\n" +
		rows[0].Application + "," + rows[0].Applicant + ",33333333-3333-4333-8333-333333333333,2,55555555-5555-4555-8555-555555555555," +
		"KZ-71,completed,2026-11-02,2026-11-06,5,working,0,20,48,refused,duplicate,false,48,refused,5\n" +
		rows[1].Application + ",,,0,,,,2026-11-02,,0,,0,,,,,false,,,\n"
	if diff := cmp.Diff(want, string(written(t, analytics.CSV, rows))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNDJSON(t *testing.T) {
	t.Parallel()
	rows := records(t)
	lines := strings.Split(strings.TrimSpace(string(written(t, analytics.NDJSON, rows))), "\n")
	want := `{"application":"` + rows[1].Application + `","applicant":"","service":"","service_version":0,"provider":"","region":"",` +
		`"status":"","sent_on":"2026-11-02","due_on":"","term_days":0,"term_kind":"","returns":0,"first_answer_hours":null,` +
		`"decision_hours":null,"decision":"","refusal":"","overdue":false,"ended_hours":null,"outcome":"","score":null}`
	if len(lines) != 2 || lines[1] != want {
		t.Errorf("%d lines, the second %s", len(lines), lines[len(lines)-1])
	}
}

func TestParquetHoldsTheSameRowsAndTheDocumentedColumns(t *testing.T) {
	t.Parallel()
	rows := records(t)
	file := written(t, analytics.Parquet, rows)
	read, err := parquet.Read[analytics.Record](bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rows, read, cmpopts.IgnoreUnexported(analytics.Record{})); diff != "" {
		t.Errorf("rows (-written +read):\n%s", diff)
	}
	var names []string
	for _, column := range parquet.SchemaOf(analytics.Record{}).Columns() {
		names = append(names, column[0])
	}
	var documented []string
	for _, column := range analytics.Columns {
		documented = append(documented, column.Name)
	}
	if diff := cmp.Diff(documented, names); diff != "" {
		t.Errorf("columns (-documented +written):\n%s", diff)
	}
}

// TestColumnsAreDocumented: analysts read the page.
func TestColumnsAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/analytics.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, column := range analytics.Columns {
		line := fmt.Sprintf("\n| %s | %s | %s |\n", column.Name, column.Type, column.Meaning)
		if !strings.Contains(string(page), line) {
			t.Errorf("docs/analytics.md lacks %q", line)
		}
	}
}

func TestPseudonyms(t *testing.T) {
	t.Parallel()
	const key, id = "sixteen bytes or more", "11111111-1111-4111-8111-111111111111"
	name := pseudonyms(t, "analyst", key).Applicant(id)
	if len(name) != 32 || name != pseudonyms(t, "analyst", key).Applicant(id) {
		t.Errorf("%q is not the same with the same key", name)
	}
	for what, other := range map[string]string{
		"another key":          pseudonyms(t, "analyst", key+"!").Applicant(id),
		"another analyst":      pseudonyms(t, "another", key).Applicant(id),
		"no key":               pseudonyms(t, "analyst", "").Applicant(id),
		"as of an application": pseudonyms(t, "analyst", key).Application(id),
		"somebody else":        pseudonyms(t, "analyst", key).Applicant("x"),
		"an analyst's name and a key that begins elsewhere": pseudonyms(t, "analyst\x00s", key[1:]).Applicant(id),
	} {
		if other == name {
			t.Errorf("%s gives the same pseudonym", what)
		}
	}
	if first, second := pseudonyms(t, "analyst", ""), pseudonyms(t, "analyst", ""); first.Applicant(id) == second.Applicant(id) {
		t.Error("two exports without a key join")
	}
	for _, bad := range []string{"short", strings.Repeat("x", 65)} {
		if _, err := analytics.NewPseudonyms(secret, "analyst", []byte(bad)); err == nil || strings.Contains(err.Error(), bad) {
			t.Errorf("a key of %d bytes: %v", len(bad), err)
		}
	}
}

// TestExportsNeedNoMoreMemoryForMoreRows: what is in use does not grow with the rows.
func TestExportsNeedNoMoreMemoryForMoreRows(t *testing.T) {
	for _, format := range []analytics.Format{analytics.CSV, analytics.NDJSON, analytics.Parquet} {
		writer, err := analytics.NewWriter(format, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		names, days := pseudonyms(t, "analyst", ""), analytics.NewDays()
		page := make([]analytics.Record, 1000)
		write := func(pages int) uint64 {
			for range pages {
				fill(page, names, days)
				if err := writer.Write(page); err != nil {
					t.Fatal(err)
				}
			}
			runtime.GC()
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			return memory.HeapAlloc
		}
		first := write(131) // two row groups
		const most = 16 << 20
		if then := write(262); then > first+most {
			t.Errorf("%s: %d bytes after 131,000 rows, %d after 393,000", format, first, then)
		}
		if err := writer.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func fill(page []analytics.Record, names *analytics.Pseudonyms, days *analytics.Days) {
	c := refused()
	for i := range page {
		at := monday.Add(time.Duration(i) * time.Minute)
		c.SentAt = &at
		page[i].Fill(fmt.Sprintf("22222222-2222-4222-8222-%012d", i), c, names, days, true, monday)
	}
}

func BenchmarkExport(b *testing.B) {
	for _, format := range []analytics.Format{analytics.CSV, analytics.NDJSON, analytics.Parquet} {
		b.Run(string(format), func(b *testing.B) {
			writer, err := analytics.NewWriter(format, io.Discard)
			if err != nil {
				b.Fatal(err)
			}
			names, days := pseudonyms(b, "analyst", ""), analytics.NewDays()
			page := make([]analytics.Record, 1000)
			rows := 0
			for b.Loop() {
				fill(page, names, days)
				if err := writer.Write(page); err != nil {
					b.Fatal(err)
				}
				rows += len(page)
			}
			if err := writer.Close(); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
