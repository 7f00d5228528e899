package account

import (
	"strings"
	"time"
)

// Command is something that somebody wants of an account. Times, ids and hashes come from outside; what people typed
// comes raw and is checked here.
type Command interface{ isAccountCommand() }

// StartRegistration is the registration form. The password is not part of it: check it with CheckRegistration, then hash it.
type StartRegistration struct {
	RegistrationID string
	Kind           string
	IIN            string // of an individual
	BIN            string // of a legal entity
	Organization   string // of a legal entity
	LastName       string
	FirstName      string
	MiddleName     string // optional
	Email          string
	Phone          string
	PasswordHash   string // in PHC string format
	NotifyBy       []string
	Language       string // Kazakh if empty
	At             time.Time
	ExpiresAt      time.Time
}

// Login is the number that the account will be known by: the BIN of a legal entity, else the IIN. It is not checked.
func (c StartRegistration) Login() string {
	if Kind(c.Kind) == Legal {
		return strings.TrimSpace(c.BIN)
	}
	return strings.TrimSpace(c.IIN)
}

// ConfirmRegistration says that the code sent to the phone was entered.
type ConfirmRegistration struct {
	RegistrationID string
	At             time.Time
}

// CreateStaff makes an account for somebody who works with applications.
type CreateStaff struct {
	IIN          string
	LastName     string
	FirstName    string
	MiddleName   string // optional
	Email        string
	Phone        string
	PasswordHash string   // in PHC string format
	TOTPSecret   string   // base32; optional
	Roles        []string // at least one, all of staff
	ProviderID   string   // for the roles that exist only within a provider
	NotifyBy     []string // by e-mail if empty
	Language     string   // Kazakh if empty
	At           time.Time
}

// RecordSignIn says that password and code were right.
type RecordSignIn struct {
	SessionRef string
	Stay       bool
	At         time.Time
}

// RecordFailedSignIn says that the password or the code was wrong.
type RecordFailedSignIn struct {
	AttemptID string
	Reason    FailureReason
	At        time.Time
}

// RecordSignOut ends a session.
type RecordSignOut struct {
	SessionRef string
	At         time.Time
}

// ChangePassword sets a new password in place of the known one. Check the new one with CheckNewPassword before hashing it.
type ChangePassword struct {
	CurrentMatches bool   // whether the current password was given
	NewHash        string // in PHC string format
	SessionRef     string // the caller's session, which goes on
	At             time.Time
}

// RequestPasswordReset asks for a link by e-mail.
type RequestPasswordReset struct {
	ResetID   string
	ExpiresAt time.Time
	At        time.Time
}

// ResetPassword sets a new password in place of a forgotten one, by the link.
type ResetPassword struct {
	ResetID string
	NewHash string // in PHC string format
	At      time.Time
}

// SaveClientCard replaces the client card. Phone and e-mail stand beside it: a new one takes effect when it is confirmed.
type SaveClientCard struct {
	Card            Card
	Phone           string // as it is if empty
	Email           string // as it is if empty
	PhoneChangeID   string // for a change of phone, if it comes to one
	EmailChangeID   string // for a change of e-mail, if it comes to one
	ChangesExpireAt time.Time
	At              time.Time
}

// ConfirmContact says that the code sent to the new phone or e-mail address was entered.
type ConfirmContact struct {
	ChangeID string
	At       time.Time
}

// ChangeNotificationMethod says how notices shall reach the person.
type ChangeNotificationMethod struct {
	NotifyBy []string
	At       time.Time
}

// ChangeLanguage says in which language the portal shall write.
type ChangeLanguage struct {
	Language string
	At       time.Time
}

// CorrectContacts replaces contacts of a person whose identity was checked otherwise: they take effect at once.
type CorrectContacts struct {
	Phone  string // as it is if empty
	Email  string // as it is if empty
	Reason string
	At     time.Time
}

// Block keeps the person out.
type Block struct {
	Reason string // optional
	At     time.Time
}

// Unblock lets the person in again.
type Unblock struct {
	Reason string // optional
	At     time.Time
}

// Erase records that the key of the person's data was destroyed.
type Erase struct{ At time.Time }

func (StartRegistration) isAccountCommand()        {}
func (ConfirmRegistration) isAccountCommand()      {}
func (CreateStaff) isAccountCommand()              {}
func (RecordSignIn) isAccountCommand()             {}
func (RecordFailedSignIn) isAccountCommand()       {}
func (RecordSignOut) isAccountCommand()            {}
func (ChangePassword) isAccountCommand()           {}
func (RequestPasswordReset) isAccountCommand()     {}
func (ResetPassword) isAccountCommand()            {}
func (SaveClientCard) isAccountCommand()           {}
func (ConfirmContact) isAccountCommand()           {}
func (ChangeNotificationMethod) isAccountCommand() {}
func (ChangeLanguage) isAccountCommand()           {}
func (CorrectContacts) isAccountCommand()          {}
func (Block) isAccountCommand()                    {}
func (Unblock) isAccountCommand()                  {}
func (Erase) isAccountCommand()                    {}
