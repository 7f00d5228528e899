package identity

import (
	"log/slog"
	"strings"
)

// Phone is a telephone number of Kazakhstan.
type Phone struct{ digits string } // eleven, beginning with 77

const maxPhoneInput = 64 // bytes; more is no way of writing a number

// ParsePhone reads a number of Kazakhstan as people write it: +7 7xx or 8 7xx or only 7xx, with spaces, dashes and
// parentheses.
func ParsePhone(s string) (Phone, error) {
	if s == "" {
		return Phone{}, required()
	}
	if len(s) > maxPhoneInput {
		return Phone{}, fault("phone-invalid")
	}
	digits, international, ok := phoneDigits(s)
	if !ok {
		return Phone{}, fault("phone-invalid")
	}
	switch {
	case len(digits) == 11 && digits[0] == '7', len(digits) == 11 && digits[0] == '8' && !international:
		digits = digits[1:]
	case len(digits) == 10 && !international:
	default:
		return Phone{}, fault("phone-invalid")
	}
	if digits[0] != '7' {
		return Phone{}, fault("phone-invalid")
	}
	return Phone{"7" + digits}, nil
}

// phoneDigits takes out what people write between the digits, and the plus before them.
func phoneDigits(s string) (digits string, international, ok bool) {
	var b strings.Builder
	for _, r := range s {
		switch {
		case '0' <= r && r <= '9':
			b.WriteRune(r)
		case r == '+' && !international && b.Len() == 0:
			international = true
		case strings.ContainsRune(" \u00a0\u202f-\u2010\u2011\u2012\u2013()", r):
		default:
			return "", false, false
		}
	}
	return b.String(), international, true
}

// String gives the number in its canonical form, +77XXXXXXXXX.
func (p Phone) String() string {
	if p.digits == "" {
		return ""
	}
	return "+" + p.digits
}

// Mobile tells whether the number can receive SMS: 71x and 72x are the codes of towns.
func (p Phone) Mobile() bool { return p.digits != "" && p.digits[2] != '1' && p.digits[2] != '2' }

// Masked gives the number for people and logs: +7 7** *** ** 23.
func (p Phone) Masked() string {
	if p.digits == "" {
		return ""
	}
	return "+7 7** *** ** " + p.digits[len(p.digits)-2:]
}

// LogValue keeps the number out of logs.
func (p Phone) LogValue() slog.Value { return slog.StringValue(p.Masked()) }
