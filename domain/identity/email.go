package identity

import (
	"log/slog"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Email is an e-mail address without a display name.
type Email struct{ address string }

const (
	maxEmail     = 254 // bytes, RFC 5321 4.5.3.1.3
	maxLocalPart = 64  // bytes, RFC 5321 4.5.3.1.1
	maxLabel     = 63  // characters of a label of a domain
)

// ParseEmail reads an address such as a person has: local part in ASCII without quotes, domain with a dot. The domain
// may be international; its case does not matter and is lowered.
func ParseEmail(s string) (Email, error) {
	if s == "" {
		return Email{}, required()
	}
	if len(s) > maxEmail {
		return Email{}, tooLong(maxEmail)
	}
	parsed, err := mail.ParseAddress(s)
	if err != nil || parsed.Name != "" || parsed.Address != s {
		return Email{}, fault("email-invalid")
	}
	at := strings.LastIndexByte(s, '@')
	local, domain := s[:at], norm.NFC.String(strings.ToLower(s[at+1:]))
	if !localPart(local) || !domainName(domain) {
		return Email{}, fault("email-invalid")
	}
	if len(local)+1+len(domain) > maxEmail {
		return Email{}, tooLong(maxEmail)
	}
	return Email{local + "@" + domain}, nil
}

func localPart(s string) bool {
	if s == "" || len(s) > maxLocalPart {
		return false
	}
	for _, r := range s {
		if r > unicode.MaxASCII || strings.ContainsRune("\"(),:;<>@[\\] ", r) {
			return false
		}
	}
	return true
}

func domainName(s string) bool {
	labels := strings.Split(s, ".")
	if len(labels) < 2 {
		return false
	}
	for _, label := range labels {
		if !domainLabel(label) {
			return false
		}
	}
	return strings.IndexFunc(labels[len(labels)-1], unicode.IsLetter) >= 0 // a network address is no domain
}

func domainLabel(s string) bool {
	if s == "" || utf8.RuneCountInString(s) > maxLabel || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for _, r := range s {
		if r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			return false
		}
	}
	return true
}

// String gives the address.
func (e Email) String() string { return e.address }

// Masked gives the address for people and logs: the first letter and the domain.
func (e Email) Masked() string {
	at := strings.LastIndexByte(e.address, '@')
	if at < 1 {
		return ""
	}
	return e.address[:1] + "***" + e.address[at:]
}

// LogValue keeps the address out of logs.
func (e Email) LogValue() slog.Value { return slog.StringValue(e.Masked()) }
