// Package edscheck checks digital signatures years later, with what was kept of them and without a network: portal eds verify.
package edscheck

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"services.example/portal/domain/text"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/bundle"
	"services.example/portal/infra/eds/evidence"
	"services.example/portal/infra/eds/native"
)

// Command looks after digital signatures.
type Command struct {
	Verify VerifyCommand `cmd:"" help:"Check signatures with what was kept of them, without a network: a bundle of evidence of the portal, or a signature with its document."`
}

// VerifyCommand checks signatures, years later.
type VerifyCommand struct {
	Bundle string `arg:"" optional:"" help:"Bundle of evidence, as the portal gives it for a document."`

	CMS      string    `name:"cms" placeholder:"FILE" help:"Instead of a bundle: a signature (DER, base64 or PEM)."`
	Document string    `placeholder:"FILE" help:"Its document. Without it: what is inside the signature."`
	At       time.Time `placeholder:"TIME" help:"When it was received, if it has no time stamp: 2026-11-23T12:00:00+05:00. You vouch for it."`
	Stamps   []string  `name:"time-stamp" placeholder:"FILE" help:"Time stamps that were kept beside it."`
	OCSP     []string  `name:"ocsp" placeholder:"FILE" help:"OCSP answers that were kept beside it."`
	CRL      []string  `name:"crl" placeholder:"FILE" help:"Lists of revoked certificates that were kept beside it; a delta list after the list that it adds to."`
	IIN      string    `name:"iin" help:"Whose it must be; anybody's if empty."`
	BIN      string    `name:"bin" help:"Of which organisation it must be; any if empty."`

	Authorities

	Lang text.Language `name:"language" aliases:"lang" enum:"kk,ru,en" default:"kk" help:"Language of the explanation: kk, ru or en."`
	JSON bool          `name:"json" help:"Give the reports as JSON instead."`
}

// Validate refuses flags that do not go together.
func (c *VerifyCommand) Validate() error {
	alone := c.Document != "" || !c.At.IsZero() || len(c.Stamps)+len(c.OCSP)+len(c.CRL) > 0 || c.IIN != "" || c.BIN != ""
	switch {
	case (c.Bundle == "") == (c.CMS == ""):
		return errors.New("name a bundle, or a signature with --cms")
	case c.CMS == "" && alone:
		return errors.New("--document, --at, --time-stamp, --ocsp, --crl, --iin and --bin go with --cms: a bundle has its own")
	case (c.Trust == "") != (c.TrustKey == ""):
		return errors.New("--trust and --trust-key go together: a list counts because somebody signed it")
	default:
		return nil
	}
}

// Run checks, and explains what came out. Exit codes: 0 for valid, 1 for not valid, or could not be checked; 2 for a bundle
// with which nothing is wrong, but which does not prove everything.
func (c *VerifyCommand) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *VerifyCommand) run(ctx context.Context, out io.Writer) error {
	verifier, err := c.Verifier()
	if err != nil {
		return err
	}
	var checked checkedDocument
	if c.CMS != "" {
		checked, err = c.alone(ctx, verifier)
	} else {
		checked, err = c.bundle(ctx, verifier)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		err = checked.writeJSON(out)
	} else {
		err = explain(out, c.Lang, checked)
	}
	return errors.Join(err, checked.outcome(c.CMS == ""))
}

// checkedDocument is what was checked, and what came out.
type checkedDocument struct {
	document *bundle.Document // nil: all that is known of it is its signature
	results  []evidence.Result
}

// outcome is nil if every digital signature is valid. In a bundle nothing may be left to be believed; beside it, the caller
// has named what is.
func (d checkedDocument) outcome(inBundle bool) error {
	digital, unproven := 0, false
	for _, r := range d.results {
		switch r.Verdict {
		case evidence.Invalid:
			return errNotValid
		case evidence.Unproven:
			unproven = inBundle
		case evidence.Valid, evidence.Accepted:
		}
		if r.Verdict != evidence.Accepted {
			digital++
		}
	}
	switch {
	case digital == 0:
		return errNoDigital
	case unproven:
		return ErrUnproven
	default:
		return nil
	}
}

// ErrUnproven is how the check of a bundle ends with which nothing is wrong, but which does not prove everything.
var ErrUnproven = errors.New("nothing is wrong with the signatures, but not everything about them is proven")

var (
	errNotValid  = errors.New("a signature is not valid")
	errNoDigital = errors.New("there is no digital signature")
)

func (d checkedDocument) writeJSON(out io.Writer) error {
	type signatureJSON struct {
		Signer   string           `json:"signer,omitempty"`
		Received *time.Time       `json:"receivedAt,omitempty"`
		Verdict  evidence.Verdict `json:"verdict"`
		Unproven []evidence.Gap   `json:"unproven,omitempty"`
		Report   *eds.Report      `json:"report,omitempty"`
		Then     *eds.Report      `json:"reportOfReceipt,omitempty"`
	}
	list := make([]signatureJSON, 0, len(d.results))
	for i := range d.results {
		r := &d.results[i]
		s := signatureJSON{Signer: r.Signature.Signer, Verdict: r.Verdict, Unproven: r.Gaps, Then: r.Then}
		if at := r.Signature.ReceivedAt; !at.IsZero() {
			s.Received = &at
		}
		if r.Verdict != evidence.Accepted {
			s.Report = &r.Report
		}
		list = append(list, s)
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Document   *bundle.Document `json:"document,omitempty"`
		Signatures []signatureJSON  `json:"signatures"`
	}{d.document, list})
}

// bundle checks a bundle.
func (c *VerifyCommand) bundle(ctx context.Context, verifier *native.Verifier) (_ checkedDocument, err error) {
	file, err := os.Open(c.Bundle)
	if err != nil {
		return checkedDocument{}, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return checkedDocument{}, err
	}
	b, err := bundle.Read(file, info.Size())
	if err != nil {
		return checkedDocument{}, fmt.Errorf("%s: %w", c.Bundle, err)
	}
	results, err := evidence.Verify(ctx, verifier, b)
	return checkedDocument{document: &b.Document, results: results}, err
}

// alone checks a signature that comes without a bundle.
func (c *VerifyCommand) alone(ctx context.Context, verifier *native.Verifier) (_ checkedDocument, err error) {
	o := native.Offline{IIN: c.IIN, BIN: c.BIN, At: c.At, Unproven: true}
	if o.CMS, err = readContainer(c.CMS); err != nil {
		return checkedDocument{}, err
	}
	for files, into := range map[*[]string]*[][]byte{&c.Stamps: &o.TimeStamps, &c.OCSP: &o.OCSPs, &c.CRL: &o.CRLs} {
		for _, name := range *files {
			data, err := readSmall(name, eds.MaxEvidence)
			if err != nil {
				return checkedDocument{}, err
			}
			*into = append(*into, data)
		}
	}
	if c.Document != "" {
		document, err := os.Open(c.Document)
		if err != nil {
			return checkedDocument{}, err
		}
		defer func() { err = errors.Join(err, document.Close()) }()
		o.Document = document
	}
	result := evidence.Result{Signature: bundle.Signature{ReceivedAt: c.At}}
	result.Report, result.Verdict, result.Gaps, err = evidence.Check(ctx, verifier, o)
	return checkedDocument{results: []evidence.Result{result}}, err
}

// readContainer reads a signature: DER, or as browsers hand it in.
func readContainer(name string) ([]byte, error) {
	data, err := readSmall(name, bundle.MaxDocument)
	if err != nil {
		return nil, err
	}
	const sequence = 0x30 // as all DER of signatures begins; base64 and PEM never do
	if len(data) > 0 && data[0] == sequence && len(data) > 1 && data[1] >= 0x80 {
		return data, nil
	}
	der, err := eds.Decode(string(data))
	if err != nil {
		return nil, fmt.Errorf("%s: neither DER, base64 nor PEM of a signature", name)
	}
	return der, nil
}

// readSmall reads a file whole.
func readSmall(name string, limit int64) (_ []byte, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s has more than %d bytes", name, limit)
	}
	return data, nil
}
