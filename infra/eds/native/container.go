package native

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"

	"services.example/portal/domain/signature"
	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/pki"
)

// container reads the signature: of one signer, who says when it was made.
func (r *run) container() error {
	if len(r.cms) > r.limit {
		return pki.Malformed("a huge container")
	}
	o := cms.Options{ContentType: cms.OIDData, MaxSigners: 1, MaxSize: r.limit, NeedSigningTime: true}
	signed, err := cms.Parse(r.cms, o)
	if r.offline && pki.IsCode(err, pki.CodeNotAllowed) {
		o.Legacy = true
		if old, wrong := cms.Parse(r.cms, o); wrong == nil {
			signed, err, r.old = old, nil, true
		}
	}
	if err != nil {
		return err
	}
	r.signed, r.signer = signed, signed.Signers[0]
	return nil
}

// describe writes into the report what the signature says of itself.
func (r *run) describe() {
	r.report.Algorithm = r.signer.Algorithm.String()
	r.report.ClaimedAt = r.signer.SigningTime
	r.report.Certificate = certificateOf(r.signer.Certificate)
}

// certificateOf is what events and reports say of a certificate.
func certificateOf(c *pki.Certificate) signature.Certificate {
	sum := c.SHA256()
	return signature.Certificate{
		Owner: c.Owner.CommonName, IIN: c.Owner.IIN, BIN: c.Owner.BIN, Serial: c.Serial.Text(16),
		Issuer: c.X509.Issuer.CommonName, NotBefore: c.NotBefore, NotAfter: c.NotAfter, SHA256: hex.EncodeToString(sum[:]),
	}
}

// compare tells whether the signature is over the document. If that came along inside, it must be the same, byte for byte.
func (r *run) compare() (changed, err error) {
	document := r.document
	if document == nil {
		if !r.signed.Attached {
			return nil, errNoDocument
		}
		document = bytes.NewReader(r.signed.Content)
	}
	sum := r.signer.NewHash()
	content := comparison{rest: r.signed.Content}
	to := io.Writer(sum)
	if r.signed.Attached {
		to = io.MultiWriter(sum, &content)
	}
	if _, err := io.Copy(to, document); err != nil {
		return nil, fmt.Errorf("reading the document that was signed: %w", err)
	}
	switch {
	case !bytes.Equal(sum.Sum(nil), r.signer.MessageDigest):
		return refuse(pki.CodeDocChanged, "signed was something else"), nil
	case r.signed.Attached && !content.same():
		return refuse(pki.CodeDocChanged, "something else came along with the signature"), nil
	default:
		return nil, nil
	}
}

// signature tells whether the certificate's key made the signature, with algorithms that were allowed then.
func (r *run) signature() error {
	if r.old && !r.legacy() {
		return refuse(pki.CodeNotAllowed, "an algorithm of years ago, and nothing says that it was made then")
	}
	return r.signer.CheckSignature()
}

// comparison compares what is written to it with something.
type comparison struct {
	rest    []byte
	differs bool
}

func (c *comparison) Write(part []byte) (int, error) {
	rest, begins := bytes.CutPrefix(c.rest, part)
	c.differs = c.differs || !begins
	c.rest = rest
	return len(part), nil
}

func (c *comparison) same() bool { return !c.differs && len(c.rest) == 0 }
