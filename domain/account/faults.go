package account

import (
	"errors"
	"slices"
	"strings"

	"services.example/portal/domain/identity"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
)

// faults gathers what is wrong with the fields of one form, so that a person learns of everything at once.
type faults []problem.Field

// add notes a fault of a code of this package.
func (f *faults) add(location, code string) {
	*f = append(*f, problem.Field{Location: location, Code: code})
}

// note adds what a parser of package identity found.
func (f *faults) note(location string, err error) {
	if fault, ok := errors.AsType[*identity.Error](err); ok {
		*f = append(*f, fault.Field(location))
	} else if err != nil {
		f.add(location, "invalid")
	}
}

// read parses a field that must be there; people type spaces around everything.
func read[T interface{ String() string }](f *faults, location, raw string, parse func(string) (T, error)) string {
	value, err := parse(strings.TrimSpace(raw))
	f.note(location, err)
	return value.String()
}

// readOptional parses a field that may be empty.
func readOptional[T interface{ String() string }](f *faults, location, raw string, parse func(string) (T, error)) string {
	if strings.TrimSpace(raw) == "" {
		return ""
	}
	return read(f, location, raw, parse)
}

// mobile parses the phone: one that codes can be sent to.
func (f *faults) mobile(raw string) string {
	phone, err := identity.ParsePhone(strings.TrimSpace(raw))
	f.note("phone", err)
	if err == nil && !phone.Mobile() {
		f.add("phone", "phone-not-mobile")
	}
	return phone.String()
}

// iin parses the number of a person, and refuses what is clearly the number of an organisation.
func (f *faults) iin(location, raw string) string {
	iin, err := identity.ParseIIN(strings.TrimSpace(raw))
	f.note(location, err)
	if err == nil && iin.LooksLikeBIN() {
		f.add(location, "iin-expected")
	}
	return iin.String()
}

// bin parses the number of an organisation, and refuses what is clearly the number of a person.
func (f *faults) bin(location, raw string) string {
	bin, err := identity.ParseBIN(strings.TrimSpace(raw))
	f.note(location, err)
	if err == nil && bin.LooksLikeIIN() {
		f.add(location, "bin-expected")
	}
	return bin.String()
}

// channels reads a set of channels, at least one, into the order in which they are always kept.
func (f *faults) channels(location string, raw []string) []Channel {
	if len(raw) == 0 {
		f.add(location, "required")
	}
	var set []Channel
	for _, channel := range []Channel{SMS, Email} {
		if slices.Contains(raw, string(channel)) {
			set = append(set, channel)
		}
	}
	for _, r := range raw {
		if Channel(r) != SMS && Channel(r) != Email {
			f.add(location, "unknown-value")
			break
		}
	}
	return set
}

// language reads a language; Kazakh is the default.
func (f *faults) language(location, raw string) text.Language {
	if raw == "" {
		return text.Kazakh
	}
	language := text.Language(raw)
	if !language.Known() {
		f.add(location, "unknown-value")
	}
	return language
}

// absent notes a field that belongs to the other kind of account.
func (f *faults) absent(location, raw string) {
	if strings.TrimSpace(raw) != "" {
		f.add(location, "not-expected")
	}
}

// password notes everything that is wrong with a new password.
func (f *faults) password(location, password, login string) {
	for _, fault := range identity.CheckPassword(password, login) {
		*f = append(*f, fault.Field(location))
	}
}
