package esdb

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"services.example/portal/infra/eventstore"
)

func TestErrorsWithoutACodeOfTheClientAreJudgedByTheirStatus(t *testing.T) {
	for _, row := range []struct {
		err    error
		want   verdict
		broken bool
	}{
		{status.Error(codes.Unavailable, "gone"), unsure, true},
		{status.Error(codes.Canceled, "the client connection is closing"), unsure, false},
		{status.Error(codes.Aborted, "Operation timed out"), unsure, false},
		{status.Error(codes.DeadlineExceeded, "late"), unsure, true},
		{status.Error(codes.NotFound, "Leader info available"), undone, true},
		{status.Error(codes.Unknown, "No leader info available in response"), undone, true},
		{status.Error(codes.Unknown, "Unexpected ReadAllResult: Error"), doubtful, false},
		{status.Error(codes.Internal, "stream terminated by RST_STREAM"), doubtful, false},
		{status.Error(codes.InvalidArgument, "no"), final, false},
		{status.Error(codes.PermissionDenied, "Access Denied"), final, false},
		{status.Error(codes.FailedPrecondition, "Delete failed due to WrongExpectedVersion. Stream: a, Expected version: 1, Actual version: 2"), conflict, false},
		{status.Error(codes.FailedPrecondition, "something else"), final, false},
		{fmt.Errorf("could not send: %w", io.EOF), doubtful, false},
		{errors.New("what"), doubtful, false},
		{errStalled, unsure, true},
		{&panicError{value: "unreachable code"}, doubtful, true},
		{errClosed, final, false},
	} {
		got, broken := judge(fmt.Errorf("wrapped: %w", row.err))
		if got != row.want || broken != row.broken {
			t.Errorf("%v: verdict %d, broken %v; want %d, %v", row.err, got, broken, row.want, row.broken)
		}
	}
}

func TestActualVersionsAreReadFromTheEnd(t *testing.T) {
	for text, want := range map[string]int64{
		"wrong expected version: expecting 'any' but got '7'":                                                             7,
		"wrong expected version: expecting '3' but got 'no_stream'":                                                       -1,
		"Delete failed due to WrongExpectedVersion. Stream: a, Expected version: -2, Actual version: -1":                  -1,
		"x failed due to WrongExpectedVersion. Stream: a, Actual version: 3, Expected version: 1, Actual version: 4":      4,
		"WrongExpectedVersion. Stream: s' but got, Expected version: 1, Actual version: 5":                                5,
		"Tombstone failed due to WrongExpectedVersion. Stream: өтінім, Expected version: 0, Actual version: 123456789012": 123456789012,
	} {
		if got, ok := actualVersion(text); !ok || got != want {
			t.Errorf("%s: %d, %v; want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "Actual version: 3", "WrongExpectedVersion, Actual version: ", "' but got 'x'"} {
		if got, ok := actualVersion(text); ok {
			t.Errorf("%q has a version, %d", text, got)
		}
	}
}

func TestRefusalsAreExplained(t *testing.T) {
	var large *eventstore.TooLargeError
	err := explain("a", status.Error(codes.InvalidArgument, "Maximum Append Size of 1000 Exceeded."))
	if !errors.As(err, &large) || large.Limit != 1000 {
		t.Errorf("got %v, want a limit of 1000 bytes", err)
	}
	if err := explain("a", status.Error(codes.ResourceExhausted, "received message larger than max")); !errors.As(err, &large) {
		t.Errorf("got %v, want that it is too large", err)
	}
	var invalid *eventstore.InvalidError
	err = explain("a", fmt.Errorf("append: %w", status.Error(codes.InvalidArgument, "bad id")))
	if !errors.As(err, &invalid) || invalid.Reason != "bad id" {
		t.Errorf("got %v, want the server's reason", err)
	}
}
