package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/access"
	"services.example/portal/domain/problem"
)

var monday = time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)

func reading(change func(*access.Reading)) access.Reading {
	r := access.Reading{
		ID: "r1", Reader: "a1", What: access.Events, Streams: []string{"application-22222222-2222-4222-8222-222222222222", "account-"},
		Types: []string{"application.submitted."}, From: "12/12", To: "40/40", Personal: true, Reason: "  Complaint 17 of 2026 ", At: monday,
	}
	if change != nil {
		change(&r)
	}
	return r
}

func TestReading(t *testing.T) {
	t.Parallel()
	fault := func(location, code string, params map[string]string) error {
		return problem.Input(problem.Field{Location: location, Code: code, Params: params})
	}
	recorded := access.Read{
		ReadingID: "r1", Reader: "a1", What: access.Events, Streams: []string{"application-22222222-2222-4222-8222-222222222222", "account-"},
		Types: []string{"application.submitted."}, From: "12/12", To: "40/40", Personal: true, Reason: "Complaint 17 of 2026", At: monday,
	}
	short := recorded
	short.Reason = strings.Repeat("ә", access.MinReason)
	for name, test := range map[string]struct {
		when access.Reading
		then []access.Event
		err  error
	}{
		"is recorded":              {when: reading(nil), then: []access.Event{recorded}},
		"for the shortest reason":  {when: reading(func(r *access.Reading) { r.Reason = strings.Repeat("ә", 10) }), then: []access.Event{short}},
		"for no reason":            {when: reading(func(r *access.Reading) { r.Reason = " " }), err: fault("Audit-Reason", "required", nil)},
		"for a reason too short":   {when: reading(func(r *access.Reading) { r.Reason = "ревизия" }), err: fault("Audit-Reason", "too-short", map[string]string{"min": "10"})},
		"for a reason too long":    {when: reading(func(r *access.Reading) { r.Reason = strings.Repeat("ә", 501) }), err: fault("Audit-Reason", "too-long", map[string]string{"max": "500"})},
		"for what is no text":      {when: reading(func(r *access.Reading) { r.Reason = "\xff, and so on and on" }), err: fault("Audit-Reason", "bad-text", nil)},
		"of a stream by an IIN":    {when: reading(func(r *access.Reading) { r.Streams = []string{"account-900101300123"} }), err: fault("streams", "wrong-format", nil)},
		"of a name of a person":    {when: reading(func(r *access.Reading) { r.Types = []string{"Айбек"} }), err: fault("types", "wrong-format", nil)},
		"of too many streams":      {when: reading(func(r *access.Reading) { r.Streams = make([]string, 51) }), err: fault("streams", "too-many", map[string]string{"max": "50"})},
		"of a half-written stream": {when: reading(func(r *access.Reading) { r.Streams = []string{"account-11111111-1111"} }), err: fault("streams", "wrong-format", nil)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := access.Decide(access.State{}, test.when)
			if diff := cmp.Diff(test.then, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.err, err); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestNamesOfStreams: the names of all streams with UUIDs may be asked for, and nothing that holds seven digits in a row
// elsewhere.
func TestNamesOfStreams(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		prefix := rapid.SampledFrom([]string{"account-", "application-", "correspondence-", "note-", "signature-", "access-"}).Draw(t, "prefix")
		id := rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`).Draw(t, "id")
		if faults := access.Names("streams", []string{prefix + id}); faults != nil {
			t.Fatalf("%s%s: %v", prefix, id, faults)
		}
		number := rapid.StringMatching(`[0-9]{7,12}`).Draw(t, "number")
		if faults := access.Names("streams", []string{prefix + number}); len(faults) != 1 {
			t.Fatalf("%s%s may be asked for", prefix, number)
		}
	})
}
