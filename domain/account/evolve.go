package account

import "slices"

// Evolve gives the state after one more event. It is total: events in an order that Decide never gives, or with their
// personal fields erased, change what they can.
func Evolve(s State, event Event) State {
	switch e := event.(type) {
	case RegistrationStarted:
		s.Pending = e
	case RegistrationConfirmed:
		return registrationConfirmed(s, e)
	case StaffAccountCreated:
		return staffAccountCreated(s, e)
	case SignedIn:
		s.Sessions = appendLast(s.Sessions, e.SessionRef, maxSessions)
		s.Failures = nil
	case SignInFailed:
		return signInFailed(s, e)
	case SignedOut:
		s.Sessions = without(s.Sessions, e.SessionRef)
	case PasswordChanged:
		s = newPassword(s, e.PasswordHash, e.CredentialEpoch, e.SessionRef)
	case PasswordResetRequested:
		s.Resets = appendLast(s.Resets, e, maxResets)
	case PasswordReset:
		s = newPassword(s, e.PasswordHash, e.CredentialEpoch, "")
		s.ResetDone = e.ResetID
		s.Failures, s.LockedUntil = nil, noTime
	case ClientCardSaved:
		s.Card = e.Card
		s.CardVersion++
	case ContactChangeRequested:
		if e.Channel == SMS {
			s.PhoneChange = e
		} else {
			s.EmailChange = e
		}
	case ContactConfirmed:
		s.CardVersion++
		if e.Channel == SMS {
			s.Phone, s.PhoneChangedBy, s.FormerPhone = e.Value, e.ChangeID, ""
		} else {
			s.Email, s.EmailChangedBy, s.FormerEmail = e.Value, e.ChangeID, ""
		}
	case ContactCorrected:
		return contactCorrected(s, e)
	case NotificationMethodChanged:
		s.NotifyBy = e.NotifyBy
	case LanguageChanged:
		s.Language = e.Language
	case Blocked:
		s.Blocked, s.BlockedAt, s.CredentialEpoch, s.Sessions = true, e.At, e.CredentialEpoch, nil
	case Unblocked:
		s.Blocked, s.BlockedAt = false, noTime
	case Erased:
		return State{Erased: true, CredentialEpoch: e.CredentialEpoch}
	}
	return s
}

func registrationConfirmed(s State, e RegistrationConfirmed) State {
	r := s.Pending
	if r.RegistrationID != e.RegistrationID {
		return s
	}
	s.Active, s.Kind, s.RegistrationID = true, r.Kind, r.RegistrationID
	s.Number, s.PasswordHash = r.Number, r.PasswordHash
	s.Phone, s.Email = r.Phone, r.Email
	s.NotifyBy, s.Language = r.NotifyBy, r.Language
	s.Roles = []Role{Applicant}
	s.CardVersion++
	s.Card = Card{LastName: r.LastName, FirstName: r.FirstName, MiddleName: r.MiddleName, Organization: r.Organization}
	s.Pending = RegistrationStarted{}
	return s
}

func contactCorrected(s State, e ContactCorrected) State {
	s.CardVersion++
	s.CredentialEpoch, s.Sessions, s.Resets = e.CredentialEpoch, nil, nil
	s.PhoneChange, s.EmailChange = ContactChangeRequested{}, ContactChangeRequested{}
	if e.Channel == SMS {
		s.Phone, s.FormerPhone = e.Value, e.Former
	} else {
		s.Email, s.FormerEmail = e.Value, e.Former
	}
	return s
}

func staffAccountCreated(s State, e StaffAccountCreated) State {
	s.Active, s.Kind = true, Individual
	s.Number, s.PasswordHash, s.TOTPSecret = e.Number, e.PasswordHash, e.TOTPSecret
	s.Phone, s.Email = e.Phone, e.Email
	s.NotifyBy, s.Language = e.NotifyBy, e.Language
	s.Roles, s.ProviderID = e.Roles, e.ProviderID
	s.CardVersion++
	s.Card = Card{LastName: e.LastName, FirstName: e.FirstName, MiddleName: e.MiddleName}
	s.Pending = RegistrationStarted{}
	return s
}

// signInFailed locks the account when the last failures came too fast one after another.
func signInFailed(s State, e SignInFailed) State {
	s.Failures = appendLast(s.Failures, e, failuresBeforeLock)
	if len(s.Failures) == failuresBeforeLock && e.At.Sub(s.Failures[0].At) < failureWindow {
		s.LockedUntil = e.At.Add(lockTime)
		s.Failures = []SignInFailed{e}
	}
	return s
}

func newPassword(s State, hash string, epoch int, goesOn string) State {
	s.PasswordHash, s.CredentialEpoch, s.Resets = hash, epoch, nil
	if slices.Contains(s.Sessions, goesOn) {
		s.Sessions = []string{goesOn}
	} else {
		s.Sessions = nil
	}
	return s
}

// appendLast gives a new list that ends with item and has at most limit items: states never share memory that changes.
func appendLast[T any](list []T, item T, limit int) []T {
	list = append(slices.Clone(list), item)
	return list[max(0, len(list)-limit):]
}

func without(list []string, item string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == item })
}
