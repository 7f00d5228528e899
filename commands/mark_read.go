package commands

import (
	"context"

	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/infra/eventstore"
)

// MarkRead says that the caller has read an application's thread up to an item, by the number that they see; 0 is before
// the first. What was read stays read: an earlier item changes nothing. Errors: beyond-the-end, application-not-found,
// not-submitted.
func (c *Correspondence) MarkRead(
	ctx context.Context, req Request, id string, by application.Staff, upTo int,
) (eventstore.Position, error) {
	reader, err := c.participant(ctx, id, by)
	if err != nil {
		return eventstore.Position{}, err
	}
	if upTo < 0 {
		return eventstore.Position{}, correspondence.BeyondTheEnd()
	}
	read := correspondence.MarkRead{
		Applicant: reader.application.Applicant, Reader: req.Actor, Side: reader.side, At: c.deps.Now(),
	}
	if upTo > 0 {
		if read.Messages, read.Application, err = c.deps.Threads.Place(ctx, id, upTo); err != nil {
			return eventstore.Position{}, err
		}
	}
	outcome, err := c.streams.readings.executeAny(ctx, reader.as(req), id,
		func(correspondence.Readings) (correspondence.MarkRead, error) { return read, nil })
	return outcome.Position, err
}
