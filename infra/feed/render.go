package feed

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"services.example/portal/infra/codec"
)

func (r *Reader) append(dst []byte, k *kind, e *codec.Envelope) []byte {
	dst = append(dst, `{"position":"`...)
	dst = append(dst, e.Position.String()...)
	dst = r.names.append(append(dst, `","id":"`...), anEvent, e.Stream+" "+e.ID.String()) // a command may write to two streams
	dst = append(append(dst, `","type":"`...), k.name...)
	dst = append(append(dst, `","stream":`...), r.stream(k, e.Stream)...)
	dst = strconv.AppendInt(append(dst, `,"revision":`...), e.Revision, 10)
	dst = appendTime(append(dst, `,"recordedAt":`...), e.Created)
	dst = r.named(dst, `,"actor":"`, anAccount, e.Meta.Actor)
	if e.Meta.Role != "" {
		dst = quote(append(dst, `,"role":`...), e.Meta.Role)
	}
	if k.subject != "" {
		dst = r.named(dst, `,"subject":"`, anAccount, e.Meta.Subject)
	}
	dst = r.identified(dst, `,"command":"`, e.Meta.CommandID)
	dst = r.identified(dst, `,"causation":"`, e.Meta.CausationID)
	dst = r.identified(dst, `,"correlation":"`, e.Meta.CorrelationID)
	dst = append(dst, `,"data":`...)
	return append(r.value(dst, k.shape, reflect.ValueOf(e.Event)), '}')
}

// stream is the name of the event's stream, quoted: with a pseudonym for the id unless it is public.
func (r *Reader) stream(k *kind, name string) []byte {
	id, found := strings.CutPrefix(name, k.stream)
	if k.subject == "" || !found {
		if k.subject != "" {
			name = strings.TrimSuffix(k.stream, "-") // not a stream of ours: its name may be anything
		}
		return quote(nil, name)
	}
	out := append([]byte{'"'}, k.stream...)
	return append(r.names.append(out, k.subject, id), '"')
}

func (r *Reader) named(dst []byte, before, kind, id string) []byte {
	if id == "" {
		return dst
	}
	return append(r.names.append(append(dst, before...), kind, id), '"')
}

func (r *Reader) identified(dst []byte, before string, id uuid.UUID) []byte {
	if id == uuid.Nil {
		return dst
	}
	return r.named(dst, before, aCommand, id.String())
}

// value appends a value in its published form.
func (r *Reader) value(dst []byte, s *shape, v reflect.Value) []byte {
	switch s.form {
	case text:
		return quote(dst, v.String())
	case pseudonym:
		return append(r.names.append(append(dst, '"'), s.of, v.String()), '"')
	case boolean:
		return strconv.AppendBool(dst, v.Bool())
	case whole:
		return strconv.AppendInt(dst, v.Int(), 10)
	case moment:
		at, _ := v.Interface().(time.Time)
		return appendTime(dst, at)
	case octets:
		return quote(dst, base64.StdEncoding.EncodeToString(v.Bytes()))
	case fraction, anything:
		return appendAnything(dst, v)
	case record:
		return r.record(dst, s, v)
	case list:
		dst = append(dst, '[')
		for i := range v.Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = r.value(dst, s.elem, v.Index(i))
		}
		return append(dst, ']')
	case mapping:
		return r.mapping(dst, s, v)
	case orNull:
		if v.IsNil() {
			return append(dst, "null"...)
		}
		return r.value(dst, s.elem, v.Elem())
	default:
		return append(dst, "null"...)
	}
}

func (r *Reader) record(dst []byte, s *shape, v reflect.Value) []byte {
	dst = append(dst, '{')
	first := true
	for i := range s.members {
		m := &s.members[i]
		value := v.Field(m.index)
		if m.optional && absent(value) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = r.value(append(dst, m.quoted...), m.shape, value)
	}
	return append(dst, '}')
}

// absent tells whether an optional value is left out.
func absent(v reflect.Value) bool {
	return v.IsZero() || (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0
}

func (r *Reader) mapping(dst []byte, s *shape, v reflect.Value) []byte {
	members := map[string]reflect.Value{}
	for key, value := range v.Seq2() {
		members[key.String()] = value
	}
	dst = append(dst, '{')
	for i, name := range slices.Sorted(maps.Keys(members)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = r.value(append(quote(dst, name), ':'), s.elem, members[name])
	}
	return append(dst, '}')
}

// quote appends a JSON string. What is no UTF-8 in it becomes the replacement character.
func quote(dst []byte, s string) []byte {
	out, _ := jsontext.AppendQuote(dst, s) // the error only says that there was something to replace
	return out
}

func appendTime(dst []byte, at time.Time) []byte {
	return append(at.UTC().AppendFormat(append(dst, '"'), time.RFC3339Nano), '"')
}

// appendAnything appends what encodes itself, in one line; null if it cannot be.
func appendAnything(dst []byte, v reflect.Value) []byte {
	encoded, err := json.Marshal(v.Interface())
	if err != nil {
		return append(dst, "null"...)
	}
	return append(dst, encoded...)
}
