package identity

import "log/slog"

// NumberKind says whether a number names a person or an organisation.
type NumberKind string

// The kinds of numbers.
const (
	KindIIN NumberKind = "iin"
	KindBIN NumberKind = "bin"
)

const numberDigits = 12

// number is a checked identification number of either kind.
type number struct{ digits string }

// String gives the twelve digits.
func (n number) String() string { return n.digits }

// Masked gives the number for people and logs: only its last two digits.
func (n number) Masked() string {
	if n.digits == "" {
		return ""
	}
	return "**********" + n.digits[numberDigits-2:]
}

// LogValue keeps the number out of logs.
func (n number) LogValue() slog.Value { return slog.StringValue(n.Masked()) }

// LooksLikeBIN tells whether the digits have the shape that only a BIN has: year and month of registration, then the
// kind of organisation, 4 to 6. No day of the month begins with these, so a classic IIN never looks so.
func (n number) LooksLikeBIN() bool {
	return n.digits != "" && monthIn(n.digits) && '4' <= n.digits[4] && n.digits[4] <= '6'
}

// LooksLikeIIN tells whether the digits have the shape of a classic IIN: a date of birth, then century and sex. An IIN
// need not look so: since 2013 its digits are not tied to the person.
func (n number) LooksLikeIIN() bool {
	if n.digits == "" || !monthIn(n.digits) {
		return false
	}
	day := twoDigits(n.digits[4:])
	return 1 <= day && day <= 31 && n.digits[6] <= '6'
}

func monthIn(digits string) bool {
	month := twoDigits(digits[2:])
	return 1 <= month && month <= 12
}

func twoDigits(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }

// Number is an IIN or a BIN, where both are accepted, and says which it is by its shape.
type Number struct{ number }

// ParseNumber reads an IIN or a BIN.
func ParseNumber(s string) (Number, error) {
	n, err := parseDigits(s)
	return Number{n}, err
}

// Kind is KindBIN for what has the shape of a BIN, else KindIIN.
func (n Number) Kind() NumberKind {
	if n.LooksLikeBIN() {
		return KindBIN
	}
	return KindIIN
}

// parseDigits makes the checks that hold for every number: twelve ASCII digits and the check digit. Nothing else may
// refuse a number, as numbers that look odd are legally in use. Nobody is let past the check digit, not even by an operator:
// whoever has a number without the right one is by law given another.
func parseDigits(s string) (number, error) {
	if s == "" {
		return number{}, required()
	}
	if len(s) != numberDigits {
		return number{}, fault("not-12-digits")
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return number{}, fault("not-12-digits")
		}
	}
	if check, ok := CheckDigit(s[:numberDigits-1]); !ok || s[numberDigits-1] != check {
		return number{}, fault("wrong-check-digit")
	}
	return number{s}, nil
}

// CheckDigit computes the twelfth digit for eleven. It is not ok if there is none: such numbers are never issued, and
// neither are those of another length or with other characters.
func CheckDigit(eleven string) (digit byte, ok bool) {
	if len(eleven) != numberDigits-1 {
		return 0, false
	}
	first, second := 0, 0
	for i := range numberDigits - 1 {
		d := int(eleven[i]) - '0'
		if d < 0 || d > 9 {
			return 0, false
		}
		first += d * (i + 1)
		second += d * ((i+2)%11 + 1)
	}
	for _, sum := range []int{first, second} {
		if c := sum % 11; c < 10 {
			return byte('0' + c), true
		}
	}
	return 0, false
}
