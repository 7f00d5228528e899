package report_test

import (
	"bytes"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"services.example/portal/domain/text"
	"services.example/portal/infra/casebundle/report"
)

func example(l text.Language) *report.Document {
	return &report.Document{
		Language: l, Title: "Іс № 2065-15-11-18 — Әріптер: ӘәҒғҚқҢңӨөҰұҮүҺһІі",
		Lead: []string{"Бұл есеп істің жазбаларынан жасалған."}, At: time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC),
		Facts: []report.Fact{{"Өтініш беруші", "Сынақбаева Мысал"}, {"Мәртебе", "Аяқталды"}},
		Sections: []report.Section{
			{Title: "Хат алмасу", Entries: []report.Entry{
				{Mark: "1", When: "23.11.2026 12:00:00", Who: "<b>Айбек</b>", Text: "Хабарлама жазды", Quote: "Бірінші жол\nЕкінші <script>alert(1)</script>"},
				{Mark: "2", Text: "bidi \u202egnp.exe", Facts: []report.Fact{{"SHA-256", strings.Repeat("ab", 32)}}},
			}},
			{Title: "Ескертпелер", Empty: "Жоқ"},
		},
		Foot: "Іс № 2065-15-11-18",
	}
}

func TestAPageOfHTMLShowsTextsAsTheyAre(t *testing.T) {
	t.Parallel()
	var to bytes.Buffer
	if err := report.HTML(&to, example(text.Kazakh)); err != nil {
		t.Fatal(err)
	}
	page := to.String()
	for _, want := range []string{
		`<html lang="kk">`, "ӘәҒғҚқҢңӨөҰұҮүҺһІі", "&lt;b&gt;Айбек&lt;/b&gt;", "&lt;script&gt;", "bidi [U&#43;202E]gnp.exe", "<p>Жоқ</p>",
		"Бірінші жол\nЕкінші",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	for _, not := range []string{"<script", "<b>", "http://", "https://", "src=", "\u202e"} {
		if strings.Contains(page, not) {
			t.Errorf("the page has %q", not)
		}
	}
}

func TestTheSameWordsGiveTheSameBytes(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(io.Writer, *report.Document) error{"HTML": report.HTML, "PDF": report.PDF} {
		var first, second bytes.Buffer
		for _, to := range []*bytes.Buffer{&first, &second} {
			if err := write(to, example(text.Kazakh)); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%s: the second differs", name)
		}
	}
}

func TestAPDFHasTheKazakhLettersInIt(t *testing.T) {
	t.Parallel()
	var to bytes.Buffer
	if err := report.PDF(&to, example(text.Kazakh)); err != nil {
		t.Fatal(err)
	}
	if path := os.Getenv("REPORT_PDF"); path != "" {
		if err := os.WriteFile(path, to.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.HasPrefix(to.Bytes(), []byte("%PDF-")) {
		t.Fatal("no PDF")
	}
	for _, want := range []string{"/ToUnicode", "/FontFile2", "/Lang"} {
		if !bytes.Contains(to.Bytes(), []byte(want)) {
			t.Errorf("the PDF does not have %s", want)
		}
	}
}

func TestAnyTextIsPrinted(t *testing.T) {
	t.Parallel()
	for _, nasty := range []string{
		"", "\x00", "\xff\xfe", "😀 \U0010FFFF", strings.Repeat("ұзақ", 4000), strings.Repeat("\n", 300), "\u202e\u200b\ufeff", "(\\)) Tj {pages}",
		"中文 العربية",
	} {
		d := example(text.Russian)
		d.Title, d.Foot = nasty, nasty
		d.Facts = append(d.Facts, report.Fact{Label: nasty, Value: nasty})
		d.Sections[0].Entries[0].Quote, d.Sections[0].Entries[0].Text = nasty, nasty
		if err := report.PDF(io.Discard, d); err != nil {
			t.Errorf("%.20q: %v", nasty, err)
		}
		if err := report.HTML(io.Discard, d); err != nil {
			t.Errorf("%.20q: %v", nasty, err)
		}
	}
}

func FuzzReport(f *testing.F) {
	f.Add("Өтініш", "a\nb")
	f.Fuzz(func(t *testing.T, one, two string) {
		d := &report.Document{
			Language: text.Kazakh, Title: one, Facts: []report.Fact{{one, two}},
			Sections: []report.Section{{Title: two, Entries: []report.Entry{{Who: one, Quote: two}}}}, Foot: one,
		}
		if err := report.PDF(io.Discard, d); err != nil {
			t.Error(err)
		}
		if err := report.HTML(io.Discard, d); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkPDF(b *testing.B) {
	d := example(text.Kazakh)
	for i := range 300 {
		d.Sections[0].Entries = append(d.Sections[0].Entries, report.Entry{
			Mark: strconv.Itoa(i), When: "23.11.2026 12:00:00", Who: "Сынақбаева Мысал", Text: "Деректер сақталды", Quote: "Бір жол",
		})
	}
	var m runtime.MemStats
	for b.Loop() {
		if err := report.PDF(io.Discard, d); err != nil {
			b.Fatal(err)
		}
	}
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MB-sys")
}
