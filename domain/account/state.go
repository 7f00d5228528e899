package account

import (
	"time"

	"services.example/portal/domain/text"
)

// State is what the rules need to know of an account. Its memory is bounded, whatever happens to the account.
type State struct {
	Active    bool // the phone was confirmed, or staff
	Blocked   bool
	BlockedAt time.Time // of a blocked one
	Erased    bool      // nothing that identified the person can be read

	Kind            Kind
	Number          string // IIN or BIN: the login
	Card            Card
	CardVersion     int    // grows with every change of card, phone or e-mail: its ETag
	Phone           string // the confirmed one
	Email           string
	NotifyBy        []Channel
	Language        text.Language
	Roles           []Role
	ProviderID      string // of staff
	PasswordHash    string // in PHC string format
	CredentialEpoch int    // grows when sessions must end: those of lower epochs are over
	TOTPSecret      string // of staff, base32

	Pending        RegistrationStarted    // the latest registration; no ID if there is none that waits for its code
	RegistrationID string                 // by which the account became active; empty for staff
	PhoneChange    ContactChangeRequested // the latest; no ID if there was none
	EmailChange    ContactChangeRequested
	FormerPhone    string // what Phone was corrected from; empty: it was not
	FormerEmail    string
	PhoneChangedBy string // id of the change that took effect last
	EmailChangedBy string

	Sessions    []string       // that were opened last and neither signed out nor ended by a new password
	Failures    []SignInFailed // the latest since the last success
	LockedUntil time.Time      // tries to sign in are refused before; the zero time if there is no lock
	Resets      []PasswordResetRequested
	ResetDone   string // id of the reset that was used last
}

const (
	maxSessions = 64 // remembered; a session forgotten here still ends, only its sign-out is not recorded
	maxResets   = 3  // of which each can be used

	failuresBeforeLock = 10
	failureWindow      = 15 * time.Minute
	lockTime           = 15 * time.Minute
)

// Name is what the portal calls the account: the organisation, or the person.
func (s State) Name() string {
	if s.Kind == Legal {
		return s.Card.Organization
	}
	return s.Card.FullName()
}

// Fold gives the state after these events.
func Fold(events ...Event) State {
	var s State
	for _, e := range events {
		s = Evolve(s, e)
	}
	return s
}
