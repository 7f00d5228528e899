package account_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/problem"
)

// Whatever people type, they get their card or problems with it; and a card that was accepted is accepted again, as it
// is, when it comes back from a form.
func FuzzSaveClientCard(f *testing.F) {
	f.Add("altyn.example.kz", "2019-04-01", "a05t3d9", "62.01.1", "oidnkzka", "KZ86125KZT5004100100", "19", "Көше", "8 799 000 00 09", "new@example.kz")
	f.Add("javascript:alert(1)", "0000-00-00", "\xff", "62.", "ß", "KZ", "٣٣", "\u202e", "+", "@")
	state := account.Fold(active()...)
	f.Fuzz(func(t *testing.T, website, date, postcode, activity, bic, iban, kbe, line, phone, email string) {
		c := account.SaveClientCard{
			Card: account.Card{
				LastName: "Алтынбай", FirstName: "Жанерке", Website: website, RegistrationDate: date, Postcode: postcode,
				ActivityCode: activity, BIC: bic, IBAN: iban, KBE: kbe, Street: line, HeadName: line,
			},
			Phone: phone, Email: email, PhoneChangeID: "c1", EmailChangeID: "c2", ChangesExpireAt: later, At: noon,
		}
		events, err := account.Decide(state, c)
		if err != nil {
			if !problem.Has(err, "invalid") {
				t.Fatalf("%v is no problem of the input", err)
			}
			return
		}
		saved := account.Fold(append(active(), events...)...)
		again := account.SaveClientCard{Card: saved.Card, Phone: saved.PhoneChange.Value, Email: saved.EmailChange.Value, At: noon}
		if events, err := account.Decide(saved, again); len(events) > 0 || err != nil {
			t.Fatalf("%+v again: %v, %v", again, events, err)
		}
	})
}

// Whatever people type, they get a registration or problems with it; and what was understood reads the same again.
func FuzzStartRegistration(f *testing.F) {
	f.Add("individual", iin, "", "", "Алтынбай", "Жанерке", "", "a@example.kz", "87990000001", "sms", "kk", "Tulpar2031")
	f.Add("legal", "", bin, "«Алтын дән» ЖШС", "Алтынбай", "Жанерке", "Серікқызы", "a@example.kz", "+77990000001", "email", "", "x")
	f.Fuzz(func(t *testing.T, kind, iin, bin, organization, last, first, middle, email, phone, channel, language, password string) {
		c := account.StartRegistration{
			RegistrationID: "r1", Kind: kind, IIN: iin, BIN: bin, Organization: organization, LastName: last, FirstName: first,
			MiddleName: middle, Email: email, Phone: phone, PasswordHash: "$h", NotifyBy: []string{channel}, Language: language,
			At: noon, ExpiresAt: later,
		}
		faults := account.CheckRegistration(c, password)
		events, err := account.Decide(account.State{}, c)
		if err != nil {
			if !problem.Has(err, "invalid") || len(faults) == 0 {
				t.Fatalf("%v, but before %v", err, faults)
			}
			return
		}
		e := events[0].(account.RegistrationStarted)
		again := account.StartRegistration{
			RegistrationID: "r1", Kind: string(e.Kind), Organization: e.Organization, LastName: e.LastName, FirstName: e.FirstName,
			MiddleName: e.MiddleName, Email: e.Email, Phone: e.Phone, PasswordHash: "$h", NotifyBy: []string{string(e.NotifyBy[0])},
			Language: string(e.Language), At: noon, ExpiresAt: later,
		}
		if e.Kind == account.Legal {
			again.BIN = e.Number
		} else {
			again.IIN = e.Number
		}
		got, err := account.Decide(account.State{}, again)
		if diff := cmp.Diff(events, got); diff != "" || err != nil {
			t.Fatalf("again: %v %s", err, diff)
		}
	})
}
