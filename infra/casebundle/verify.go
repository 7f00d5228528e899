package casebundle

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"services.example/portal/domain/application"
	"services.example/portal/domain/notification"
	"services.example/portal/domain/service"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/transparency"
)

// Proven is what a bundle proves with a key.
type Proven struct {
	Checkpoint transparency.Signed
	Events     []codec.Envelope // decoded, in the order of the log
	Committed  int              // records whose encrypted fields are shown, and which commit to them
	Unbound    int              // records whose encrypted fields are shown, and which do not: the portal's word
	Sealed     int              // records whose encrypted fields are not shown: their person was erased
}

// ErrRecords says that the records are not those of one whole case.
var ErrRecords = errors.New("the records are not those of one whole case")

// Prove verifies, in this order, the portal's statement, the checkpoint, that every record is in its log at its place, that
// what is shown of encrypted fields is what was stored, and that the streams of the case are whole. The key is the log's
// public key; the witnesses are the public keys of those whose cosignatures count.
//
// Errors: around transparency.ErrUnsigned, ErrCheckpoint or ErrProof, codec.ErrOpening, ErrRecords or ErrMalformed. Each
// names the first record that does not fit.
func (b *Bundle) Prove(ctx context.Context, decoder *codec.Codec, key string, witnesses ...string) (*Proven, error) {
	if err := b.Statement(key); err != nil {
		return nil, err
	}
	signed, err := transparency.Open(b.Checkpoint, key, witnesses...)
	if err != nil {
		return nil, err
	}
	p := &Proven{Checkpoint: signed}
	for i := range b.Records {
		if err := p.take(ctx, decoder, &b.Records[i]); err != nil {
			return nil, err
		}
	}
	return p, b.whole(p.Events)
}

// take proves one record.
func (p *Proven) take(ctx context.Context, decoder *codec.Codec, r *Record) error {
	if err := r.Prove(p.Checkpoint.Checkpoint); err != nil {
		return fmt.Errorf("event %d of %s: %w", r.Revision, r.Stream, err)
	}
	stored, err := recorded(r)
	if err != nil {
		return err
	}
	sealed, err := codec.HasPersonal(stored)
	if err != nil {
		return malformed("record %d: %w", r.Index, err)
	}
	switch {
	case r.Opening == nil && sealed:
		p.Sealed++
	case r.Opening != nil:
		committed, err := r.Opening.Check(stored)
		if err != nil {
			return err
		}
		if committed {
			p.Committed++
		} else {
			p.Unbound++
		}
	}
	event, err := Decode(ctx, decoder, r)
	if err != nil {
		return err
	}
	p.Events = append(p.Events, event)
	return nil
}

// Decode decodes a record with what it shows. An event of a type that this program does not know has none.
func Decode(ctx context.Context, decoder *codec.Codec, r *Record) (codec.Envelope, error) {
	stored, err := recorded(r)
	if err != nil {
		return codec.Envelope{}, err
	}
	event, err := decoder.DecodeOpened(ctx, stored, r.Opening)
	var unknown *codec.UnknownTypeError
	var newer *codec.NewerVersionError
	switch {
	case errors.As(err, &unknown), errors.As(err, &newer):
		meta, err := codec.MetadataOf(stored)
		if err != nil {
			return codec.Envelope{}, malformed("record %d: %w", r.Index, err)
		}
		return codec.Envelope{
			Stream: stored.Stream, Revision: stored.Revision, Position: stored.Position, ID: stored.ID, Type: stored.Type, Meta: meta,
		}, nil
	case err != nil:
		return codec.Envelope{}, malformed("record %d: %w", r.Index, err)
	default:
		return event, nil
	}
}

// The streams of a case.
const (
	applicationStream = "application-"
	signatureStream   = "signature-"
	noticeStream      = "notification-"
	serviceStream     = "service-"
)

// whole makes sure that the records are those of the case, all that its streams have and no others, in their order.
func (b *Bundle) whole(events []codec.Envelope) error {
	next := map[string]int64{} // revisions that are there
	whole := map[string]bool{}
	for _, stream := range b.Streams {
		if _, twice := whole[stream.Name]; twice {
			return fmt.Errorf("%w: the stream %.100q is named twice", ErrRecords, stream.Name)
		}
		whole[stream.Name] = stream.Whole
	}
	last := uint64(0)
	for i := range b.Records {
		r := &b.Records[i]
		isWhole, named := whole[r.Stream]
		switch {
		case i > 0 && r.Index <= last:
			return fmt.Errorf("%w: record %d comes after record %d", ErrRecords, r.Index, last)
		case !named:
			return fmt.Errorf("%w: event %d of %.100q is of no stream of the case", ErrRecords, r.Revision, r.Stream)
		case isWhole && r.Revision != next[r.Stream]:
			return fmt.Errorf("%w: event %d of %s is missing, event %d is there instead", ErrRecords, next[r.Stream], r.Stream, r.Revision)
		}
		last = r.Index
		next[r.Stream] = r.Revision + 1
	}
	for _, stream := range b.Streams {
		if stream.Whole && next[stream.Name] != stream.Next {
			return fmt.Errorf("%w: %s has %d events, and %d are there", ErrRecords, stream.Name, stream.Next, next[stream.Name])
		}
	}
	return b.related(events, whole)
}

// related makes sure that the streams are those that belong to the case.
func (b *Bundle) related(events []codec.Envelope, whole map[string]bool) error {
	belong := map[string]bool{}
	for _, prefix := range []string{applicationStream, "correspondence-", "reading-", "note-"} {
		belong[prefix+b.Application] = true
	}
	var start *application.DraftStarted
	version := 0
	for i := range events {
		switch e := events[i].Event.(type) {
		case application.DraftStarted:
			start = &e
			belong[serviceStream+e.ServiceID] = false
		case application.DocumentIssued:
			belong[signatureStream+e.DocumentID] = true
		case notification.Requested:
			if e.ApplicationID == b.Application && events[i].Revision == 0 && strings.HasPrefix(events[i].Stream, noticeStream) {
				belong[events[i].Stream] = true
			}
		case service.Revised:
			version = e.Version
		}
	}
	switch {
	case start == nil || start.Number != b.Number:
		return fmt.Errorf("%w: there is no beginning of the application %.40q", ErrRecords, b.Number)
	case version != start.ServiceVersion:
		return fmt.Errorf("%w: version %d of the service is missing", ErrRecords, start.ServiceVersion)
	}
	for stream, isWhole := range whole {
		if mustBeWhole, belongs := belong[stream]; !belongs || mustBeWhole && !isWhole {
			return fmt.Errorf("%w: the stream %.100q does not belong to it, or is not whole", ErrRecords, stream)
		}
	}
	for stream := range belong {
		if _, there := whole[stream]; !there {
			return fmt.Errorf("%w: nothing is said of the stream %.100q", ErrRecords, stream)
		}
	}
	return nil
}
