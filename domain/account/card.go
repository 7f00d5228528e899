package account

import (
	"encoding/json"
	"strings"
)

// Card is the client card: what application forms ask for again and again. Only the names, and of a legal entity the
// organisation, must be there. Phone and e-mail are not in it, as they change only when confirmed; neither is the
// login, which never changes.
type Card struct {
	LastName     string `json:"lastName"`
	FirstName    string `json:"firstName"`
	MiddleName   string `json:"middleName"`
	Organization string `json:"organization"` // also the firm of an individual entrepreneur
	LegalForm    string `json:"legalForm"`    // ЖШС, АҚ, ...

	RegistrationNumber    string `json:"registrationNumber"`    // of the certificate or record of state registration
	RegistrationDate      string `json:"registrationDate"`      // yyyy-mm-dd
	RegistrationAuthority string `json:"registrationAuthority"` // by whom it was issued

	Region   string `json:"region"`
	Locality string `json:"locality"`
	Street   string `json:"street"`
	Building string `json:"building"`
	Office   string `json:"office"`
	Postcode string `json:"postcode"` // six digits, or the newer kind such as A05T3D9

	HeadName     string `json:"headName"`
	HeadPosition string `json:"headPosition"`

	Activity     string `json:"activity"`     // in words
	ActivityCode string `json:"activityCode"` // OKED, such as 62.01.1 or 62011
	VATPayer     bool   `json:"vatPayer"`

	Bank string `json:"bank"`
	BIC  string `json:"bic"`
	IBAN string `json:"iban"`
	KBE  string `json:"kbe"` // code of residence and sector of economy, two digits

	Website string `json:"website"`
}

// FullName is surname, first name and patronymic.
func (c Card) FullName() string { return joined(" ", c.LastName, c.FirstName, c.MiddleName) }

// Address is the whole address in one line.
func (c Card) Address() string {
	return joined(", ", c.Postcode, c.Region, c.Locality, c.Street, c.Building, c.Office)
}

func joined(separator string, parts ...string) string {
	var present []string
	for _, part := range parts {
		if part != "" {
			present = append(present, part)
		}
	}
	return strings.Join(present, separator)
}

// prefill is what forms take their first values from, beside the fields of the card.
type prefill struct {
	Card
	Kind     Kind   `json:"kind"`
	Login    string `json:"login"`
	IIN      string `json:"iin,omitempty"`
	BIN      string `json:"bin,omitempty"`
	Name     string `json:"name"` // of the applicant: the organisation, or the person
	FullName string `json:"fullName"`
	Address  string `json:"address"`
	Phone    string `json:"phone"`
	Email    string `json:"email"`
}

// Prefill gives the JSON object that forms take their first values from: the fields of the card, kind, login, iin or
// bin, name, fullName, address, phone and email. Fields that the card leaves empty are empty strings.
func (s State) Prefill() json.RawMessage {
	p := prefill{
		Card: s.Card, Kind: s.Kind, Login: s.Number, Name: s.Name(), FullName: s.Card.FullName(),
		Address: s.Card.Address(), Phone: s.Phone, Email: s.Email,
	}
	if s.Kind == Legal {
		p.BIN = s.Number
	} else {
		p.IIN = s.Number
	}
	raw, err := json.Marshal(p)
	if err != nil { // strings and a bool: there is nothing that json cannot write
		return json.RawMessage("{}")
	}
	return raw
}
