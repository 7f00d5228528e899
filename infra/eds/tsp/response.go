package tsp

import (
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/pki"
)

// Statuses of RFC 3161 with which a time stamp comes.
const (
	granted         = 0
	grantedWithMods = 1
)

// RefusalError says that an authority gave no time stamp. Status is the PKIStatus of RFC 3161, Failure the bits of its
// PKIFailureInfo, the first of which is bit 0 there.
type RefusalError struct {
	Status   int
	Failures []int
}

// The failures that pass.
const (
	timeNotAvailable = 14
	systemFailure    = 25
)

// Error names status and failures.
func (e *RefusalError) Error() string {
	return fmt.Sprintf("the time-stamping authority refused with status %d, failures %v", e.Status, e.Failures)
}

// Temporary tells whether the same question may be answered later.
func (e *RefusalError) Temporary() bool {
	const waiting = 3
	for _, bit := range e.Failures {
		if bit != timeNotAvailable && bit != systemFailure {
			return false
		}
	}
	return len(e.Failures) > 0 || e.Status == waiting
}

// ParseResponse reads the answer of an authority and returns the token in it. Errors: *RefusalError, *pki.Error with
// malformed.
func ParseResponse(raw []byte) (token []byte, err error) {
	if len(raw) > MaxResponse {
		return nil, pki.Malformed("a huge answer of a time-stamping authority")
	}
	input := cryptobyte.String(raw)
	var whole, info, words, element cryptobyte.String
	refusal := &RefusalError{}
	if !input.ReadASN1(&whole, asn1.SEQUENCE) || !input.Empty() || !whole.ReadASN1(&info, asn1.SEQUENCE) ||
		!info.ReadASN1Integer(&refusal.Status) || info.PeekASN1Tag(asn1.SEQUENCE) && !info.ReadASN1(&words, asn1.SEQUENCE) ||
		!readFailures(&info, &refusal.Failures) || !info.Empty() {
		return nil, pki.Malformed("not one answer of a time-stamping authority")
	}
	if refusal.Status != granted && refusal.Status != grantedWithMods {
		return nil, refusal
	}
	if !whole.ReadASN1Element(&element, asn1.SEQUENCE) || !whole.Empty() {
		return nil, pki.Malformed("no time stamp in the answer of an authority")
	}
	return element, nil
}

// readFailures reads PKIFailureInfo, of up to 32 bits, if it is there.
func readFailures(from *cryptobyte.String, out *[]int) bool {
	if !from.PeekASN1Tag(asn1.BIT_STRING) {
		return true
	}
	var bits cryptobyte.String
	var unused uint8
	if !from.ReadASN1(&bits, asn1.BIT_STRING) || !bits.ReadUint8(&unused) || unused > 7 || len(bits) > 4 {
		return false
	}
	for i := range 8 * len(bits) {
		if bits[i/8]&(0x80>>(i%8)) != 0 {
			*out = append(*out, i)
		}
	}
	return true
}
