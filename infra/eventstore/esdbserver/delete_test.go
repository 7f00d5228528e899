package esdbserver_test

import (
	"math"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"services.example/portal/infra/eventstore/esdbserver"
)

// deleteOptions are those of a deletion, which are those of an append.
func deleteOptions(stream string, expected expectation) *streams.DeleteReq {
	var of streams.AppendReq_Options
	if expected != nil {
		expected(&of)
	}
	options := &streams.DeleteReq_Options{StreamIdentifier: streamID(stream)}
	switch chosen := of.GetExpectedStreamRevision().(type) {
	case *streams.AppendReq_Options_Revision:
		options.ExpectedStreamRevision = &streams.DeleteReq_Options_Revision{Revision: chosen.Revision}
	case *streams.AppendReq_Options_NoStream:
		options.ExpectedStreamRevision = &streams.DeleteReq_Options_NoStream{NoStream: none}
	case *streams.AppendReq_Options_Any:
		options.ExpectedStreamRevision = &streams.DeleteReq_Options_Any{Any: none}
	case *streams.AppendReq_Options_StreamExists:
		options.ExpectedStreamRevision = &streams.DeleteReq_Options_StreamExists{StreamExists: none}
	}
	return &streams.DeleteReq{Options: options}
}

func tombstoneOptions(stream string, expected expectation) *streams.TombstoneReq {
	options := &streams.TombstoneReq_Options{StreamIdentifier: streamID(stream)}
	switch chosen := deleteOptions(stream, expected).GetOptions().GetExpectedStreamRevision().(type) {
	case *streams.DeleteReq_Options_Revision:
		options.ExpectedStreamRevision = &streams.TombstoneReq_Options_Revision{Revision: chosen.Revision}
	case *streams.DeleteReq_Options_NoStream:
		options.ExpectedStreamRevision = &streams.TombstoneReq_Options_NoStream{NoStream: none}
	case *streams.DeleteReq_Options_Any:
		options.ExpectedStreamRevision = &streams.TombstoneReq_Options_Any{Any: none}
	case *streams.DeleteReq_Options_StreamExists:
		options.ExpectedStreamRevision = &streams.TombstoneReq_Options_StreamExists{StreamExists: none}
	}
	return &streams.TombstoneReq{Options: options}
}

// TestDeletionsAndTombstones has a row for each rule of 3.7. s has the events a and b, positions 1 and 2; described has
// metadata only, position 3; ended was tombstoned at 4.
func TestDeletionsAndTombstones(t *testing.T) {
	type trailers = map[string]string
	wrong := func(stream, expected, actual string) trailers {
		return trailers{
			"exception": "wrong-expected-version", "stream-name": stream,
			"expected-version": expected, "actual-version": actual,
		}
	}
	deleted := trailers{"exception": "stream-deleted", "stream-name": "ended"}
	for _, row := range []struct {
		name      string
		stream    string
		expected  expectation
		delete    codes.Code
		tombstone codes.Code
		trailers  trailers
	}{
		{"any", "s", whatever, codes.OK, codes.OK, nil},
		{"the last revision", "s", revision(1), codes.OK, codes.OK, nil},
		{"stream exists", "s", exists, codes.OK, codes.OK, nil},
		{"a lower revision", "s", revision(0), codes.FailedPrecondition, codes.FailedPrecondition, wrong("s", "0", "1")},
		{"a higher revision", "s", revision(2), codes.FailedPrecondition, codes.FailedPrecondition, wrong("s", "2", "1")},
		{"no stream where there is one", "s", noStream, codes.FailedPrecondition, codes.FailedPrecondition, wrong("s", "-1", "1")},
		{"any, only metadata", "described", whatever, codes.OK, codes.OK, nil},
		{"stream exists, only metadata", "described", exists, codes.OK, codes.OK, nil},
		{
			"stream exists, nothing there", "absent", exists, codes.FailedPrecondition, codes.FailedPrecondition,
			wrong("absent", "-4", "-1"),
		},
		{"a tombstoned stream", "ended", whatever, codes.FailedPrecondition, codes.FailedPrecondition, deleted},
		{"the stream of everything", "$all", whatever, codes.PermissionDenied, codes.PermissionDenied, trailers{"exception": "access-denied"}},
		{"a metadata stream", "$$s", whatever, codes.InvalidArgument, codes.InvalidArgument, nil},
		{"no name", "", whatever, codes.InvalidArgument, codes.InvalidArgument, nil},
		{"no expectation", "s", nil, codes.InvalidArgument, codes.InvalidArgument, nil},
		{"a revision that cannot be", "s", revision(math.MaxInt64 + 1), codes.InvalidArgument, codes.InvalidArgument, nil},
	} {
		t.Run("3.7 "+row.name, func(t *testing.T) {
			given := func(t *testing.T) *node {
				t.Helper()
				n := start(t, esdbserver.Options{})
				n.letters(t, "s", 2)
				n.describe(t, "described", `{}`)
				n.tombstone(t, "ended")
				return n
			}
			n := given(t)
			var sent metadata.MD
			response, err := n.Delete(t.Context(), deleteOptions(row.stream, row.expected), grpc.Trailer(&sent))
			wantStatus(t, err, row.delete)
			wantTrailers(t, sent, row.trailers)
			if err == nil && response.GetPosition().GetCommitPosition() != 5 {
				t.Errorf("deleted at %v, want 5", response)
			}
			n = given(t)
			ended, err := n.Tombstone(t.Context(), tombstoneOptions(row.stream, row.expected), grpc.Trailer(&sent))
			wantStatus(t, err, row.tombstone)
			wantTrailers(t, sent, row.trailers)
			if err == nil && ended.GetPosition().GetCommitPosition() != 5 {
				t.Errorf("tombstoned at %v, want 5", ended)
			}
		})
	}
}

func TestAnAbsentStreamCanBeTombstonedAndNotDeleted(t *testing.T) {
	n := start(t, esdbserver.Options{})
	var sent metadata.MD
	_, err := n.Delete(t.Context(), deleteOptions("absent", whatever), grpc.Trailer(&sent))
	wantStatus(t, err, codes.FailedPrecondition)
	wantTrailers(t, sent, map[string]string{
		"exception": "wrong-expected-version", "expected-version": "-2", "actual-version": "-1",
	})
	if at := n.tombstone(t, "absent").GetPosition().GetCommitPosition(); at != 1 {
		t.Errorf("tombstoned at %d, want 1", at)
	}
	messages, err := n.read(t, ofAll)
	if err != nil || len(messages) != 1 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	event := messages[0].GetEvent().GetEvent()
	if event.GetStreamRevision() != math.MaxInt64 || len(event.GetData()) > 0 ||
		event.GetMetadata()["type"] != "$streamDeleted" || event.GetMetadata()["content-type"] != "application/octet-stream" {
		t.Errorf("the tombstone is %v", event)
	}
}

func TestADeletedStreamGoesOn(t *testing.T) {
	n := start(t, esdbserver.Options{})
	n.letters(t, "s", 2)
	n.describe(t, "s", `{"$maxCount":7,"mine":1}`)
	n.delete(t, "s")
	if diff := cmp.Diff([]string{`{"$tb":9223372036854775807}`}, n.tell(t, ofStream("$$s"))); diff != "" {
		t.Errorf("metadata of the deleted stream (-want +got):\n%s", diff)
	}
	n.mustAppend(t, "s", noStream, proposed("c"))
	if diff := cmp.Diff([]string{`{"$tb":2}`}, n.tell(t, ofStream("$$s"))); diff != "" {
		t.Errorf("metadata of the stream begun anew (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"c"}, n.tell(t, ofStream("s"))); diff != "" {
		t.Errorf("stream (-want +got):\n%s", diff)
	}
}
