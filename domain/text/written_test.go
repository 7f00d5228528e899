package text_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
)

func TestWritten(t *testing.T) {
	t.Parallel()
	fault := func(code string) []problem.Field { return []problem.Field{{Location: "text", Code: code}} }
	tooLong := []problem.Field{{Location: "text", Code: "too-long", Params: map[string]string{"max": "10"}}}
	for name, test := range map[string]struct {
		words, want string
		faults      []problem.Field
	}{
		"as it is":                        {words: "Сәлем!", want: "Сәлем!"},
		"without white space around it":   {words: " \t\r\n Сәлем\u00a0\n", want: "Сәлем"},
		"with lines and tabs":             {words: "a\tb\r\nc\rd\n\ne", want: "a\tb\nc\nd\n\ne"},
		"HTML is text":                    {words: "<b>&lt;</b", want: "<b>&lt;</b"},
		"joined emoji":                    {words: "👩\u200d⚕\ufe0f", want: "👩\u200d⚕\ufe0f"},
		"of the greatest length":          {words: strings.Repeat("ә", 10), want: strings.Repeat("ә", 10)},
		"counted without what is cut off": {words: strings.Repeat(" ", 99) + strings.Repeat("ә", 10), want: strings.Repeat("ә", 10)},
		"a character too long":            {words: strings.Repeat("ә", 11), faults: tooLong},
		"nothing":                         {words: "", faults: fault("text-required")},
		"white space":                     {words: " \u3000\n\t", faults: fault("text-required")},
		"characters that nobody sees":     {words: "\u200b\u2060\u200d", faults: fault("text-required")},
		"not UTF-8":                       {words: "a\xff", faults: fault("bad-text")},
		"a null":                          {words: "a\x00b", faults: fault("bad-text")},
		"an escape":                       {words: "\x1b[31mред", faults: fault("bad-text")},
		"a control character of C1":       {words: "a\u0085b", faults: fault("bad-text")},
		"delete":                          {words: "a\x7f", faults: fault("bad-text")},
	} {
		clean, faults := text.Written("text", test.words, 10)
		if diff := cmp.Diff(test.faults, faults); diff != "" || clean != test.want {
			t.Errorf("%s: %q, want %q; faults (-want +got):\n%s", name, clean, test.want, diff)
		}
	}
}

func FuzzWritten(f *testing.F) {
	for _, seed := range []string{"", "Сәлем", "a\r\nb", "\x00", "\xff\xfe", "<script>", "\u200b", strings.Repeat("я", 21)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, words string) {
		clean, faults := text.Written("text", words, 20)
		if len(faults) > 0 {
			if clean != "" {
				t.Errorf("refused, and kept %q", clean)
			}
			return
		}
		if !utf8.ValidString(clean) || clean != strings.TrimSpace(clean) || clean == "" || utf8.RuneCountInString(clean) > 20 {
			t.Errorf("%q became %q", words, clean)
		}
		if i := strings.IndexFunc(clean, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }); i >= 0 {
			t.Errorf("%q kept a control character at %d", clean, i)
		}
		if again, faults := text.Written("text", clean, 20); again != clean || faults != nil {
			t.Errorf("%q cleaned again: %q, %v", clean, again, faults)
		}
	})
}
