package identity_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"services.example/portal/domain/identity"
)

func TestPhonesAreReadAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, written, want, fault string }{
		{"canonical", "+77011234523", "+77011234523", ""},
		{"spaces", "+7 701 123 45 23", "+77011234523", ""},
		{"parentheses and dashes", "+7 (701) 123-45-23", "+77011234523", ""},
		{"without plus", "77011234523", "+77011234523", ""},
		{"with eight", "8 701 123 45 23", "+77011234523", ""},
		{"without the country", "701 123 45 23", "+77011234523", ""},
		{"typographic dashes and spaces", "+7\u00a0701\u00a0123\u201145\u201323", "+77011234523", ""},
		{"a town", "8 (717) 2 12-34-56", "+77172123456", ""},
		{"Russia", "+7 901 123 45 23", "", "phone-invalid"},
		{"another country", "+49 170 1234567", "", "phone-invalid"},
		{"eight is no country", "+8 701 123 45 23", "", "phone-invalid"},
		{"plus without country", "+701 123 45 23", "", "phone-invalid"},
		{"one digit too few", "+7 701 123 45 2", "", "phone-invalid"},
		{"one digit too many", "+7 701 123 45 233", "", "phone-invalid"},
		{"two plus signs", "++77011234523", "", "phone-invalid"},
		{"a plus inside", "7701+1234523", "", "phone-invalid"},
		{"letters", "+7 701 CALL ME", "", "phone-invalid"},
		{"only a plus", "+", "", "phone-invalid"},
		{"far too long", strings.Repeat(" ", 64) + "77011234523", "", "phone-invalid"},
		{"broken UTF-8", "+7701\xff1234523", "", "phone-invalid"},
		{"nothing", "", "", "required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			phone, err := identity.ParsePhone(tt.written)
			wantParsed(t, phone.String(), err, tt.want, tt.fault)
		})
	}
}

func TestOnlyMobilePhonesReceiveCodes(t *testing.T) {
	t.Parallel()
	for number, mobile := range map[string]bool{
		"+77011234523": true, "+77471234523": true, "+77771234523": true,
		"+77172123456": false, "+77272123456": false,
	} {
		phone, err := identity.ParsePhone(number)
		if err != nil {
			t.Fatal(err)
		}
		if phone.Mobile() != mobile {
			t.Errorf("%s mobile: %t, want %t", number, phone.Mobile(), mobile)
		}
	}
	if (identity.Phone{}).Mobile() {
		t.Error("no phone is mobile")
	}
}

func TestEmailsAreStrictAndDomainsInternational(t *testing.T) {
	t.Parallel()
	longLocal := strings.Repeat("a", 64)
	label := strings.Repeat("b", 63)
	for _, tt := range []struct{ name, written, want, fault string }{
		{"plain", "aigerim@example.kz", "aigerim@example.kz", ""},
		{"capitals in the domain are lowered", "Aigerim@Example.KZ", "Aigerim@example.kz", ""},
		{"plus and dots", "a.b+tag@mail.example.kz", "a.b+tag@mail.example.kz", ""},
		{"apostrophe", "o'neil@example.kz", "o'neil@example.kz", ""},
		{"Kazakh domain", "info@Мысал.қаз", "info@мысал.қаз", ""},
		{"punycode", "info@xn--80ao21a.xn--80ao21a", "info@xn--80ao21a.xn--80ao21a", ""},
		{"longest local part", longLocal + "@example.kz", longLocal + "@example.kz", ""},
		{"local part too long", longLocal + "a@example.kz", "", "email-invalid"},
		{"label too long", "a@" + label + "b.kz", "", "email-invalid"},
		{"too long", longLocal + "@" + label + "." + label + "." + label + ".kz", "", "too-long"},
		{"display name", "Aigerim <aigerim@example.kz>", "", "email-invalid"},
		{"angle brackets", "<aigerim@example.kz>", "", "email-invalid"},
		{"comment", "aigerim(work)@example.kz", "", "email-invalid"},
		{"quoted", `"a b"@example.kz`, "", "email-invalid"},
		{"needlessly quoted", `"ab"@example.kz`, "", "email-invalid"},
		{"two addresses", "a@example.kz,b@example.kz", "", "email-invalid"},
		{"two at signs", "a@b@example.kz", "", "email-invalid"},
		{"no dot in the domain", "root@localhost", "", "email-invalid"},
		{"dot at the end", "a@example.kz.", "", "email-invalid"},
		{"hyphen at an edge", "a@-example.kz", "", "email-invalid"},
		{"network address", "a@192.0.2.1", "", "email-invalid"},
		{"address literal", "a@[192.0.2.1]", "", "email-invalid"},
		{"no domain", "aigerim", "", "email-invalid"},
		{"no local part", "@example.kz", "", "email-invalid"},
		{"two dots", "a..b@example.kz", "", "email-invalid"},
		{"Kazakh local part", "әсем@example.kz", "", "email-invalid"},
		{"header injection", "a@example.kz\r\nBcc: b@example.kz", "", "email-invalid"},
		{"space around", " a@example.kz", "", "email-invalid"},
		{"broken UTF-8", "a@ex\xffample.kz", "", "email-invalid"},
		{"nothing", "", "", "required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			email, err := identity.ParseEmail(tt.written)
			wantParsed(t, email.String(), err, tt.want, tt.fault)
		})
	}
}

func TestAccountNumbersOfBanksAreChecked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, written, want, fault string }{
		{"the registry's example", "KZ86125KZT5004100100", "KZ86125KZT5004100100", ""},
		{"with spaces and small letters", "kz86 125k zt50 0410 0100", "KZ86125KZT5004100100", ""},
		{"digits exchanged", "KZ68125KZT5004100100", "", "iban-wrong-check-digits"},
		{"one character changed", "KZ86125KZT5004100101", "", "iban-wrong-check-digits"},
		{"another country", "DE89370400440532013000", "", "iban-invalid"},
		{"too short", "KZ86125KZT500410010", "", "iban-invalid"},
		{"letters in the bank's place", "KZ86A25KZT5004100100", "", "iban-invalid"},
		{"a letter of another alphabet", "KZ86125КZT500410010", "", "iban-invalid"},
		{"endless", strings.Repeat("K", 41), "", "iban-invalid"},
		{"nothing", "", "", "required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			iban, err := identity.ParseIBAN(tt.written)
			wantParsed(t, iban.String(), err, tt.want, tt.fault)
		})
	}
}

// Whatever a parser accepts, its canonical form reads as itself.
func TestCanonicalFormsAreStable(t *testing.T) {
	t.Parallel()
	written := rapid.OneOf(
		rapid.StringMatching(`(\+7|8|7|) ?\(?7[0-9]{2}\)?[ -]?[0-9]{3}[ -]?[0-9]{2}[ -]?[0-9]{2}`),
		rapid.StringMatching(`[A-Za-z0-9._+-]{1,12}@[A-Za-zА-я0-9-]{1,8}\.[A-Za-zА-я]{1,5}`),
		rapid.StringMatching(`[A-Za-zА-яӘәҚқ '’-]{1,20}`),
		rapid.String(),
	)
	rapid.Check(t, func(t *rapid.T) {
		s := written.Draw(t, "written")
		for name, parse := range parsers {
			once, err := parse(s)
			if err != nil {
				if once != "" {
					t.Fatalf("%s gave %q and an error", name, once)
				}
				continue
			}
			if twice, err := parse(once); err != nil || twice != once {
				t.Fatalf("%s(%q) = %q, and again %q, %v", name, s, once, twice, err)
			}
		}
	})
}

var parsers = map[string]func(string) (string, error){
	"phone":        text(identity.ParsePhone),
	"email":        text(identity.ParseEmail),
	"iban":         text(identity.ParseIBAN),
	"name":         text(identity.ParsePersonName),
	"organization": text(identity.ParseOrganization),
	"line":         func(s string) (string, error) { return identity.ParseLine(s, 40) },
}

func text[T interface{ String() string }](parse func(string) (T, error)) func(string) (string, error) {
	return func(s string) (string, error) {
		value, err := parse(s)
		return value.String(), err
	}
}

func fuzzParser(f *testing.F, name string, seeds ...string) {
	f.Helper()
	for _, seed := range seeds {
		f.Add(seed)
	}
	parse := parsers[name]
	f.Fuzz(func(t *testing.T, s string) {
		once, err := parse(s)
		if err != nil {
			wantParsed(t, once, err, "", faultOf(err))
			return
		}
		twice, err := parse(once)
		wantParsed(t, twice, err, once, "")
	})
}

func FuzzParsePhone(f *testing.F) {
	fuzzParser(f, "phone", "+7 (701) 123-45-23", "87011234523", "+", "7\xff")
}

func FuzzParseEmail(f *testing.F) {
	fuzzParser(f, "email", "a@example.kz", "info@мысал.қаз", `"a b"@example.kz`, "a@b@c.d", "İ@İ.kz")
}

func FuzzParseIBAN(f *testing.F) {
	fuzzParser(f, "iban", "KZ86125KZT5004100100", "kz86 125k zt50 0410 0100", "KZ", "ßß")
}

func FuzzParsePersonName(f *testing.F) {
	fuzzParser(f, "name", "Айгерім", "О’Нил-Қасым", " x ", "\u0301a", "a\xff")
}

func FuzzParseOrganization(f *testing.F) {
	fuzzParser(f, "organization", "«Мысал» ЖШС", "a\nb", "\u202eabc", "…")
}
