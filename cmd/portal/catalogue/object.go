package catalogue

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// object is a JSON object whose members keep their order: it is the order of the fields on the screen.
type object []pair

type pair struct {
	name  string
	value any
}

// MarshalJSON writes the members in order.
func (o object) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, p := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		name, err := json.Marshal(p.name)
		if err != nil {
			return nil, fmt.Errorf("write the name of %s: %w", p.name, err)
		}
		value, err := json.Marshal(p.value)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", p.name, err)
		}
		out.Write(name)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// append adds to the list that a member is.
func (o object) append(name, item string) object {
	for i, p := range o {
		if list, ok := p.value.([]string); ok && p.name == name {
			o[i].value = append(slices.Clip(list), item)
			return o
		}
	}
	return append(o, pair{name, []string{item}})
}
