package dev

import (
	"crypto/x509"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"services.example/portal/infra/eds/pki"
)

// TestEveryKeyUsageIsWritten makes a certificate for each of the 512 usages of keys: the bits stand the other way round
// in DER, in one byte or two.
func TestEveryKeyUsageIsWritten(t *testing.T) {
	t.Parallel()
	ca := caOf(t, pki.ECDSA)
	public := ca.Responder.Key.DER()
	for usage := range x509.KeyUsage(1 << 9) {
		template := OwnerTemplate(nurai, noon).With(KeyUsage(usage))
		template.Public = public
		raw, err := ca.Issuing.Issue(template)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := x509.ParseCertificate(raw); err != nil || got.KeyUsage != usage {
			t.Fatalf("usage %b was read as %+v, error %v", usage, got, err)
		}
	}
}

func TestPeopleAreNamedAsTheyAre(t *testing.T) {
	t.Parallel()
	ca := caOf(t, pki.ECDSA)
	public := ca.Responder.Key.DER()
	word := rapid.StringMatching(`[А-ЯӘҒҚҢӨҰҮҺІ]{1,20}`)
	digits := rapid.StringMatching(`[0-9]{12}`)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SliceOfN(word, 2, 4).Draw(t, "name")
		person := Person{Name: name[0] + " " + name[1], IIN: digits.Draw(t, "iin"), Role: rapid.SampledFrom([]pki.Role{"", pki.RoleEmployee, pki.RoleSigner}).Draw(t, "role")}
		want := pki.Owner{CommonName: person.Name, Surname: name[0], IIN: person.IIN}
		for i, more := range name[2:] {
			person.Name += " " + more
			want.GivenName += []string{"", " "}[i] + more
		}
		if rapid.Bool().Draw(t, "organisation") {
			person.BIN, person.Organization = digits.Draw(t, "bin"), word.Draw(t, "organisation's name")
			want.BIN, want.Organization = person.BIN, person.Organization
		}
		template := OwnerTemplate(person, noon)
		template.Public = public
		raw, err := ca.Issuing.Issue(template)
		if err != nil {
			t.Fatal(err)
		}
		got, err := pki.ParseCertificate(raw)
		if err != nil || got.Owner != want || !slices.Contains(got.Roles, person.role()) || got.Has(pki.RoleLegalEntity) != (person.BIN != "") {
			t.Fatalf("%+v was read as %+v with %v, error %v", person, got.Owner, got.Roles, err)
		}
	})
}
