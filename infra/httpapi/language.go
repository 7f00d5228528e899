package httpapi

import (
	"context"

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

// LanguageOf returns the reader's language.
func LanguageOf(ctx context.Context) text.Language {
	if x := exchangeOf(ctx); x != nil {
		return x.language
	}
	return text.Kazakh
}
