package service

import (
	"github.com/santhosh-tekuri/jsonschema/v6"

	"services.example/portal/domain/identity"
)

// formats are the formats that a form's fields may have beside those of JSON Schema. Email is ours too: what a form takes
// must be an address that the portal can write to.
var formats = []jsonschema.Format{
	{Name: "iin", Validate: parses(identity.ParseIIN)},
	{Name: "bin", Validate: parses(identity.ParseBIN)},
	{Name: "iin-or-bin", Validate: parses(identity.ParseNumber)},
	{Name: "kz-phone", Validate: parses(identity.ParsePhone)},
	{Name: "email", Validate: parses(identity.ParseEmail)},
	{Name: "iban-kz", Validate: parses(identity.ParseIBAN)},
}

// parses makes a format of a parser of text. Values that are no text are none of a format's business.
func parses[T any](parse func(string) (T, error)) func(any) error {
	return func(value any) error {
		s, ok := value.(string)
		if !ok {
			return nil
		}
		_, err := parse(s)
		return err
	}
}
