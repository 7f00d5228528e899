package commands

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
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
	// foldedAtOnce is how many events of a stream are in memory before they are folded: some streams are long.
	foldedAtOnce = 256
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
	adding keyedlock.Locks[adder]  // who adds to which stream
}

// adder is somebody who adds to a stream.
type adder struct{ stream, actor string }

// loaded is a folded stream. It is a value and never changes: readers share it.
type loaded[S any] struct {
	state    S
	revision int64
	position eventstore.Position
	done     *doneCommand // the last one, if there is any
}

// doneCommand is a command that the stream already holds, given under an Idempotency-Key or by the portal itself under an
// id that follows from its cause. It never changes: states share those before.
type doneCommand struct {
	id      uuid.UUID
	hash    string
	earlier *doneCommand
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
	for before := at.revision; ; {
		further, err := a.eventsAfter(ctx, id, at.revision)
		if err != nil {
			return loaded[S]{}, err
		}
		for i := range further {
			if at, err = a.fold(at, further[i]); err != nil {
				return loaded[S]{}, err
			}
		}
		if len(further) < foldedAtOnce {
			if at.revision != before {
				a.cache.Add(id, at)
			}
			return at, nil
		}
	}
}

// eventsAfter reads what a stream holds after a revision: mostly nothing, and foldedAtOnce events at most.
func (a *aggregate[S, C, E]) eventsAfter(ctx context.Context, id string, revision int64) (further []codec.Envelope, err error) {
	for recorded, err := range a.events.ReadStream(ctx, a.prefix+id, eventstore.StreamRead{From: revision + 1, Limit: foldedAtOnce}) {
		if err != nil {
			var missing *eventstore.NotFoundError
			if errors.As(err, &missing) {
				break
			}
			return nil, fmt.Errorf("loading %s%s: %w", a.prefix, id, err)
		}
		envelope, err := a.codec.Decode(ctx, recorded)
		if err != nil {
			return nil, fmt.Errorf("loading %s%s: %w", a.prefix, id, leftToNewer(err))
		}
		further = append(further, envelope)
	}
	return further, nil
}

func (a *aggregate[S, C, E]) fold(at loaded[S], envelope codec.Envelope) (loaded[S], error) {
	event, ok := envelope.Event.(E)
	if !ok {
		return loaded[S]{}, fmt.Errorf("stream %s holds an event of type %s, which is not its own", envelope.Stream, envelope.Type)
	}
	at.state = a.evolve(at.state, event)
	at.revision, at.position = envelope.Revision, envelope.Position
	at.done = at.done.and(envelope.Meta.CommandID, envelope.Meta.CommandHash)
	return at, nil
}

// and remembers one more command, if it may come again. The events of one command follow each other.
func (d *doneCommand) and(id uuid.UUID, hash string) *doneCommand {
	if hash == "" && id.Version() != derived || d != nil && d.id == id {
		return d
	}
	return &doneCommand{id: id, hash: hash, earlier: d}
}

// derived is the version of ids that follow from something; those of any other are made for one call.
const derived = 5

// repeated tells whether the stream already holds this command. Error: the same key came with another body before.
func (at loaded[S]) repeated(req Request) (bool, error) {
	for d := at.done; d != nil; d = d.earlier {
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
	outcome, err := a.attempt(ctx, req, id, command, atRevision)
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
		outcome, err = a.attempt(ctx, req, id, command, atRevision)
		if !errors.As(err, &conflict) {
			return outcome, err
		}
		if err := pause(ctx, attempt); err != nil {
			return Outcome[S]{}, err
		}
	}
	return Outcome[S]{}, &problem.Problem{Kind: problem.Unavailable, Code: "too-busy", RetryAfter: time.Second}
}

// executeAny carries out a command that holds whatever others append meanwhile, such as a message: many can append at
// once, and none of them waits for the others or is sent away.
//
// A repeated command answers from the stream, which is read to its end before every append. The first append expects the
// revision read, which a store checks for as long as it holds the stream: two processes that carry out one command at once
// cannot both succeed, nor can one of them after the other has crashed in between. Only who loses to somebody else's event
// appends anywhere, and then it is the store's memory of recent event ids that tells a repetition within the same moment.
// Within one process somebody's own commands on one stream run one after another, so that limits on them hold exactly.
func (a *aggregate[S, C, E]) executeAny(
	ctx context.Context, req Request, id string, command func(S) (C, error),
) (Outcome[S], error) {
	unlock, err := a.adding.Lock(ctx, adder{stream: id, actor: req.Actor})
	if err != nil {
		return Outcome[S]{}, err
	}
	defer unlock()
	outcome, err := a.attempt(ctx, req, id, command, atRevision)
	var conflict *eventstore.ConflictError
	if errors.As(err, &conflict) {
		return a.attempt(ctx, req, id, command, anywhere)
	}
	return outcome, err
}

// placing says where the events of a command may go.
type placing int

const (
	atRevision placing = iota // after those on which it was decided
	anywhere                  // wherever the stream is by then
)

func (a *aggregate[S, C, E]) attempt(
	ctx context.Context, req Request, id string, command func(S) (C, error), where placing,
) (Outcome[S], error) {
	at, err := a.load(ctx, id)
	if err != nil {
		return Outcome[S]{}, err
	}
	repeated, err := at.repeated(req)
	if err != nil || repeated {
		return Outcome[S]{State: at.state, Revision: at.revision, Position: at.position}, err
	}
	asked, err := command(at.state)
	if err != nil {
		return Outcome[S]{}, err
	}
	// Only now: whoever may not know of the stream learns nothing of its revision.
	if req.IfMatch != nil && *req.IfMatch != at.revision {
		return Outcome[S]{}, problem.New(problem.Stale, "stale")
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
		if encoded[i], err = a.codec.Encode(ctx, a.prefix+id, eventID(a.prefix+id, req.CommandID, i), meta, event); err != nil {
			return Outcome[S]{}, fmt.Errorf("encoding an event of %s%s: %w", a.prefix, id, ofErased(err))
		}
	}
	expected := eventstore.Expected(at.revision)
	if where == anywhere {
		expected = eventstore.Any
	}
	appended, err := a.events.Append(ctx, a.prefix+id, expected, encoded...)
	if err != nil {
		return Outcome[S]{}, fmt.Errorf("appending to %s%s: %w", a.prefix, id, err)
	}
	for _, event := range decided {
		at.state = a.evolve(at.state, event)
	}
	alone := appended.Revision == at.revision+int64(len(decided)) // else others' events lie in between
	at.revision, at.position = appended.Revision, appended.Position
	at.done = at.done.and(req.CommandID, req.BodyHash)
	if alone {
		a.cache.Add(id, at)
	}
	return Outcome[S]{State: at.state, Revision: at.revision, Position: at.position}, nil
}

// ofErased turns the error of personal data that nobody may keep any more into the problem account-erased.
func ofErased(err error) error {
	if errors.Is(err, codec.ErrKeyDestroyed) {
		return fmt.Errorf("%w: %w", problem.New(problem.Gone, "account-erased"), err)
	}
	return err
}

func (r Request) metadata(subject string) codec.Metadata {
	return codec.Metadata{
		CommandID: r.CommandID, CommandHash: r.BodyHash, CorrelationID: r.CorrelationID, CausationID: r.CausationID,
		Actor: r.Actor, Role: r.Role, Subject: subject, Client: r.Client,
	}
}

// eventID derives the id of a command's i-th event in a stream, so that a repeated append is recognised by the store. The
// same Idempotency-Key given long after to another use case makes other ids: readers of all streams count by them.
func eventID(stream string, command uuid.UUID, i int) uuid.UUID {
	name := append(make([]byte, 0, len(stream)+len("/000")), stream...)
	return uuid.NewSHA1(command, strconv.AppendInt(append(name, '/'), int64(i), 10))
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
func (r Request) next() Request { return r.then("next") }

// then returns the request of the further command with that name: where one command leads to several, events of each have
// ids of their own.
func (r Request) then(name string) Request {
	r.CausationID = r.CommandID
	r.CommandID = uuid.NewSHA1(r.CommandID, []byte(name))
	r.IfMatch = nil
	return r
}

// once returns the request of a further command that is carried out one time for what it is about, whoever gives it again.
func (r Request) once(about string) Request {
	r.CausationID = r.CommandID
	r.CommandID = uuid.NewSHA1(onceNamespace, []byte(about))
	r.IfMatch, r.BodyHash = nil, ""
	return r
}

var onceNamespace = uuid.MustParse("5f3a7c90-2d41-5b8e-8c15-9e0b6f2d7a31")
