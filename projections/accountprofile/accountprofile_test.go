package accountprofile_test

import (
	"encoding/json"
	"testing"
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/domain/text"
	"services.example/portal/projections/accountprofile"
	"services.example/portal/projections/projectionstest"
)

const (
	id     = "11111111-1111-4111-8111-111111111111"
	stream = "account-" + id
)

var (
	morning = time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC)
	started = account.RegistrationStarted{
		RegistrationID: "r1", Kind: account.Legal, Number: "101040000018", Organization: "«Дала» ЖШС", LastName: "Ахметов",
		FirstName: "Айдар", Email: "info@example.kz", Phone: "+77010000000", PasswordHash: "secret",
		NotifyBy: []account.Channel{account.SMS}, Language: text.Kazakh, At: morning,
	}
	confirmed = account.RegistrationConfirmed{RegistrationID: "r1", At: morning}
	person    = accountprofile.Person{
		Kind: account.Legal, Login: "101040000018", Organization: "«Дала» ЖШС", LastName: "Ахметов", FirstName: "Айдар",
		Email: "info@example.kz", Phone: "+77010000000",
	}
)

func card(t *testing.T, card account.Card) string {
	t.Helper()
	raw, err := json.Marshal(card)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func active(t *testing.T, change func(*accountprofile.Profile)) accountprofile.Profile {
	t.Helper()
	p := accountprofile.Profile{
		AccountID: id, Active: true, ActiveAt: &morning, Roles: []account.Role{account.Applicant}, Language: text.Kazakh,
		NotifyBy: []account.Channel{account.SMS}, Person: person, CardVersion: 1,
		ClientCard: card(t, account.Card{LastName: "Ахметов", FirstName: "Айдар", Organization: "«Дала» ЖШС"}),
	}
	change(&p)
	return p
}

func TestProfiles(t *testing.T) {
	pending := accountprofile.Profile{AccountID: id, Pending: &accountprofile.Registration{
		ID: "r1", Person: person, NotifyBy: []account.Channel{account.SMS}, Language: text.Kazakh,
	}}
	saved := account.Card{LastName: "Ахметова", FirstName: "Айгүл", Organization: "«Жер» ЖШС", Region: "Алматы"}
	for name, test := range map[string]struct {
		given []any
		then  accountprofile.Profile
	}{
		"a registration that is not confirmed is nobody yet": {[]any{started}, pending},
		"an older registration cannot be confirmed": {
			[]any{started, account.RegistrationConfirmed{RegistrationID: "r0", At: morning}}, pending,
		},
		"confirming makes the account active": {
			[]any{started, confirmed}, active(t, func(*accountprofile.Profile) {}),
		},
		"signing in changes nothing": {
			[]any{started, confirmed, account.SignedIn{SessionRef: "s"}}, active(t, func(*accountprofile.Profile) {}),
		},
		"the client card gives the names": {
			[]any{started, confirmed, account.ClientCardSaved{Card: saved}},
			active(t, func(p *accountprofile.Profile) {
				p.LastName, p.FirstName, p.Organization, p.ClientCard = "Ахметова", "Айгүл", "«Жер» ЖШС", card(t, saved)
				p.CardVersion = 2
			}),
		},
		"contacts change when they are confirmed": {
			[]any{
				started, confirmed,
				account.ContactChangeRequested{Channel: account.SMS, Value: "+77020000000"},
				account.ContactConfirmed{Channel: account.Email, Value: "new@example.kz"},
			},
			active(t, func(p *accountprofile.Profile) { p.Email, p.CardVersion = "new@example.kz", 2 }),
		},
		"a corrected contact takes effect at once": {
			[]any{
				started, confirmed,
				account.ContactCorrected{Channel: account.SMS, Value: "+77020000000"},
				account.ContactCorrected{Channel: account.Email, Value: "new@example.kz"},
			},
			active(t, func(p *accountprofile.Profile) { p.Phone, p.Email, p.CardVersion = "+77020000000", "new@example.kz", 3 }),
		},
		"settings and blocking": {
			[]any{
				started, confirmed,
				account.NotificationMethodChanged{NotifyBy: []account.Channel{account.Email}},
				account.LanguageChanged{Language: text.Russian},
				account.Blocked{},
				account.ContactConfirmed{Channel: account.SMS, Value: "+77020000000"},
			},
			active(t, func(p *accountprofile.Profile) {
				p.NotifyBy, p.Language, p.Blocked = []account.Channel{account.Email}, text.Russian, true
				p.Phone, p.CardVersion = "+77020000000", 2
			}),
		},
		"unblocking": {
			[]any{started, confirmed, account.Blocked{}, account.Unblocked{}}, active(t, func(*accountprofile.Profile) {}),
		},
		"staff is active at once": {
			[]any{account.StaffAccountCreated{
				Number: "900101300000", LastName: "Ахметов", FirstName: "Айдар", Email: "info@example.kz", Phone: "+77010000000",
				PasswordHash: "secret", TOTPSecret: "secret", Roles: []account.Role{account.Executor}, ProviderID: "p",
				NotifyBy: []account.Channel{account.Email}, Language: text.Russian, At: morning,
			}},
			active(t, func(p *accountprofile.Profile) {
				p.Kind, p.Login, p.Organization = account.Individual, "900101300000", ""
				p.Roles, p.ProviderID = []account.Role{account.Executor}, "p"
				p.NotifyBy, p.Language = []account.Channel{account.Email}, text.Russian
				p.ClientCard = card(t, account.Card{LastName: "Ахметов", FirstName: "Айдар"})
			}),
		},
		"of an erased person nothing is left": {
			[]any{started, confirmed, account.ClientCardSaved{Card: saved}, account.Erased{}},
			accountprofile.Profile{AccountID: id, Erased: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			history := projectionstest.History{}.In(stream, id, "applicant", test.given...)
			projectionstest.Expect(t, accountprofile.Model, history, map[string]accountprofile.Profile{id: test.then})
		})
	}
}
