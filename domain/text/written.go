package text

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"services.example/portal/domain/problem"
)

// MaxWritten is the longest text that people write to each other, in characters.
const MaxWritten = 4000

// Written cleans what somebody wrote at a place of the input: no white space around it, line breaks as \n. It is plain
// text: HTML in it is text like any other. Faults: text-required when nothing of it can be seen; too-long, counted in
// characters; bad-text for what is not UTF-8 and for control characters other than line break and tab.
func Written(location, words string, longest int) (clean string, faults []problem.Field) {
	clean = words
	if strings.Contains(clean, "\r") { // few texts: looking is cheaper than replacing nothing
		clean = lineBreaks.Replace(clean)
	}
	clean = strings.TrimSpace(clean)
	length, bad, visible := 0, !utf8.ValidString(words), false
	for _, r := range clean {
		length++
		bad = bad || unicode.IsControl(r) && r != '\n' && r != '\t'
		visible = visible || unicode.IsGraphic(r)
	}
	var code string
	var params map[string]string
	switch {
	case bad:
		code = "bad-text"
	case !visible:
		code = "text-required"
	case length > longest:
		code, params = "too-long", map[string]string{"max": strconv.Itoa(longest)}
	default:
		return clean, nil
	}
	return "", []problem.Field{{Location: location, Code: code, Params: params}}
}

var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")
