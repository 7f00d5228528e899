package servicecatalogue

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold gives a text the form in which it is searched: lower case, composed letters, Kazakh letters as people type them
// on a Russian keyboard (ә→а, қ→к, ғ→г, ң→н, ө→о, ұ ү→у, һ→х, і→и, ё→е), and white space within a line as one blank.
// Folding twice changes nothing.
func Fold(text string) string {
	var folded strings.Builder
	folded.Grow(len(text))
	blank := false
	for _, r := range norm.NFC.String(text) {
		r = plain(unicode.ToLower(r))
		switch {
		case r == '\n':
			blank = false
		case unicode.IsSpace(r):
			blank = true
			continue
		case blank:
			folded.WriteByte(' ')
			blank = false
		}
		folded.WriteRune(r)
	}
	return folded.String()
}

// plain replaces letters that are typed in two ways by one of them.
func plain(r rune) rune {
	switch r {
	case 'ә':
		return 'а'
	case 'қ':
		return 'к'
	case 'ғ':
		return 'г'
	case 'ң':
		return 'н'
	case 'ө':
		return 'о'
	case 'ұ', 'ү':
		return 'у'
	case 'һ':
		return 'х'
	case 'і':
		return 'и'
	case 'ё':
		return 'е'
	default:
		return r
	}
}
