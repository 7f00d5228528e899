package native

import "services.example/portal/infra/eds/pki"

// owner is whose a signature must be. All empty: anybody's who may sign.
type owner struct {
	iin   string
	bin   string
	staff bool
}

// check compares the numbers in the certificate with those of the account, and nothing else: check digits are no business of
// a verifier, and the law does not tie a number to anything else that is known of a person. Then it asks whether the owner
// may sign for whom it is: for an organisation its head or who has the right to sign; for themselves whoever has a
// certificate as an individual; for a provider whom it employs, with whatever certificate they sign elsewhere.
func (o owner) check(c *pki.Certificate) error {
	switch {
	case c.Owner.Ambiguous:
		return refuse(pki.CodeWrongIIN, "the certificate names several owners")
	case c.Owner.IIN == "":
		return refuse(pki.CodeWrongIIN, "the certificate names no person")
	case o.iin != "" && c.Owner.IIN != o.iin:
		return refuse(pki.CodeWrongIIN, "the certificate is somebody else's")
	case o.bin != "" && c.Owner.BIN != o.bin:
		return refuse(pki.CodeWrongBIN, "the certificate is of another organisation, or of none")
	}
	may := true
	switch {
	case o.bin != "":
		may = c.Has(pki.RoleCEO) || c.Has(pki.RoleSigner)
	case o.iin != "" && !o.staff:
		may = c.Has(pki.RoleIndividual)
	}
	if !may {
		return refuse(pki.CodeRole, "the role in the certificate is another one")
	}
	return nil
}
