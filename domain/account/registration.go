package account

import (
	"encoding/base32"
	"slices"
	"strings"

	"services.example/portal/domain/identity"
	"services.example/portal/domain/problem"
)

// CheckRegistration tells everything that is wrong with a registration and its password, before the password is hashed.
func CheckRegistration(c StartRegistration, password string) []problem.Field {
	_, f := readRegistration(c)
	f.password("password", password, c.Login())
	return f
}

// CheckNewPassword tells everything that is wrong with a new password for an account, at the field location.
func CheckNewPassword(s State, location, password string) []problem.Field {
	var f faults
	f.password(location, password, s.Number)
	return f
}

// readRegistration parses the form, all of it.
func readRegistration(c StartRegistration) (RegistrationStarted, faults) {
	var f faults
	e := RegistrationStarted{
		RegistrationID: c.RegistrationID, Kind: Kind(c.Kind), PasswordHash: c.PasswordHash,
		ExpiresAt: c.ExpiresAt, At: c.At,
	}
	switch e.Kind {
	case Individual:
		e.Number = f.iin("iin", c.IIN)
		f.absent("bin", c.BIN)
		f.absent("organization", c.Organization)
	case Legal:
		e.Number = f.bin("bin", c.BIN)
		f.absent("iin", c.IIN)
		e.Organization = read(&f, "organization", c.Organization, identity.ParseOrganization)
	default:
		f.add("kind", "unknown-value")
	}
	e.LastName = read(&f, "lastName", c.LastName, identity.ParsePersonName)
	e.FirstName = read(&f, "firstName", c.FirstName, identity.ParsePersonName)
	e.MiddleName = readOptional(&f, "middleName", c.MiddleName, identity.ParsePersonName)
	e.Email = read(&f, "email", c.Email, identity.ParseEmail)
	e.Phone = f.mobile(c.Phone)
	e.NotifyBy = f.channels("notifyBy", c.NotifyBy)
	e.Language = f.language("language", c.Language)
	return e, f
}

const minTOTPSecret = 10 // bytes

// readStaff parses what an account of staff is made of.
func readStaff(c CreateStaff) (StaffAccountCreated, faults) {
	var f faults
	e := StaffAccountCreated{
		Number:       f.iin("iin", c.IIN),
		LastName:     read(&f, "lastName", c.LastName, identity.ParsePersonName),
		FirstName:    read(&f, "firstName", c.FirstName, identity.ParsePersonName),
		MiddleName:   readOptional(&f, "middleName", c.MiddleName, identity.ParsePersonName),
		Email:        read(&f, "email", c.Email, identity.ParseEmail),
		Phone:        f.mobile(c.Phone),
		PasswordHash: c.PasswordHash,
		TOTPSecret:   f.totp("totpSecret", c.TOTPSecret),
		Roles:        f.roles("roles", c.Roles),
		ProviderID:   c.ProviderID,
		NotifyBy:     []Channel{Email},
		Language:     f.language("language", c.Language),
		At:           c.At,
	}
	if len(c.NotifyBy) > 0 {
		e.NotifyBy = f.channels("notifyBy", c.NotifyBy)
	}
	if e.ProviderID == "" && slices.ContainsFunc(e.Roles, Role.OfProvider) {
		f.add("providerId", "required")
	}
	return e, f
}

// roles reads a set of roles of staff, at least one, sorted.
func (f *faults) roles(location string, raw []string) []Role {
	if len(raw) == 0 {
		f.add(location, "required")
	}
	var roles []Role
	for _, r := range raw {
		if !Role(r).Staff() {
			f.add(location, "unknown-value")
			return nil
		}
		roles = append(roles, Role(r))
	}
	slices.Sort(roles)
	return slices.Compact(roles)
}

// totp reads the shared secret of a code generator, if there is one.
func (f *faults) totp(location, raw string) string {
	secret := strings.ToUpper(strings.TrimRight(raw, "="))
	if secret == "" {
		return ""
	}
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil || len(key) < minTOTPSecret {
		f.add(location, "totp-invalid")
	}
	return secret
}
