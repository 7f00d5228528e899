package archivetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"services.example/portal/infra/eventstore"
)

// names are nasty in the ways that matter here: prefixes of one another, and no ASCII.
var names = []string{"thing-1", "thing-1-2", "өтінім-№1"}

// words are what stream metadata says, and whether it is JSON or not, valid or not.
var words = []string{
	`{}`, `{"$maxCount":2}`, `{"$tb":1}`, `{ "$tb": 2, "note": "kept" }`, `{"$tb":9223372036854775807}`,
	`{"$tb":9223372036854775807,"note":"hidden"}`, `{"$tb":9223372036854775807,"$maxCount":"2"}`, `{"$tb":`, `[1]`,
}

var payloads = []string{
	``, `{}`, `{"n":1}`, `{"атауы":"заңды <қызметтер>"}`, "{\n\t\"n\": 1\n}", `{"n":1} `, `"text"`, `null`, "\x00\xff\n", "{\xff}", `{"a":1,"a":2}`,
}

var metadata = []string{
	``, `{}`, `{"actor":"a-1"}`, `{"actor":"a-1","recordedAt":"2020-01-01T00:00:00Z"}`, `{"note":"\"recordedAt\""}`, "{ \"a\" : 1 }\n", `[]`, "\xff",
}

// write fills a store by a random history: appends, also to streams that were deleted, deletes, tombstones, metadata.
func write(ctx context.Context, r *rapid.T, store eventstore.Store) {
	for range rapid.IntRange(0, 25).Draw(r, "steps") {
		stream := rapid.SampledFrom(names).Draw(r, "stream")
		var err error
		switch rapid.IntRange(0, 9).Draw(r, "what") {
		case 0, 1:
			_, err = store.Delete(ctx, stream, eventstore.Any)
		case 2, 3:
			_, err = store.Append(ctx, "$$"+stream, eventstore.Any, described(r))
		case 4:
			if rapid.IntRange(0, 5).Draw(r, "rarely") == 0 {
				_, err = store.Tombstone(ctx, stream, eventstore.Any)
			}
		case 5:
			_, err = store.Append(ctx, "$of-the-store", eventstore.Any, event(r)) // left behind
		default:
			_, err = store.Append(ctx, stream, eventstore.Any, several(r)...)
		}
		var conflict *eventstore.ConflictError
		var deleted *eventstore.DeletedError
		if err != nil && !errors.As(err, &conflict) && !errors.As(err, &deleted) {
			r.Fatalf("writing a history: %v", err)
		}
	}
}

func several(r *rapid.T) []eventstore.Event {
	var events []eventstore.Event
	for range rapid.IntRange(1, 4).Draw(r, "events") {
		events = append(events, event(r))
	}
	return events
}

func event(r *rapid.T) eventstore.Event {
	return eventstore.Event{
		ID: uuid.New(), Type: fmt.Sprintf("thing.happened.v%d", rapid.IntRange(1, 3).Draw(r, "version")),
		JSON:     rapid.Bool().Draw(r, "JSON"),
		Data:     []byte(rapid.SampledFrom(payloads).Draw(r, "data")),
		Metadata: []byte(rapid.SampledFrom(metadata).Draw(r, "metadata")),
	}
}

func described(r *rapid.T) eventstore.Event {
	return eventstore.Event{
		ID: uuid.New(), Type: "$metadata", JSON: rapid.IntRange(0, 9).Draw(r, "JSON") > 0,
		Data: []byte(rapid.SampledFrom(words).Draw(r, "words")),
	}
}
