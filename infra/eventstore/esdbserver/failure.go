package esdbserver

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
)

// failure is an error as the protocol has it: a status, and trailers that say what clients act on.
type failure struct {
	code     codes.Code
	message  string
	trailers []string // name, value, …
	limit    int      // bytes, of an append that is too large
}

func (f *failure) Error() string { return f.message }

// GRPCStatus is how gRPC finds the status.
func (f *failure) GRPCStatus() *status.Status { return status.New(f.code, f.message) }

// exception makes a failure that clients recognise by its name, with further trailers.
func exception(code codes.Code, name, message string, trailers ...string) *failure {
	return &failure{code: code, message: message, trailers: append([]string{"exception", name}, trailers...)}
}

func invalid(format string, arguments ...any) *failure {
	return &failure{code: codes.InvalidArgument, message: fmt.Sprintf(format, arguments...)}
}

func unavailable(message string) *failure { return &failure{code: codes.Unavailable, message: message} }

var (
	errAccess   = exception(codes.PermissionDenied, "access-denied", "Access Denied")
	errTimeout  = &failure{code: codes.Aborted, message: "Operation timed out"}
	errStopping = unavailable("the server is stopping")
	errMetadata = exception(codes.InvalidArgument, "missing-required-metadata-property",
		"an event needs a type and a content type", "required-metadata-properties", "type,content-type")
)

func streamDeleted(stream string) *failure {
	return exception(codes.FailedPrecondition, "stream-deleted", fmt.Sprintf("Event stream '%s' is deleted.", stream),
		"stream-name", printable(stream))
}

func tooLarge(limit int) *failure {
	f := exception(codes.InvalidArgument, "maximum-append-size-exceeded",
		fmt.Sprintf("Maximum Append Size of %d Exceeded.", limit), "maximum-append-size", strconv.Itoa(limit))
	f.limit = limit
	return f
}

func wrongVersion(operation string, conflict *eventstore.ConflictError) *failure {
	expected, actual := strconv.FormatInt(int64(conflict.Expected), 10), strconv.FormatInt(conflict.Actual, 10)
	message := fmt.Sprintf("%s failed due to WrongExpectedVersion. Stream: %s, Expected version: %s, Actual version: %s",
		operation, conflict.Stream, expected, actual)
	return exception(codes.FailedPrecondition, "wrong-expected-version", message,
		"stream-name", printable(conflict.Stream), "expected-version", expected, "actual-version", actual)
}

// printable percent-encodes what a trailer cannot carry.
func printable(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// answer turns what went wrong into what the caller is told.
func (s *Server) answer(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	f := s.failureOf(ctx, err)
	if f == nil {
		return err
	}
	if len(f.trailers) > 0 {
		if err := grpc.SetTrailer(ctx, metadata.Pairs(f.trailers...)); err != nil {
			s.options.Logger.DebugContext(ctx, "event store protocol: the trailers were not sent", "error", err)
		}
	}
	return f
}

// failureOf is nil for errors that gRPC made itself.
func (s *Server) failureOf(ctx context.Context, err error) *failure {
	var (
		known    *failure
		deleted  *eventstore.DeletedError
		large    *eventstore.TooLargeError
		bad      *eventstore.InvalidError
		damage   *pebblelog.DamageError
		fromGRPC interface{ GRPCStatus() *status.Status }
	)
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &deleted):
		return streamDeleted(deleted.Stream)
	case errors.As(err, &large):
		return tooLarge(large.Limit)
	case errors.As(err, &bad):
		return invalid("%s", bad.Reason)
	case errors.As(err, &fromGRPC):
		return nil
	case s.live.Err() != nil && ctx.Err() == nil && isContext(err):
		return errStopping
	case isContext(err):
		return &failure{code: status.FromContextError(err).Code(), message: "the call was ended"}
	case errors.As(err, &damage):
		s.options.Logger.ErrorContext(ctx, "event store protocol: the log is damaged", "error", err)
		return &failure{code: codes.DataLoss, message: "the event log is damaged here"}
	default:
		s.options.Logger.WarnContext(ctx, "event store protocol: the log cannot answer", "error", err)
		return unavailable("the event log cannot answer now")
	}
}

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
