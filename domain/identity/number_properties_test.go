package identity_test

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"services.example/portal/domain/identity"
)

// The weights of the two passes, as the rules on these numbers give them.
var passes = [2][11]int{
	{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
	{3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2},
}

// byTheRules computes the check digit by the letter of the rules, and tells which pass gave it; 0: none, the number is never
// issued.
func byTheRules(eleven string) (digit byte, pass int) {
	for pass, weights := range passes {
		sum := 0
		for i, weight := range weights {
			sum += weight * int(eleven[i]-'0')
		}
		if c := sum % 11; c != 10 {
			return byte('0' + c), pass + 1
		}
	}
	return 0, 0
}

func elevenDigits(t *rapid.T) string {
	return rapid.StringMatching(`[0-9]{11}`).Draw(t, "eleven digits")
}

// with is the digits with another one in a place, counted from 0.
func with(digits string, place int, digit byte) string {
	changed := []byte(digits)
	changed[place] = digit
	return string(changed)
}

func otherDigit(t *rapid.T, digit byte) byte {
	return byte('0' + (int(digit-'0')+rapid.IntRange(1, 9).Draw(t, "shift"))%10)
}

func TestTheCheckDigitFollowsTheRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		eleven := elevenDigits(t)
		digit, ok := identity.CheckDigit(eleven)
		if want, pass := byTheRules(eleven); digit != want || ok != (pass > 0) {
			t.Fatalf("CheckDigit(%s) = %c, %t; want %c of pass %d", eleven, digit, ok, want, pass)
		}
	})
}

// No number is refused for its date, its century or its kind of organisation: since 2013 they need not mean anything.
func TestNothingButTheCheckDigitRefusesANumber(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		eleven := elevenDigits(t)
		digit, pass := byTheRules(eleven)
		if pass == 0 {
			for digit := byte('0'); digit <= '9'; digit++ {
				if _, err := identity.ParseNumber(eleven + string(digit)); faultOf(err) != "wrong-check-digit" {
					t.Fatalf("%s%c: %v, though it is never issued", eleven, digit, err)
				}
			}
			return
		}
		whole := eleven + string(digit)
		_, person := identity.ParseIIN(whole)
		_, organisation := identity.ParseBIN(whole)
		_, either := identity.ParseNumber(whole)
		if person != nil || organisation != nil || either != nil {
			t.Fatalf("%s: as IIN %v, as BIN %v, as either %v", whole, person, organisation, either)
		}
	})
}

// The eleventh digit has the weight 11 in the first pass: there no slip in it is ever found, and tests must not ask for it.
// Where the second pass gave the check digit, every slip in it is.
func TestASlipInTheEleventhDigitIsFoundInTheSecondPassOnly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		eleven := elevenDigits(t)
		digit, pass := byTheRules(eleven)
		slip := with(eleven, 10, otherDigit(t, eleven[10])) + string(digit)
		_, err := identity.ParseNumber(slip)
		switch pass {
		case 1:
			if err != nil {
				t.Fatalf("%s: %v, though the eleventh digit weighs nothing", slip, err)
			}
		case 2:
			if faultOf(err) != "wrong-check-digit" {
				t.Fatalf("%s for %s%c: %v", slip, eleven, digit, err)
			}
		default:
		}
	})
}

// A slip in another place is found unless it leads into the second pass, or out of it, and that gives the same digit.
func TestASlipWithinOnePassIsAlwaysFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		eleven := elevenDigits(t)
		place := rapid.IntRange(0, 9).Draw(t, "place")
		slip := with(eleven, place, otherDigit(t, eleven[place]))
		digit, pass := byTheRules(eleven)
		_, slipped := byTheRules(slip)
		if pass != 1 || slipped != 1 {
			return
		}
		if _, err := identity.ParseNumber(slip + string(digit)); faultOf(err) != "wrong-check-digit" {
			t.Fatalf("%s%c for %s%c: %v", slip, digit, eleven, digit, err)
		}
	})
}

// How much the check digit is worth, in per cent of a fixed choice of numbers. Whoever wants a wrong number for a test
// changes the last digit: that alone is always found.
func TestHowManySlipsAreNotFound(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	const many = 100_000
	var secondPass, never, slips, slipsNotFound, swaps, swapsNotFound float64
	for range many {
		eleven := make([]byte, 11)
		for i := range eleven {
			eleven[i] = byte('0' + random.IntN(10))
		}
		digit, pass := byTheRules(string(eleven))
		switch pass {
		case 0:
			never++
			secondPass++
			continue
		case 2:
			secondPass++
		default:
		}
		whole := string(eleven) + string(digit)
		place := random.IntN(12)
		slip := with(whole, place, byte('0'+(int(whole[place]-'0')+1+random.IntN(9))%10))
		slips++
		if _, err := identity.ParseNumber(slip); err == nil {
			slipsNotFound++
		}
		place = random.IntN(11)
		if whole[place] == whole[place+1] {
			continue
		}
		swaps++
		if _, err := identity.ParseNumber(with(with(whole, place, whole[place+1]), place+1, whole[place])); err == nil {
			swapsNotFound++
		}
	}
	for _, tt := range []struct {
		what          string
		got, from, to float64
	}{
		{"need the second pass", secondPass / many, 0.088, 0.094},
		{"are never issued", never / many, 0.007, 0.0095},
		{"slips are not found", slipsNotFound / slips, 0.085, 0.095},
		{"swaps of neighbours are not found", swapsNotFound / swaps, 0.014, 0.019},
	} {
		if tt.got < tt.from || tt.got > tt.to {
			t.Errorf("%.2f %% %s, want %.1f to %.1f", 100*tt.got, tt.what, 100*tt.from, 100*tt.to)
		}
	}
}
