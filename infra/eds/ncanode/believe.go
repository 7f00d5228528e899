package ncanode

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/pki"
)

// believe goes on where examine ended, with what the server said. Error: the answer is not one about this signature.
func (e *examination) believe(said answer) error {
	if err := e.about(said); err != nil {
		return err
	}
	certificate := said.Signers[0].Certificates[0]
	_ = e.check(eds.StepChain, e.chain(said.Valid, certificate)) &&
		e.check(eds.StepUsage, e.usage(certificate)) &&
		e.check(eds.StepOwner, e.owner(certificate)) &&
		e.check(eds.StepRevocation, revocation(certificate.Revocations))
	return nil
}

// about makes sure that the server speaks of the signature that was examined here: of its one signer, and of no other
// certificate. It calls valid what has no signer at all.
func (e *examination) about(said answer) error {
	if len(said.Signers) != 1 || len(said.Signers[0].Certificates) != 1 {
		certificates := 0
		for _, s := range said.Signers {
			certificates += len(s.Certificates)
		}
		return fmt.Errorf("its answer is about %d signers with %d certificates, not about one", len(said.Signers), certificates)
	}
	theirs, ours := said.Signers[0].Certificates[0], e.signer.Certificate
	serial, is := new(big.Int).SetString(theirs.SerialNumber, 16)
	if !is || serial.Cmp(ours.Serial) != 0 || theirs.Signature != nil && !bytes.Equal(theirs.Signature, ours.X509.Signature) {
		return errors.New("its answer is about another certificate")
	}
	if stamp := said.Signers[0].TSP; stamp != nil && !e.stamped(stamp.Hash) {
		return errors.New("its answer is about another time stamp")
	}
	return nil
}

// chain is what the server found about signature, issuer and validity. It does not say which of them was wrong.
func (e *examination) chain(valid bool, c certificate) error {
	if err := e.signer.Certificate.ValidAt(e.of.At); err != nil {
		return err
	}
	switch {
	case !c.Valid && revocation(c.Revocations) == nil:
		return &pki.Error{Code: pki.CodeUntrusted, Detail: "NCANode says that the certificate is not valid"}
	case c.Valid && !valid:
		return &pki.Error{Code: pki.CodeBadSignature, Detail: "NCANode says that the signature is not valid"}
	default:
		return nil // or revocation will say why not
	}
}

// usage makes sure that the key is one for signing: by what was read here, and what the server reads in the certificate.
func (e *examination) usage(c certificate) error {
	ours := e.signer.Certificate
	if !ours.Signs() || !ours.Under(policy) || c.KeyUsage != "SIGN" {
		return &pki.Error{Code: pki.CodeNotForSigning, Detail: "the key is for something else"}
	}
	return nil
}

// owner makes sure whose certificate it is, and that the owner may sign for whom it is, by both.
func (e *examination) owner(c certificate) error {
	ours, theirs, of := e.signer.Certificate, c.Subject, e.of
	switch {
	case ours.Owner.Ambiguous || ours.Owner.IIN == "":
		return &pki.Error{Code: pki.CodeWrongIIN, Detail: "the certificate names no person, or several"}
	case ours.Owner.IIN != theirs.IIN || of.IIN != "" && of.IIN != theirs.IIN:
		return &pki.Error{Code: pki.CodeWrongIIN, Detail: "the certificate is somebody else's"}
	case of.BIN != "" && (ours.Owner.BIN != of.BIN || theirs.BIN != of.BIN):
		return &pki.Error{Code: pki.CodeWrongBIN, Detail: "the certificate is of another organisation, or of none"}
	}
	may := func(role pki.Role) bool { return ours.Has(role) && slices.Contains(c.KeyUser, keyUser[role]) }
	switch {
	case of.BIN != "" && !may(pki.RoleCEO) && !may(pki.RoleSigner), of.BIN == "" && !of.Staff && !may(pki.RoleIndividual):
		return &pki.Error{Code: pki.CodeRole, Detail: "the role in the certificate is another one"}
	default:
		return nil
	}
}

// policy is the national centre's for the certificates of those who sign: they are issued under it, or below it.
var policy = asn1.ObjectIdentifier{1, 2, 398, 3, 3, 2}

// keyUser are the server's words for the roles with which somebody may sign.
var keyUser = map[pki.Role]string{pki.RoleIndividual: "INDIVIDUAL", pki.RoleCEO: "CEO", pki.RoleSigner: "CAN_SIGN"}

// never is the year in which an authority revoked what it does not know (RFC 6960, 2.2).
const never = 1970

// revocation is what the server found out. Only an OCSP answer says that a certificate is good: the server says "not revoked"
// also of a list that it could not fetch, and of an OCSP answer that it did not get, but then with a reason.
func revocation(found []status) error {
	good := false
	for _, s := range found {
		switch {
		case s.Revoked && s.RevocationTime.Year() == never:
			return &pki.Error{Code: pki.CodeUnknown, Detail: "revoked in 1970, which means not known"}
		case s.Revoked:
			return &pki.Error{Code: pki.CodeRevoked, Detail: "says " + s.source()}
		}
	}
	for _, s := range found {
		if s.By == "OCSP" {
			if s.Reason != "OK" {
				return revocationUnavailable()
			}
			good = true
		}
	}
	if !good {
		return revocationUnavailable()
	}
	return nil
}

func revocationUnavailable() error {
	return &problem.Problem{Kind: problem.Unavailable, Code: pki.CodeRevocationUnavailable, RetryAfter: retryAfter}
}
