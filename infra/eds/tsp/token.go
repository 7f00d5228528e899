package tsp

import (
	"bytes"
	"crypto/x509"
	encoding "encoding/asn1"
	"errors"
	"math/big"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/internal/der"
	"services.example/portal/infra/eds/pki"
)

// Options say how a token is read.
type Options struct {
	Legacy bool               // algorithms of years ago are allowed, for evidence
	Known  []*pki.Certificate // of authorities whose certificate did not come along
}

// Token is a time stamp that was read. Nothing vouches for it before Verify.
type Token struct {
	Raw          []byte
	Time         time.Time // UTC; Accuracy before or after it
	Accuracy     time.Duration
	Policy       encoding.ObjectIdentifier
	Imprint      Imprint
	Serial       *big.Int           // may be negative: the national centre's are
	Nonce        *big.Int           // nil: none
	Certificate  *pki.Certificate   // the authority's: the one that the signer's name and serial number say
	Certificates []*pki.Certificate // all that came along; nothing vouches for them

	authority []byte // name, DER; nil: none
	content   []byte
	signer    *cms.Signer
}

// ParseToken reads a token. Error: *pki.Error with time-stamp-invalid.
func ParseToken(raw []byte, o Options) (*Token, error) {
	t, err := parse(raw, o)
	if err != nil {
		return nil, wrong(err)
	}
	return t, nil
}

// wrong gives the code of time stamps to what is wrong with one: it is not the signature that is malformed.
func wrong(err error) error {
	var fault *pki.Error
	if errors.As(err, &fault) && fault.Code != pki.CodeTimeStamp {
		return invalid(fault.Code + ": " + fault.Detail)
	}
	return err
}

func parse(raw []byte, o Options) (*Token, error) {
	signed, err := cms.Parse(raw, cms.Options{
		ContentType: cms.OIDTSTInfo, MaxSigners: 1, MaxSize: MaxResponse, Legacy: o.Legacy, Known: o.Known,
	})
	if err != nil {
		return nil, err
	}
	if !signed.Attached {
		return nil, pki.Malformed("a time stamp without what it says")
	}
	signer := signed.Signers[0]
	t := &Token{
		Raw: raw, Certificate: signer.Certificate, Certificates: signed.Certificates,
		content: signed.Content, signer: signer,
	}
	if err := t.readInfo(signed.Content); err != nil {
		return nil, err
	}
	if t.Imprint.Hash.Legacy() && !o.Legacy {
		return nil, notAllowed("the digest of a time stamp")
	}
	return t, nil
}

// readInfo reads TSTInfo.
func (t *Token) readInfo(content cryptobyte.String) error {
	var info cryptobyte.String
	var version int
	if !content.ReadASN1(&info, asn1.SEQUENCE) || !content.Empty() || !info.ReadASN1Integer(&version) || version != 1 ||
		!info.ReadASN1ObjectIdentifier(&t.Policy) {
		return pki.Malformed("what a time stamp says")
	}
	var err error
	if t.Imprint, err = readImprint(&info); err != nil {
		return err
	}
	t.Serial = new(big.Int)
	var ordered bool
	if !readInteger(&info, t.Serial) || !readTime(&info, &t.Time) || !readAccuracy(&info, &t.Accuracy) ||
		info.PeekASN1Tag(asn1.BOOLEAN) && !info.ReadASN1Boolean(&ordered) || !readOptionalInteger(&info, &t.Nonce) {
		return pki.Malformed("what a time stamp says")
	}
	var name, extensions cryptobyte.String
	var named, extended bool
	if !info.ReadOptionalASN1(&name, &named, der.Explicit(0)) || named && !t.readAuthority(name) ||
		!info.ReadOptionalASN1(&extensions, &extended, der.Explicit(1)) || !info.Empty() {
		return pki.Malformed("the end of what a time stamp says")
	}
	if !extended {
		return nil
	}
	return der.ReadExtensions(extensions, noExtension)
}

// readAuthority reads the name of the authority, and keeps it if it is one that certificates have.
func (t *Token) readAuthority(from cryptobyte.String) bool {
	var name cryptobyte.String
	var tag asn1.Tag
	if !from.ReadAnyASN1(&name, &tag) || !from.Empty() {
		return false
	}
	if tag == der.Explicit(4) {
		t.authority = name
	}
	return true
}

// readTime reads a GeneralizedTime in UTC, which may have fractions of a second, without zeros at their end.
func readTime(from *cryptobyte.String, out *time.Time) bool {
	const layout, longest = "20060102150405.999999999Z", len("20060102150405.999999999Z")
	var text cryptobyte.String
	if !from.ReadASN1(&text, asn1.GeneralizedTime) || len(text) > longest || strings.Contains(string(text), ",") {
		return false
	}
	at, err := time.Parse(layout, string(text))
	if err != nil || at.Format(layout) != string(text) {
		return false
	}
	*out = at
	return true
}

// readAccuracy reads seconds, milliseconds and microseconds, each of which may be absent, as all of it may.
func readAccuracy(from *cryptobyte.String, out *time.Duration) bool {
	if !from.PeekASN1Tag(asn1.SEQUENCE) {
		return true
	}
	const mostSeconds = 24 * 60 * 60
	var accuracy cryptobyte.String
	var seconds, milli, micro int
	if !from.ReadASN1(&accuracy, asn1.SEQUENCE) ||
		accuracy.PeekASN1Tag(asn1.INTEGER) && (!accuracy.ReadASN1Integer(&seconds) || seconds < 0 || seconds > mostSeconds) ||
		!readFraction(&accuracy, 0, &milli) || !readFraction(&accuracy, 1, &micro) {
		return false
	}
	*out = time.Duration(seconds)*time.Second + time.Duration(milli)*time.Millisecond + time.Duration(micro)*time.Microsecond
	return accuracy.Empty()
}

func readFraction(from *cryptobyte.String, tag uint8, out *int) bool {
	if !from.PeekASN1Tag(der.Implicit(tag)) {
		return true
	}
	var n int64
	if !from.ReadASN1Int64WithTag(&n, der.Implicit(tag)) || n < 1 || n > 999 {
		return false
	}
	*out = int(n)
	return true
}

// Verify tells whether the token is over this message, and whether the key that signed it is one for time stamps alone,
// whose certificate was valid then. Whether an authority that is trusted issued that certificate the caller must ask. Error:
// *pki.Error with time-stamp-invalid.
func (t *Token) Verify(message []byte) error {
	if !t.Imprint.Equal(ImprintOf(t.Imprint.Hash, message)) {
		return invalid("over something else")
	}
	if err := t.verify(); err != nil {
		return wrong(err)
	}
	return nil
}

func (t *Token) verify() error {
	c := t.Certificate
	const signing = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	switch {
	case !c.ExtUsageIs || len(c.ExtUsage) != 1 || !c.For(pki.OIDTimeStamping):
		return invalid("by a key that is not for time stamps alone")
	case c.X509.IsCA, len(c.Unknown) > 0, c.KeyUsage != 0 && c.KeyUsage&signing == 0:
		return invalid("by a key that may not sign time stamps")
	case t.authority != nil && !bytes.Equal(t.authority, c.X509.RawSubject):
		return invalid("by another authority than it says")
	case !t.signer.Bound:
		return invalid("not bound to the certificate of its authority")
	}
	if err := c.ValidAt(t.Time); err != nil {
		return err
	}
	if err := t.signer.Covers(t.content); err != nil {
		return err
	}
	return t.signer.CheckSignature()
}
