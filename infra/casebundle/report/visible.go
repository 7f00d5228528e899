package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible shows what is in a text but could not be seen: characters that control, that have no width, or that turn the
// direction of writing around, so that a text reads otherwise than it is. Line breaks stay.
func visible(s string) string {
	if !strings.ContainsFunc(s, hidden) && utf8.ValidString(s) {
		return s
	}
	var out strings.Builder
	for _, r := range strings.ToValidUTF8(s, string(utf8.RuneError)) {
		switch {
		case r == '\t':
			out.WriteString("    ")
		case hidden(r):
			fmt.Fprintf(&out, "[U+%04X]", r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

func hidden(r rune) bool {
	switch {
	case r == '\n':
		return false
	case r == '\u00ad', unicode.Is(unicode.Variation_Selector, r): // a soft hyphen; the shape of a letter
		return false
	default:
		return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co)
	}
}

// oneLine has no line breaks.
func oneLine(s string) string { return strings.ReplaceAll(visible(s), "\n", " ") }

// printable leaves the characters that the font of the PDF can have: those of the basic plane.
func printable(s string) string {
	const lastOfPlane = 0xFFFF
	return strings.Map(func(r rune) rune {
		switch {
		case r > lastOfPlane:
			return utf8.RuneError
		case r == '\u00ad' || unicode.Is(unicode.Variation_Selector, r):
			return -1
		default:
			return r
		}
	}, s)
}
