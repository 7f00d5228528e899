package codec

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Codec turns events into what the event store keeps, and back. It is safe for use by many goroutines.
type Codec struct {
	keys   Keys
	byName map[string]*plan // newest versions only
	byType map[reflect.Type]*plan
	older  map[string]Upcast // by From
	lately *lately           // nil: nothing is remembered

	shown func() ([]byte, error) // instead of keys: the personal fields of the one event that is read
}

// New builds the codec of these aggregates. It refuses a registry that could not be read back: a malformed or repeated
// name, a struct under two names, a version without a way to the newest, a field that JSON or the encryption would lose.
func New(keys Keys, aggregates ...Aggregate) (*Codec, error) {
	c := &Codec{
		keys: keys, byName: map[string]*plan{}, byType: map[reflect.Type]*plan{}, older: map[string]Upcast{}, lately: newLately(),
	}
	for _, a := range aggregates {
		if err := c.register(a); err != nil {
			return nil, fmt.Errorf("events of %s: %w", a.Name, err)
		}
	}
	for _, a := range aggregates {
		if err := c.checkVersions(a); err != nil {
			return nil, fmt.Errorf("events of %s: %w", a.Name, err)
		}
	}
	return c, nil
}

func (c *Codec) register(a Aggregate) error {
	for _, name := range slices.Sorted(maps.Keys(a.Types)) {
		if _, err := parseName(name); err != nil {
			return err
		}
		if _, twice := c.byName[name]; twice {
			return fmt.Errorf("the name %s is registered twice", name)
		}
		p, err := newPlan(name, reflect.TypeOf(a.Types[name]))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if other, twice := c.byType[p.event]; twice {
			return fmt.Errorf("%s is registered as %s and as %s", p.event, other.name, name)
		}
		c.byName[name], c.byType[p.event] = p, p
	}
	for _, u := range a.Upcasts {
		if _, err := parseName(u.From); err != nil {
			return err
		}
		if _, twice := c.older[u.From]; twice {
			return fmt.Errorf("two upcasts from %s", u.From)
		}
		if u.Do == nil {
			return fmt.Errorf("the upcast from %s does nothing", u.From)
		}
		c.older[u.From] = u
	}
	return nil
}

// checkVersions makes sure that every version that may lie in a log leads to a struct.
func (c *Codec) checkVersions(a Aggregate) error {
	for _, u := range a.Upcasts {
		if _, current := c.byName[u.From]; current {
			return fmt.Errorf("%s has a struct and an upcast: only the newest version has a struct", u.From)
		}
		steps := 0
		for to := u.To; c.byName[to] == nil; to = c.older[to].To {
			if _, known := c.older[to]; !known {
				return fmt.Errorf("the upcasts from %s end at %s, which is not registered", u.From, to)
			}
			if steps++; steps > len(c.older) {
				return fmt.Errorf("the upcasts from %s go round in a circle", u.From)
			}
		}
	}
	for stored := range a.Types {
		name, err := parseName(stored)
		if err != nil {
			return err
		}
		for v := 1; v < name.version; v++ {
			older := storedName{name.event, v}.String()
			if _, known := c.older[older]; !known {
				return fmt.Errorf("%s has no upcast from %s", stored, older)
			}
		}
	}
	return nil
}

// Names lists every stored name that the codec reads, the older versions among them, in order.
func (c *Codec) Names() []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(c.byName)), maps.Keys(c.older))
	slices.SortFunc(names, compareNames)
	return names
}

// storedName is aggregate.event and a version: application.submitted.v1.
type storedName struct {
	event   string
	version int
}

var namePattern = regexp.MustCompile(`^([a-z][a-z0-9-]*\.[a-z][a-z0-9-]*)\.v([1-9][0-9]{0,5})$`)

func parseName(stored string) (storedName, error) {
	parts := namePattern.FindStringSubmatch(stored)
	if parts == nil {
		return storedName{}, fmt.Errorf("%q is not a stored name such as application.submitted.v1", stored)
	}
	version, err := strconv.Atoi(parts[2])
	if err != nil {
		return storedName{}, fmt.Errorf("version of %s: %w", stored, err)
	}
	return storedName{parts[1], version}, nil
}

func (n storedName) String() string { return n.event + ".v" + strconv.Itoa(n.version) }

// compareNames orders by event, then by version as a number: v2 before v10.
func compareNames(a, b string) int {
	x, errX := parseName(a)
	y, errY := parseName(b)
	if errX != nil || errY != nil {
		return strings.Compare(a, b)
	}
	return cmp.Or(strings.Compare(x.event, y.event), cmp.Compare(x.version, y.version))
}
