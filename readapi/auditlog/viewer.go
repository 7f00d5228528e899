package auditlog

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/readapi/sentences"
)

// Viewer turns stored events into lines. It is safe for use by many goroutines.
type Viewer struct {
	open, blind *codec.Codec
	shapes      sync.Map // reflect.Type → *shape
}

// NewViewer makes a viewer of what a codec reads.
func NewViewer(c *codec.Codec) *Viewer { return &Viewer{open: c, blind: c.Withheld()} }

// Line tells one event: with its personal data, or without even decrypting it. What cannot be read is told as such: one
// damaged event keeps nobody from reading the others. Secrets are never shown. Error: the keyring cannot answer now.
func (v *Viewer) Line(ctx context.Context, recorded eventstore.Recorded, personal bool) (Line, error) {
	line := Line{
		Position: recorded.Position.String(), Stream: recorded.Stream, Revision: recorded.Revision, ID: recorded.ID,
		Type: recorded.Type, Created: recorded.Created,
	}
	reader := v.blind
	if personal {
		reader = v.open
	}
	envelope, err := reader.Decode(ctx, recorded)
	if personal && (errors.Is(err, codec.ErrTampered) || errors.Is(err, codec.ErrNoKey)) {
		line.Unreadable = reasonOf(err)
		envelope, err = v.blind.Decode(ctx, recorded) // the rest of it can be read
		personal = false
	}
	switch {
	case err == nil:
		v.tell(&line, envelope, personal)
		return line, nil
	case ctx.Err() != nil, errors.Is(err, codec.ErrUnavailable):
		return Line{}, err
	}
	line.Unreadable, line.Sentence = reasonOf(err), sentences.Unreadable()
	if meta, err := codec.MetadataOf(recorded); err == nil {
		line.metadata(meta)
	}
	return line, nil
}

func (v *Viewer) tell(line *Line, event codec.Envelope, personal bool) {
	line.metadata(event.Meta)
	line.Created, line.Sentence = event.Created, sentences.Of(event)
	shown := v.shape(reflect.TypeOf(event.Event))
	switch {
	case event.Erased && personal:
		line.Erased = true
	case event.Erased && line.Unreadable == "":
		line.Withheld = true
	}
	line.Data = shown.of(event.Event, personal && !event.Erased)
}

func (l *Line) metadata(meta codec.Metadata) {
	l.Command, l.Correlation, l.Causation = meta.CommandID, meta.CorrelationID, meta.CausationID
	l.Actor, l.Role, l.Subject, l.Client = meta.Actor, meta.Role, meta.Subject, meta.Client
}

func reasonOf(err error) string {
	var unknown *codec.UnknownTypeError
	var newer *codec.NewerVersionError
	switch {
	case errors.As(err, &unknown):
		return UnknownType
	case errors.As(err, &newer):
		return NewerVersion
	case errors.Is(err, codec.ErrTampered):
		return Tampered
	case errors.Is(err, codec.ErrNoKey):
		return NoKey
	default:
		return Damaged
	}
}

// secrets are the members that let somebody in, or may: of webhooks, people put passwords into the address. They are
// nobody's to read.
var secrets = map[string]bool{"passwordHash": true, "totpSecret": true, "hash": true, "secret": true, "url": true}

// shape is what is shown of a type of events.
type shape struct {
	open, closed view // with personal members, and without
}

// view is a struct made of some of the fields of another.
type view struct {
	as     reflect.Type // nil: all of it
	fields []int
}

func (v *Viewer) shape(event reflect.Type) *shape {
	if known, found := v.shapes.Load(event); found {
		if s, ok := known.(*shape); ok {
			return s
		}
	}
	s := &shape{
		open: newView(event, func(f reflect.StructField) bool { return !secret(f) }),
		closed: newView(event, func(f reflect.StructField) bool {
			return !secret(f) && f.Tag.Get("personal") != "true"
		}),
	}
	v.shapes.Store(event, s)
	return s
}

func secret(f reflect.StructField) bool {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return secrets[name]
}

func newView(event reflect.Type, shown func(reflect.StructField) bool) view {
	var v view
	var fields []reflect.StructField
	for i := range event.NumField() {
		if f := event.Field(i); shown(f) {
			fields = append(fields, reflect.StructField{Name: f.Name, Type: f.Type, Tag: f.Tag})
			v.fields = append(v.fields, i)
		}
	}
	if len(fields) < event.NumField() {
		v.as = reflect.StructOf(fields)
	}
	return v
}

func (s *shape) of(event any, personal bool) any {
	v := s.closed
	if personal {
		v = s.open
	}
	if v.as == nil {
		return event
	}
	from, to := reflect.ValueOf(event), reflect.New(v.as).Elem()
	for i, field := range v.fields {
		to.Field(i).Set(from.Field(field))
	}
	return to.Interface()
}
