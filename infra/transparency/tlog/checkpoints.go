package tlog

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"services.example/portal/infra/readstore"
	"services.example/portal/infra/transparency"
)

// checkpointDoc is a signed checkpoint as it is stored. Two of one size differ in nothing but their signatures.
type checkpointDoc struct {
	Size     string `bson:"size"` // in twenty digits, so that texts compare as numbers do
	Note     string `bson:"note"`
	Cosigned string `bson:"cosigned,omitempty"` // the size again, of those that a witness has signed
}

// troubleDoc says what is wrong with the log. It has no size, so that it is not listed.
type troubleDoc struct {
	Why string `bson:"why"`
}

const (
	troubleID = "trouble" // why nothing is signed
	findingID = "finding" // what a verification has found
)

// forGood is when checkpoints are thrown away.
var forGood = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)

func digits(size uint64) string { return fmt.Sprintf("%020d", size) }

// keep stores a checkpoint, unless another process has stored one of this size: that is returned then.
func (l *Log) keep(ctx context.Context, signed transparency.Signed) (transparency.Signed, error) {
	err := l.put(ctx, digits(signed.Size), 0, checkpointDoc{Size: digits(signed.Size), Note: string(signed.Note)})
	if errors.Is(err, readstore.ErrChanged) {
		signed, err = l.Checkpoint(ctx, signed.Size)
	}
	if err != nil {
		return signed, err
	}
	if l.options.Anchor != nil {
		return signed, l.options.Anchor.Save(signed.Note)
	}
	return signed, nil
}

func (l *Log) put(ctx context.Context, id string, version int64, doc any) error {
	body, err := readstore.Encode(doc)
	if err != nil {
		return fmt.Errorf("encoding a checkpoint: %w", err)
	}
	_, err = l.options.Reads.PutEntry(ctx, checkpointCollection, readstore.Entry{ID: id, Version: version, Expires: forGood, Body: body})
	if err != nil {
		return fmt.Errorf("keeping a checkpoint: %w", err)
	}
	return nil
}

// Latest returns the checkpoint of the longest log. Error: ErrNoCheckpoint; transparency.ErrUnsigned if it is not ours.
func (l *Log) Latest(ctx context.Context) (transparency.Signed, error) {
	return l.first(ctx, readstore.Query{Index: bySize, Limit: 1})
}

// Covering returns the earliest checkpoint that covers a leaf and that a witness has signed; while there is none such, the
// earliest that covers it. Error: ErrNoCheckpoint.
func (l *Log) Covering(ctx context.Context, index uint64) (transparency.Signed, error) {
	signed, err := l.first(ctx, readstore.Query{Index: byCosigned, To: digits(index + 1), Reverse: true, Limit: 1})
	if !errors.Is(err, ErrNoCheckpoint) {
		return signed, err
	}
	return l.first(ctx, readstore.Query{Index: bySize, To: digits(index + 1), Reverse: true, Limit: 1})
}

func (l *Log) first(ctx context.Context, query readstore.Query) (transparency.Signed, error) {
	entries, err := l.options.Reads.ListEntries(ctx, checkpointCollection, query)
	if err != nil {
		return transparency.Signed{}, fmt.Errorf("reading a checkpoint: %w", err)
	}
	if len(entries) == 0 {
		return transparency.Signed{}, ErrNoCheckpoint
	}
	return l.open(entries[0])
}

// Checkpoint returns that of a log of this size. Error: ErrNoCheckpoint.
func (l *Log) Checkpoint(ctx context.Context, size uint64) (transparency.Signed, error) {
	entry, err := l.entry(ctx, size)
	if err != nil {
		return transparency.Signed{}, err
	}
	return l.open(entry)
}

func (l *Log) entry(ctx context.Context, size uint64) (readstore.Entry, error) {
	entry, err := l.options.Reads.Entry(ctx, checkpointCollection, digits(size))
	if errors.Is(err, readstore.ErrNotFound) {
		return entry, ErrNoCheckpoint
	}
	if err != nil {
		return entry, fmt.Errorf("reading a checkpoint: %w", err)
	}
	return entry, nil
}

func (l *Log) open(entry readstore.Entry) (transparency.Signed, error) {
	var stored checkpointDoc
	if err := entry.Decode(&stored); err != nil {
		return transparency.Signed{}, err
	}
	signed, err := transparency.Open([]byte(stored.Note), l.Key(), l.options.Witnesses...)
	if err == nil && digits(signed.Size) != entry.ID {
		err = transparency.ErrUnsigned
	}
	if err != nil {
		return transparency.Signed{}, fmt.Errorf("%w: the stored checkpoint %s: %w", ErrAltered, entry.ID, err)
	}
	return signed, nil
}

// Checkpoints yields the checkpoints as they are stored, the earliest first: their signatures are for the reader to
// verify.
func (l *Log) Checkpoints(ctx context.Context) iter.Seq2[[]byte, error] {
	return Checkpoints(ctx, l.options.Reads)
}

// Checkpoints yields the checkpoints that a read store has, the earliest first, without verifying them.
func Checkpoints(ctx context.Context, reads readstore.Store) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		query := readstore.Query{Index: bySize, Reverse: true, Limit: readstore.MaxLimit}
		last := ""
		for {
			entries, err := reads.ListEntries(ctx, checkpointCollection, query)
			if err != nil {
				yield(nil, fmt.Errorf("listing checkpoints: %w", err))
				return
			}
			for _, entry := range entries {
				var stored checkpointDoc
				if err := entry.Decode(&stored); err != nil {
					yield(nil, err)
					return
				}
				if entry.ID == last {
					continue // the page before ended with it
				}
				last = entry.ID
				if !yield([]byte(stored.Note), nil) {
					return
				}
			}
			if len(entries) < query.Limit {
				return
			}
			query.To = last
		}
	}
}

// Cosign adds the signatures of witnesses that a copy of a checkpoint has. Errors: ErrNoCheckpoint,
// transparency.ErrWitness, transparency.ErrCheckpoint, transparency.ErrUnsigned.
func (l *Log) Cosign(ctx context.Context, size uint64, copied []byte) (transparency.Signed, error) {
	for {
		entry, err := l.entry(ctx, size)
		if err != nil {
			return transparency.Signed{}, err
		}
		held, err := l.open(entry)
		if err != nil {
			return held, err
		}
		signed, err := transparency.AddCosignatures(held.Note, copied, l.Key(), l.options.Witnesses...)
		if err != nil {
			return signed, err
		}
		err = l.put(ctx, entry.ID, entry.Version, checkpointDoc{Size: entry.ID, Note: string(signed.Note), Cosigned: entry.ID})
		if !errors.Is(err, readstore.ErrChanged) { // else another witness was faster
			return signed, err
		}
	}
}

// Trouble tells why nothing is signed any more; nil if nothing is wrong. Error: ErrAltered.
func (l *Log) Trouble(ctx context.Context) error { return l.wrong(ctx, troubleID) }

// Finding tells what the last verification has found; nil if nothing is wrong, or nothing was verified. Signing goes on
// meanwhile: it continues the history that was signed, not the one that was found. Error: ErrAltered.
func (l *Log) Finding(ctx context.Context) error { return l.wrong(ctx, findingID) }

// Found keeps what a verification of the whole log has found, for all processes; empty: nothing is wrong.
func (l *Log) Found(ctx context.Context, why string) error { return l.note(ctx, findingID, why) }

func (l *Log) wrong(ctx context.Context, id string) error {
	entry, err := l.options.Reads.Entry(ctx, checkpointCollection, id)
	if errors.Is(err, readstore.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("asking what is wrong with the log: %w", err)
	}
	var stored troubleDoc
	if err := entry.Decode(&stored); err != nil {
		return err
	}
	return fmt.Errorf("%w: %s", ErrAltered, stored.Why)
}

// note keeps that something is wrong, or that nothing is any more.
func (l *Log) note(ctx context.Context, id, why string) error {
	if why == "" {
		return l.options.Reads.RemoveEntry(ctx, checkpointCollection, id, 0)
	}
	for {
		var version int64
		entry, err := l.options.Reads.Entry(ctx, checkpointCollection, id)
		switch {
		case err == nil:
			version = entry.Version
		case !errors.Is(err, readstore.ErrNotFound):
			return fmt.Errorf("noting that the log is altered: %w", err)
		}
		if err := l.put(ctx, id, version, troubleDoc{Why: why}); !errors.Is(err, readstore.ErrChanged) {
			return err
		}
	}
}
