package codec

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// sealedMember holds the encrypted personal fields in an event's JSON, base64. Names with $ are ours alone.
const sealedMember = "$personal"

// plan is what is known about an event's struct, found once so that no event pays for it.
//
// Events with personal fields go through three structs made from the event's own: clear (the other fields, then the
// sealed bytes) is written, secret (the personal fields) is encrypted, and stored (all fields, then the sealed bytes) is
// read, because a field may have been written in clear before it was marked personal.
type plan struct {
	name           string
	event          reflect.Type
	clear, secret  reflect.Type // nil when nothing is personal
	clearFields    []int        // of event, in the order of clear
	personalFields []int        // of event, in the order of secret
	scratch        sync.Pool    // of pointers to event, or to stored
}

func newPlan(name string, event reflect.Type) (*plan, error) {
	if event == nil || event.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%v is not a struct", event)
	}
	if marshals(event) {
		return nil, fmt.Errorf("%s encodes itself; the struct must be its own storage format", event)
	}
	if err := checkStruct(event, map[reflect.Type]bool{}, true); err != nil {
		return nil, err
	}
	p := &plan{name: name, event: event}
	sealed := reflect.StructField{
		Name: "Sealed", Type: reflect.TypeFor[[]byte](), Tag: `json:"` + sealedMember + `,omitempty"`,
	}
	var clearOnes, secretOnes, all []reflect.StructField
	for i := range event.NumField() {
		f := event.Field(i)
		bare := reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: f.Type, Tag: f.Tag}
		all = append(all, bare)
		if isPersonal(f) {
			// Only what is there is written, so that an absent value comes back absent.
			bare.Tag = reflect.StructTag(`json:"` + f.Tag.Get("json") + `,omitzero"`)
			secretOnes = append(secretOnes, bare)
			p.personalFields = append(p.personalFields, i)
			continue
		}
		clearOnes = append(clearOnes, bare)
		p.clearFields = append(p.clearFields, i)
	}
	read := event
	if len(secretOnes) > 0 {
		p.clear = reflect.StructOf(append(clearOnes, sealed))
		p.secret = reflect.StructOf(secretOnes)
		read = reflect.StructOf(append(all, sealed))
	}
	p.scratch.New = func() any { return reflect.New(read).Interface() }
	return p, nil
}

func (p *plan) personal() bool { return p.secret != nil }

func isPersonal(f reflect.StructField) bool { return f.Tag.Get("personal") == "true" }

func marshals(t reflect.Type) bool {
	for _, method := range []reflect.Type{
		reflect.TypeFor[json.Marshaler](), reflect.TypeFor[json.Unmarshaler](),
		reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
	} {
		if t.Implements(method) || reflect.PointerTo(t).Implements(method) {
			return true
		}
	}
	return false
}

// checkStruct refuses fields that would be lost: unexported, unnamed, or marked personal where nothing encrypts them.
func checkStruct(t reflect.Type, seen map[reflect.Type]bool, top bool) error {
	if seen[t] {
		return nil
	}
	seen[t] = true
	names := map[string]bool{}
	for i := range t.NumField() {
		f := t.Field(i)
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		name := strings.ToLower(tag) // encoding/json matches names in any case
		mark, marked := f.Tag.Lookup("personal")
		switch {
		case !f.IsExported():
			return fmt.Errorf("field %s.%s is not exported", t, f.Name)
		case f.Anonymous:
			return fmt.Errorf("field %s.%s is embedded", t, f.Name)
		case tag == "" || tag == "-":
			return fmt.Errorf("field %s.%s has no json name", t, f.Name)
		case strings.HasPrefix(tag, "$"):
			return fmt.Errorf("field %s.%s has a reserved json name", t, f.Name)
		case names[name]:
			return fmt.Errorf("two fields of %s have the json name %s", t, tag)
		case marked && mark != "true":
			return fmt.Errorf("field %s.%s: personal is \"true\" or absent", t, f.Name)
		case marked && !top:
			return fmt.Errorf("field %s.%s is personal, but only fields of the event itself are encrypted", t, f.Name)
		}
		names[name] = true
		if err := checkType(f.Type, seen); err != nil {
			return fmt.Errorf("field %s.%s: %w", t, f.Name, err)
		}
	}
	return nil
}

var errNotData = errors.New("the type cannot be read back from JSON")

func checkType(t reflect.Type, seen map[reflect.Type]bool) error {
	if marshals(t) {
		return nil
	}
	switch t.Kind() {
	case reflect.Struct:
		return checkStruct(t, seen, false)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return checkType(t.Elem(), seen)
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			return errNotData
		}
		return checkType(t.Elem(), seen)
	case reflect.Interface, reflect.Func, reflect.Chan, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return errNotData
	default:
		return nil
	}
}
