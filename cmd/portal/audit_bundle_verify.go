package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"

	"services.example/portal/cmd/portal/edscheck"
	"services.example/portal/domain/text"
	"services.example/portal/infra/casebundle"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/aggregates"
	"services.example/portal/infra/eds/bundle"
	"services.example/portal/infra/eds/evidence"
	"services.example/portal/infra/eds/native"
	"services.example/portal/infra/transparency"
	"services.example/portal/readapi/casefile"
)

// auditVerifyBundleCommand checks a case that left the portal, with nothing but its file and a key.
type auditVerifyBundleCommand struct {
	File    string   `arg:"" help:"Bundle of a case, as portal audit bundle and the API give it."`
	Key     string   `placeholder:"KEY" help:"Public key of the portal's log, or file:FILE, from somewhere that you trust. Without it, the one in the bundle, which anybody can have made."`
	Witness []string `placeholder:"KEY" help:"Public keys of witnesses, or file:FILE: all of them must have signed the checkpoint."`

	edscheck.Authorities

	Lang text.Language `name:"language" aliases:"lang" enum:"kk,ru,en" default:"kk" help:"Language of the explanation: kk, ru or en."`
}

var (
	errBundleWrong    = errors.New("something in the bundle does not fit")
	errBundleUnproven = exitError{2, "nothing is wrong with the bundle, but not everything in it is proven"}
)

// Run checks, and explains what came out. Exit codes: 0 for proven, 1 for something that does not fit, or could not be
// checked; 2 for a bundle with which nothing is wrong, but which does not prove everything.
func (c *auditVerifyBundleCommand) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *auditVerifyBundleCommand) run(ctx context.Context, out io.Writer) (err error) {
	key, witnesses, err := c.keys()
	if err != nil {
		return err
	}
	verifier, err := c.Verifier()
	if err != nil {
		return err
	}
	decoder, err := codec.New(nil, aggregates.All()...)
	if err != nil {
		return err
	}
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	check := &bundleCheck{out: out, l: c.Lang, key: key, witnesses: witnesses, decoder: decoder, verifier: verifier}
	return check.all(ctx, file, info.Size())
}

// keys reads the keys that were given. A key that is none is an error of whoever gave it, and says nothing of the bundle.
func (c *auditVerifyBundleCommand) keys() (log string, witnesses []string, err error) {
	if log, err = fromFile(c.Key); err != nil {
		return "", nil, err
	}
	if log != "" {
		if err := transparency.CheckKey(log); err != nil {
			return "", nil, err
		}
	}
	for _, given := range c.Witness {
		witness, err := fromFile(given)
		if err == nil {
			err = transparency.CheckWitness(witness)
		}
		if err != nil {
			return "", nil, err
		}
		if !slices.Contains(witnesses, witness) {
			witnesses = append(witnesses, witness)
		}
	}
	return log, witnesses, nil
}

// bundleCheck checks one bundle and says what it finds as it goes.
type bundleCheck struct {
	out       io.Writer
	l         text.Language
	key       string
	witnesses []string
	decoder   *codec.Codec
	verifier  *native.Verifier

	bundle *casebundle.Bundle
	proven *casebundle.Proven
	told   *casefile.Case
	wrong  bool
	gaps   bool
}

func (c *bundleCheck) say(key string, a ...any) string {
	return fmt.Sprintf(bundleWords[key].In(c.l), a...)
}

func (c *bundleCheck) line(mark, said string) { _, _ = fmt.Fprintf(c.out, "%s %s\n", mark, said) }

func (c *bundleCheck) ok(key string, a ...any) { c.line("[+]", c.say(key, a...)) }

func (c *bundleCheck) gap(key string, a ...any) {
	c.gaps = true
	c.line("[?]", c.say(key, a...))
}

// fault says what does not fit, with the words of the error, which name the first place.
func (c *bundleCheck) fault(key string, err error) {
	c.wrong = true
	c.line("[-]", c.say(key))
	c.line("   ", oneLine(err.Error()))
}

func (c *bundleCheck) note(key string, a ...any) { c.line("   ", c.say(key, a...)) }

func (c *bundleCheck) all(ctx context.Context, file io.ReaderAt, size int64) error {
	if c.records(ctx, file, size) {
		c.told = casefile.New(c.bundle.Application, c.bundle.Log, c.proven.Checkpoint.Checkpoint, c.proven.Events, c.bundle.Context)
		c.attached()
		c.signatures(ctx)
		c.made()
	}
	_, _ = fmt.Fprintln(c.out)
	switch {
	case c.wrong:
		c.line("=>", c.say("verdict-wrong"))
		return errBundleWrong
	case c.gaps:
		c.line("=>", c.say("verdict-unproven", c.bundle.Number))
	default:
		c.line("=>", c.say("verdict-proven", c.bundle.Number))
	}
	c.note("portal-word")
	if c.gaps {
		return errBundleUnproven
	}
	return nil
}

// records checks what everything else rests on. It tells whether the rest can be checked.
func (c *bundleCheck) records(ctx context.Context, file io.ReaderAt, size int64) bool {
	var err error
	if c.bundle, err = casebundle.Read(file, size); err != nil {
		c.fault("files-wrong", err)
		return false
	}
	c.ok("files", len(c.bundle.Files))
	if c.key == "" {
		c.key = c.bundle.Log
		c.gap("no-key", c.key)
	}
	if err := c.bundle.Statement(c.key); err != nil {
		c.fault("statement-wrong", err)
		return false
	}
	c.ok("statement")
	c.proven, err = c.bundle.Prove(ctx, c.decoder, c.key, c.witnesses...)
	switch {
	case errors.Is(err, transparency.ErrUnsigned), errors.Is(err, transparency.ErrCheckpoint):
		c.fault("checkpoint-wrong", err)
	case errors.Is(err, transparency.ErrProof):
		c.fault("records-wrong", err)
	case errors.Is(err, codec.ErrOpening):
		c.fault("fields-wrong", err)
	case err != nil:
		c.fault("whole-wrong", err)
	default:
		c.recordsFit()
	}
	return err == nil
}

func (c *bundleCheck) recordsFit() {
	at := &c.proven.Checkpoint
	c.ok("checkpoint", at.Size, edscheck.Moment(at.At))
	for _, w := range at.Witnesses {
		c.note("witness", w.Witness, edscheck.Moment(w.At))
	}
	if len(c.witnesses) == 0 {
		c.note("no-witness")
	} else if len(at.Witnesses) < len(c.witnesses) {
		c.gap("witness-missing", len(c.witnesses)-len(at.Witnesses))
	}
	c.ok("records", len(c.bundle.Records), c.bundle.Records[0].Index, c.bundle.Records[len(c.bundle.Records)-1].Index)
	c.ok("whole", len(c.bundle.Streams))
	c.ok("fields", c.proven.Committed)
	if c.proven.Unbound > 0 {
		c.gap("fields-unbound", c.proven.Unbound)
	}
	if c.proven.Sealed > 0 {
		c.gap("fields-sealed", c.proven.Sealed)
	}
	for i := range c.proven.Events {
		if e := &c.proven.Events[i]; e.Event == nil {
			c.gap("unknown-event", e.Type)
			break
		}
	}
}

// attached makes sure that the files are those that the records name.
func (c *bundleCheck) attached() {
	missing := map[string]casebundle.Missing{}
	for _, m := range c.bundle.Missing {
		missing[m.Path] = m
	}
	there := 0
	for _, a := range c.told.Attachments() {
		file := c.bundle.File(a.Path)
		gone, isMissing := missing[a.Path]
		delete(missing, a.Path)
		switch {
		case file != nil && (a.SHA256 == "" || a.SHA256 == file.SHA256) && !isMissing:
			there++
		case file == nil && isMissing && gone.SHA256 == a.SHA256:
			c.gap("file-"+whyMissing(gone.Why), a.Path)
		default:
			c.fault("attached-wrong", fmt.Errorf("%s is not the file that the records name", a.Path))
			return
		}
	}
	for path := range missing {
		c.fault("attached-wrong", fmt.Errorf("no record names %.100q", path))
		return
	}
	if extra := len(c.bundle.Files) - there - len(c.told.Made()) - ownFiles; extra != 0 {
		c.fault("attached-wrong", fmt.Errorf("%d files more than the records name", extra))
		return
	}
	c.ok("attached", there)
}

// ownFiles is how many files every bundle has that are neither attached nor made: README, records, context and checkpoint.
const ownFiles = 4

func whyMissing(why string) string {
	if why == casebundle.Erased {
		return casebundle.Erased
	}
	return casebundle.Lost
}

// signatures checks each digital signature with the evidence that is in the bundle.
func (c *bundleCheck) signatures(ctx context.Context) {
	for _, a := range c.told.Attachments() {
		if a.Evidence == nil || c.bundle.File(a.Path) == nil {
			continue
		}
		results, err := c.evidence(ctx, &a)
		if err != nil {
			c.fault("signature-wrong", fmt.Errorf("%s: %w", a.Path, err))
			continue
		}
		for i := range results {
			c.signature(a.Evidence, &results[i])
		}
	}
}

func (c *bundleCheck) evidence(ctx context.Context, a *casefile.Attachment) ([]evidence.Result, error) {
	section, err := c.bundle.Section(a.Path)
	if err != nil {
		return nil, err
	}
	b, err := bundle.Read(section, section.Size())
	if err != nil {
		return nil, err
	}
	if got, want := withoutPlaces(b.Manifest), withoutPlaces(*a.Evidence); !reflect.DeepEqual(got, want) {
		return nil, errors.New("its evidence is not that which the records name")
	}
	return evidence.Verify(ctx, c.verifier, b)
}

// withoutPlaces leaves what records say of evidence: where its files are in a zip, and how large they are, they do not.
func withoutPlaces(m bundle.Manifest) bundle.Manifest {
	only := func(f bundle.File) bundle.File { return bundle.File{SHA256: f.SHA256} }
	m.Format, m.Document.File = "", only(m.Document.File)
	m.Document.IssuedAt = m.Document.IssuedAt.UTC()
	signatures := make([]bundle.Signature, len(m.Signatures))
	for i, s := range m.Signatures {
		s.ReceivedAt = s.ReceivedAt.UTC()
		if s.Container != nil {
			container := only(*s.Container)
			s.Container = &container
		}
		pieces := make([]bundle.Piece, len(s.Pieces))
		for k, piece := range s.Pieces {
			pieces[k] = bundle.Piece{Kind: piece.Kind, File: only(piece.File)}
		}
		s.Pieces = pieces
		signatures[i] = s
	}
	m.Signatures = signatures
	return m
}

func (c *bundleCheck) signature(m *bundle.Manifest, r *evidence.Result) {
	who := edscheck.Words["signer-"+r.Signature.Signer].In(c.l)
	switch r.Verdict {
	case evidence.Invalid:
		c.fault("signature-wrong", fmt.Errorf("%s %d, %s: %s", m.Document.Kind, m.Document.Version, who, edscheck.Words["verdict-invalid"].In(c.l)))
	case evidence.Unproven:
		c.gap("signature-unproven", m.Document.Kind, m.Document.Version, who)
	case evidence.Accepted:
		c.ok("signature-accepted", m.Document.Kind, m.Document.Version, who)
	case evidence.Valid:
		c.ok("signature", m.Document.Kind, m.Document.Version, who)
	}
}

// made makes reports and events again and compares.
func (c *bundleCheck) made() {
	same := true
	for _, m := range c.told.Made() {
		file := c.bundle.File(m.Path)
		if file == nil {
			c.fault("made-wrong", fmt.Errorf("there is no %s", m.Path))
			return
		}
		sum := sha256.New()
		if err := m.Write(sum); err != nil {
			c.fault("made-wrong", err)
			return
		}
		if hex.EncodeToString(sum.Sum(nil)) != file.SHA256 {
			same = false
			c.gap("made-other", m.Path)
		}
	}
	if same {
		c.ok("made")
	}
}
