package account_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
)

// card is a client card with everything in it.
func card() account.Card {
	return account.Card{
		LastName: "Алтынбай", FirstName: "Жанерке", MiddleName: "Серікқызы", Organization: "«Алтын дән» ЖК", LegalForm: "ЖК",
		RegistrationNumber: "№ 1001", RegistrationDate: "2019-04-01", RegistrationAuthority: "Қала әкімдігі",
		Region: "Ақмола облысы", Locality: "Көкшетау", Street: "Ойдан шығарылған көше", Building: "12/1", Office: "3",
		Postcode: "020000", HeadName: "Алтынбай Ж. С.", HeadPosition: "басшы", Activity: "Бағдарламалау",
		ActivityCode: "62.01.1", VATPayer: true, Bank: "Ойдан банкі", BIC: "OIDNKZKA", IBAN: identitytest.IBAN(1), KBE: "19",
		Website: "https://altyn.example.kz",
	}
}

// plain is the card that a registration leaves.
func plain() account.Card {
	return account.Card{LastName: "Алтынбай", FirstName: "Жанерке"}
}

func TestSavingTheClientCard(t *testing.T) {
	t.Parallel()
	saved := account.ClientCardSaved{Card: card(), At: noon}
	untidy := card()
	untidy.LastName, untidy.Street, untidy.BIC, untidy.Website = " Алтынбай ", " Ойдан  шығарылған\tкөше", " oidnkzka ", "https://altyn.example.kz "
	untidy.IBAN = strings.ToLower(untidy.IBAN[:4] + " " + untidy.IBAN[4:])
	bare := card()
	bare.Website = "altyn.example.kz"
	run(t, []scenario{
		{name: "a whole card", given: active(), when: account.SaveClientCard{Card: card(), At: noon}, then: []account.Event{saved}},
		{name: "typed untidily", given: active(), when: account.SaveClientCard{Card: untidy, At: noon}, then: []account.Event{saved}},
		{name: "a web site without a scheme", given: active(), when: account.SaveClientCard{Card: bare, At: noon}, then: []account.Event{saved}},
		{name: "the card of the registration changes nothing", given: active(), when: account.SaveClientCard{Card: plain(), At: noon}},
		{
			name: "phone and e-mail as they are, written in another way", given: active(),
			when: account.SaveClientCard{Card: plain(), Phone: "8 799 000 00 01", Email: "Zhanerke@EXAMPLE.kz", At: noon},
		},
		{name: "without an account", when: account.SaveClientCard{Card: card(), At: noon}, refused: errNoAccount},
		{
			name: "everything wrong is told at once", given: []account.Event{legalStarted("r1"), confirmed("r1")},
			when: account.SaveClientCard{
				Card: account.Card{
					LastName: "1", Organization: " ", LegalForm: "\x00", RegistrationNumber: strings.Repeat("1", 51),
					RegistrationDate: "2026-11-18", Postcode: "12345", ActivityCode: "abc", BIC: "OIDNDEKA", IBAN: "KZ00", KBE: "30",
					Website: "ftp://altyn.example.kz",
				},
				Phone: "1", Email: "nobody", At: noon,
			},
			refused: problem.Input(
				problem.Field{Location: "lastName", Code: "name-characters"},
				problem.Field{Location: "firstName", Code: "required"},
				problem.Field{Location: "organization", Code: "required"},
				problem.Field{Location: "legalForm", Code: "not-text"},
				problem.Field{Location: "registrationNumber", Code: "too-long", Params: map[string]string{"max": "50"}},
				problem.Field{Location: "registrationDate", Code: "date-in-future"},
				problem.Field{Location: "postcode", Code: "postcode-invalid"},
				problem.Field{Location: "activityCode", Code: "activity-code-invalid"},
				problem.Field{Location: "bic", Code: "bic-invalid"},
				problem.Field{Location: "iban", Code: "iban-invalid"},
				problem.Field{Location: "kbe", Code: "kbe-invalid"},
				problem.Field{Location: "website", Code: "website-invalid"},
				problem.Field{Location: "phone", Code: "phone-invalid"},
				problem.Field{Location: "email", Code: "email-invalid"},
			),
		},
	})
}

func TestShapesOnTheClientCard(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*account.Card)
		fault  string // location and code
	}{
		{"postcode of the newer kind", func(c *account.Card) { c.Postcode = "a05t3d9" }, ""},
		{"OKED without dots", func(c *account.Card) { c.ActivityCode = "62011" }, ""},
		{"OKED of a division", func(c *account.Card) { c.ActivityCode = "62" }, ""},
		{"OKED of a group", func(c *account.Card) { c.ActivityCode = "62.0" }, ""},
		{"OKED with too many digits", func(c *account.Card) { c.ActivityCode = "62.01.11" }, "activityCode activity-code-invalid"},
		{"BIC of a branch", func(c *account.Card) { c.BIC = "OIDNKZKAXXX" }, ""},
		{"registered today", func(c *account.Card) { c.RegistrationDate = "2026-11-16" }, ""},
		{"registered on no day", func(c *account.Card) { c.RegistrationDate = "2026-02-30" }, "registrationDate date-invalid"},
		{"registered before anything was", func(c *account.Card) { c.RegistrationDate = "0019-04-01" }, "registrationDate date-invalid"},
		{"web site with a path", func(c *account.Card) { c.Website = "http://мысал.қаз/туралы?x=1" }, ""},
		{"web site with a password", func(c *account.Card) { c.Website = "https://a:b@example.kz" }, "website website-invalid"},
		{"web site that is a script", func(c *account.Card) { c.Website = "javascript://example.kz/%0aalert(1)" }, "website website-invalid"},
		{"web site without a dot", func(c *account.Card) { c.Website = "localhost" }, "website website-invalid"},
		{"web site that breaks out", func(c *account.Card) { c.Website = `https://example.kz/"><b>` }, "website website-invalid"},
		{"web site too long", func(c *account.Card) { c.Website = "https://example.kz/" + strings.Repeat("a", 300) }, "website too-long"},
		{"IBAN with exchanged digits", func(c *account.Card) { c.IBAN = "KZ68125KZT5004100100" }, "iban iban-wrong-check-digits"},
		{"broken UTF-8", func(c *account.Card) { c.Bank = "Ойдан\xff" }, "bank not-text"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			changed := card()
			tt.change(&changed)
			_, err := account.Decide(account.Fold(active()...), account.SaveClientCard{Card: changed, At: noon})
			var got string
			if err != nil {
				got = strings.TrimSuffix(strings.TrimPrefix(strings.ReplaceAll(err.Error(), ":", ""), "invalid ("), ")")
			}
			if got != tt.fault {
				t.Errorf("fault %q, want %q", got, tt.fault)
			}
		})
	}
}

func TestANewContactTakesEffectWhenItIsConfirmed(t *testing.T) {
	t.Parallel()
	save := account.SaveClientCard{
		Card: plain(), Phone: "8 799 000 00 09", Email: "new@example.kz",
		PhoneChangeID: "c1", EmailChangeID: "c2", ChangesExpireAt: later, At: noon,
	}
	phone := account.ContactChangeRequested{ChangeID: "c1", Channel: account.SMS, Value: "+77990000009", ExpiresAt: later, At: noon}
	email := account.ContactChangeRequested{ChangeID: "c2", Channel: account.Email, Value: "new@example.kz", ExpiresAt: later, At: noon}
	phoneConfirmed := account.ContactConfirmed{ChangeID: "c1", Channel: account.SMS, Value: "+77990000009", At: noon}
	emailConfirmed := account.ContactConfirmed{ChangeID: "c2", Channel: account.Email, Value: "new@example.kz", At: noon}

	savedAgain := save
	savedAgain.PhoneChangeID, savedAgain.EmailChangeID = "c3", "c4"
	savedLate := savedAgain
	savedLate.At, savedLate.ChangesExpireAt = later, later.Add(time.Minute)
	phoneLate, emailLate := phone, email
	phoneLate.ChangeID, phoneLate.At, phoneLate.ExpiresAt = "c3", later, later.Add(time.Minute)
	emailLate.ChangeID, emailLate.At, emailLate.ExpiresAt = "c4", later, later.Add(time.Minute)
	toldLate := save
	toldLate.At = later
	otherPhone := save
	otherPhone.Phone, otherPhone.Email, otherPhone.PhoneChangeID = "+77990000008", "", "c3"
	other := phone
	other.ChangeID, other.Value = "c3", "+77990000008"
	withCard := save
	withCard.Card = card()

	run(t, []scenario{
		{name: "both are asked for", given: active(), when: save, then: []account.Event{phone, email}},
		{
			name: "beside the card, which is saved at once", given: active(), when: withCard,
			then: []account.Event{account.ClientCardSaved{Card: card(), At: noon}, phone, email},
		},
		{name: "asked again while the codes are on their way", given: active(phone, email), when: savedAgain},
		{name: "asked again when they are too old", given: active(phone, email), when: savedLate, then: []account.Event{phoneLate, emailLate}},
		{name: "the same command told again when they are too old", given: active(phone, email), when: toldLate},
		{name: "another phone takes the place of the first", given: active(phone), when: otherPhone, then: []account.Event{other}},
		{name: "the phone is confirmed", given: active(phone, email), when: account.ConfirmContact{ChangeID: "c1", At: noon}, then: []account.Event{phoneConfirmed}},
		{name: "the e-mail is confirmed", given: active(phone, email), when: account.ConfirmContact{ChangeID: "c2", At: noon}, then: []account.Event{emailConfirmed}},
		{name: "confirmed twice, the second time late", given: active(phone, phoneConfirmed), when: account.ConfirmContact{ChangeID: "c1", At: later}},
		{name: "confirmed too late", given: active(phone), when: account.ConfirmContact{ChangeID: "c1", At: later}, refused: errCodeExpired},
		{name: "confirmed after another took its place", given: active(phone, other), when: account.ConfirmContact{ChangeID: "c1", At: noon}, refused: errCodeExpired},
		{name: "nothing was asked for", given: active(), when: account.ConfirmContact{ChangeID: "c1", At: noon}, refused: errCodeExpired},
		{name: "without an account", when: account.ConfirmContact{ChangeID: "c1", At: noon}, refused: errNoAccount},
	})

	waiting := account.Fold(active(phone, email)...)
	if waiting.Phone != "+77990000001" || waiting.Email != "Zhanerke@example.kz" {
		t.Errorf("before the codes: %s, %s", waiting.Phone, waiting.Email)
	}
	changed := account.Fold(active(phone, email, emailConfirmed, phoneConfirmed)...)
	if changed.Phone != "+77990000009" || changed.Email != "new@example.kz" {
		t.Errorf("after the codes: %s, %s", changed.Phone, changed.Email)
	}
}

func TestTheVersionOfTheCardGrowsWithWhatItShows(t *testing.T) {
	t.Parallel()
	var state account.State
	var versions []int
	for _, e := range []account.Event{
		started("r1"), confirmed("r1"),
		account.SignedIn{SessionRef: "s1"},
		account.ClientCardSaved{Card: card()},
		account.ContactChangeRequested{ChangeID: "c1", Channel: account.SMS},
		account.ContactConfirmed{ChangeID: "c1", Channel: account.SMS},
		account.LanguageChanged{Language: text.English},
	} {
		state = account.Evolve(state, e)
		versions = append(versions, state.CardVersion)
	}
	if diff := cmp.Diff([]int{0, 1, 1, 2, 2, 3, 3}, versions); diff != "" {
		t.Error(diff)
	}
}

func TestChangingHowThePortalWrites(t *testing.T) {
	t.Parallel()
	run(t, []scenario{
		{
			name: "by e-mail only", given: active(), when: account.ChangeNotificationMethod{NotifyBy: []string{"email"}, At: noon},
			then: []account.Event{account.NotificationMethodChanged{NotifyBy: []account.Channel{account.Email}, At: noon}},
		},
		{name: "by both, as it is", given: active(), when: account.ChangeNotificationMethod{NotifyBy: []string{"email", "sms"}, At: noon}},
		{
			name: "not at all", given: active(), when: account.ChangeNotificationMethod{At: noon},
			refused: invalid([2]string{"notifyBy", "required"}),
		},
		{name: "to nobody", when: account.ChangeNotificationMethod{NotifyBy: []string{"sms"}, At: noon}, refused: errNoAccount},
		{
			name: "in English", given: active(), when: account.ChangeLanguage{Language: "en", At: noon},
			then: []account.Event{account.LanguageChanged{Language: text.English, At: noon}},
		},
		{name: "in Russian, as it does", given: active(), when: account.ChangeLanguage{Language: "ru", At: noon}},
		{
			name: "in a language that it does not know", given: active(), when: account.ChangeLanguage{Language: "de", At: noon},
			refused: invalid([2]string{"language", "unknown-value"}),
		},
		{name: "in English, to nobody", when: account.ChangeLanguage{Language: "en", At: noon}, refused: errNoAccount},
	})
}

func TestFormsArePrefilledFromTheCard(t *testing.T) {
	t.Parallel()
	legal := account.Fold(legalStarted("r1"), confirmed("r1"), account.ClientCardSaved{Card: card()})
	got := map[string]any{}
	if err := json.Unmarshal(legal.Prefill(), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"kind": "legal", "login": bin, "bin": bin, "name": "«Алтын дән» ЖК", "fullName": "Алтынбай Жанерке Серікқызы",
		"phone": "+77990000001", "email": "Zhanerke@example.kz",
		"address": "020000, Ақмола облысы, Көкшетау, Ойдан шығарылған көше, 12/1, 3",

		"lastName": "Алтынбай", "firstName": "Жанерке", "middleName": "Серікқызы", "organization": "«Алтын дән» ЖК", "legalForm": "ЖК",
		"registrationNumber": "№ 1001", "registrationDate": "2019-04-01", "registrationAuthority": "Қала әкімдігі",
		"region": "Ақмола облысы", "locality": "Көкшетау", "street": "Ойдан шығарылған көше", "building": "12/1", "office": "3",
		"postcode": "020000", "headName": "Алтынбай Ж. С.", "headPosition": "басшы", "activity": "Бағдарламалау",
		"activityCode": "62.01.1", "vatPayer": true, "bank": "Ойдан банкі", "bic": "OIDNKZKA", "iban": identitytest.IBAN(1), "kbe": "19",
		"website": "https://altyn.example.kz",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	var individual struct{ IIN, BIN, Name, Address string }
	if err := json.Unmarshal(account.Fold(active()...).Prefill(), &individual); err != nil {
		t.Fatal(err)
	}
	if individual.IIN != iin || individual.BIN != "" || individual.Name != "Алтынбай Жанерке" || individual.Address != "" {
		t.Errorf("an individual: %+v", individual)
	}
}
