package identity_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"services.example/portal/domain/identity"
)

func TestNamesOfPeopleAreLettersOfAnyScript(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, written, want, fault string }{
		{"Kazakh", "Әйгерім", "Әйгерім", ""},
		{"Latin with accents", "Şoqan Ûálıhan", "Şoqan Ûálıhan", ""},
		{"hyphen and apostrophe", "Нұр-Ислам О’Нил", "Нұр-Ислам О’Нил", ""},
		{"spaces are put in order", "  Айгерім \t Нұр ", "Айгерім Нұр", ""},
		{"composed", "И\u0306лияс", "\u0419лияс", ""},
		{"an accent without a composed letter", "о\u0301жан", "о\u0301жан", ""},
		{"one letter", "Ы", "Ы", ""},
		{"longest", strings.Repeat("ә", 100), strings.Repeat("ә", 100), ""},
		{"too long", strings.Repeat("ә", 101), "", "too-long"},
		{"endless", strings.Repeat(" ", 2000), "", "too-long"},
		{"digits", "Айгерім2", "", "name-characters"},
		{"only a hyphen", "-", "", "name-characters"},
		{"an accent first", "\u0301a", "", "name-characters"},
		{"markup", "<b>Айгерім</b>", "", "name-characters"},
		{"a letter nobody sees", "Айге\u200bрім", "", "not-text"},
		{"text that runs backwards", "\u202eАйгерім", "", "not-text"},
		{"a control character", "Айге\x00рім", "", "not-text"},
		{"broken UTF-8", "Айге\xff", "", "not-text"},
		{"only spaces", "   ", "", "required"},
		{"nothing", "", "", "required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			name, err := identity.ParsePersonName(tt.written)
			wantParsed(t, name.String(), err, tt.want, tt.fault)
		})
	}
}

func TestNamesOfOrganisationsAreOneLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, written, want, fault string }{
		{"quotes and form", "«Алтын дән» ЖШС", "«Алтын дән» ЖШС", ""},
		{"digits and signs", "24/7 & Co. №1", "24/7 & Co. №1", ""},
		{"two lines become one", "Алтын\nдән", "Алтын дән", ""},
		{"longest", strings.Repeat("ә", 300), strings.Repeat("ә", 300), ""},
		{"too long", strings.Repeat("ә", 301), "", "too-long"},
		{"no letter and no digit", "«…»", "", "name-characters"},
		{"a control character", "Алтын\x07", "", "not-text"},
		{"nothing", "", "", "required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			name, err := identity.ParseOrganization(tt.written)
			wantParsed(t, name.String(), err, tt.want, tt.fault)
		})
	}
}

func TestFaultsCarryTheLimit(t *testing.T) {
	t.Parallel()
	_, err := identity.ParseLine("four", 3)
	wantParsed(t, "", err, "", "too-long")
	fault, ok := errors.AsType[*identity.Error](err)
	if !ok {
		t.Fatalf("%v is no fault", err)
	}
	field := fault.Field("street")
	if field.Location != "street" || field.Code != "too-long" || field.Params["max"] != "3" {
		t.Errorf("field %+v", field)
	}
}

func TestLogsShowOnlyMaskedValues(t *testing.T) {
	t.Parallel()
	iin, _ := identity.ParseIIN("061211600012")
	bin, _ := identity.ParseBIN("940140000385")
	phone, _ := identity.ParsePhone("+77011234523")
	email, _ := identity.ParseEmail("aigerim@example.kz")
	name, _ := identity.ParsePersonName("Әйгерім")
	organization, _ := identity.ParseOrganization("Алтын дән")
	iban, _ := identity.ParseIBAN("KZ86125KZT5004100100")

	var log bytes.Buffer
	handler := slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	slog.New(handler).Info("seen", "iin", iin, "bin", bin, "phone", phone, "email", email, "name", name,
		"organization", organization, "iban", iban)

	want := `level=INFO msg=seen iin=**********12 bin=**********85 phone="+7 7** *** ** 23" email=a***@example.kz ` +
		`name=Ә*** organization=А*** iban=KZ**************0100` + "\n"
	if log.String() != want {
		t.Errorf("log\n%s want\n%s", log.String(), want)
	}
}

func TestNoValueIsMaskedAsNothing(t *testing.T) {
	t.Parallel()
	for _, masked := range []string{
		identity.IIN{}.Masked(), identity.Phone{}.Masked(), identity.Email{}.Masked(), identity.PersonName{}.Masked(),
		identity.Organization{}.Masked(), identity.IBAN{}.Masked(), identity.Phone{}.String(),
	} {
		if masked != "" {
			t.Errorf("no value gives %q", masked)
		}
	}
}
