package readapi

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"services.example/portal/domain/access"
	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/httpapi"
	"services.example/portal/projections/envelope"
	"services.example/portal/projections/lifecycle"
	"services.example/portal/readapi/sentences"
)

// asOfDiff is what changed in a case between two moments.
type asOfDiff struct {
	From     asOfMoment  `json:"from" doc:"Events 0: before the case began"`
	To       asOfMoment  `json:"to"`
	Next     string      `json:"next,omitempty" doc:"There is more: ask again with this as from. To is where this answer ends"`
	Personal bool        `json:"personal" doc:"false: what identifies people, and what they wrote, is withheld"`
	Changes  []netChange `json:"changes" doc:"What is another at the end than at the beginning, by path"`
	Events   []diffEvent `json:"events" doc:"What happened, in order: at most a thousand events"`
}

// netChange is what is another than before, and the event since which it is as it is.
type netChange struct {
	factChange
	Event string `json:"event" format:"uuid" doc:"Since which it is as it is"`
}

// diffEvent is one thing that happened, what it changed, and what led to it.
type diffEvent struct {
	ID       string       `json:"id" format:"uuid"`
	Stream   string       `json:"stream"`
	Revision int64        `json:"revision"`
	Position string       `json:"position"`
	Type     string       `json:"type"`
	At       time.Time    `json:"at" doc:"When it was stored"`
	By       diffActor    `json:"by"`
	Text     string       `json:"text" doc:"What happened, in the reader's language"`
	Changes  []factChange `json:"changes"`
	Because  []diffCause  `json:"because" doc:"What led to it, from the first command on: command, event, the command that reacted to it, and so on"`
}

// diffActor is who did something.
type diffActor struct {
	ID   string `json:"id,omitempty" doc:"Account id; empty: the system, somebody not signed in, or not for the reader"`
	Name string `json:"name,omitempty"`
	Role string `json:"role,omitempty"`
}

// diffCause is a link of the chain that led to an event.
type diffCause struct {
	Kind string     `json:"kind" enum:"command,event"`
	ID   string     `json:"id" format:"uuid"`
	By   *diffActor `json:"by,omitempty" doc:"Of a command whose events are in the case"`
	Type string     `json:"type,omitempty" doc:"Of an event"`
	Text string     `json:"text,omitempty" doc:"Of an event, in the reader's language"`
}

// mostEvents is how many events one answer tells of.
const mostEvents = 1000

// mostChanges is after how many bytes of changes an answer ends.
const mostChanges = 4 << 20

// DiffInput names two moments.
type DiffInput struct {
	From string `query:"from" maxLength:"41" doc:"A time, a position of the log, or a revision of the application; absent: before the case began"`
	To   string `query:"to" maxLength:"41" doc:"The same; absent: now"`
}

func (in DiffInput) moments() (from, to moment, err error) {
	if from, err = parseMoment("from", in.From); err != nil {
		return moment{}, moment{}, err
	}
	to, err = parseMoment("to", in.To)
	return from, to, err
}

// auditDiff answers auditors, as auditAsOf does.
func (q *Queries) auditDiff(ctx context.Context, in *struct {
	AuditedCase
	DiffInput
},
) (*struct{ Body asOfDiff }, error) {
	from, to, err := in.moments()
	if err != nil {
		return nil, err
	}
	eyes, err := q.auditor(ctx, &in.AuditedCase)
	if err != nil {
		return nil, err
	}
	body, err := q.diff(ctx, in.ID, from, to, eyes)
	if err != nil {
		return nil, err
	}
	reading := access.Reading{
		What: access.Diff, Application: in.ID, From: body.From.Position, To: body.To.Position, Personal: eyes.personal,
	}
	if err := q.audited(ctx, in.Audited, reading); err != nil {
		return nil, err
	}
	return &struct{ Body asOfDiff }{*body}, nil
}

// ownDiff answers the applicant.
func (q *Queries) ownDiff(ctx context.Context, in *struct {
	ApplicationInput
	DiffInput
},
) (*struct{ Body asOfDiff }, error) {
	eyes, err := q.ownEyes(ctx, in.ApplicationInput)
	if err != nil {
		return nil, err
	}
	from, to, err := in.moments()
	if err != nil {
		return nil, err
	}
	body, err := q.diff(ctx, in.ID, from, to, eyes)
	if err != nil {
		return nil, err
	}
	return &struct{ Body asOfDiff }{*body}, nil
}

// diff folds a case event by event and notes what each changed. Errors: as of readHistory; invalid, with out-of-range, for a
// beginning after the end.
func (q *Queries) diff(ctx context.Context, id string, from, to moment, with eyes) (*asOfDiff, error) {
	history, err := q.readHistory(ctx, with.decoder, id, "to", to)
	if err != nil {
		return nil, err
	}
	start, err := q.startOf(history, from)
	if err != nil {
		return nil, err
	}
	d := &asOfDiffing{
		asOfShow: &asOfShow{q: q, id: id, standing: newStanding(), eyes: with, stepData: map[string]string{}, names: map[string]string{}},
		called:   map[string]*nameHistory{}, parts: factParts{}, since: map[string]string{}, byCommand: map[uuid.UUID][]int{}, language: httpapi.LanguageOf(ctx),
		body: asOfDiff{Personal: with.personal, From: asOfMoment{Revision: -1}, Changes: []netChange{}, Events: []diffEvent{}},
	}
	for event, err := range history.events(ctx) {
		if err != nil {
			return nil, err
		}
		if !d.started && start.at(&event) {
			d.begin(q.timeOf(from, d.standing))
		}
		if d.full() {
			d.body.Next, to = d.standing.last.Position.String(), moment{position: &d.standing.last.Position}
			break
		}
		if err := d.next(ctx, event); err != nil {
			return nil, err
		}
		start.after(&event)
	}
	if !d.shown() {
		return nil, notYet()
	}
	if !d.started {
		if !start.reached(d.standing.last.Position) {
			return nil, outside()
		}
		d.begin(q.timeOf(from, d.standing))
	}
	d.body.To = momentOf(d.standing, q.timeOf(to, d.standing))
	for _, c := range d.before.changes(d.parts.all()) {
		d.body.Changes = append(d.body.Changes, netChange{factChange: c, Event: d.since[c.Path]})
	}
	return &d.body, nil
}

func outside() error { return problem.Input(problem.Field{Location: "from", Code: "out-of-range"}) }

// diffStart knows where in a history a diff begins.
type diffStart struct {
	from moment
	cut  cut  // for a time or a position
	seen bool // the application's event after which it begins

	within bool // the cut lies in the part of the log that was read, though the case may have no event so late
}

func (q *Queries) startOf(h *history, from moment) (*diffStart, error) {
	s := &diffStart{from: from}
	if from.now() || from.revision != nil {
		return s, nil
	}
	var err error
	if s.cut, err = from.cut("from", h.cut.upTo, q.deps.Now()); err != nil {
		return nil, err
	}
	if !h.cut.at.IsZero() && s.cut.at.After(h.cut.at) {
		return nil, outside()
	}
	s.within = h.cut.at.IsZero() && h.upTo == nil
	return s, nil
}

// at tells whether an event is the first that is told of.
func (s *diffStart) at(event *codec.Envelope) bool {
	switch {
	case s.from.now(): // from its beginning
		return true
	case s.from.revision != nil:
		return s.seen
	default:
		return !s.cut.holds(event)
	}
}

// after notes that an event lies before what is told of, or in it.
func (s *diffStart) after(event *codec.Envelope) {
	if s.from.revision != nil && event.Revision == *s.from.revision && strings.HasPrefix(event.Stream, envelope.Applications) {
		s.seen = true
	}
}

// reached tells whether the beginning lies at the end of the history or before it.
func (s *diffStart) reached(last eventstore.Position) bool {
	switch {
	case s.from.revision != nil:
		return s.seen
	case s.from.position != nil:
		return s.within || !last.Before(*s.from.position)
	default:
		return true
	}
}

// asOfDiffing is a case that is folded event by event.
type asOfDiffing struct {
	*asOfShow
	called    map[string]*nameHistory // of everybody who was met, by account id
	parts     factParts
	sent      bool // for the staff's eyes: it is theirs to see
	started   bool
	before    writtenFacts        // everything at the beginning
	since     map[string]string   // path → id of the event that changed it last
	happened  []pastEvent         // from the beginning of the case on
	byCommand map[uuid.UUID][]int // those by the command that they are of
	language  text.Language

	body asOfDiff
	told int // events that the body is of
	size int // bytes of the changes in it, about
}

// pastEvent is what is remembered of an event for those that it led to.
type pastEvent struct {
	event codec.Envelope // as it is remembered
	text  string
	seen  bool // the reader may know of it
}

// begin notes how everything is before the first event that is told of.
func (d *asOfDiffing) begin(at time.Time) {
	d.started, d.before = true, d.parts.all()
	if d.standing.events > 0 {
		d.body.From = momentOf(d.standing, at)
	}
}

// full tells whether an answer is as long as one may be.
func (d *asOfDiffing) full() bool { return d.told >= mostEvents || d.size >= mostChanges }

// next folds one more event.
func (d *asOfDiffing) next(ctx context.Context, event codec.Envelope) error {
	if err := d.know(ctx, &event); err != nil {
		return err
	}
	d.standing.fold(event)
	changes := []factChange{}
	for _, part := range d.seenOf(event) {
		after := part.facts.written()
		changes = append(changes, d.parts[part.key].changes(after)...)
		d.parts[part.key] = after
	}
	slices.SortFunc(changes, func(a, b factChange) int { return strings.Compare(a.Path, b.Path) })
	i := len(d.happened)
	d.happened = append(d.happened, pastEvent{event: remembered(event), text: d.says(&event)})
	now := &d.happened[i]
	own := event.Meta.Actor != "" && event.Meta.Actor == d.who.accountID
	now.seen = d.shown() && (d.who.everything || len(changes) > 0 || envelope.InThread(event.Event) || own)
	d.byCommand[event.Meta.CommandID] = append(d.byCommand[event.Meta.CommandID], i)
	if !d.started || !d.shown() {
		return nil
	}
	d.told++
	for _, c := range changes {
		d.since[c.Path] = event.ID.String()
		d.size += len(c.Path) + len(c.Before) + len(c.After)
	}
	if now.seen {
		d.body.Events = append(d.body.Events, diffEvent{
			ID: event.ID.String(), Stream: event.Stream, Revision: event.Revision, Position: event.Position.String(),
			Type: event.Type, At: event.Created, By: d.actor(&event), Text: now.text, Changes: changes, Because: d.because(&event),
		})
	}
	return nil
}

// shown tells whether there is anything for these eyes to see yet: a draft is the applicant's alone.
func (d *asOfDiffing) shown() bool { return d.eyes.view != viewStaff || d.sent }

// seenOf tells what an event has touched of what can be seen. For the staff a case begins when it is sent to them.
func (d *asOfDiffing) seenOf(event codec.Envelope) []factPart {
	if d.shown() {
		return d.touched(event)
	}
	if page := d.standing.pages[d.id]; page == nil || page.SubmittedAt == nil {
		return nil
	}
	d.sent = true
	return d.everything()
}

// know finds out who an event is of, and what people were called when it happened.
func (d *asOfDiffing) know(ctx context.Context, event *codec.Envelope) error {
	ids := []string{event.Meta.Actor}
	switch e := event.Event.(type) {
	case application.DraftStarted:
		d.applicant = e.Applicant
		d.who = d.eyes.readerFor(e.Applicant)
	case application.ExecutorAssigned:
		ids = append(ids, e.Executor)
	}
	if !d.eyes.personal {
		return nil
	}
	ids = slices.DeleteFunc(distinct(ids), func(id string) bool { return d.called[id] != nil })
	if len(ids) > 0 {
		found, err := d.q.former.histories(ctx, ids)
		if err != nil {
			return err
		}
		maps.Copy(d.called, found)
	}
	for id, h := range d.called {
		d.names[id] = h.at(cut{upTo: event.Position})
	}
	return nil
}

// actor is who did something; the applicant is told the names of others alone.
func (d *asOfDiffing) actor(event *codec.Envelope) diffActor {
	by := diffActor{ID: event.Meta.Actor, Name: d.names[event.Meta.Actor], Role: event.Meta.Role}
	if !d.who.staff() && by.ID != d.applicant {
		by.ID = ""
	}
	return by
}

// says words an event: to the applicant as their timeline does, and with names where auditors are told accounts.
func (d *asOfDiffing) says(event *codec.Envelope) string {
	if line, _ := lifecycle.Tell(event.Event); line != nil && !d.who.everything {
		return told(line, d.names, d.language)
	}
	said := sentences.Of(*event).In(d.language)
	if d.who.staff() {
		return said
	}
	for id := range d.called {
		if id != d.applicant {
			said = strings.ReplaceAll(said, id, cmp.Or(d.names[id], "—"))
		}
	}
	return said
}
