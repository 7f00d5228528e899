package ncalayer

import (
	"context"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/pki"
)

// SigningKey is a Key whose private part is at hand. Its signatures are CAdES: with the attributes that the national
// certification centre's own programs put there, and its certificate alone.
type SigningKey struct {
	Owner   *pki.Certificate
	Private pki.Signer
	Now     func() time.Time
	// Stamp makes a time stamp, a token of RFC 3161, over a signature. Nil: signatures go without, whatever a page asks for.
	Stamp func(ctx context.Context, signature []byte) ([]byte, error)
}

// Certificate is the owner's.
func (k *SigningKey) Certificate() []byte { return k.Owner.Raw }

// Sign makes a CMS.
func (k *SigningKey) Sign(ctx context.Context, what Request) ([]byte, error) {
	draft, err := k.draft(what)
	if err != nil {
		return nil, err
	}
	if err := draft.SignBy(k.Private); err != nil {
		return nil, fmt.Errorf("signing for a page: %w", err)
	}
	if signer := &draft.Signers[0]; what.TimeStamp && k.Stamp != nil {
		token, err := k.Stamp(ctx, signer.Signature)
		if err != nil {
			return nil, fmt.Errorf("stamping a signature for a page: %w", err)
		}
		signer.Unsigned = append(signer.Unsigned, cms.Attribute{OID: cms.OIDTimeStampToken, Values: [][]byte{token}})
	}
	return draft.DER(), nil
}

func (k *SigningKey) draft(what Request) (*cms.Draft, error) {
	algorithm := k.Private.Algorithm()
	switch {
	case what.Digested && what.Attached:
		return nil, errors.New("a digest cannot stand for the document inside of a signature")
	case what.Digested && len(what.Data) != algorithm.Hash.Size():
		return nil, fmt.Errorf("a digest of %d bytes: that of this key has %d", len(what.Data), algorithm.Hash.Size())
	case what.Attached:
		return cms.NewAttached(cms.OIDData, slices.Concat([]byte{}, what.Data), k.Owner, algorithm, k.Now()), nil // never nil
	}
	draft := cms.NewDetached(what.Data, k.Owner, algorithm, k.Now())
	if !what.Digested {
		return draft, nil
	}
	digest, err := asn1.Marshal(what.Data)
	if err != nil {
		return nil, fmt.Errorf("writing a digest: %w", err)
	}
	for i, attribute := range draft.Signers[0].Attributes {
		if attribute.OID.Equal(cms.OIDMessageDigest) {
			draft.Signers[0].Attributes[i].Values = [][]byte{digest}
		}
	}
	return draft, nil
}
