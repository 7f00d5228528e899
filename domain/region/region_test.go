package region_test

import (
	"strings"
	"testing"

	"services.example/portal/domain/region"
	"services.example/portal/domain/text"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]region.Code{
		"":                      region.Unknown,
		"Астана қаласы":         "KZ-71",
		"г. Нур-Султан":         "KZ-71",
		"Алматы":                "KZ-75",
		"город Алматы":          "KZ-75",
		"Алматы облысы":         "KZ-19",
		"Алматинская область":   "KZ-19",
		"  ҚАРАҒАНДЫ   облысы ": "KZ-35",
		"Карагандинская обл.":   "KZ-35",
		"область Абай":          "KZ-10",
		"Абай":                  "KZ-10",
		"Алматы, Абай даңғылы":  "KZ-75",
		"Восточно-Казахстанская область": "KZ-63",
		"Шығыс Қазақстан облысы":         "KZ-63",
		"kz-79":              "KZ-79",
		"KZ-99":              region.Unknown,
		"Астана или Шымкент": region.Unknown,
		"Атлантида":          region.Unknown,
	} {
		if got := region.Parse(written); got != want {
			t.Errorf("%q is read as %q, want %q", written, got, want)
		}
	}
}

func TestEveryRegionIsKnownByItsNames(t *testing.T) {
	t.Parallel()
	if n := len(region.All()); n != 20 {
		t.Errorf("%d regions, want 20", n)
	}
	for _, r := range region.All() {
		if !r.Name.Complete() || !r.Code.Known() || r.Code.Name() != r.Name {
			t.Errorf("%s is not known by its code", r.Code)
		}
		for _, l := range text.Languages {
			for _, written := range []string{r.Name.In(l), " " + strings.ToLower(r.Name.In(l))} {
				if got := region.Parse(written); got != r.Code {
					t.Errorf("%q is read as %q, want %q", written, got, r.Code)
				}
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("Астана қаласы")
	f.Add("\xff\xfe")
	f.Fuzz(func(t *testing.T, written string) {
		if code := region.Parse(written); code != region.Unknown && !code.Known() {
			t.Errorf("%q is read as %q, which is none", written, code)
		}
	})
}
