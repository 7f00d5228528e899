package tsp

import (
	"context"
	"crypto/rand"
	encoding "encoding/asn1"
	"fmt"
	"math/big"
	"time"

	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/remote"
)

// Skew is by how much the clocks of an authority and of who asks it may differ.
const Skew = 5 * time.Minute

// ClientOptions say who is asked for time stamps, and for which.
type ClientOptions struct {
	URL    string
	Client *remote.Client
	Hash   pki.Hash                  // of what is stamped; 0: Streebog512
	Policy encoding.ObjectIdentifier // nil: whichever the authority likes
}

// Client asks a time-stamping authority over HTTP.
type Client struct{ options ClientOptions }

// NewClient makes a client of an authority.
func NewClient(o ClientOptions) (*Client, error) {
	if err := remote.CheckURL(o.URL); err != nil {
		return nil, fmt.Errorf("time-stamping authority: %w", err)
	}
	if o.Hash == 0 {
		o.Hash = pki.Streebog512
	}
	return &Client{o}, nil
}

// Stamp asks for a time stamp over a message, and makes sure that the answer is that: Token.Verify, made for this
// question, of now. Whether an authority that is trusted issued its certificate the caller must ask. Errors: *remote.Error,
// *RefusalError, *pki.Error with time-stamp-invalid.
func (c *Client) Stamp(ctx context.Context, message []byte, now time.Time) (*Token, error) {
	token, err := c.stamp(ctx, message, now)
	if err != nil {
		return nil, fmt.Errorf("asking for a time stamp: %w", err)
	}
	return token, nil
}

func (c *Client) stamp(ctx context.Context, message []byte, now time.Time) (*Token, error) {
	random := make([]byte, 8)
	_, _ = rand.Read(random) // it never fails
	random[0] = random[0]&0x7f | 0x40
	question := Request{
		Imprint: ImprintOf(c.options.Hash, message), Policy: c.options.Policy, Nonce: new(big.Int).SetBytes(random), Certificates: true,
	}
	asked, err := question.DER()
	if err != nil {
		return nil, err
	}
	answer, err := c.options.Client.Post(ctx, c.options.URL, "application/timestamp-query", asked, MaxResponse)
	if err != nil {
		return nil, err
	}
	raw, err := ParseResponse(answer)
	if err != nil {
		return nil, wrong(err)
	}
	token, err := ParseToken(raw, Options{})
	if err != nil {
		return nil, err
	}
	switch difference := token.Time.Sub(now); {
	case token.Nonce == nil || token.Nonce.Cmp(question.Nonce) != 0:
		return nil, invalid("for another question")
	case c.options.Policy != nil && !token.Policy.Equal(c.options.Policy):
		return nil, invalid("under another policy")
	case token.Imprint.Hash != c.options.Hash:
		return nil, invalid("with another digest")
	case difference > Skew || difference < -Skew:
		return nil, invalid("of another time than now")
	}
	return token, token.Verify(message)
}
