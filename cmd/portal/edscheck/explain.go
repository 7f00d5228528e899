package edscheck

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"services.example/portal/domain/text"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/evidence"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/httpapi"
)

// explain tells people what was checked and what came out.
func explain(to io.Writer, l text.Language, d checkedDocument) error {
	out := &explaining{Writer: bufio.NewWriter(to), l: l}
	if d.document != nil {
		out.line("%s: %s (%s, %d)", out.word("document"), d.document.Name, d.document.Kind, d.document.Version)
		out.line("  SHA-256: %s", d.document.SHA256)
	}
	for i := range d.results {
		if d.document != nil || i > 0 {
			out.line("")
		}
		out.result(i+1, len(d.results), &d.results[i])
	}
	return out.Flush()
}

// explaining writes lines in one language.
type explaining struct {
	*bufio.Writer

	l text.Language
}

func (o *explaining) line(format string, a ...any) {
	_, _ = fmt.Fprintf(o, strings.TrimRight(format, " ")+"\n", a...) // Flush gives the error
}

func (o *explaining) word(name string) string { return Words[name].In(o.l) }

func (o *explaining) result(n, of int, r *evidence.Result) {
	signer := ""
	if r.Signature.Signer != "" {
		signer = ": " + cmp.Or(o.word("signer-"+r.Signature.Signer), r.Signature.Signer)
	}
	out := o.word("signature")
	if of > 1 {
		out += fmt.Sprintf(" %d/%d", n, of)
	}
	o.line("%s%s", out, signer)
	o.line("  %s", o.word("verdict-"+string(r.Verdict)))
	if r.Verdict == evidence.Accepted {
		o.line("  %s: %s", o.word("received"), Moment(r.Signature.ReceivedAt))
		return
	}
	o.report(r)
	if slices.Contains(r.Gaps, evidence.GapTime) {
		o.line("  ? %s", o.word("gap-time"))
	}
	for _, check := range r.Report.Checks {
		o.check(check)
	}
	o.then(r)
}

// report tells whose signature it is, and of when.
func (o *explaining) report(r *evidence.Result) {
	c := r.Report.Certificate
	if c.Serial != "" {
		owner := c.Owner
		if c.IIN != "" {
			owner += ", " + o.word("iin") + " " + c.IIN
		}
		if c.BIN != "" {
			owner += ", " + o.word("bin") + " " + c.BIN
		}
		o.line("  %s: %s", o.word("owner"), owner)
		o.line("  %s: %s, %s, %s – %s", o.word("certificate"), c.Serial, c.Issuer, Moment(c.NotBefore), Moment(c.NotAfter))
	}
	if r.Report.Algorithm != "" {
		o.line("  %s: %s", o.word("algorithm"), r.Report.Algorithm)
	}
	if at := r.Report.TrustedAt; !at.IsZero() {
		o.line("  %s: %s (%s)", o.word("time"), Moment(at), o.word("from-"+string(r.Report.TimeFrom)))
	}
	if at := r.Report.ClaimedAt; !at.IsZero() {
		o.line("  %s: %s", o.word("claimed"), Moment(at))
	}
	if at := r.Signature.ReceivedAt; !at.IsZero() {
		o.line("  %s: %s", o.word("received"), Moment(at))
	}
}

// check tells how a step came out.
func (o *explaining) check(c eds.Check) {
	switch c.Code {
	case "":
		o.line("  ✓ %s", o.word("step-"+string(c.Step)))
	case pki.CodeEvidencePending:
		o.line("  ? %s", o.word("gap-"+string(evidence.GapRevocation)))
	default:
		o.line("  ✗ %s", httpapi.Message(o.l, c.Code, nil))
		o.line("      %s: %s: %s", string(c.Step), c.Code, c.Detail)
	}
}

// then tells what the portal found when the signature was handed in, if that was something else.
func (o *explaining) then(r *evidence.Result) {
	if r.Then == nil {
		return
	}
	if r.Then.Certificate.SHA256 != "" && r.Then.Certificate.SHA256 != r.Report.Certificate.SHA256 {
		o.line("  ! %s", o.word("other-certificate"))
	}
	o.line("  %s: %s, %s", o.word("then"), Moment(r.Then.ReceivedAt), r.Then.Verifier)
}

// Moment is a time in UTC.
func Moment(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }
