package dev

import (
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/internal/der"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/tsp"
)

// TimeStamp is what a time stamp of RFC 3161 says, before it is signed.
type TimeStamp struct {
	Policy     asn1.ObjectIdentifier // nil: that of the national centre
	Hash       pki.Hash
	Imprint    []byte   // digest of what is stamped
	Serial     *big.Int // nil: a random one
	At         time.Time
	Seconds    int      // how exact At is; 0: it does not say
	Nonce      *big.Int // nil: none
	Extensions []pkix.Extension
}

// DER writes what the stamp says: TSTInfo.
func (s *TimeStamp) DER() ([]byte, error) {
	number := s.Serial
	if number == nil {
		var err error
		if number, err = serial(); err != nil {
			return nil, fmt.Errorf("making a time stamp: %w", err)
		}
	}
	policy := s.Policy
	if policy == nil {
		policy = OIDTimeStampPolicy
	}
	info := der.Build(func(b *cryptobyte.Builder) {
		der.Sequence(b, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(1)
			b.AddASN1ObjectIdentifier(policy)
			der.Sequence(b, func(b *cryptobyte.Builder) {
				pki.AddIdentifier(b, s.Hash.OID())
				b.AddASN1OctetString(s.Imprint)
			})
			b.AddASN1BigInt(number)
			b.AddASN1GeneralizedTime(s.At.UTC())
			if s.Seconds > 0 {
				der.Sequence(b, func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(s.Seconds)) })
			}
			if s.Nonce != nil {
				b.AddASN1BigInt(s.Nonce)
			}
			if len(s.Extensions) > 0 {
				b.AddASN1(der.Explicit(1), func(b *cryptobyte.Builder) { addExtensionList(b, s.Extensions) })
			}
		})
	})
	if info == nil {
		return nil, errors.New("making a time stamp: what it says cannot be written")
	}
	return info, nil
}

// TimeStampDraft is a time stamp that lacks its signature. A test may make it wrong; SignBy of the draft completes it.
func (h *Holder) TimeStampDraft(s *TimeStamp) (*cms.Draft, error) {
	info, err := s.DER()
	if err != nil {
		return nil, err
	}
	return cms.NewAttached(cms.OIDTSTInfo, info, h.Certificate, h.Key.Algorithm(), s.At), nil
}

// TimeStamp signs a time stamp.
func (h *Holder) TimeStamp(s *TimeStamp) ([]byte, error) {
	draft, err := h.TimeStampDraft(s)
	if err != nil {
		return nil, err
	}
	if err := draft.SignBy(h.Key); err != nil {
		return nil, err
	}
	return draft.DER(), nil
}

// TimeStamp is the token of the authority's service that something existed at a time.
func (ca *CA) TimeStamp(of []byte, at time.Time) ([]byte, error) {
	hash := ca.Stamper.Key.Algorithm().Hash
	return ca.Stamper.TimeStamp(&TimeStamp{Hash: hash, Imprint: hash.Sum(of), At: at})
}

// StampFailure is why there is no time stamp: a bit of PKIFailureInfo.
type StampFailure int

// The failures of RFC 3161.
const (
	StampBadAlgorithm StampFailure = 0
	StampBadRequest   StampFailure = 2
	StampTimeMissing  StampFailure = 14
	StampBadPolicy    StampFailure = 15
	StampInternal     StampFailure = 25
)

// DER writes the failure as a response.
func (f StampFailure) DER() []byte {
	flags := make([]byte, f/8+1)
	flags[f/8] = 0x80 >> (f % 8)
	return der.Build(func(b *cryptobyte.Builder) {
		der.Sequence(b, func(b *cryptobyte.Builder) {
			der.Sequence(b, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(2) // rejection
				b.AddASN1(tag.BIT_STRING, func(b *cryptobyte.Builder) {
					b.AddUint8(uint8(7 - f%8))
					b.AddBytes(flags)
				})
			})
		})
	})
}

// Granted is the response that holds a token.
func Granted(token []byte) []byte {
	return der.Build(func(b *cryptobyte.Builder) {
		der.Sequence(b, func(b *cryptobyte.Builder) {
			der.Sequence(b, func(b *cryptobyte.Builder) { b.AddASN1Int64(0) })
			b.AddBytes(token)
		})
	})
}

// AnswerTimeStamp answers a request for a time stamp as the service of the authority. The service's certificate comes
// along whether it is asked for or not, as with the national centre. Its error means that the authority itself is at fault.
func (ca *CA) AnswerTimeStamp(request []byte, now time.Time) ([]byte, error) {
	asked, failure := parseStampRequest(request)
	if failure != nil {
		return failure.DER(), nil
	}
	token, err := ca.Stamper.TimeStamp(&TimeStamp{
		Hash: asked.Imprint.Hash, Imprint: asked.Imprint.Digest, At: now, Nonce: asked.Nonce,
	})
	if err != nil {
		return nil, err
	}
	return Granted(token), nil
}

func parseStampRequest(der []byte) (tsp.Request, *StampFailure) {
	asked, err := tsp.ParseRequest(der)
	failure := StampBadRequest
	switch {
	case pki.IsCode(err, pki.CodeNotAllowed):
		failure = StampBadAlgorithm
	case err != nil:
	case asked.Policy != nil && !asked.Policy.Equal(OIDTimeStampPolicy):
		failure = StampBadPolicy
	default:
		return asked, nil
	}
	return tsp.Request{}, &failure
}

// serial is a random serial number.
func serial() (*big.Int, error) {
	return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
}
