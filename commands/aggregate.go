package commands

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/keyedlock"
)

const (
	// maxAttempts bounds how often a command is decided anew because somebody else was faster.
	maxAttempts = 10
	// cachedStreams is how many folded states one aggregate keeps in memory.
	cachedStreams = 4096
)

// Request is everything about a command besides what it asks for.
type Request struct {
	CommandID     uuid.UUID
	BodyHash      string // of the body, when the caller may repeat the command under its Idempotency-Key
	CorrelationID uuid.UUID
	CausationID   uuid.UUID // the command that led to this one; its own id for one that a person gave
	Actor         string    // account id; empty: nobody is signed in, or the system
	Role          string
	Session       string // names the caller's session
	Client        string // keyed hash of the network address
	Language      text.Language
	IfMatch       *int64 // the revision that the caller saw
}

// Outcome is what became of a command.
type Outcome[S any] struct {
	State    S
	Revision int64 // of the stream, now: the ETag
	Position eventstore.Position
}

// aggregate runs one kind of decider on its streams: load, decide, append at the loaded revision.
type aggregate[S, C, E any] struct {
	prefix  string
	decide  func(S, C) ([]E, error)
	evolve  func(S, E) S
	subject func(id string, s S, c C) string // whose personal data the events hold

	events eventstore.Store
	codec  *codec.Codec
	cache  *lru.Cache[string, loaded[S]]
	racing keyedlock.Locks[string] // streams on which somebody has lost a race
}

// loaded is a folded stream. It is a value and never changes: readers share it.
type loaded[S any] struct {
	state    S
	revision int64
	position eventstore.Position
	done     []doneCommand
}

// doneCommand is a command that the stream already holds, given under an Idempotency-Key.
type doneCommand struct {
	id   uuid.UUID
	hash string
}

func newAggregate[S, C, E any](
	deps Deps, prefix string, decide func(S, C) ([]E, error), evolve func(S, E) S, subject func(string, S, C) string,
) *aggregate[S, C, E] {
	cache, err := lru.New[string, loaded[S]](cachedStreams)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &aggregate[S, C, E]{
		prefix: prefix, decide: decide, evolve: evolve, subject: subject,
		events: deps.Events, codec: deps.Codec, cache: cache,
	}
}

// state loads and folds a stream. A stream that does not exist is the zero state.
func (a *aggregate[S, C, E]) state(ctx context.Context, id string) (S, error) {
	at, err := a.load(ctx, id)
	return at.state, err
}

// load folds what the cache does not have yet. The stream itself is always asked, so that what another process
// appended is seen.
func (a *aggregate[S, C, E]) load(ctx context.Context, id string) (loaded[S], error) {
	at, cached := a.cache.Get(id)
	if !cached {
		at = loaded[S]{revision: eventstore.NoRevision}
	}
	before := at.revision
	for recorded, err := range a.events.ReadStream(ctx, a.prefix+id, eventstore.StreamRead{From: at.revision + 1}) {
		if err != nil {
			var missing *eventstore.NotFoundError
			if errors.As(err, &missing) {
				break
			}
			return loaded[S]{}, fmt.Errorf("loading %s%s: %w", a.prefix, id, err)
		}
		envelope, err := a.codec.Decode(ctx, recorded)
		if err != nil {
			return loaded[S]{}, fmt.Errorf("loading %s%s: %w", a.prefix, id, leftToNewer(err))
		}
		if at, err = a.fold(at, envelope); err != nil {
			return loaded[S]{}, err
		}
	}
	if at.revision != before {
		a.cache.Add(id, at)
	}
	return at, nil
}

func (a *aggregate[S, C, E]) fold(at loaded[S], envelope codec.Envelope) (loaded[S], error) {
	event, ok := envelope.Event.(E)
	if !ok {
		return loaded[S]{}, fmt.Errorf("stream %s holds an event of type %s, which is not its own", envelope.Stream, envelope.Type)
	}
	at.state = a.evolve(at.state, event)
	at.revision, at.position = envelope.Revision, envelope.Position
	if envelope.Meta.CommandHash != "" && !at.holds(envelope.Meta.CommandID) {
		// A full slice expression: states that share the array never write into it.
		at.done = append(at.done[:len(at.done):len(at.done)],
			doneCommand{id: envelope.Meta.CommandID, hash: envelope.Meta.CommandHash})
	}
	return at, nil
}

func (at loaded[S]) holds(command uuid.UUID) bool {
	for _, d := range at.done {
		if d.id == command {
			return true
		}
	}
	return false
}

// repeated tells whether the stream already holds this command. Error: the same key came with another body before.
func (at loaded[S]) repeated(req Request) (bool, error) {
	for _, d := range at.done {
		if d.id != req.CommandID {
			continue
		}
		if d.hash != req.BodyHash {
			return false, problem.New(problem.Invalid, "idempotency-key-reused")
		}
		return true, nil
	}
	return false, nil
}

// repeated tells whether a stream already holds a command, for use cases that check something before they give it.
// Error: idempotency-key-reused.
func (a *aggregate[S, C, E]) repeated(ctx context.Context, req Request, id string) (bool, error) {
	at, err := a.load(ctx, id)
	if err != nil {
		return false, err
	}
	return at.repeated(req)
}

// execute carries out a command. The command is made from the state on which it will be decided, and is made and
// decided anew when somebody else appended first. A repeated command answers from the stream.
func (a *aggregate[S, C, E]) execute(
	ctx context.Context, req Request, id string, command func(S) (C, error),
) (Outcome[S], error) {
	outcome, err := a.attempt(ctx, req, id, command)
	var conflict *eventstore.ConflictError
	if !errors.As(err, &conflict) {
		return outcome, err
	}
	// Those who lost a race go on one after another, so that many on one stream do not keep each other from it.
	unlock, err := a.racing.Lock(ctx, id)
	if err != nil {
		return Outcome[S]{}, err
	}
	defer unlock()
	for attempt := 1; attempt < maxAttempts; attempt++ {
		outcome, err = a.attempt(ctx, req, id, command)
		if !errors.As(err, &conflict) {
			return outcome, err
		}
		if err := pause(ctx, attempt); err != nil {
			return Outcome[S]{}, err
		}
	}
	return Outcome[S]{}, &problem.Problem{Kind: problem.Unavailable, Code: "too-busy", RetryAfter: time.Second}
}

func (a *aggregate[S, C, E]) attempt(
	ctx context.Context, req Request, id string, command func(S) (C, error),
) (Outcome[S], error) {
	at, err := a.load(ctx, id)
	if err != nil {
		return Outcome[S]{}, err
	}
	repeated, err := at.repeated(req)
	if err != nil || repeated {
		return Outcome[S]{State: at.state, Revision: at.revision, Position: at.position}, err
	}
	if req.IfMatch != nil && *req.IfMatch != at.revision {
		return Outcome[S]{}, problem.New(problem.Stale, "stale")
	}
	asked, err := command(at.state)
	if err != nil {
		return Outcome[S]{}, err
	}
	decided, err := a.decide(at.state, asked)
	if err != nil {
		return Outcome[S]{}, err
	}
	if len(decided) == 0 {
		return Outcome[S]{State: at.state, Revision: at.revision, Position: at.position}, nil
	}
	meta := req.metadata(a.subject(id, at.state, asked))
	encoded := make([]eventstore.Event, len(decided))
	for i, event := range decided {
		if encoded[i], err = a.codec.Encode(ctx, a.prefix+id, eventID(req.CommandID, i), meta, event); err != nil {
			return Outcome[S]{}, fmt.Errorf("encoding an event of %s%s: %w", a.prefix, id, err)
		}
	}
	appended, err := a.events.Append(ctx, a.prefix+id, eventstore.Expected(at.revision), encoded...)
	if err != nil {
		return Outcome[S]{}, fmt.Errorf("appending to %s%s: %w", a.prefix, id, err)
	}
	for _, event := range decided {
		at.state = a.evolve(at.state, event)
	}
	at.revision, at.position = appended.Revision, appended.Position
	if req.BodyHash != "" {
		at.done = append(at.done[:len(at.done):len(at.done)], doneCommand{id: req.CommandID, hash: req.BodyHash})
	}
	a.cache.Add(id, at)
	return Outcome[S]{State: at.state, Revision: at.revision, Position: at.position}, nil
}

func (r Request) metadata(subject string) codec.Metadata {
	return codec.Metadata{
		CommandID: r.CommandID, CommandHash: r.BodyHash, CorrelationID: r.CorrelationID, CausationID: r.CausationID,
		Actor: r.Actor, Role: r.Role, Subject: subject, Client: r.Client,
	}
}

// eventID derives the id of a command's i-th event, so that a repeated append is recognised by the store.
func eventID(command uuid.UUID, i int) uuid.UUID {
	return uuid.NewSHA1(command, []byte{byte(i >> 8), byte(i)})
}

// pause waits a little before a lost race is run again, longer and less evenly each time.
func pause(ctx context.Context, attempt int) error {
	longest := time.Millisecond << min(attempt, 6)
	timer := time.NewTimer(rand.N(longest)) //nolint:gosec // spreads load, guards nothing
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("waiting to decide again: %w", ctx.Err())
	case <-timer.C:
		return nil
	}
}

// next returns the request of a further command that the same call gives: another id, under the same correlation.
func (r Request) next() Request {
	r.CausationID = r.CommandID
	r.CommandID = uuid.NewSHA1(r.CommandID, []byte("next"))
	r.IfMatch = nil
	return r
}
