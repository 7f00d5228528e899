package pki

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"
)

// Role is what the owner of a certificate is to the organisation in it. The word is for reports.
type Role string

// The roles of certificates by the national certification centre.
const (
	RoleIndividual  Role = "individual"
	RoleLegalEntity Role = "legal-entity"       // belongs to an organisation: always beside one of those below
	RoleCEO         Role = "ceo"                // its first head
	RoleSigner      Role = "signer"             // has the right to sign for it
	RoleFinancial   Role = "financial-signer"   // has the right to sign its financial documents
	RoleHR          Role = "hr"                 // of its staff department
	RoleEmployee    Role = "employee"           // without the right to sign for it
	RoleSystem      Role = "information-system" // not a person
)

// Extended key usages.
var (
	OIDEmailProtection = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 4} // a key for signing documents
	OIDClientAuth      = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 2} // a key for signing in
	OIDTimeStamping    = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	OIDOCSPSigning     = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 9}
)

var roles = []struct {
	role Role
	oid  asn1.ObjectIdentifier
}{
	{RoleIndividual, asn1.ObjectIdentifier{1, 2, 398, 3, 3, 4, 1, 1}},
	{RoleLegalEntity, asn1.ObjectIdentifier{1, 2, 398, 3, 3, 4, 1, 2}},
	{RoleCEO, asn1.ObjectIdentifier{1, 2, 398, 3, 3, 4, 1, 2, 1}},
	{RoleSigner, asn1.ObjectIdentifier{1, 2, 398, 3, 3, 4, 1, 2, 2}},
	{RoleFinancial, asn1.ObjectIdentifier{1, 2, 398, 3, 3, 4, 1, 2, 3}},
	{RoleHR, asn1.ObjectIdentifier{1, 2, 398, 3, 3, 4, 1, 2, 4}},
	{RoleEmployee, asn1.ObjectIdentifier{1, 2, 398, 3, 3, 4, 1, 2, 5}},
	{RoleSystem, asn1.ObjectIdentifier{1, 2, 398, 3, 3, 4, 1, 2, 6}},
}

func roleOf(oid asn1.ObjectIdentifier) (Role, bool) {
	for _, r := range roles {
		if r.oid.Equal(oid) {
			return r.role, true
		}
	}
	return "", false
}

// OID is the extended key usage that gives the role; nil if the role is not known.
func (r Role) OID() asn1.ObjectIdentifier {
	for _, known := range roles {
		if known.role == r {
			return known.oid
		}
	}
	return nil
}

// Has says whether the owner has a role.
func (c *Certificate) Has(role Role) bool { return slices.Contains(c.Roles, role) }

// For says whether the certificate names an extended key usage. One that names none is for nothing in particular.
func (c *Certificate) For(usage asn1.ObjectIdentifier) bool {
	return slices.ContainsFunc(c.ExtUsage, usage.Equal)
}

// Signs says whether the certificate is one to sign documents with: digital signature and non-repudiation, for the
// protection of mail, which is how the centre calls it, and no authority's.
func (c *Certificate) Signs() bool {
	const signing = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	return c.KeyUsage&signing == signing && c.For(OIDEmailProtection) && !c.X509.IsCA
}

// Under says whether the certificate was issued under a policy, or under one below it.
func (c *Certificate) Under(policy asn1.ObjectIdentifier) bool {
	return slices.ContainsFunc(c.Policies, func(p asn1.ObjectIdentifier) bool {
		return len(p) >= len(policy) && slices.Equal(p[:len(policy)], policy)
	})
}
