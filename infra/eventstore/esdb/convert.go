package esdb

import (
	"time"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"services.example/portal/infra/eventstore"
)

const jsonContent = "application/json"

func toEventData(events []eventstore.Event) []client.EventData {
	data := make([]client.EventData, len(events))
	for i := range events {
		event := &events[i]
		data[i] = client.EventData{EventID: event.ID, EventType: event.Type, Data: event.Data, Metadata: event.Metadata}
		if event.JSON {
			data[i].ContentType = client.ContentTypeJson
		}
	}
	return data
}

func toExpected(expected eventstore.Expected) client.ExpectedRevision {
	switch expected {
	case eventstore.NoStream:
		return client.NoStream{}
	case eventstore.Any:
		return client.Any{}
	case eventstore.StreamExists:
		return client.StreamExists{}
	default:
		return client.Revision(uint64(expected))
	}
}

// toAllPosition is for places that the server knows: where an event is, or before the first or after the last.
func toAllPosition(p eventstore.Position) client.AllPosition {
	switch {
	case p.IsZero():
		return client.Start{}
	case p == eventstore.EndPosition:
		return client.End{}
	default:
		return client.Position{Commit: p.Commit, Prepare: p.Prepare}
	}
}

// upTo is the last place at or before the position that an event can be at: no event was prepared after its commit.
func upTo(p eventstore.Position) eventstore.Position {
	p.Prepare = min(p.Prepare, p.Commit)
	return p
}

// upFrom is the first such place at or after the position.
func upFrom(p eventstore.Position) eventstore.Position {
	if p.Prepare > p.Commit {
		return eventstore.Position{Commit: p.Commit + 1}
	}
	return p
}

func fromPosition(p client.Position) eventstore.Position {
	return eventstore.Position{Commit: p.Commit, Prepare: p.Prepare}
}

func toRecorded(event *client.RecordedEvent) eventstore.Recorded {
	return eventstore.Recorded{
		Event: eventstore.Event{
			ID:       event.EventID,
			Type:     event.EventType,
			JSON:     event.ContentType == jsonContent,
			Data:     event.Data,
			Metadata: event.UserMetadata,
		},
		Stream:   event.StreamID,
		Revision: int64(event.EventNumber),
		Position: fromPosition(event.Position),
		Created:  event.CreatedDate,
	}
}

// monotonic keeps times of creation from going back within one reading, which they do in a cluster whose members'
// clocks differ.
type monotonic struct {
	backwards bool
	last      time.Time
}

func (m *monotonic) next(created time.Time) time.Time {
	switch {
	case m.last.IsZero():
	case !m.backwards && created.Before(m.last), m.backwards && created.After(m.last):
		return m.last
	}
	m.last = created
	return created
}
