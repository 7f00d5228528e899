package esdb

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"services.example/portal/infra/eventstore"
)

// UnknownOutcomeError says that a change was sent, and that nobody could be asked any more whether it was carried out.
// It is an eventstore.ErrUnavailable. The same change, with the same ids, may be repeated.
type UnknownOutcomeError struct {
	Stream string
	Cause  error // of giving up: mostly the context's
}

func (e *UnknownOutcomeError) Error() string {
	return fmt.Sprintf("it is unknown whether the change of stream %s was carried out: %v", e.Stream, e.Cause)
}

// Unwrap gives eventstore.ErrUnavailable and the cause.
func (e *UnknownOutcomeError) Unwrap() []error { return []error{eventstore.ErrUnavailable, e.Cause} }

// verdict is what an error says about the attempt that ended with it.
type verdict int

const (
	final    verdict = iota // the server's answer; it would be the same again
	conflict                // the stream is not where it was expected
	deleted                 // the stream has ended for ever
	missing                 // the stream has no events
	undone                  // nothing was done: repeat
	unsure                  // it may have been done: repeat
	doubtful                // like unsure, but it may also be the request's fault: repeat a few times
)

// retryable tells whether to try again.
func (v verdict) retryable() bool { return v >= undone }

// mostDoubts is how often a doubtful failure is repeated before it is believed.
const mostDoubts = 6

// judge sorts the errors of the client. The second result tells that the connection is no good.
func judge(err error) (v verdict, broken bool) {
	var (
		panicked *panicError
		known    *client.Error
	)
	switch {
	case errors.Is(err, errClosed):
		return final, false
	case errors.Is(err, errStalled):
		return unsure, true
	case errors.As(err, &panicked):
		return doubtful, true
	case errors.Is(err, io.EOF):
		return doubtful, false // the server ended the call while events were sent, and the client lost its reason
	case errors.As(err, &known) && known.Code() != client.ErrorCodeUnknown:
		return judgeCode(known)
	}
	return judgeStatus(err)
}

func judgeCode(err *client.Error) (v verdict, broken bool) {
	switch err.Code() {
	case client.ErrorCodeWrongExpectedVersion:
		return conflict, false
	case client.ErrorCodeStreamDeleted:
		return deleted, false
	case client.ErrorCodeResourceNotFound:
		if _, fromServer := statusOf(err.Err()); !fromServer {
			return missing, false
		}
		return undone, true // the status of a member that is not the leader; a missing stream is not a status
	case client.ErrorCodeNotLeader:
		return undone, false // the client says where the leader is when it makes its generation retire
	case client.ErrorCodeConnectionClosed:
		return undone, true
	case client.ErrorUnavailable, client.ErrorAborted:
		return unsure, false // the client itself makes its generation retire when that is called for
	case client.ErrorCodeDeadlineExceeded:
		return unsure, true
	default: // access denied, unauthenticated, unsupported
		return final, false
	}
}

func judgeStatus(err error) (v verdict, broken bool) {
	s, ok := statusOf(err)
	if !ok {
		return doubtful, false
	}
	switch s.Code() {
	case codes.Canceled, codes.Aborted:
		return unsure, false
	case codes.Unavailable, codes.DeadlineExceeded: // as they are, that is without the client having noticed
		return unsure, true
	case codes.NotFound:
		return undone, true
	case codes.FailedPrecondition:
		if _, ok := actualVersion(s.Message()); ok {
			return conflict, false
		}
		return final, false
	case codes.Unknown:
		if strings.Contains(s.Message(), "No leader info") {
			return undone, true
		}
		return doubtful, false
	case codes.Internal:
		return doubtful, false
	default:
		return final, false
	}
}

// statusOf finds the status that a server or gRPC gave, without the words that were put around it.
func statusOf(err error) (*status.Status, bool) {
	var carrier interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &carrier) {
		return nil, false
	}
	s := carrier.GRPCStatus()
	return s, s != nil
}

// explain turns an error that is final into one of the port's, where it has one.
func explain(stream string, err error) error {
	s, ok := statusOf(err)
	if !ok {
		return err
	}
	switch s.Code() {
	case codes.ResourceExhausted:
		return &eventstore.TooLargeError{Limit: eventstore.MaxAppendSize}
	case codes.InvalidArgument:
		if limit, ok := numberAfter(s.Message(), "Maximum Append Size of "); ok {
			return &eventstore.TooLargeError{Limit: int(limit)}
		}
		return &eventstore.InvalidError{Reason: s.Message()}
	case codes.Unauthenticated, codes.PermissionDenied:
		return fmt.Errorf("the event store refuses access to %s: %w", stream, err)
	default:
		return err
	}
}

// conflictOf makes the port's error of a client's or a status', whose numbers are only in their texts.
func conflictOf(stream string, expected eventstore.Expected, err error) error {
	actual, ok := actualVersion(err.Error())
	if !ok {
		return err
	}
	return &eventstore.ConflictError{Stream: stream, Expected: expected, Actual: actual}
}

// actualVersion finds the stream's last revision in the text of a refusal.
func actualVersion(text string) (int64, bool) {
	if current, ok := afterLast(text, "' but got '"); ok {
		if current = strings.TrimSuffix(current, "'"); current == "no_stream" {
			return eventstore.NoRevision, true
		}
		n, err := strconv.ParseInt(current, 10, 64)
		return n, err == nil
	}
	if !strings.Contains(text, "WrongExpectedVersion") {
		return 0, false
	}
	actual, ok := afterLast(text, "Actual version: ")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(actual), 10, 64)
	return max(n, eventstore.NoRevision), err == nil
}

func afterLast(text, separator string) (string, bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return "", false
	}
	return text[at+len(separator):], true
}

func numberAfter(text, prefix string) (int64, bool) {
	_, rest, ok := strings.Cut(text, prefix)
	if !ok {
		return 0, false
	}
	digits, _, _ := strings.Cut(rest, " ")
	n, err := strconv.ParseInt(digits, 10, 32)
	return n, err == nil
}
