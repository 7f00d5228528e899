// Package devtest lets tests ask an authority itself what clients ask over the network.
package devtest

import (
	"context"
	"time"

	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/revocation"
	"services.example/portal/infra/eds/tsp"
)

// Services are those of an authority: a source of revocation, and a stamper.
type Services struct{ CA *dev.CA }

// Check asks whether a certificate is revoked, by OCSP.
func (s Services) Check(_ context.Context, q revocation.Query) (revocation.Status, error) {
	request, err := revocation.NewOCSPRequest(q.Certificate, q.Issuer, []byte("0123456789abcdef"))
	if err != nil {
		return revocation.Status{}, err
	}
	raw, err := s.CA.AnswerOCSP(request, q.Now)
	if err != nil {
		return revocation.Status{}, err
	}
	response, err := revocation.ParseOCSP(raw)
	if err != nil {
		return revocation.Status{}, err
	}
	return response.Status(q)
}

// Stamp asks for a time stamp over a message.
func (s Services) Stamp(_ context.Context, message []byte, now time.Time) (*tsp.Token, error) {
	raw, err := s.CA.TimeStamp(message, now)
	if err != nil {
		return nil, err
	}
	return tsp.ParseToken(raw, tsp.Options{})
}
