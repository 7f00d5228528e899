package ncanode

import (
	"encoding/hex"
	"slices"
	"strings"

	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/tsp"
)

// readStamps reads the time stamps in the signature. The server does not compare them with what they stamp. Whose they are
// nobody says here, so they count for nothing: certificates are checked for the time of receipt.
func (e *examination) readStamps() error {
	for _, raw := range e.signer.TimeStamps {
		token, err := tsp.ParseToken(raw, tsp.Options{})
		if err != nil {
			return err
		}
		if err := token.Verify(e.signer.Value); err != nil {
			return err
		}
		if token.Time.After(e.of.At.Add(clockSkew)) {
			return &pki.Error{Code: pki.CodeClockSkew, Detail: "the time stamp is of later"}
		}
		e.stamps = append(e.stamps, token)
	}
	return nil
}

// stamped tells whether the signature has a time stamp over these bytes, in hexadecimal.
func (e *examination) stamped(imprint string) bool {
	return slices.ContainsFunc(e.stamps, func(t *tsp.Token) bool {
		return strings.EqualFold(hex.EncodeToString(t.Imprint.Digest), imprint)
	})
}
