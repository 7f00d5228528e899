// Package accountprofile is the read model of who somebody is: what "me" shows, and how notices reach the person.
//
// Document: the account's id. Streams: account-.
package accountprofile

import (
	"encoding/json"
	"strings"
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/domain/text"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
	"services.example/portal/projections/accounts"
)

// Name is what the directory knows the read model by.
const Name = "account_profile"

// Indexes.
const (
	ByAccount  = "by_account"
	ByProvider = "by_provider" // the staff of a provider
)

// Profile is an account. Only an Active one is somebody: before, there is a registration that may never be confirmed.
type Profile struct {
	AccountID   string            `bson:"accountId"`
	Active      bool              `bson:"active"`
	Blocked     bool              `bson:"blocked"`
	Erased      bool              `bson:"erased"` // all that identified the person is gone
	ActiveAt    *time.Time        `bson:"activeAt"`
	ProviderID  string            `bson:"providerId,omitempty"` // of staff
	Roles       []account.Role    `bson:"roles"`
	Language    text.Language     `bson:"language"`
	NotifyBy    []account.Channel `bson:"notifyBy"`
	Person      `bson:",inline"`
	ClientCard  string `bson:"clientCard"`  // JSON of account.Card; empty: not active
	CardVersion int    `bson:"cardVersion"` // grows with every change of card, phone or e-mail: its ETag

	Pending *Registration `bson:"pending,omitempty"` // started last, not confirmed
}

// Person is what identifies somebody.
type Person struct {
	Kind         account.Kind `bson:"kind"`
	Login        string       `bson:"login"` // IIN or BIN
	Organization string       `bson:"organization"`
	LastName     string       `bson:"lastName"`
	FirstName    string       `bson:"firstName"`
	MiddleName   string       `bson:"middleName"`
	Email        string       `bson:"email"`
	Phone        string       `bson:"phone"`
}

// Registration is a registration that waits for its code.
type Registration struct {
	ID       string `bson:"id"`
	Person   `bson:",inline"`
	NotifyBy []account.Channel `bson:"notifyBy"`
	Language text.Language     `bson:"language"`
}

// Model is the projection.
var Model = projections.ReadModel[Profile]{
	Name:    Name,
	Version: 1,
	Streams: []string{streams},
	Ignores: accounts.Ignored(),
	Indexes: []readstore.Index{
		{Name: ByAccount, Fields: []readstore.Field{{Path: "accountId"}}},
		{Name: ByProvider, Fields: []readstore.Field{{Path: "providerId"}}},
	},
	Keys: keys,
	Fold: fold,
}

const streams = "account-"

func keys(event codec.Envelope) []string {
	switch event.Event.(type) {
	case account.RegistrationStarted, account.RegistrationConfirmed, account.StaffAccountCreated,
		account.ClientCardSaved, account.ContactConfirmed, account.ContactCorrected, account.NotificationMethodChanged,
		account.LanguageChanged, account.Blocked, account.Unblocked, account.Erased:
		return []string{strings.TrimPrefix(event.Stream, streams)}
	default:
		return nil
	}
}

func fold(p *Profile, id string, event codec.Envelope) *Profile {
	if p == nil {
		p = &Profile{AccountID: id}
	}
	switch e := event.Event.(type) {
	case account.RegistrationStarted:
		p.Pending = &Registration{
			ID: e.RegistrationID, NotifyBy: e.NotifyBy, Language: e.Language,
			Person: Person{
				Kind: e.Kind, Login: e.Number, Organization: e.Organization, LastName: e.LastName,
				FirstName: e.FirstName, MiddleName: e.MiddleName, Email: e.Email, Phone: e.Phone,
			},
		}
	case account.RegistrationConfirmed:
		p.confirm(e)
	case account.StaffAccountCreated:
		p.Person = Person{
			Kind: account.Individual, Login: e.Number, LastName: e.LastName, FirstName: e.FirstName,
			MiddleName: e.MiddleName, Email: e.Email, Phone: e.Phone,
		}
		p.Roles, p.ProviderID, p.NotifyBy, p.Language = e.Roles, e.ProviderID, e.NotifyBy, e.Language
		p.activate(e.At)
	case account.ClientCardSaved:
		p.LastName, p.FirstName, p.MiddleName = e.Card.LastName, e.Card.FirstName, e.Card.MiddleName
		p.Organization = e.Card.Organization
		p.ClientCard = cardJSON(e.Card)
		p.CardVersion++
	case account.ContactConfirmed:
		p.contact(e.Channel, e.Value)
	case account.ContactCorrected:
		p.contact(e.Channel, e.Value)
	case account.NotificationMethodChanged:
		p.NotifyBy = e.NotifyBy
	case account.LanguageChanged:
		p.Language = e.Language
	case account.Blocked:
		p.Blocked = true
	case account.Unblocked:
		p.Blocked = false
	case account.Erased:
		return &Profile{AccountID: id, Erased: true}
	}
	return p
}

func (p *Profile) contact(channel account.Channel, value string) {
	p.CardVersion++
	if channel == account.SMS {
		p.Phone = value
	} else {
		p.Email = value
	}
}

func (p *Profile) confirm(e account.RegistrationConfirmed) {
	if p.Pending == nil || p.Pending.ID != e.RegistrationID {
		return
	}
	p.Person, p.NotifyBy, p.Language = p.Pending.Person, p.Pending.NotifyBy, p.Pending.Language
	p.Roles = []account.Role{account.Applicant}
	p.activate(e.At)
}

// activate fills in the card as the account itself does: with the names.
func (p *Profile) activate(at time.Time) {
	p.Active, p.ActiveAt, p.Pending = true, &at, nil
	p.CardVersion++
	p.ClientCard = cardJSON(account.Card{
		LastName: p.LastName, FirstName: p.FirstName, MiddleName: p.MiddleName, Organization: p.Organization,
	})
}

func cardJSON(card account.Card) string {
	raw, err := json.Marshal(card)
	if err != nil { // strings and a bool: there is nothing that json cannot write
		return "{}"
	}
	return string(raw)
}
