package casebundle

import (
	"fmt"

	"github.com/google/uuid"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/archive"
	"services.example/portal/infra/transparency"
)

// NewRecord makes the record of what a store gave.
func NewRecord(from eventstore.Recorded, proof transparency.Proof, opening *codec.Opening) Record {
	carried := archive.Carried(from)
	return Record{
		Index: proof.Index, Stream: from.Stream, Revision: from.Revision, ID: carried.ID.String(), Type: carried.Type, JSON: carried.JSON,
		Data: carried.Data, Metadata: carried.Metadata, Proof: proof.Hashes, Opening: opening,
	}
}

func recorded(r *Record) (eventstore.Recorded, error) {
	id, err := uuid.Parse(r.ID)
	if err != nil || id.String() != r.ID {
		return eventstore.Recorded{}, malformed("record %d has no id", r.Index)
	}
	if r.Revision < 0 || r.Stream == "" || r.Type == "" {
		return eventstore.Recorded{}, malformed("record %d has no stream, type or revision", r.Index)
	}
	place := r.Index + 1 // the zero position is before all
	out := eventstore.Recorded{
		Event:    eventstore.Event{ID: id, Type: r.Type, JSON: r.JSON, Data: r.Data, Metadata: r.Metadata},
		Stream:   r.Stream,
		Revision: r.Revision,
		Position: eventstore.Position{Commit: place, Prepare: place},
	}
	if !transparency.IsLeaf(out) {
		return eventstore.Recorded{}, malformed("record %d is none of the portal's", r.Index)
	}
	return out, nil
}

// Prove tells whether the record is in the log that a checkpoint signs, at its index. Error: transparency.ErrProof.
func (r *Record) Prove(signed transparency.Checkpoint) error {
	stored, err := recorded(r)
	if err != nil {
		return err
	}
	// What AppendLeaf would add to a record that was never moved must be there already: no other bytes are signed.
	if string(archive.Carried(stored).Metadata) != string(r.Metadata) {
		return fmt.Errorf("%w: record %d does not say when it was recorded", transparency.ErrProof, r.Index)
	}
	proof := transparency.Proof{Index: r.Index, Size: signed.Size, Hashes: r.Proof}
	return proof.Verify(transparency.Leaf(stored), signed)
}
