package native

import (
	"errors"
	"time"

	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/trust"
	"services.example/portal/infra/eds/tsp"
)

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
	if _, err := r.issuerOf(token.Certificate, token.Time, trust.TimeStamping); err != nil {
		var fault *pki.Error
		if errors.As(err, &fault) {
			return time.Time{}, refuse(pki.CodeTimeStamp, "its authority: "+fault.Detail)
		}
		return time.Time{}, err
	}
	r.keep(eds.EvidenceTimeStamp, raw)
	return token.Time, nil
}
