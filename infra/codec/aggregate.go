package codec

import "encoding/json"

// Aggregate is the storage format of one aggregate: which events its streams hold, and under which names.
type Aggregate struct {
	Name    string         // of the domain package, such as application
	Prefix  string         // of its stream names, such as application-
	Types   map[string]any // stored name of the newest version → a zero value of its struct
	Upcasts []Upcast
}

// Upcast turns the JSON of an older version of an event into the next version's. It sees personal members in clear,
// or not at all when their key is destroyed, and must manage without them. Do must not change what it is given.
type Upcast struct {
	From, To string // stored names
	Do       func(older json.RawMessage) (json.RawMessage, error)
}

// Events makes an aggregate of a domain package's EventTypes. Its streams are those whose name starts with the
// aggregate's name and a hyphen; set Prefix where that is not so.
func Events[E any](name string, types map[string]E, upcasts ...Upcast) Aggregate {
	a := Aggregate{Name: name, Prefix: name + "-", Types: make(map[string]any, len(types)), Upcasts: upcasts}
	for stored, zero := range types {
		a.Types[stored] = zero
	}
	return a
}
