package keyring_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/aggregates"
	"services.example/portal/infra/codec/codectest"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
	"services.example/portal/infra/keyring"
)

// TestErasedPersonIsNowhere writes every event that has personal fields into a real log, looks for their values in
// every file of it, erases the person, and reads the log again.
func TestErasedPersonIsNowhere(t *testing.T) {
	const stream = "account-" + anna
	dir, master := t.TempDir(), keyring.NewMaster()
	logDir, keysDir := filepath.Join(dir, "log"), filepath.Join(dir, "keys")
	ring := open(t, keysDir, master)
	store := openLog(t, logDir)
	c, err := codec.New(ring, aggregates.All()...)
	if err != nil {
		t.Fatal(err)
	}

	var events, erased []any
	var values []string
	for _, a := range aggregates.All() {
		for _, name := range slices.Sorted(maps.Keys(a.Types)) {
			event, without, personal := withMarkedValues(t, a.Types[name])
			if len(personal) == 0 {
				continue
			}
			events, erased, values = append(events, event), append(erased, without), append(values, personal...)
			encoded, err := c.Encode(t.Context(), stream, uuid.New(), codec.Metadata{Subject: anna, Role: "in clear, to try the search"}, event)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := store.Append(t.Context(), stream, eventstore.Any, encoded); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(events) < 8 || len(values) < 30 {
		t.Fatalf("only %d events with %d values: the test has nothing to look for", len(events), len(values))
	}
	if diff := cmp.Diff(events, decodeAll(t, store, c, stream, false)); diff != "" {
		t.Errorf("before (-want +got):\n%s", diff)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}

	raw := allBytes(t, dir)
	if !bytes.Contains(raw, []byte("in clear, to try the search")) {
		t.Error("what is stored in clear was not found: the search does not work")
	}
	store = openLog(t, logDir)
	for recorded, err := range store.ReadStream(t.Context(), stream, eventstore.StreamRead{}) { // as some files are compressed
		if err != nil {
			t.Fatal(err)
		}
		raw = append(raw, recorded.Data...)
	}
	for _, value := range values {
		for form, bytesOf := range forms(value) {
			if bytes.Contains(raw, bytesOf) {
				t.Errorf("the value %s is stored (%s)", value, form)
			}
		}
	}

	if err := ring.Destroy(t.Context(), anna); err != nil {
		t.Fatal(err)
	}
	if err := ring.Close(); err != nil {
		t.Fatal(err)
	}
	if c, err = codec.New(open(t, keysDir, master), aggregates.All()...); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(erased, decodeAll(t, store, c, stream, true)); diff != "" {
		t.Errorf("after (-want +got):\n%s", diff)
	}
}

func openLog(t *testing.T, dir string) eventstore.Store {
	t.Helper()
	store, err := pebblelog.Open(dir, pebblelog.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func decodeAll(t *testing.T, store eventstore.Store, c *codec.Codec, stream string, erased bool) []any {
	t.Helper()
	var events []any
	for recorded, err := range store.ReadStream(t.Context(), stream, eventstore.StreamRead{}) {
		if err != nil {
			t.Fatal(err)
		}
		envelope, err := c.Decode(t.Context(), recorded)
		if err != nil {
			t.Fatal(err)
		}
		if envelope.Erased != erased {
			t.Errorf("%s: erased %t", envelope.Type, envelope.Erased)
		}
		events = append(events, envelope.Event)
	}
	return events
}

// withMarkedValues makes an event in which every personal text is one of a kind, the same event without its personal
// fields, and the list of the texts.
func withMarkedValues(t *testing.T, zero any) (event, without any, values []string) {
	t.Helper()
	data, err := json.Marshal(codectest.Filled(zero))
	if err != nil {
		t.Fatal(err)
	}
	members, rest := map[string]any{}, map[string]any{}
	if err := json.Unmarshal(data, &members); err != nil {
		t.Fatal(err)
	}
	maps.Copy(rest, members)
	for f := range reflect.TypeOf(zero).Fields() {
		if f.Tag.Get("personal") == "true" {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			members[name] = mark(members[name], &values)
			delete(rest, name)
		}
	}
	return remade(t, zero, members), remade(t, zero, rest), values
}

// mark replaces every text in a value.
func mark(value any, values *[]string) any {
	switch value := value.(type) {
	case string:
		if _, err := time.Parse(time.RFC3339Nano, value); err == nil {
			return value // it must stay a time
		}
		marked := "Құпия <" + uuid.NewString() + ">"
		*values = append(*values, marked)
		return marked
	case map[string]any:
		for name := range value {
			value[name] = mark(value[name], values)
		}
	case []any:
		for i := range value {
			value[i] = mark(value[i], values)
		}
	}
	return value
}

func remade(t *testing.T, zero any, members map[string]any) any {
	t.Helper()
	data, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	into := reflect.New(reflect.TypeOf(zero))
	if err := json.Unmarshal(data, into.Interface()); err != nil {
		t.Fatal(err)
	}
	return into.Elem().Interface()
}

// forms are the ways in which a text may lie in a file.
func forms(text string) map[string][]byte {
	escaped, _ := json.Marshal(text)
	little, big := []byte{}, []byte{}
	for _, unit := range utf16.Encode([]rune(text)) {
		little, big = binary.LittleEndian.AppendUint16(little, unit), binary.BigEndian.AppendUint16(big, unit)
	}
	found := map[string][]byte{
		"in clear": []byte(text), "JSON-escaped": escaped[1 : len(escaped)-1], "UTF-16LE": little, "UTF-16BE": big,
		"ASCII part": []byte(text[len(text)-30:]), "hex": fmt.Appendf(nil, "%x", text),
	}
	for skip := range 3 { // base64 of a longer text has this one at one of three offsets
		part := text[skip : skip+(len(text)-skip)/3*3]
		found[fmt.Sprintf("base64 from %d", skip)] = []byte(base64.StdEncoding.EncodeToString([]byte(part)))
	}
	return found
}

// allBytes is the content of every file under a folder.
func allBytes(t *testing.T, folder string) []byte {
	t.Helper()
	var all []byte
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		all = append(all, content...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
