package native

import (
	"errors"
	"time"

	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/trust"
	"services.example/portal/infra/eds/tsp"
)

// stamped is what is known of a time stamp that was verified.
type stamped struct {
	by, issuer *pki.Certificate
	at         time.Time
}

// stamp gives the time of a time stamp: over the signature's value, by an authority that was believed in that then.
func (r *run) stamp(raw []byte) (time.Time, error) {
	token, err := tsp.ParseToken(raw, tsp.Options{})
	if err != nil && r.offline {
		token, err = tsp.ParseToken(raw, tsp.Options{Legacy: true})
		if err == nil && !token.Time.Before(LegacyBefore) {
			err = refuse(pki.CodeTimeStamp, "an algorithm of years ago")
		}
	}
	if err != nil {
		return time.Time{}, err
	}
	if err := token.Verify(r.signer.Value); err != nil {
		return time.Time{}, err
	}
	issuer, err := r.issuerOf(token.Certificate, token.Time, trust.TimeStamping)
	if err != nil {
		var fault *pki.Error
		if errors.As(err, &fault) {
			return time.Time{}, refuse(pki.CodeTimeStamp, "its authority: "+fault.Detail)
		}
		return time.Time{}, err
	}
	r.keep(eds.EvidenceTimeStamp, raw)
	r.keepAuthority(issuer)
	r.stamped = append(r.stamped, stamped{by: token.Certificate, issuer: issuer, at: token.Time})
	return token.Time, nil
}
