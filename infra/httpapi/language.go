package httpapi

import (
	"context"
	"net/http"

	"golang.org/x/text/language"

	"services.example/portal/domain/text"
)

var matcher = language.NewMatcher([]language.Tag{language.Kazakh, language.Russian, language.English})

// Language chooses the language of an Accept-Language header: Kazakh if none fits.
func Language(acceptLanguage string) text.Language {
	switch acceptLanguage {
	case "":
		return text.Kazakh
	case "kk", "ru", "en":
		return text.Language(acceptLanguage)
	}
	if len(acceptLanguage) > maxAcceptLanguage {
		return text.Kazakh
	}
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return text.Kazakh
	}
	_, i, confidence := matcher.Match(tags...)
	if confidence == language.No {
		return text.Kazakh
	}
	return text.Languages[i]
}

// maxAcceptLanguage is the longest header that is looked at, in bytes.
const maxAcceptLanguage = 512

type languageKey struct{}

// WithLanguage keeps the reader's language in the request's context.
func WithLanguage(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l := Language(r.Header.Get("Accept-Language"))
		w.Header().Set("Content-Language", string(l))
		w.Header().Add("Vary", "Accept-Language")
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), languageKey{}, l)))
	})
}

// LanguageOf returns the reader's language.
func LanguageOf(ctx context.Context) text.Language {
	if l, ok := ctx.Value(languageKey{}).(text.Language); ok {
		return l
	}
	return text.Kazakh
}
