package dev

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/internal/der"
)

// SignOptions say how something is signed. The zero SignOptions make a detached signature with the attributes of
// CAdES-B: content type, digest, the time of signing, and the signer's certificate by its digest.
type SignOptions struct {
	Attached  bool // the document is inside
	Digested  bool // the document is not given but its digest, by the hash of the key
	TimeStamp bool // with a time stamp over the signature: CAdES-T
	Chain     bool // the certificate of the issuing authority comes along
}

// Sign signs a document as a person, with the person's certificate: a CMS in DER.
func (ca *CA) Sign(person Person, document []byte, at time.Time, o SignOptions) ([]byte, error) {
	owner, err := ca.Owner(person, at)
	if err != nil {
		return nil, err
	}
	return ca.SignBy(owner, document, at, o)
}

// SignBy signs a document with a certificate: a CMS in DER.
func (ca *CA) SignBy(owner *Holder, document []byte, at time.Time, o SignOptions) ([]byte, error) {
	draft := owner.Draft(document, at)
	switch {
	case o.Digested && o.Attached:
		return nil, errors.New("signing: a digest cannot be inside in the place of its document")
	case o.Digested && len(document) != owner.Key.hash.Size():
		return nil, errors.New("signing: a digest of another hash than the key's")
	case o.Digested:
		for i, a := range draft.Signers[0].Attributes {
			if a.OID.Equal(cms.OIDMessageDigest) {
				draft.Signers[0].Attributes[i] = attribute(a.OID, func(b *cryptobyte.Builder) { b.AddASN1OctetString(document) })
			}
		}
	case o.Attached:
		draft.Content = document
	}
	if o.Chain {
		draft.Certificates = append(draft.Certificates, ca.Issuing.DER())
	}
	if err := draft.SignBy(owner.Key); err != nil {
		return nil, err
	}
	if o.TimeStamp {
		if err := ca.StampDraft(draft, at); err != nil {
			return nil, err
		}
	}
	return draft.DER(), nil
}

// Draft is a detached signature over a document that lacks its value. A test may make it wrong; SignBy of the draft
// completes it.
func (h *Holder) Draft(document []byte, at time.Time) *cms.Draft {
	return cms.NewDetached(document, h.Certificate, h.Key.Algorithm(), at)
}

// StampDraft adds time stamps over the values of its signatures.
func (ca *CA) StampDraft(draft *cms.Draft, at time.Time) error {
	for i := range draft.Signers {
		signer := &draft.Signers[i]
		token, err := ca.TimeStamp(signer.Signature, at)
		if err != nil {
			return fmt.Errorf("stamping a signature: %w", err)
		}
		signer.Unsigned = append(signer.Unsigned, cms.Attribute{OID: cms.OIDTimeStampToken, Values: [][]byte{token}})
	}
	return nil
}

func attribute(oid asn1.ObjectIdentifier, value func(*cryptobyte.Builder)) cms.Attribute {
	return cms.Attribute{OID: oid, Values: [][]byte{der.Build(value)}}
}
