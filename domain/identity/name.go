package identity

import (
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	maxPersonName   = 100 // characters
	maxOrganization = 300 // characters
)

// PersonName is one part of a person's name: surname, first name or patronymic.
type PersonName struct{ name string }

// ParsePersonName reads a part of a name in any script: letters, apostrophes, hyphens and spaces.
func ParsePersonName(s string) (PersonName, error) {
	name, err := ParseLine(s, maxPersonName)
	if err != nil {
		return PersonName{}, err
	}
	letters := 0
	for _, r := range name {
		switch {
		case unicode.IsLetter(r):
			letters++
		case unicode.IsMark(r) && letters > 0: // an accent that no composed letter holds
		case strings.ContainsRune(" -\u2010\u2011'\u2019\u02bc", r):
		default:
			return PersonName{}, fault("name-characters")
		}
	}
	if letters == 0 {
		return PersonName{}, fault("name-characters")
	}
	return PersonName{name}, nil
}

// String gives the name.
func (n PersonName) String() string { return n.name }

// Masked gives the name for people and logs: its first letter.
func (n PersonName) Masked() string { return firstLetter(n.name) }

// LogValue keeps the name out of logs.
func (n PersonName) LogValue() slog.Value { return slog.StringValue(n.Masked()) }

// Organization is the name of an organisation.
type Organization struct{ name string }

// ParseOrganization reads the name of an organisation: one line with a letter or a digit in it.
func ParseOrganization(s string) (Organization, error) {
	name, err := ParseLine(s, maxOrganization)
	if err != nil {
		return Organization{}, err
	}
	if strings.IndexFunc(name, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) < 0 {
		return Organization{}, fault("name-characters")
	}
	return Organization{name}, nil
}

// String gives the name.
func (o Organization) String() string { return o.name }

// Masked gives the name for people and logs: its first character.
func (o Organization) Masked() string { return firstLetter(o.name) }

// LogValue keeps the name out of logs: an entrepreneur's firm bears the entrepreneur's name.
func (o Organization) LogValue() slog.Value { return slog.StringValue(o.Masked()) }

func firstLetter(s string) string {
	if s == "" {
		return ""
	}
	_, size := utf8.DecodeRuneInString(s)
	return s[:size] + "***"
}

// ParseLine reads one line of text of up to limit characters: composed (NFC), every run of white space one space, none at the
// ends. Control characters and others that nobody can see are refused.
func ParseLine(s string, limit int) (string, error) {
	if len(s) > 16*limit { // bytes: four times the longest line in UTF-8, so that white space may be around it
		return "", tooLong(limit)
	}
	if !utf8.ValidString(s) {
		return "", fault("not-text")
	}
	line := strings.Join(strings.Fields(norm.NFC.String(s)), " ")
	if line == "" {
		return "", required()
	}
	if utf8.RuneCountInString(line) > limit {
		return "", tooLong(limit)
	}
	for _, r := range line {
		if !unicode.IsPrint(r) {
			return "", fault("not-text")
		}
	}
	return line, nil
}
