package identity

import (
	"log/slog"
	"strings"
)

// IBAN is the number of an account in a bank of Kazakhstan.
type IBAN struct{ value string }

const (
	ibanLength   = 20 // characters: KZ, two check digits, three digits of the bank, thirteen of the account
	maxIBANInput = 40 // bytes, with spaces
)

// ParseIBAN reads an IBAN of Kazakhstan, with spaces or without, in capitals or not.
func ParseIBAN(s string) (IBAN, error) {
	if s == "" {
		return IBAN{}, required()
	}
	if len(s) > maxIBANInput {
		return IBAN{}, fault("iban-invalid")
	}
	value := strings.ToUpper(strings.ReplaceAll(s, " ", ""))
	if len(value) != ibanLength || value[:2] != "KZ" || !all(value[2:7], isDigit) || !all(value[7:], isDigitOrCapital) {
		return IBAN{}, fault("iban-invalid")
	}
	if remainder97(value[4:]+value[:4]) != 1 {
		return IBAN{}, fault("iban-wrong-check-digits")
	}
	return IBAN{value}, nil
}

// remainder97 reads letters as 10 to 35 and gives the remainder that ISO 13616 asks for.
func remainder97(s string) int {
	remainder := 0
	for i := range len(s) {
		if isDigit(s[i]) {
			remainder = (remainder*10 + int(s[i]-'0')) % 97
		} else {
			remainder = (remainder*100 + int(s[i]-'A') + 10) % 97
		}
	}
	return remainder
}

func all(s string, is func(byte) bool) bool {
	for i := range len(s) {
		if !is(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isDigitOrCapital(c byte) bool { return isDigit(c) || 'A' <= c && c <= 'Z' }

// String gives the number without spaces.
func (i IBAN) String() string { return i.value }

// Masked gives the number for people and logs: country and last four characters.
func (i IBAN) Masked() string {
	if i.value == "" {
		return ""
	}
	return "KZ**************" + i.value[ibanLength-4:]
}

// LogValue keeps the number out of logs.
func (i IBAN) LogValue() slog.Value { return slog.StringValue(i.Masked()) }
