package account

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"services.example/portal/domain/identity"
	"services.example/portal/domain/problem"
)

func saveClientCard(s State, c SaveClientCard) ([]Event, error) {
	if err := exists(s); err != nil {
		return nil, err
	}
	card, f := readCard(s.Kind, c.Card, c.At)
	phone, email := s.Phone, s.Email
	if strings.TrimSpace(c.Phone) != "" {
		phone = f.mobile(c.Phone)
	}
	if strings.TrimSpace(c.Email) != "" {
		email = read(&f, "email", c.Email, identity.ParseEmail)
	}
	if err := problem.Input(f...); err != nil {
		return nil, err
	}

	var events []Event
	if card != s.Card {
		events = append(events, ClientCardSaved{Card: card, At: c.At})
	}
	for _, change := range []struct {
		id       string
		channel  Channel
		now, new string
		last     ContactChangeRequested
	}{
		{c.PhoneChangeID, SMS, s.Phone, phone, s.PhoneChange},
		{c.EmailChangeID, Email, s.Email, email, s.EmailChange},
	} {
		if change.new == change.now || asked(change.last, change.id, change.new, c.At) {
			continue
		}
		if change.id == "" || !c.ChangesExpireAt.After(c.At) {
			return nil, fmt.Errorf("save client card: %w", errIncomplete)
		}
		events = append(events, ContactChangeRequested{
			ChangeID: change.id, Channel: change.channel, Value: change.new, ExpiresAt: c.ChangesExpireAt, At: c.At,
		})
	}
	return events, nil
}

// asked tells whether this change waits for its code already, or is the same command again.
func asked(last ContactChangeRequested, id, value string, at time.Time) bool {
	return last.Value == value && (last.ChangeID == id || at.Before(last.ExpiresAt))
}

func confirmContact(s State, c ConfirmContact) ([]Event, error) {
	if c.ChangeID == "" {
		return nil, fmt.Errorf("confirm contact: %w", errIncomplete)
	}
	if err := exists(s); err != nil {
		return nil, err
	}
	if c.ChangeID == s.PhoneChangedBy || c.ChangeID == s.EmailChangedBy {
		return nil, nil
	}
	for _, change := range []ContactChangeRequested{s.PhoneChange, s.EmailChange} {
		if change.ChangeID == c.ChangeID && c.At.Before(change.ExpiresAt) {
			return []Event{ContactConfirmed{
				ChangeID: c.ChangeID, Channel: change.Channel, Value: change.Value, At: c.At,
			}}, nil
		}
	}
	return nil, problem.New(problem.Gone, "code-expired")
}

const (
	maxShort = 50  // characters: numbers and codes
	maxLine  = 300 // characters: names and addresses
)

var (
	postcode     = regexp.MustCompile(`^(\d{6}|[A-Z]\d{2}[A-Z]\d[A-Z]\d)$`)
	activityCode = regexp.MustCompile(`^(\d{2}|\d{2}\.\d{1,2}|\d{2}\.\d{2}\.\d|\d{5})$`)
	bic          = regexp.MustCompile(`^[A-Z]{4}KZ[A-Z0-9]{2}([A-Z0-9]{3})?$`)
	kbe          = regexp.MustCompile(`^[12][1-9]$`)
)

// readCard parses the whole card of an account of this kind.
func readCard(kind Kind, c Card, at time.Time) (Card, faults) {
	var f faults
	card := Card{
		LastName:   read(&f, "lastName", c.LastName, identity.ParsePersonName),
		FirstName:  read(&f, "firstName", c.FirstName, identity.ParsePersonName),
		MiddleName: readOptional(&f, "middleName", c.MiddleName, identity.ParsePersonName),
	}
	if kind == Legal {
		card.Organization = read(&f, "organization", c.Organization, identity.ParseOrganization)
	} else {
		card.Organization = readOptional(&f, "organization", c.Organization, identity.ParseOrganization)
	}
	card.LegalForm = f.line("legalForm", c.LegalForm, maxLine)
	card.RegistrationNumber = f.line("registrationNumber", c.RegistrationNumber, maxShort)
	card.RegistrationDate = f.pastDate("registrationDate", c.RegistrationDate, at)
	card.RegistrationAuthority = f.line("registrationAuthority", c.RegistrationAuthority, maxLine)
	card.Region = f.line("region", c.Region, maxLine)
	card.Locality = f.line("locality", c.Locality, maxLine)
	card.Street = f.line("street", c.Street, maxLine)
	card.Building = f.line("building", c.Building, maxShort)
	card.Office = f.line("office", c.Office, maxShort)
	card.Postcode = f.code("postcode", strings.ToUpper(c.Postcode), postcode, "postcode-invalid")
	card.HeadName = f.line("headName", c.HeadName, maxLine)
	card.HeadPosition = f.line("headPosition", c.HeadPosition, maxLine)
	card.Activity = f.line("activity", c.Activity, maxLine)
	card.ActivityCode = f.code("activityCode", c.ActivityCode, activityCode, "activity-code-invalid")
	card.VATPayer = c.VATPayer
	card.Bank = f.line("bank", c.Bank, maxLine)
	card.BIC = f.code("bic", strings.ToUpper(c.BIC), bic, "bic-invalid")
	card.IBAN = readOptional(&f, "iban", c.IBAN, identity.ParseIBAN)
	card.KBE = f.code("kbe", c.KBE, kbe, "kbe-invalid")
	card.Website = f.website("website", c.Website)
	return card, f
}

// line reads an optional line of text.
func (f *faults) line(location, raw string, limit int) string {
	if strings.TrimSpace(raw) == "" {
		return ""
	}
	line, err := identity.ParseLine(raw, limit)
	f.note(location, err)
	return line
}

// code reads an optional code of a fixed shape.
func (f *faults) code(location, raw string, shape *regexp.Regexp, fault string) string {
	code := strings.TrimSpace(raw)
	if code != "" && !shape.MatchString(code) {
		f.add(location, fault)
		return ""
	}
	return code
}

// pastDate reads an optional date that lies not after the day of at, wherever on earth that is.
func (f *faults) pastDate(location, raw string, at time.Time) string {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return ""
	}
	date, err := time.Parse(time.DateOnly, raw)
	switch {
	case err != nil || date.Year() < 1800:
		f.add(location, "date-invalid")
	case date.After(at.Add(14 * time.Hour)):
		f.add(location, "date-in-future")
	}
	return raw
}

// website reads an optional address of a web site; where people leave out the scheme it is https.
func (f *faults) website(location, raw string) string {
	site := strings.TrimSpace(raw)
	if site == "" {
		return ""
	}
	if !strings.Contains(site, "://") {
		site = "https://" + site
	}
	if len(site) > maxLine {
		f.note(location, &identity.Error{Code: "too-long", Params: map[string]string{"max": "300"}})
		return ""
	}
	u, err := url.Parse(site)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || !strings.Contains(u.Hostname(), ".") ||
		strings.ContainsAny(site, " \"<>\\^`{|}") {
		f.add(location, "website-invalid")
		return ""
	}
	return site
}
