package readapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
	"services.example/portal/infra/casebundle"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/projections/envelope"
)

// caseRecords are the stored records of a case, in the order of the log, and its streams.
type caseRecords struct {
	id      string
	records []eventstore.Recorded
	streams []casebundle.Stream
	bytes   int // of the records
}

// mostCaseBytes is how much of records a bundle is made of: they are held in memory.
const mostCaseBytes = 48 << 20

func (c *caseRecords) last() eventstore.Position { return c.records[len(c.records)-1].Position }

// findCase reads the records of a case without decrypting anything. Errors: application-not-found; case-too-large.
func (q *Queries) findCase(ctx context.Context, id string) (*caseRecords, error) {
	head, err := eventstore.Head(ctx, q.deps.Events)
	if err != nil {
		return nil, fmt.Errorf("finding the end of the log: %w", err)
	}
	c := &caseRecords{id: id}
	if err := c.read(ctx, q.deps.Events, envelope.Applications+id, head); err != nil {
		return nil, err
	}
	if len(c.records) == 0 {
		return nil, applicationNotFound()
	}
	streams, err := c.related(ctx, q.deps.Codec.Withheld())
	if err != nil {
		return nil, err
	}
	notices, err := q.noticesOf(ctx, id, head)
	if err != nil {
		return nil, err
	}
	for _, stream := range append(streams, notices...) {
		if err := c.read(ctx, q.deps.Events, stream, head); err != nil {
			return nil, err
		}
	}
	if err := q.readVersion(ctx, c); err != nil {
		return nil, err
	}
	slices.SortFunc(c.records, func(a, b eventstore.Recorded) int { return a.Position.Compare(b.Position) })
	return c, nil
}

// read takes in a whole stream; one that does not exist has no records.
func (c *caseRecords) read(ctx context.Context, events eventstore.Store, stream string, upTo eventstore.Position) error {
	next := int64(0)
	for recorded, err := range events.ReadStream(ctx, stream, eventstore.StreamRead{}) {
		var missing *eventstore.NotFoundError
		if errors.As(err, &missing) {
			break
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", stream, err)
		}
		if upTo.Before(recorded.Position) {
			break
		}
		if err := c.add(recorded); err != nil {
			return err
		}
		next = recorded.Revision + 1
	}
	c.streams = append(c.streams, casebundle.Stream{Name: stream, Next: next, Whole: true})
	return nil
}

func (c *caseRecords) add(recorded eventstore.Recorded) error {
	c.records = append(c.records, recorded)
	c.bytes += len(recorded.Data) + len(recorded.Metadata)
	if c.bytes > mostCaseBytes || len(c.records) > casebundle.MaxRecords {
		return caseTooLarge()
	}
	return nil
}

// related names the streams of the case that its application names. Only the application's were read so far.
func (c *caseRecords) related(ctx context.Context, decoder *codec.Codec) ([]string, error) {
	streams := []string{envelope.Correspondence + c.id, envelope.Readings + c.id, noteStreams + c.id}
	for i := range c.records {
		event, err := decodeKnown(ctx, decoder, c.records[i])
		if err != nil {
			return nil, err
		}
		if e, ok := event.Event.(application.DocumentIssued); ok {
			streams = append(streams, signatureStreams+e.DocumentID)
		}
	}
	return streams, nil
}

// readVersion takes in the record of the service that gave it the version which the application keeps.
func (q *Queries) readVersion(ctx context.Context, c *caseRecords) error {
	decoder := q.deps.Codec.Withheld()
	first, err := decodeKnown(ctx, decoder, c.records[0])
	if err != nil {
		return err
	}
	start, ok := first.Event.(application.DraftStarted)
	if !ok {
		return applicationNotFound()
	}
	stream := "service-" + start.ServiceID
	next := int64(0)
	for recorded, err := range q.deps.Events.ReadStream(ctx, stream, eventstore.StreamRead{}) {
		if err != nil {
			return fmt.Errorf("reading %s: %w", stream, err)
		}
		event, err := decodeKnown(ctx, decoder, recorded)
		if err != nil {
			return err
		}
		next = recorded.Revision + 1
		if e, ok := event.Event.(service.Revised); ok && e.Version == start.ServiceVersion {
			if err := c.add(recorded); err != nil {
				return err
			}
			break
		}
	}
	c.streams = append(c.streams, casebundle.Stream{Name: stream, Next: next})
	return nil
}

// decodeKnown decodes a record; one of a type that this program does not know has no event.
func decodeKnown(ctx context.Context, decoder *codec.Codec, recorded eventstore.Recorded) (codec.Envelope, error) {
	event, err := decoder.Decode(ctx, recorded)
	var unknown *codec.UnknownTypeError
	var newer *codec.NewerVersionError
	if errors.As(err, &unknown) || errors.As(err, &newer) {
		return codec.Envelope{Stream: recorded.Stream, Type: recorded.Type, Revision: recorded.Revision}, nil
	}
	return event, err
}

// providerName is what the provider of a case is called, by language.
func (q *Queries) providerName(ctx context.Context, events []codec.Envelope, upTo eventstore.Position) (map[string]string, error) {
	var id string
	for i := range events {
		switch e := events[i].Event.(type) {
		case service.Revised:
			id = cmp.Or(id, e.Content.Passport.ProviderID)
		case application.Submitted:
			id = cmp.Or(e.ProviderID, id)
		}
	}
	provider, _, err := q.providerThen(ctx, id, cut{upTo: upTo})
	if err != nil {
		return nil, err
	}
	return map[string]string{"kk": provider.Name.KK, "ru": provider.Name.RU, "en": provider.Name.EN}, nil
}
