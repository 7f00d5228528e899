package account

import (
	"strings"

	"services.example/portal/domain/identity"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
)

// maxReason is the longest reason for what is done to an account, in characters.
const maxReason = 1000

// correctContacts gives an event for each contact that is another one then.
func correctContacts(s State, c CorrectContacts) ([]Event, error) {
	if err := exists(s); err != nil {
		return nil, err
	}
	var f faults
	phone, email := s.Phone, s.Email
	if strings.TrimSpace(c.Phone) != "" {
		phone = f.mobile(c.Phone)
	}
	if strings.TrimSpace(c.Email) != "" {
		email = read(&f, "email", c.Email, identity.ParseEmail)
	}
	if strings.TrimSpace(c.Phone) == "" && strings.TrimSpace(c.Email) == "" {
		f.add("phone", "required")
	}
	reason, unreadable := text.Written("reason", c.Reason, maxReason)
	if err := problem.Input(append(f, unreadable...)...); err != nil {
		return nil, err
	}
	var events []Event
	for _, contact := range []struct {
		channel  Channel
		now, new string
	}{{SMS, s.Phone, phone}, {Email, s.Email, email}} {
		if contact.new != contact.now {
			events = append(events, ContactCorrected{
				Channel: contact.channel, Value: contact.new, Former: contact.now, Reason: reason,
				CredentialEpoch: s.CredentialEpoch + 1, At: c.At,
			})
		}
	}
	return events, nil
}

// readOptionalReason reads a reason that may be left out.
func readOptionalReason(raw string) (string, []problem.Field) {
	if strings.TrimSpace(raw) == "" {
		return "", nil
	}
	return text.Written("reason", raw, maxReason)
}
