package codec

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// FuzzMetadata holds the quick way of reading metadata against the general one.
func FuzzMetadata(f *testing.F) {
	id := uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057")
	for _, m := range []Metadata{
		{},
		{CommandID: id, CommandHash: "a", CorrelationID: id, CausationID: id, Actor: "b", Role: "c", Subject: "d", Client: "e", RecordedAt: "f"},
		{Actor: "Әлия", Role: `"\`},
		{Role: "<&>"},
	} {
		data, err := marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, text := range []string{
		"", "{}", "null", "[]", `{"role":"a","role":"b"}`, `{"ROLE":"a"}`, `{"role":1}`, `{"role":null}`, `{"role" : "a"}`,
		`{"role":"a"}x`, `{"role":"a",}`, `{"role":"a"`, `{"commandId":"x"}`, `{"other":{"a":[1]},"role":"a"}`,
		`{"commandId":"{01890a5d-ac96-774b-bcce-b302099a8057}"}`, "{\"role\":\"a\x01\"}", "{\"role\":\"\xff\"}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var want, got Metadata
		errWant := unmarshal(data, &want)
		errGot := decodeMetadata(data, &got)
		if len(data) == 0 {
			errWant = nil
		}
		if (errWant == nil) != (errGot == nil) {
			t.Fatalf("unmarshal says %v, the quick way %v", errWant, errGot)
		}
		if diff := cmp.Diff(want, got); errWant == nil && diff != "" {
			t.Errorf("metadata (-unmarshalled +quick):\n%s", diff)
		}
	})
}

func TestOwnMetadataIsReadTheQuickWay(t *testing.T) {
	id := uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057")
	want := Metadata{CommandID: id, CommandHash: "a", CorrelationID: id, CausationID: id, Actor: "b", Role: "c", Subject: "d", Client: "e", RecordedAt: "f"}
	data, err := marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Metadata
	if !decodePlainMetadata(string(data), &got) || got != want {
		t.Errorf("%s was read as %+v", data, got)
	}
}

func TestAnEventThatWasMovedKeepsTheTimeAtWhichItWasRecordedFirst(t *testing.T) {
	created := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, row := range []struct {
		metadata string
		want     time.Time
	}{
		{`{}`, created},
		{`{"recordedAt":"2026-11-22T01:02:03.4567891Z"}`, time.Date(2026, 11, 22, 1, 2, 3, 456_789_100, time.UTC)},
		{`{ "recordedAt" : "2026-11-22T06:02:03+05:00" }`, time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC)},
		{`{"recordedAt":"yesterday"}`, created},
	} {
		var m Metadata
		if err := decodeMetadata([]byte(row.metadata), &m); err != nil {
			t.Fatal(err)
		}
		if got := m.recorded(created); !got.Equal(row.want) {
			t.Errorf("%s: recorded at %v, want %v", row.metadata, got, row.want)
		}
	}
}
