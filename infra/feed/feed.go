// Package feed is the event log as other systems may read it: what happened, in order, and to whom only under pseudonyms.
//
// It knows of every event what it gives away of it, by an explicit choice: which events are published, and which of their
// members are given as they are, as a pseudonym, or not at all. What nobody has chosen to give is withheld, so an event or a
// member that is added later cannot leak by oversight. It never has the key of anybody's personal data.
package feed

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
)

// Feed turns stored events into published ones. It is safe for use by many goroutines.
type Feed struct {
	codec   *codec.Codec // without keys
	secret  []byte
	kinds   map[reflect.Type]*kind
	ordered []*kind // by name
}

// kind is a type of events, of the newest version.
type kind struct {
	name      string
	event     string // the name without its version, with a dot at its end
	published bool
	stream    string // prefix of the streams, such as application-
	subject   string // what the rest of the stream's name is the id of; empty: it is public
	shape     *shape
}

// New makes the feed of these aggregates, which the codec must know. Secret is what pseudonyms and the secrets of webhooks
// are derived from: at least 32 random bytes that never change. Error: a member whose type cannot be published.
func New(events *codec.Codec, secret []byte, aggregates ...codec.Aggregate) (*Feed, error) {
	if len(secret) < leastSecret {
		return nil, errors.New("the secret of the feed is too short")
	}
	f := &Feed{codec: events.Withheld(), secret: slices.Clone(secret), kinds: map[reflect.Type]*kind{}}
	for _, a := range aggregates {
		streams, published := publishedStreams[a.Name]
		build := newBuilder(streams.public)
		for _, name := range slices.Sorted(maps.Keys(a.Types)) {
			t := reflect.TypeOf(a.Types[name])
			made, err := build.shapeOf(t)
			if err != nil {
				return nil, fmt.Errorf("publishing %s: %w", name, err)
			}
			k := &kind{name: name, event: unversioned(name), stream: a.Prefix, subject: streams.subject, shape: made}
			k.published = published && (streams.only == nil || slices.Contains(streams.only, k.event))
			f.kinds[t] = k
			f.ordered = append(f.ordered, k)
		}
	}
	slices.SortFunc(f.ordered, func(a, b *kind) int { return strings.Compare(a.name, b.name) })
	return f, nil
}

const leastSecret = 32 // bytes

// unversioned is application.submitted. of application.submitted.v2: the dot at its end keeps it from being the beginning of
// another event's name.
func unversioned(name string) string { return name[:strings.LastIndexByte(name, '.')+1] }

// MaxTypes is how many types one reader may name.
const MaxTypes = 100

// Filter finds the events of the named types, or all that are published if none is named. A type is an event with or without
// its version (application.submitted, application.submitted.v2), or all events of an aggregate (application.). Its error is
// the problem of input at location: too-many, or feed-type-unknown for what names nothing that is published.
func (f *Feed) Filter(location string, types []string) (eventstore.Filter, error) {
	if len(types) > MaxTypes {
		return eventstore.Filter{}, problem.Input(problem.Field{
			Location: location, Code: "too-many", Params: map[string]string{"max": strconv.Itoa(MaxTypes)},
		})
	}
	var wanted []string
	for _, name := range types {
		found := f.named(name)
		if name == "" || len(found) == 0 {
			return eventstore.Filter{}, problem.Input(problem.Field{Location: location, Code: "feed-type-unknown"})
		}
		wanted = append(wanted, found...)
	}
	if len(types) == 0 {
		wanted = f.named("")
	}
	slices.Sort(wanted)
	return eventstore.Filter{Types: slices.Compact(wanted)}, nil
}

// named lists the published events that a name means, without their versions.
func (f *Feed) named(name string) []string {
	var found []string
	for _, k := range f.ordered {
		whole := name == k.name || name+"." == k.event
		if k.published && (whole || name == "" || strings.HasSuffix(name, ".") && strings.HasPrefix(k.event, name)) {
			found = append(found, k.event)
		}
	}
	return found
}

// Reader is somebody for whom the feed is written: pseudonyms are their own and mean nothing to anybody else.
type Reader struct {
	feed  *Feed
	names pseudonyms
}

// For is the feed for a reader, named by a stable id.
func (f *Feed) For(reader string) *Reader {
	return &Reader{feed: f, names: newPseudonyms(f.secret, reader)}
}

// Append appends the event as one JSON object without line breaks. It tells whether the event is published: what is not is
// left out. Errors: codec.NewerVersionError, when only a newer binary can read the event; codec.DecodeError.
func (r *Reader) Append(ctx context.Context, dst []byte, recorded eventstore.Recorded) (out []byte, published bool, err error) {
	envelope, err := r.feed.codec.Decode(ctx, recorded)
	var unknown *codec.UnknownTypeError
	if errors.As(err, &unknown) {
		return dst, false, nil
	}
	if err != nil {
		return dst, false, fmt.Errorf("publishing event %s: %w", recorded.ID, err)
	}
	k := r.feed.kinds[reflect.TypeOf(envelope.Event)]
	if k == nil || !k.published {
		return dst, false, nil
	}
	return r.append(dst, k, &envelope), true, nil
}
