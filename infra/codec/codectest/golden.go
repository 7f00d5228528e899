package codectest

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
)

var update = flag.Bool("update", false, "write golden files that are missing (never one that exists) and generated documents")

// Update tells whether the test run was asked to write what is missing or generated.
func Update() bool { return *update }

// goldenFile is one version of an event as it may lie in a log somewhere. Personal members are in clear here.
type goldenFile struct {
	Type     string          `json:"type"`
	Personal []string        `json:"personal"` // members that are encrypted in a store
	Data     json.RawMessage `json:"data"`
}

// Golden checks every stored name of an aggregate against its golden file testdata/events/<aggregate>/<name>.json:
// whatever was once written must be read, whole, for ever. A missing file fails the test; with -update it is written,
// from the given sample of that type or else from values made up by its shape. A file that exists is never changed:
// a struct that no longer fits its file needs a new version and an upcast.
func Golden(t *testing.T, aggregate codec.Aggregate, samples ...any) {
	t.Helper()
	c, err := codec.New(NewKeys(), aggregate)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join("testdata", "events", aggregate.Name)
	for _, name := range c.Names() {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name+".json")
			current := aggregate.Types[name] // nil for an older version
			golden, found := readGolden(t, path)
			if !found {
				if golden, found = missing(t, path, name, current, samples); !found {
					return
				}
			}
			checkGolden(t, c, golden, name, current)
		})
	}
	checkNoOrphans(t, dir, c.Names())
}

func readGolden(t *testing.T, path string) (golden goldenFile, found bool) {
	t.Helper()
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return goldenFile{}, false
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &golden); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return golden, true
}

// missing writes a golden file that does not exist, if it may.
func missing(t *testing.T, path, name string, current any, samples []any) (golden goldenFile, written bool) {
	t.Helper()
	if current == nil {
		t.Errorf("%s is gone: it shows what logs hold of this older version; restore it from the history", path)
		return goldenFile{}, false
	}
	if !*update {
		t.Errorf("no golden file for %s: write it with\n\tgo test ./infra/codec -run %s -update", name, strings.Split(t.Name(), "/")[0])
		return goldenFile{}, false
	}
	golden = goldenFile{Type: name, Personal: personalMembers(reflect.TypeOf(current)), Data: indent(t, sampleOf(current, samples))}
	content, err := json.MarshalIndent(golden, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(content, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	return golden, true
}

// sampleOf returns the given sample of the struct's type, or one made up.
func sampleOf(current any, samples []any) any {
	for _, sample := range samples {
		if reflect.TypeOf(sample) == reflect.TypeOf(current) {
			return sample
		}
	}
	return Filled(current)
}

func checkGolden(t *testing.T, c *codec.Codec, golden goldenFile, name string, current any) {
	t.Helper()
	if golden.Type != name {
		t.Errorf("the file is of %s", golden.Type)
	}
	if current != nil {
		if now := personalMembers(reflect.TypeOf(current)); !slices.Equal(golden.Personal, now) {
			t.Errorf("personal members are %q, and were %q when this version was first written: make a new version", now, golden.Personal)
		}
	}
	decoded := decode(t, c, name, golden.Data)
	again := indent(t, decoded)
	if current != nil {
		lost(t, name, value(t, golden.Data), value(t, again))
	}
	newest := encode(t, c, decoded)
	if twice := indent(t, decode(t, c, newest.Type, again)); !bytes.Equal(again, twice) {
		t.Errorf("reading and writing it again changes it:\n%s\nbecomes\n%s", again, twice)
	}
	if sealed := indent(t, decodeRecorded(t, c, newest)); !bytes.Equal(again, sealed) {
		t.Errorf("encrypting and decrypting changes it:\n%s\nbecomes\n%s", again, sealed)
	}
}

// lost reports what was stored and is not read back: members may be added, never dropped or changed.
func lost(t *testing.T, at string, stored, read any) {
	t.Helper()
	switch stored := stored.(type) {
	case map[string]any:
		object, _ := read.(map[string]any)
		for name, member := range stored {
			got, found := object[name]
			if !found {
				t.Errorf("%s.%s is stored and no longer read: make a new version", at, name)
				continue
			}
			lost(t, at+"."+name, member, got)
		}
	case []any:
		list, _ := read.([]any)
		if len(list) != len(stored) {
			t.Errorf("%s has %d elements and is read with %d", at, len(stored), len(list))
			return
		}
		for i := range stored {
			lost(t, at+"[]", stored[i], list[i])
		}
	default:
		if stored != read {
			t.Errorf("%s is stored as %v and read as %v: make a new version", at, stored, read)
		}
	}
}

const (
	goldenStream  = "golden-0b8f4c1e-7a57-5c06-8a51-0a7c7d1f2e33"
	goldenSubject = "0b8f4c1e-7a57-5c06-8a51-0a7c7d1f2e33"
)

var goldenID = uuid.MustParse("3f9d2c53-6f0e-5d2c-9a44-6d1f2b3c4d5e")

func encode(t *testing.T, c *codec.Codec, event any) eventstore.Event {
	t.Helper()
	encoded, err := c.Encode(t.Context(), goldenStream, goldenID, codec.Metadata{Subject: goldenSubject}, event)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// decode reads data whose personal members are in clear.
func decode(t *testing.T, c *codec.Codec, name string, data []byte) any {
	t.Helper()
	return decodeRecorded(t, c, eventstore.Event{ID: goldenID, Type: name, JSON: true, Data: data})
}

func decodeRecorded(t *testing.T, c *codec.Codec, event eventstore.Event) any {
	t.Helper()
	envelope, err := c.Decode(t.Context(), eventstore.Recorded{Event: event, Stream: goldenStream})
	if err != nil {
		t.Fatal(err)
	}
	return envelope.Event
}

func personalMembers(event reflect.Type) []string {
	members := []string{}
	for f := range event.Fields() {
		if f.Tag.Get("personal") == "true" {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			members = append(members, name)
		}
	}
	return members
}

func indent(t *testing.T, event any) []byte {
	t.Helper()
	data, err := json.MarshalIndent(event, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// value parses JSON with its numbers as they are written.
func value(t *testing.T, data []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// checkNoOrphans fails on a golden file whose stored name is no longer registered: logs may hold such events.
func checkNoOrphans(t *testing.T, dir string, names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if !slices.Contains(names, name) {
			t.Errorf("%s was stored once and is not registered any more: register it, or an upcast from it", name)
		}
	}
}
