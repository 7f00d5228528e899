package httpapi

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"services.example/portal/domain/text"
)

func TestTheReadersLanguage(t *testing.T) {
	for _, test := range []struct {
		name, header string
		want         text.Language
	}{
		{"none asked for", "", text.Kazakh},
		{"Kazakh", "kk", text.Kazakh},
		{"Russian", "ru", text.Russian},
		{"English", "en", text.English},
		{"with a region", "ru-KZ", text.Russian},
		{"with a script and a region", "kk-Cyrl-KZ", text.Kazakh},
		{"as a browser asks", "en-GB,en;q=0.9,ru;q=0.8", text.English},
		{"the heaviest wins, not the first", "ru;q=0.3, en;q=0.9, kk;q=0.5", text.English},
		{"weights of zero do not count", "ru;q=0, en;q=0.1", text.English},
		{"a language of ours behind one that is not", "de, en;q=0.2", text.English},
		{"only languages that are not ours", "de, fr;q=0.7", text.Kazakh},
		{"anything", "*", text.Kazakh},
		{"upper case", "RU", text.Russian},
		{"blanks", "  ru ", text.Russian},
		{"garbage", "\x00;;;q=,=", text.Kazakh},
		{"bad weight", "ru;q=much", text.Kazakh},
		{"10 kB", strings.Repeat("ru,", 10<<10/3), text.Kazakh},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Language(test.header); got != test.want {
				t.Errorf("%q: %s, want %s", test.header, got, test.want)
			}
		})
	}
}

func TestAnAnswerSaysItsLanguage(t *testing.T) {
	answer := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	request.Header.Set("Accept-Language", "ru")
	Protect(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if got := LanguageOf(r.Context()); got != text.Russian {
			t.Errorf("the handler sees %s, want ru", got)
		}
	})).ServeHTTP(answer, request)
	if got := answer.Header().Get("Content-Language"); got != "ru" {
		t.Errorf("Content-Language %q, want ru", got)
	}
	if got := answer.Header().Get("Cache-Control"); got != "no-store" { // for who reads another language
		t.Errorf("Cache-Control %q, want no-store", got)
	}
	if got := LanguageOf(t.Context()); got != text.Kazakh {
		t.Errorf("outside a request %s, want kk", got)
	}
}

func FuzzLanguage(f *testing.F) {
	f.Add("en-GB,en;q=0.9,ru;q=0.8")
	f.Add("\x00;;;q=,=")
	f.Fuzz(func(t *testing.T, header string) {
		if got := Language(header); !got.Known() {
			t.Errorf("%q: %q is no language of the portal", header, got)
		}
	})
}
