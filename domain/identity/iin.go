package identity

import "time"

// IIN is the identification number of a person, also of an individual entrepreneur.
type IIN struct{ number }

// ParseIIN reads an IIN: twelve ASCII digits with the right check digit. How plausible the date in it is does not
// matter: see Hints.
func ParseIIN(s string) (IIN, error) {
	n, err := parseDigits(s)
	return IIN{n}, err
}

// Sex is what an IIN may hint at.
type Sex string

// The sexes that an IIN hints at; SexUnknown where it says nothing.
const (
	SexUnknown Sex = ""
	Male       Sex = "male"
	Female     Sex = "female"
)

// IINHints is what the digits of an IIN suggest about the person. Never refuse anybody for it.
type IINHints struct {
	Born time.Time // midnight UTC; zero if the digits hold no date or no century
	Sex  Sex
}

// Hints reads the digits in the classic layout.
func (n IIN) Hints() IINHints {
	if n.digits == "" {
		return IINHints{}
	}
	code := int(n.digits[6] - '0')
	if code < 1 || code > 6 {
		return IINHints{}
	}
	hints := IINHints{Sex: Male}
	if code%2 == 0 {
		hints.Sex = Female
	}
	year := 1800 + (code-1)/2*100 + twoDigits(n.digits)
	month, day := twoDigits(n.digits[2:]), twoDigits(n.digits[4:])
	born := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if int(born.Month()) == month && born.Day() == day { // else the date does not exist and time.Date moved it
		hints.Born = born
	}
	return hints
}
