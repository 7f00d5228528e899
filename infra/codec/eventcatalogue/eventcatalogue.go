// Package eventcatalogue writes the catalogue of stored events, docs/events.md, from the registries and from the
// comments of the structs: what a reader of the log outside the portal needs to know.
package eventcatalogue

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"services.example/portal/infra/codec"
)

const introduction = `<!-- Generated from the event registries. Do not edit: go test ./infra/codec -run TestEventCatalogue -update -->

# Event catalogue

Every event that the portal stores, by aggregate. The data of an event is a JSON object with the members below. Members
marked **encrypted** identify a person: they are not in clear in the store but together, encrypted with the key of the
metadata's ` + "`subject`" + `, in the member ` + "`$personal`" + `. When that key is destroyed they read as empty.

Events are never changed. A name carries its version; what is stored under an older name is turned into the newest
version when it is read. Readers must ignore members that they do not know.
`

// Write writes the catalogue. Root is the folder of the module whose packages declare the events, module its path.
func Write(out io.Writer, root, module string, aggregates ...codec.Aggregate) error {
	w := &writer{sources: newSources(root, module)}
	w.line(introduction)
	w.line("## Metadata\n\nIn clear, with every event.\n")
	if err := w.table(reflect.TypeFor[codec.Metadata]()); err != nil {
		return fmt.Errorf("event catalogue, metadata: %w", err)
	}
	for _, a := range slices.SortedFunc(slices.Values(aggregates), byName) {
		if err := w.aggregate(a); err != nil {
			return fmt.Errorf("event catalogue, %s: %w", a.Name, err)
		}
	}
	_, err := io.WriteString(out, w.text.String())
	return err
}

func byName(a, b codec.Aggregate) int { return cmp.Compare(a.Name, b.Name) }

type writer struct {
	text    strings.Builder
	sources *sources
	shapes  []reflect.Type // structs used by events of the current aggregate, in the order in which they appear
}

func (w *writer) line(format string, values ...any) {
	fmt.Fprintf(&w.text, format+"\n", values...)
}

func (w *writer) aggregate(a codec.Aggregate) error {
	w.shapes = nil
	stream := a.Prefix
	if strings.HasSuffix(stream, "-") {
		stream += "<id>"
	}
	w.line("\n## %s\n\nStreams: `%s`", a.Name, stream)
	for _, name := range slices.Sorted(maps.Keys(a.Types)) {
		if err := w.event(name, reflect.TypeOf(a.Types[name]), a.Upcasts); err != nil {
			return err
		}
	}
	for done := map[reflect.Type]bool{}; ; { // tables add shapes
		at := slices.IndexFunc(w.shapes, func(t reflect.Type) bool { return !done[t] })
		if at < 0 {
			break
		}
		shape := w.shapes[at]
		done[shape] = true
		doc, err := w.sources.find(shape)
		if err != nil {
			return err
		}
		w.line("\n### %s (part of events)\n\n%s\n", shape.Name(), cmp.Or(doc.text, "A part of the events above."))
		if err := w.table(shape); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) event(name string, t reflect.Type, upcasts []codec.Upcast) error {
	doc, err := w.sources.find(t)
	if err != nil {
		return err
	}
	if doc.text == "" {
		return fmt.Errorf("%s has no comment that says what happened", t)
	}
	w.line("\n### %s\n\n%s\n", name, doc.text)
	if err := w.table(t); err != nil {
		return err
	}
	for _, older := range leadingTo(name, upcasts) {
		w.line("\nAlso read from the older version `%s`.", older)
	}
	return nil
}

// leadingTo lists the older names that end at this one.
func leadingTo(name string, upcasts []codec.Upcast) []string {
	var older []string
	for _, u := range upcasts {
		if u.To == name {
			older = append(append(older, leadingTo(u.From, upcasts)...), u.From)
		}
	}
	slices.Sort(older)
	return older
}

func (w *writer) table(t reflect.Type) error {
	doc, err := w.sources.find(t)
	if err != nil {
		return err
	}
	w.line("| member | type | | meaning |\n| --- | --- | --- | --- |")
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		var marks []string
		if f.Tag.Get("personal") == "true" {
			marks = append(marks, "**encrypted**")
		}
		if strings.Contains(options, "omit") {
			marks = append(marks, "optional")
		}
		w.line("| `%s` | %s | %s | %s |", name, w.describe(f.Type), strings.Join(marks, ", "), cell(doc.fields[f.Name]))
	}
	return nil
}

// describe names a type in words of JSON.
func (w *writer) describe(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "time"
	case t == reflect.TypeFor[json.RawMessage]():
		return "any JSON"
	case t.Kind() != reflect.Struct && t.Name() == "UUID":
		return "UUID"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return w.describe(t.Elem()) + " or null"
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return "base64"
		}
		return "list of " + w.describe(t.Elem())
	case reflect.Map:
		return "object of " + w.describe(t.Elem())
	case reflect.Struct:
		if !slices.Contains(w.shapes, t) {
			w.shapes = append(w.shapes, t)
		}
		return t.Name()
	case reflect.String:
		return named(t, "string")
	case reflect.Bool:
		return named(t, "boolean")
	case reflect.Float32, reflect.Float64:
		return named(t, "number")
	default:
		return named(t, "integer")
	}
}

func named(t reflect.Type, kind string) string {
	if t.PkgPath() == "" {
		return kind
	}
	return kind + " (" + t.Name() + ")"
}

func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

var errNoSource = errors.New("its source was not found")
