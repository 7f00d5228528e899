package readapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/casebundle"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eds/bundle"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/transparency"
	"services.example/portal/infra/transparency/tlog"
	"services.example/portal/readapi/casefile"
)

// Proving is what bundles need of the verifiable history.
type Proving interface {
	// Covering is the first checkpoint that covers a record: the same for ever.
	Covering(ctx context.Context, index uint64) (transparency.Signed, error)
	// Cover waits until the tree has the record at a position, and signs a checkpoint that covers it.
	Cover(ctx context.Context, position eventstore.Position) (transparency.Signed, error)
	Prove(ctx context.Context, signed transparency.Checkpoint, records ...eventstore.Recorded) ([]transparency.Proof, error)
	State(kind, text string) ([]byte, error)
}

// contents makes ready what goes into a bundle: everything but the bytes of files, which are read as it is written.
func (q *Queries) contents(ctx context.Context, found *caseRecords) (*casebundle.Contents, error) {
	signed, err := q.covering(ctx, found.last())
	if err != nil {
		return nil, err
	}
	proofs, err := q.deps.History.Prove(ctx, signed.Checkpoint, found.records...)
	if err != nil {
		return nil, logProblem(err)
	}
	c := &casebundle.Contents{
		Application: found.id, Log: q.deps.History.Key(), Checkpoint: signed.Note, Streams: found.streams,
		Records: make([]casebundle.Record, len(found.records)),
	}
	events := make([]codec.Envelope, len(found.records))
	for i := range found.records {
		opening, err := q.deps.Codec.Open(ctx, found.records[i])
		if err != nil && !errors.Is(err, codec.ErrKeyDestroyed) {
			return nil, err
		}
		c.Records[i] = casebundle.NewRecord(found.records[i], proofs[i], opening)
		// Decoded as whoever checks the bundle decodes it.
		if events[i], err = casebundle.Decode(ctx, q.deps.Codec, &c.Records[i]); err != nil {
			return nil, err
		}
	}
	if c.Context.People, err = q.namesThen(ctx, casefile.People(events), cut{upTo: found.last()}); err != nil {
		return nil, err
	}
	if c.Context.Provider, err = q.providerName(ctx, events, found.last()); err != nil {
		return nil, err
	}
	told := casefile.New(c.Application, c.Log, signed.Checkpoint, events, c.Context)
	c.Number, c.Made = told.Number(), told.Made()
	for _, a := range told.Attachments() {
		c.Attached = append(c.Attached, q.attached(ctx, a))
	}
	return c, bundleProblem(c.Check())
}

// covering is the first checkpoint that covers a record, so that the bundle of a case that has not changed is the same
// again. Where none does yet, one is signed.
func (q *Queries) covering(ctx context.Context, position eventstore.Position) (transparency.Signed, error) {
	waiting, cancel := context.WithTimeout(ctx, longestWait)
	defer cancel()
	latest, err := q.deps.History.Cover(waiting, position)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return latest, behind()
	case err != nil:
		return latest, logProblem(err)
	}
	index, err := q.deps.History.IndexOf(ctx, position)
	if err != nil {
		return latest, logProblem(err)
	}
	first, err := q.deps.History.Covering(ctx, index)
	if errors.Is(err, tlog.ErrNoCheckpoint) {
		return latest, nil
	}
	if err != nil {
		return latest, logProblem(err)
	}
	return first, nil
}

// attached opens a file of a case when it is written.
func (q *Queries) attached(ctx context.Context, a casefile.Attachment) casebundle.Attachment {
	open := func(sha256 string) (io.ReadCloser, error) {
		content, err := q.deps.Files.Open(ctx, a.Subject, sha256)
		return content, fileGone(err)
	}
	out := casebundle.Attachment{Path: a.Path, SHA256: a.SHA256, Size: a.Size}
	if a.Evidence == nil {
		out.Open = func() (io.ReadCloser, error) { return open(a.SHA256) }
		return out
	}
	out.Open = func() (io.ReadCloser, error) { return openEvidence(*a.Evidence, open) }
	return out
}

// fileGone tells a file that is gone from one that cannot be read now.
func fileGone(err error) error {
	var p *problem.Problem
	switch {
	case !errors.As(err, &p):
		return err
	case p.Kind == problem.Gone:
		return fmt.Errorf("%w: %w", fs.ErrPermission, err)
	case p.Kind == problem.NotFound:
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	default:
		return err
	}
}

// openEvidence gives a document with all that proves its signatures, as one file. Each part is looked for before the first
// byte is given.
func openEvidence(m bundle.Manifest, open func(sha256 string) (io.ReadCloser, error)) (io.ReadCloser, error) {
	for _, sha256 := range partsOf(&m) {
		part, err := open(sha256)
		if err != nil {
			return nil, err
		}
		if err := part.Close(); err != nil {
			return nil, fmt.Errorf("looking for a part of evidence: %w", err)
		}
	}
	from, to := io.Pipe()
	go func() { to.CloseWithError(bundle.Write(to, m, open)) }() // ends when from is closed
	return from, nil
}

func partsOf(m *bundle.Manifest) []string {
	parts := []string{m.Document.SHA256}
	for i := range m.Signatures {
		s := &m.Signatures[i]
		if s.Container != nil {
			parts = append(parts, s.Container.SHA256)
		}
		for _, piece := range s.Pieces {
			parts = append(parts, piece.SHA256)
		}
	}
	return parts
}
