package revocation

import (
	"context"
	"crypto/rand"
	"fmt"

	"services.example/portal/infra/eds/remote"
)

const nonceLength = 16 // bytes, as RFC 9654 lets responders count on

// OCSPClient asks a responder over HTTP.
type OCSPClient struct {
	url    string
	client *remote.Client
	lists  Source
}

// NewOCSPClient makes a client of the responder at a URL. Lists tell whether a responder whose certificate does not say
// that it needs no such check was revoked itself; nil: nobody is asked.
func NewOCSPClient(url string, client *remote.Client, lists Source) (*OCSPClient, error) {
	if err := remote.CheckURL(url); err != nil {
		return nil, fmt.Errorf("OCSP responder: %w", err)
	}
	return &OCSPClient{url: url, client: client, lists: lists}, nil
}

// Status asks what became of a certificate. The answer must be one made for this question, now. Errors: *remote.Error,
// *RefusalError, *pki.Error.
func (c *OCSPClient) Status(ctx context.Context, q Query) (Status, error) {
	status, err := c.ask(ctx, q)
	if err != nil {
		return Status{}, fmt.Errorf("asking the OCSP responder: %w", err)
	}
	return status, nil
}

func (c *OCSPClient) ask(ctx context.Context, q Query) (Status, error) {
	if q.Now.IsZero() {
		return Status{}, unusable("only what is now can be asked")
	}
	nonce := make([]byte, nonceLength)
	_, _ = rand.Read(nonce) // it never fails
	request, err := NewOCSPRequest(q.Certificate, q.Issuer, nonce)
	if err != nil {
		return Status{}, err
	}
	raw, err := c.client.Post(ctx, c.url, "application/ocsp-request", request, MaxOCSP)
	if err != nil {
		return Status{}, err
	}
	response, err := ParseOCSP(raw)
	if err != nil {
		return Status{}, err
	}
	if !response.answers(nonce) {
		return Status{}, unusable("an answer to another question")
	}
	status, by, err := response.statusBy(q)
	if err != nil {
		return Status{}, err
	}
	return status, c.check(ctx, q, by)
}

// check makes sure that the responder itself was not revoked.
func (c *OCSPClient) check(ctx context.Context, q Query, by Responder) error {
	if by.NoCheck || c.lists == nil {
		return nil
	}
	status, err := c.lists.Status(ctx, Query{Certificate: by.Certificate, Issuer: q.Issuer, At: q.Now, Now: q.Now, Legacy: q.Legacy})
	if err != nil {
		return fmt.Errorf("looking for the responder itself: %w", err)
	}
	if err := status.Err(q.Now); err != nil {
		return unusable("the responder's certificate was revoked")
	}
	return nil
}
