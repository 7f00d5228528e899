package account

import (
	"time"

	"services.example/portal/domain/text"
)

// Event is something that happened to an account.
type Event interface{ isAccountEvent() }

// EventTypes is the storage format: see the warning at application.EventTypes.
var EventTypes = map[string]Event{
	"account.registration-started.v1":        RegistrationStarted{},
	"account.registration-confirmed.v1":      RegistrationConfirmed{},
	"account.staff-account-created.v1":       StaffAccountCreated{},
	"account.signed-in.v1":                   SignedIn{},
	"account.sign-in-failed.v1":              SignInFailed{},
	"account.signed-out.v1":                  SignedOut{},
	"account.password-changed.v1":            PasswordChanged{},
	"account.password-reset-requested.v1":    PasswordResetRequested{},
	"account.password-reset.v1":              PasswordReset{},
	"account.client-card-saved.v1":           ClientCardSaved{},
	"account.contact-change-requested.v1":    ContactChangeRequested{},
	"account.contact-confirmed.v1":           ContactConfirmed{},
	"account.contact-corrected.v1":           ContactCorrected{},
	"account.notification-method-changed.v1": NotificationMethodChanged{},
	"account.language-changed.v1":            LanguageChanged{},
	"account.blocked.v1":                     Blocked{},
	"account.unblocked.v1":                   Unblocked{},
	"account.erased.v1":                      Erased{},
}

// RegistrationStarted keeps what a person entered, until the code sent to the phone proves that the phone is theirs. It
// takes the place of a registration that was started before and not confirmed.
type RegistrationStarted struct {
	RegistrationID string        `json:"registrationId"`
	Kind           Kind          `json:"kind"`
	Number         string        `json:"number" personal:"true"` // IIN of an individual, BIN of a legal entity: also the login
	Organization   string        `json:"organization,omitempty" personal:"true"`
	LastName       string        `json:"lastName" personal:"true"`
	FirstName      string        `json:"firstName" personal:"true"`
	MiddleName     string        `json:"middleName,omitempty" personal:"true"`
	Email          string        `json:"email" personal:"true"`
	Phone          string        `json:"phone" personal:"true"`
	PasswordHash   string        `json:"passwordHash" personal:"true"` // in PHC string format
	NotifyBy       []Channel     `json:"notifyBy"`
	Language       text.Language `json:"language"`
	ExpiresAt      time.Time     `json:"expiresAt"`
	At             time.Time     `json:"at"`
}

// RegistrationConfirmed makes the account active with what the registration holds.
type RegistrationConfirmed struct {
	RegistrationID string    `json:"registrationId"`
	At             time.Time `json:"at"`
}

// StaffAccountCreated makes an active account of somebody who works with applications. Staff do not register themselves.
type StaffAccountCreated struct {
	Number       string        `json:"number" personal:"true"` // IIN: also the login
	LastName     string        `json:"lastName" personal:"true"`
	FirstName    string        `json:"firstName" personal:"true"`
	MiddleName   string        `json:"middleName,omitempty" personal:"true"`
	Email        string        `json:"email" personal:"true"`
	Phone        string        `json:"phone" personal:"true"`
	PasswordHash string        `json:"passwordHash" personal:"true"`         // in PHC string format
	TOTPSecret   string        `json:"totpSecret,omitempty" personal:"true"` // base32; confirms sign-ins instead of an SMS code
	Roles        []Role        `json:"roles"`
	ProviderID   string        `json:"providerId,omitempty"` // whose applications they see
	NotifyBy     []Channel     `json:"notifyBy"`
	Language     text.Language `json:"language"`
	At           time.Time     `json:"at"`
}

// SignedIn is a sign-in that was confirmed by its code.
type SignedIn struct {
	SessionRef string    `json:"sessionRef"` // names the session without opening it
	Stay       bool      `json:"stay"`       // stay in the system
	At         time.Time `json:"at"`
}

// SignInFailed is a try with a wrong password or a wrong code.
type SignInFailed struct {
	AttemptID string        `json:"attemptId"`
	Reason    FailureReason `json:"reason"`
	At        time.Time     `json:"at"`
}

// SignedOut ends a session by its person's wish.
type SignedOut struct {
	SessionRef string    `json:"sessionRef"`
	At         time.Time `json:"at"`
}

// PasswordChanged replaces the password; every session but one ends.
type PasswordChanged struct {
	PasswordHash    string    `json:"passwordHash" personal:"true"`
	CredentialEpoch int       `json:"credentialEpoch"`      // sessions of lower epochs have ended
	SessionRef      string    `json:"sessionRef,omitempty"` // the session that goes on
	At              time.Time `json:"at"`
}

// PasswordResetRequested lets the owner of the e-mail address choose a new password, once.
type PasswordResetRequested struct {
	ResetID   string    `json:"resetId"`
	ExpiresAt time.Time `json:"expiresAt"`
	At        time.Time `json:"at"`
}

// PasswordReset replaces a forgotten password; every session ends and every other reset is void.
type PasswordReset struct {
	ResetID         string    `json:"resetId"`
	PasswordHash    string    `json:"passwordHash" personal:"true"`
	CredentialEpoch int       `json:"credentialEpoch"` // sessions of lower epochs have ended
	At              time.Time `json:"at"`
}

// ClientCardSaved replaces the client card.
type ClientCardSaved struct {
	Card Card      `json:"card" personal:"true"`
	At   time.Time `json:"at"`
}

// ContactChangeRequested is a new phone or e-mail address that is not proven yet to be the person's.
type ContactChangeRequested struct {
	ChangeID  string    `json:"changeId"`
	Channel   Channel   `json:"channel"`
	Value     string    `json:"value" personal:"true"`
	ExpiresAt time.Time `json:"expiresAt"`
	At        time.Time `json:"at"`
}

// ContactConfirmed puts a new phone or e-mail address into effect.
type ContactConfirmed struct {
	ChangeID string    `json:"changeId"`
	Channel  Channel   `json:"channel"`
	Value    string    `json:"value" personal:"true"`
	At       time.Time `json:"at"`
}

// ContactCorrected puts a phone or e-mail address into effect that somebody of the portal entered, having checked who the
// person is. Every session ends, and so does what was sent to the contact before or asked for from a session that ended:
// links for a new password, other new contacts.
type ContactCorrected struct {
	Channel         Channel   `json:"channel"`
	Value           string    `json:"value" personal:"true"`
	Former          string    `json:"former" personal:"true"` // what it replaced, where the person is told
	Reason          string    `json:"reason" personal:"true"` // in the words of who did it
	CredentialEpoch int       `json:"credentialEpoch"`        // sessions of lower epochs have ended
	At              time.Time `json:"at"`
}

// NotificationMethodChanged says how notices reach the person from now on.
type NotificationMethodChanged struct {
	NotifyBy []Channel `json:"notifyBy"`
	At       time.Time `json:"at"`
}

// LanguageChanged says in which language the portal writes to the person from now on.
type LanguageChanged struct {
	Language text.Language `json:"language"`
	At       time.Time     `json:"at"`
}

// Blocked keeps the person out until the account is unblocked; every session ends.
type Blocked struct {
	CredentialEpoch int       `json:"credentialEpoch"`                  // sessions of lower epochs have ended
	Reason          string    `json:"reason,omitempty" personal:"true"` // in the words of who did it
	At              time.Time `json:"at"`
}

// Unblocked lets the person in again.
type Unblocked struct {
	Reason string    `json:"reason,omitempty" personal:"true"` // in the words of who did it
	At     time.Time `json:"at"`
}

// Erased marks that the key of the person's data was destroyed: what identified the person cannot be read any more.
type Erased struct {
	CredentialEpoch int       `json:"credentialEpoch"` // sessions of lower epochs have ended
	At              time.Time `json:"at"`
}

func (RegistrationStarted) isAccountEvent()       {}
func (RegistrationConfirmed) isAccountEvent()     {}
func (StaffAccountCreated) isAccountEvent()       {}
func (SignedIn) isAccountEvent()                  {}
func (SignInFailed) isAccountEvent()              {}
func (SignedOut) isAccountEvent()                 {}
func (PasswordChanged) isAccountEvent()           {}
func (PasswordResetRequested) isAccountEvent()    {}
func (PasswordReset) isAccountEvent()             {}
func (ClientCardSaved) isAccountEvent()           {}
func (ContactChangeRequested) isAccountEvent()    {}
func (ContactConfirmed) isAccountEvent()          {}
func (ContactCorrected) isAccountEvent()          {}
func (NotificationMethodChanged) isAccountEvent() {}
func (LanguageChanged) isAccountEvent()           {}
func (Blocked) isAccountEvent()                   {}
func (Unblocked) isAccountEvent()                 {}
func (Erased) isAccountEvent()                    {}
