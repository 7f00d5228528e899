package eventstoretest

import (
	"encoding/json"
	"testing"

	"services.example/portal/infra/eventstore"
)

var metadataTests = map[string]func(t *testing.T, h Harness){
	"hides what it says":                            testMetadataRules,
	"stream shows only its last event":              testMetadataStream,
	"of a soft-deleted stream makes it appear anew": testMetadataUndeletes,
	"survives a new beginning":                      testMetadataSurvives,
}

func testMetadataRules(t *testing.T, h Harness) {
	write(t, h.Store, "thing-1", eventstore.NoStream, made(5)...)
	all := readAll(t, h.Store, eventstore.AllRead{Filter: eventstore.Filter{Streams: []string{"thing-1"}}})
	for _, row := range []struct {
		name, metadata string
		want           []int64
	}{
		{"nothing", `{}`, []int64{0, 1, 2, 3, 4}},
		{"$maxCount", `{"$maxCount":2}`, []int64{3, 4}},
		{"$maxCount beyond the length", `{"$maxCount":9}`, []int64{0, 1, 2, 3, 4}},
		{"$tb", `{"$tb":3}`, []int64{3, 4}},
		{"$tb beyond the end", `{"$tb":99}`, nil},
		{"$tb and $maxCount", `{"$tb":1,"$maxCount":3}`, []int64{2, 3, 4}},
		{"$maxAge long enough", `{"$maxAge":3600}`, []int64{0, 1, 2, 3, 4}},
		{"words of our own", `{"note":"x","$maxCount":1}`, []int64{4}},
		{"a wrong type makes all of it void", `{"$maxCount":"2","$tb":3}`, []int64{0, 1, 2, 3, 4}},
		{"a wrong value makes all of it void", `{"$maxCount":0,"$tb":3}`, []int64{0, 1, 2, 3, 4}},
		{"what is not JSON is void", `{"$tb":3`, []int64{0, 1, 2, 3, 4}},
		{"what is not an object is void", `[3]`, []int64{0, 1, 2, 3, 4}},
	} {
		t.Run(row.name, func(t *testing.T) {
			describe(t, h.Store, "thing-1", row.metadata)
			got := readStream(t, h.Store, "thing-1", eventstore.StreamRead{})
			same(t, "revisions", revisions(got), append([]int64{}, row.want...))
			backwards := readStream(t, h.Store, "thing-1", eventstore.StreamRead{From: eventstore.End, Backwards: true})
			same(t, "backwards", backwards, reversed(got))
			same(t, "in the log", readAll(t, h.Store, eventstore.AllRead{Filter: eventstore.Filter{Streams: []string{"thing-1"}}}), all)
		})
	}
}

func testMetadataStream(t *testing.T, h Harness) {
	for i := range 3 {
		write(t, h.Store, "$$thing-1", eventstore.Expected(i-1), typed("$metadata"))
	}
	_, err := h.Store.Append(t.Context(), "$$thing-1", 0, typed("$metadata"))
	wantConflict(t, err, "$$thing-1", 0, 2)
	same(t, "revisions", revisions(readStream(t, h.Store, "$$thing-1", eventstore.StreamRead{})), []int64{2})
	_, err = collect(h.Store.ReadStream(t.Context(), "thing-1", eventstore.StreamRead{}))
	wantNotFound(t, err, "thing-1")
}

func metadataOf(t *testing.T, store eventstore.Store, stream string) map[string]any {
	t.Helper()
	events := readStream(t, store, "$$"+stream, eventstore.StreamRead{})
	same(t, "metadata events", len(events), 1)
	metadata := map[string]any{}
	if err := json.Unmarshal(events[0].Data, &metadata); err != nil {
		t.Fatalf("read the metadata of %s: %v", stream, err)
	}
	return metadata
}

func testMetadataUndeletes(t *testing.T, h Harness) {
	write(t, h.Store, "thing-1", eventstore.NoStream, made(3)...)
	remove(t, h.Store, "thing-1", eventstore.Any)
	describe(t, h.Store, "thing-1", `{"note":"back"}`)
	same(t, "metadata", metadataOf(t, h.Store, "thing-1"), map[string]any{"note": "back", "$tb": 3.0})
	same(t, "events", len(readStream(t, h.Store, "thing-1", eventstore.StreamRead{})), 0)
	events := made(1)
	write(t, h.Store, "thing-1", 2, events...)
	sameEvents(t, "events", readStream(t, h.Store, "thing-1", eventstore.StreamRead{}), events)
}

func testMetadataSurvives(t *testing.T, h Harness) {
	write(t, h.Store, "thing-1", eventstore.NoStream, made(3)...)
	describe(t, h.Store, "thing-1", `{"$tb":9223372036854775807,"note":"kept","$maxCount":2}`)
	wantGone(t, h.Store, "thing-1")
	write(t, h.Store, "thing-1", eventstore.Any, made(3)...)
	same(t, "metadata", metadataOf(t, h.Store, "thing-1"), map[string]any{"note": "kept", "$tb": 3.0, "$maxCount": 2.0})
	same(t, "revisions", revisions(readStream(t, h.Store, "thing-1", eventstore.StreamRead{})), []int64{4, 5})
}
