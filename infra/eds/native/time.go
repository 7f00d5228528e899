package native

import (
	"bytes"
	"slices"
	"time"

	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/pki"
)

// time finds the trusted time, and makes sure that the signer's clock agrees with it.
func (r *run) time() error {
	r.trustedAt(r.received, eds.TimeReceipt)
	var first time.Time
	for i, token := range r.tokens() {
		if i == maxTimeStamps {
			return refuse(pki.CodeTimeStamp, "too many time stamps")
		}
		at, err := r.stamp(token)
		if err != nil {
			return err
		}
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	if !first.IsZero() {
		r.trustedAt(first, eds.TimeStamped)
	}
	claimed := r.signer.SigningTime
	switch {
	case r.at.IsZero():
		return refuse(pki.CodeTimeStamp, "no time stamp, and nobody says when it was received")
	case claimed.After(r.at.Add(Skew)):
		return refuse(pki.CodeClockSkew, "the signature claims to be of later")
	case !r.received.IsZero() && (claimed.Before(r.received.Add(-Skew)) || claimed.After(r.received.Add(Skew))):
		return refuse(pki.CodeClockSkew, "the signature claims to be of another time than that of receipt")
	case !r.offline && r.at.After(r.received.Add(Skew)):
		return refuse(pki.CodeClockSkew, "the time stamp is of later")
	default:
		return nil
	}
}

func (r *run) trustedAt(at time.Time, from eds.TimeSource) {
	if at.IsZero() {
		return
	}
	r.at = at.UTC()
	r.report.TrustedAt, r.report.TimeFrom = r.at, from
}

// tokens are the time stamps in the signature and those beside it, each once.
func (r *run) tokens() [][]byte {
	tokens := slices.Clone(r.signer.TimeStamps)
	for _, kept := range r.stamps {
		if !slices.ContainsFunc(tokens, func(known []byte) bool { return bytes.Equal(known, kept) }) {
			tokens = append(tokens, kept)
		}
	}
	return tokens
}
