package identity_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/identity"
	"services.example/portal/domain/identity/identitytest"
)

func TestNumbersAreCheckedByDigitsAlone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, number, fault string }{
		{"first pass", "940140000385", ""},
		{"first pass, another", "990140004654", ""},
		{"first pass, a third", "180140005198", ""},
		{"second pass", "061211600012", ""},
		{"second pass, digit 1", "900101300811", ""},
		{"second pass, digit 3", "900101300823", ""},
		{"second pass, digit 5", "900101300835", ""},
		{"month 34 matters not", complete(t, "12345678901"), ""},
		{"check digit one too high", "940140000386", "wrong-check-digit"},
		{"check digit of first pass only", "061211600010", "wrong-check-digit"},
		{"month 34 with a wrong digit", "123456789011", "wrong-check-digit"},
		{"no twelfth digit exists", "900101300800", "wrong-check-digit"},
		{"eleven digits", "76050535350", "not-12-digits"},
		{"thirteen digits", "9401400003855", "not-12-digits"},
		{"a letter", "94014000038O", "not-12-digits"},
		{"spaces", "9401 4000 038", "not-12-digits"},
		{"Arabic digits", "٩٤٠١٤٠", "not-12-digits"},
		{"nothing", "", "required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			iin, err := identity.ParseIIN(tt.number)
			wantParsed(t, iin.String(), err, tt.number, tt.fault)
			bin, err := identity.ParseBIN(tt.number)
			wantParsed(t, bin.String(), err, tt.number, tt.fault)
			number, err := identity.ParseNumber(tt.number)
			wantParsed(t, number.String(), err, tt.number, tt.fault)
		})
	}
}

func TestSomePrefixesHaveNoCheckDigit(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"90010130080", "90010130161", "90010130242"} {
		if digit, ok := identity.CheckDigit(prefix); ok {
			t.Errorf("CheckDigit(%s) = %c; no digit fits", prefix, digit)
		}
	}
	for _, broken := range []string{"", "9001013008", "900101300801", "9001013008x"} {
		if _, ok := identity.CheckDigit(broken); ok {
			t.Errorf("CheckDigit(%q) is ok", broken)
		}
	}
}

func TestTheShapeTellsBINFromIIN(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, number             string
		kind                     identity.NumberKind
		looksLikeIIN, looksLikeB bool
	}{
		{"a resident organisation", "940140000385", identity.KindBIN, false, true},
		{"a joint enterprise", complete(t, "20126000001"), identity.KindBIN, false, true},
		{"a person of the 21st century", "061211600012", identity.KindIIN, true, false},
		{"a foreigner", complete(t, "90010100001"), identity.KindIIN, true, false},
		{"century 7 is not assigned", complete(t, "90010170001"), identity.KindIIN, false, false},
		{"month 34", complete(t, "12345678901"), identity.KindIIN, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			number, err := identity.ParseNumber(tt.number)
			if err != nil {
				t.Fatal(err)
			}
			if got := number.Kind(); got != tt.kind {
				t.Errorf("kind %s, want %s", got, tt.kind)
			}
			if got := number.LooksLikeIIN(); got != tt.looksLikeIIN {
				t.Errorf("looks like IIN: %t, want %t", got, tt.looksLikeIIN)
			}
			if got := number.LooksLikeBIN(); got != tt.looksLikeB {
				t.Errorf("looks like BIN: %t, want %t", got, tt.looksLikeB)
			}
		})
	}
}

func TestHintsReadTheClassicLayout(t *testing.T) {
	t.Parallel()
	born := func(year int, month time.Month, day int) time.Time {
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	}
	for _, tt := range []struct {
		name, eleven string
		want         identity.IINHints
	}{
		{"a man of the 19th century", "99123110001", identity.IINHints{Born: born(1899, 12, 31), Sex: identity.Male}},
		{"a woman of the 20th century", "90010140001", identity.IINHints{Born: born(1990, 1, 1), Sex: identity.Female}},
		{"a woman of the 21st century", "06121160001", identity.IINHints{Born: born(2006, 12, 11), Sex: identity.Female}},
		{"29 February in no leap year", "90022930001", identity.IINHints{Sex: identity.Male}},
		{"29 February in a leap year", "92022930001", identity.IINHints{Born: born(1992, 2, 29), Sex: identity.Male}},
		{"a foreigner", "90010100001", identity.IINHints{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			iin, err := identity.ParseIIN(complete(t, tt.eleven))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, iin.Hints()); diff != "" {
				t.Error(diff)
			}
		})
	}
	if diff := cmp.Diff(identity.IINHints{}, identity.IIN{}.Hints()); diff != "" {
		t.Error(diff)
	}
}

func TestHintsOfABINNameEntityAndUnit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		eleven string
		want   identity.BINHints
	}{
		{"94014000038", identity.BINHints{Entity: identity.Resident, Unit: identity.HeadOffice}},
		{"94015100038", identity.BINHints{Entity: identity.NonResident, Unit: identity.Branch}},
		{"94016200038", identity.BINHints{Entity: identity.JointEnterprise, Unit: identity.RepresentativeOffice}},
		{"94014300038", identity.BINHints{Entity: identity.Resident, Unit: identity.Farm}},
		{"94014900038", identity.BINHints{Entity: identity.Resident}},
		{"90010140001", identity.BINHints{}},
	} {
		t.Run(tt.eleven, func(t *testing.T) {
			t.Parallel()
			bin, err := identity.ParseBIN(complete(t, tt.eleven))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, bin.Hints()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Not every wrong digit can be found: the eleventh weighs nothing in the first pass. But a wrong check digit always is.
func TestEveryOtherCheckDigitIsRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := identitytest.IIN(rapid.Int().Draw(t, "n"))
		wrong := byte('0' + (int(number[11]-'0')+rapid.IntRange(1, 9).Draw(t, "shift"))%10)
		if _, err := identity.ParseIIN(number[:11] + string(wrong)); faultOf(err) != "wrong-check-digit" {
			t.Fatalf("%s with the last digit %c: %v", number, wrong, err)
		}
	})
}

func TestInventedNumbersPassEveryCheck(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int().Draw(t, "n")
		person, err := identity.ParseNumber(identitytest.IIN(n))
		if err != nil || person.Kind() != identity.KindIIN || !person.LooksLikeIIN() {
			t.Fatalf("IIN(%d): %v %v", n, person, err)
		}
		organisation, err := identity.ParseNumber(identitytest.BIN(n))
		if err != nil || organisation.Kind() != identity.KindBIN || organisation.LooksLikeIIN() {
			t.Fatalf("BIN(%d): %v %v", n, organisation, err)
		}
		phone, err := identity.ParsePhone(identitytest.Phone(n))
		if err != nil || !phone.Mobile() {
			t.Fatalf("Phone(%d): %v %v", n, phone, err)
		}
		if iban, err := identity.ParseIBAN(identitytest.IBAN(n)); err != nil {
			t.Fatalf("IBAN(%d): %v %v", n, iban, err)
		}
	})
}

func TestInventedNumbersAreAllDifferent(t *testing.T) {
	t.Parallel()
	const many = 200_000
	seen := make(map[string]int, 4*many)
	for n := range many {
		for _, number := range []string{
			identitytest.IIN(n), identitytest.BIN(n), identitytest.Phone(n), identitytest.IBAN(n),
		} {
			if before, ok := seen[number]; ok {
				t.Fatalf("%s is number %d and number %d", number, before, n)
			}
			seen[number] = n
		}
	}
	if identitytest.IIN(0) != "600101500007" || identitytest.BIN(0) != "600140000008" {
		t.Errorf("the first numbers are %s and %s: seeds rely on them", identitytest.IIN(0), identitytest.BIN(0))
	}
}

func FuzzParseNumber(f *testing.F) {
	for _, seed := range []string{"", "061211600012", "940140000385", "76050535350", "００００００００００００", "90010130080\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		number, err := identity.ParseNumber(s)
		if err != nil {
			wantParsed(t, number.String(), err, s, faultOf(err))
			return
		}
		if number.String() != s || len(s) != 12 {
			t.Fatalf("%q became %q", s, number)
		}
		if number.LooksLikeBIN() && number.LooksLikeIIN() {
			t.Fatalf("%s looks like both", s)
		}
		iin, err := identity.ParseIIN(s)
		if err != nil {
			t.Fatalf("%s is a number but no IIN: %v", s, err)
		}
		bin, err := identity.ParseBIN(s)
		if err != nil {
			t.Fatalf("%s is a number but no BIN: %v", s, err)
		}
		_, _ = iin.Hints(), bin.Hints()
	})
}
