package esdbserver_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"services.example/portal/infra/eventstore/esdbserver"
)

// tellAppend tells how an append ended.
func tellAppend(response *streams.AppendResp, err error) string {
	if err != nil {
		if status.Code(err) == codes.FailedPrecondition && strings.Contains(err.Error(), "is deleted") {
			return "deleted"
		}
		return err.Error()
	}
	if wrong := response.GetWrongExpectedVersion(); wrong != nil {
		if wrong.GetCurrentNoStream() != nil {
			return "wrong, no stream"
		}
		return fmt.Sprintf("wrong, at %d", wrong.GetCurrentRevision())
	}
	if response.GetSuccess().GetNoStream() != nil {
		return "written, no stream"
	}
	return fmt.Sprintf("written, at %d", response.GetSuccess().GetCurrentRevision())
}

// TestDecisionTable has a row for each row of the table of expected revisions, and some for their edges. Before each,
// the stream got the events a, b and c one by one, unless the row prepares something else.
func TestDecisionTable(t *testing.T) {
	ids := map[string]uuid.UUID{}
	event := func(name string) *streams.AppendReq_ProposedMessage {
		if _, ok := ids[name]; !ok {
			ids[name] = uuid.New()
		}
		return withID(ids[name], name)
	}
	abc := func(t *testing.T, n *node) {
		t.Helper()
		for _, name := range []string{"a", "b", "c"} {
			n.mustAppend(t, "s", whatever, event(name))
		}
	}
	empty := func(*testing.T, *node) {}
	described := func(t *testing.T, n *node) { t.Helper(); n.describe(t, "s", `{"$maxCount":10}`) }
	deleted := func(t *testing.T, n *node) { t.Helper(); abc(t, n); n.delete(t, "s") }
	tombstoned := func(t *testing.T, n *node) { t.Helper(); abc(t, n); n.tombstone(t, "s") }
	for _, row := range []struct {
		name     string
		given    func(*testing.T, *node)
		stream   string
		expected expectation
		events   string // names, each one letter
		want     string
		stored   string // what the stream holds then
	}{
		{"01 a tombstoned stream, any", tombstoned, "s", whatever, "x", "deleted", ""},
		{"01 a tombstoned stream, its last revision", tombstoned, "s", revision(2), "x", "deleted", ""},
		{"01 a tombstoned stream, no stream", tombstoned, "s", noStream, "x", "deleted", ""},
		{"01 a tombstoned stream, a repeated append", tombstoned, "s", revision(1), "c", "deleted", ""},
		{"01 the metadata of a tombstoned stream", tombstoned, "$$s", whatever, "x", "deleted", ""},
		{"02 stream exists, soft-deleted", deleted, "s", exists, "x", "deleted", ""},
		{"03 stream exists, nothing there", empty, "s", exists, "x", "wrong, no stream", ""},
		{"03 stream exists, only metadata", described, "s", exists, "x", "written, at 0", "x"},
		{"04 any, nothing there", empty, "s", whatever, "x", "written, at 0", "x"},
		{"04 any, a new id first", abc, "s", whatever, "x", "written, at 3", "abcx"},
		{"04 any, a new id first, a known one later", abc, "s", whatever, "xa", "written, at 4", "abcxa"},
		{"04 stream exists, a new id", abc, "s", exists, "x", "written, at 3", "abcx"},
		{"05 any, a known id", abc, "s", whatever, "a", "written, at 0", "abc"},
		{"05 any, known ids", abc, "s", whatever, "bc", "written, at 2", "abc"},
		{"05 stream exists, a known id", abc, "s", exists, "b", "written, at 1", "abc"},
		{"06 any, a known id first, a new one later", abc, "s", whatever, "cx", "wrong, at 2", "abc"},
		{"07 a revision below the last, the ids that follow it", abc, "s", revision(0), "bc", "written, at 2", "abc"},
		{"07 a revision below the last, the id that follows it", abc, "s", revision(0), "b", "written, at 1", "abc"},
		{"07 no stream, the first ids", abc, "s", noStream, "ab", "written, at 1", "abc"},
		{"07 no stream written as a number, the first ids", abc, "s", revision(math.MaxUint64), "ab", "written, at 1", "abc"},
		{"07 no stream, the first ids of a soft-deleted stream", deleted, "s", noStream, "ab", "written, at 1", ""},
		{"08 no stream, soft-deleted, a new id", deleted, "s", noStream, "x", "written, at 3", "x"},
		{"09 no stream, another first id", abc, "s", noStream, "x", "wrong, at 2", "abc"},
		{"09 a revision below the last, another id", abc, "s", revision(0), "x", "wrong, at 2", "abc"},
		{"09 a revision below the last of a soft-deleted stream", deleted, "s", revision(0), "x", "wrong, at 2", ""},
		{"10 a later id differs", abc, "s", revision(0), "bx", "wrong, at 2", "abc"},
		{"10 a later id is missing", abc, "s", revision(1), "cx", "wrong, at 2", "abc"},
		{"11 a revision below the last, no events", abc, "s", revision(0), "", "wrong, at 2", "abc"},
		{"11 no stream where there is one, no events", abc, "s", noStream, "", "wrong, at 2", "abc"},
		{"12 a revision above the last", abc, "s", revision(3), "x", "wrong, at 2", "abc"},
		{"12 a revision above the last, a known id", abc, "s", revision(3), "a", "wrong, at 2", "abc"},
		{"12 a revision where there is no stream", empty, "s", revision(0), "x", "wrong, no stream", ""},
		{"12 the highest revision there is", abc, "s", revision(math.MaxInt64), "x", "wrong, at 2", "abc"},
		{"13 the last revision", abc, "s", revision(2), "xy", "written, at 4", "abcxy"},
		{"13 the last revision of a soft-deleted stream", deleted, "s", revision(2), "x", "written, at 3", "x"},
		{"13 no stream where there is none", empty, "s", noStream, "xy", "written, at 1", "xy"},
		{"13 no stream written as a number", empty, "s", revision(math.MaxUint64), "x", "written, at 0", "x"},
		{"13 any on a soft-deleted stream", deleted, "s", whatever, "x", "written, at 3", "x"},
		{"14 no events to no stream", empty, "s", noStream, "", "written, no stream", ""},
		{"14 no events to any", abc, "s", whatever, "", "written, at 2", "abc"},
		{"14 no events at the last revision", abc, "s", revision(2), "", "written, at 2", "abc"},
	} {
		t.Run(row.name, func(t *testing.T) {
			clear(ids)
			n := start(t, esdbserver.Options{})
			row.given(t, n)
			var events []*streams.AppendReq_ProposedMessage
			for _, name := range row.events {
				events = append(events, event(string(name)))
			}
			if got := tellAppend(n.append(t, row.stream, row.expected, events...)); got != row.want {
				t.Errorf("the append ended %q, want %q", got, row.want)
			}
			if got := n.stored(t, "s"); got != row.stored {
				t.Errorf("the stream holds %q, want %q", got, row.stored)
			}
		})
	}
}

// stored is the data of all events of the stream, one behind the other.
func (n *node) stored(t *testing.T, stream string) string {
	t.Helper()
	messages, err := n.read(t, ofStream(stream))
	if err != nil || (len(messages) == 1 && messages[0].GetStreamNotFound() != nil) {
		return ""
	}
	return strings.Join(dataOf(t, messages), "")
}

func (n *node) delete(t *testing.T, stream string) *streams.DeleteResp {
	t.Helper()
	response, err := n.Delete(t.Context(), &streams.DeleteReq{Options: &streams.DeleteReq_Options{
		StreamIdentifier:       streamID(stream),
		ExpectedStreamRevision: &streams.DeleteReq_Options_Any{Any: none},
	}})
	if err != nil {
		t.Fatalf("delete %s: %v", stream, err)
	}
	return response
}

func (n *node) tombstone(t *testing.T, stream string) *streams.TombstoneResp {
	t.Helper()
	response, err := n.Tombstone(t.Context(), &streams.TombstoneReq{Options: &streams.TombstoneReq_Options{
		StreamIdentifier:       streamID(stream),
		ExpectedStreamRevision: &streams.TombstoneReq_Options_Any{Any: none},
	}})
	if err != nil {
		t.Fatalf("tombstone %s: %v", stream, err)
	}
	return response
}

// TestARepetitionAnswersThePositionOfTheFirstAppend covers what the table says about positions.
func TestARepetitionAnswersThePositionOfTheFirstAppend(t *testing.T) {
	n := start(t, esdbserver.Options{})
	events := []*streams.AppendReq_ProposedMessage{proposed("a"), proposed("b")}
	first := n.mustAppend(t, "s", noStream, events...)
	n.mustAppend(t, "s", revision(1), proposed("c"))
	for name, expected := range map[string]expectation{"any": whatever, "no stream": noStream} {
		if again := n.mustAppend(t, "s", expected, events...); again != first {
			t.Errorf("%s: position %d, want %d", name, again, first)
		}
	}
}
