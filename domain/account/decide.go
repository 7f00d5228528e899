package account

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"services.example/portal/domain/problem"
)

var noTime time.Time

// errIncomplete says that the caller left out what it must supply. It is a fault of the program, not of a person.
var errIncomplete = errors.New("id, hash or time is missing")

// Decide gives the events that a command leads to: none if it is already in effect, or a *problem.Problem.
func Decide(s State, command Command) ([]Event, error) {
	switch c := command.(type) {
	case StartRegistration:
		return startRegistration(s, c)
	case ConfirmRegistration:
		return confirmRegistration(s, c)
	case CreateStaff:
		return createStaff(s, c)
	case RecordSignIn:
		return recordSignIn(s, c)
	case RecordFailedSignIn:
		return recordFailedSignIn(s, c)
	case RecordSignOut:
		return recordSignOut(s, c)
	case ChangePassword:
		return changePassword(s, c)
	case RequestPasswordReset:
		return requestPasswordReset(s, c)
	case ResetPassword:
		return resetPassword(s, c)
	case SaveClientCard:
		return saveClientCard(s, c)
	case ConfirmContact:
		return confirmContact(s, c)
	case ChangeNotificationMethod:
		return changeNotificationMethod(s, c)
	case ChangeLanguage:
		return changeLanguage(s, c)
	case CorrectContacts:
		return correctContacts(s, c)
	case Block:
		return block(s, c)
	case Unblock:
		return unblock(s, c)
	case Erase:
		return erase(s, c)
	default:
		return nil, fmt.Errorf("decide on account: unknown command %T", command)
	}
}

func startRegistration(s State, c StartRegistration) ([]Event, error) {
	if c.RegistrationID == "" || c.PasswordHash == "" || !c.ExpiresAt.After(c.At) {
		return nil, fmt.Errorf("start registration: %w", errIncomplete)
	}
	if c.RegistrationID == s.Pending.RegistrationID || c.RegistrationID == s.RegistrationID {
		return nil, nil
	}
	started, f := readRegistration(c)
	if err := problem.Input(f...); err != nil {
		return nil, err
	}
	if err := free(s); err != nil {
		return nil, err
	}
	return []Event{started}, nil
}

// free tells whether the number is still to be had. A registration that waits for its code does not take it: people
// mistype phone numbers.
func free(s State) error {
	switch {
	case s.Active:
		return problem.New(problem.WrongState, "identity-taken")
	case s.Erased:
		return problem.New(problem.WrongState, "account-erased")
	default:
		return nil
	}
}

func confirmRegistration(s State, c ConfirmRegistration) ([]Event, error) {
	switch {
	case c.RegistrationID == "":
		return nil, fmt.Errorf("confirm registration: %w", errIncomplete)
	case c.RegistrationID == s.RegistrationID:
		return nil, nil
	case c.RegistrationID != s.Pending.RegistrationID || !c.At.Before(s.Pending.ExpiresAt):
		return nil, problem.New(problem.Gone, "code-expired")
	default:
		return []Event{RegistrationConfirmed(c)}, nil
	}
}

func createStaff(s State, c CreateStaff) ([]Event, error) {
	if c.PasswordHash == "" {
		return nil, fmt.Errorf("create staff: %w", errIncomplete)
	}
	created, f := readStaff(c)
	if err := problem.Input(f...); err != nil {
		return nil, err
	}
	if sameStaff(s, created) {
		return nil, nil
	}
	if err := free(s); err != nil {
		return nil, err
	}
	return []Event{created}, nil
}

// sameStaff tells whether the account is this member of staff already. What people change themselves later does not count:
// password, contacts, names, language.
func sameStaff(s State, e StaffAccountCreated) bool {
	return s.Active && s.RegistrationID == "" && s.Number == e.Number && s.ProviderID == e.ProviderID &&
		slices.Equal(s.Roles, e.Roles)
}

func changeNotificationMethod(s State, c ChangeNotificationMethod) ([]Event, error) {
	if err := exists(s); err != nil {
		return nil, err
	}
	var f faults
	notifyBy := f.channels("notifyBy", c.NotifyBy)
	if err := problem.Input(f...); err != nil {
		return nil, err
	}
	if slices.Equal(notifyBy, s.NotifyBy) {
		return nil, nil
	}
	return []Event{NotificationMethodChanged{NotifyBy: notifyBy, At: c.At}}, nil
}

func changeLanguage(s State, c ChangeLanguage) ([]Event, error) {
	if err := exists(s); err != nil {
		return nil, err
	}
	var f faults
	language := f.language("language", c.Language)
	if err := problem.Input(f...); err != nil {
		return nil, err
	}
	if language == s.Language {
		return nil, nil
	}
	return []Event{LanguageChanged{Language: language, At: c.At}}, nil
}

func block(s State, c Block) ([]Event, error) {
	if err := exists(s); err != nil || s.Blocked {
		return nil, err
	}
	reason, f := readOptionalReason(c.Reason)
	if err := problem.Input(f...); err != nil {
		return nil, err
	}
	return []Event{Blocked{CredentialEpoch: s.CredentialEpoch + 1, Reason: reason, At: c.At}}, nil
}

func unblock(s State, c Unblock) ([]Event, error) {
	if err := exists(s); err != nil || !s.Blocked {
		return nil, err
	}
	reason, f := readOptionalReason(c.Reason)
	if err := problem.Input(f...); err != nil {
		return nil, err
	}
	return []Event{Unblocked{Reason: reason, At: c.At}}, nil
}

// erase is possible for whatever holds data of a person, also a registration that was never confirmed.
func erase(s State, c Erase) ([]Event, error) {
	if s.Erased {
		return nil, nil
	}
	if !s.Active && s.Pending.RegistrationID == "" {
		return nil, notFound()
	}
	return []Event{Erased{CredentialEpoch: s.CredentialEpoch + 1, At: c.At}}, nil
}

// exists refuses what only an active account can do.
func exists(s State) error {
	if !s.Active {
		return notFound()
	}
	return nil
}

func notFound() error { return problem.New(problem.NotFound, "account-not-found") }
