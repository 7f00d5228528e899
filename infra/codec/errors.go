package codec

import (
	"context"
	"errors"
	"fmt"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ErrTampered says that encrypted fields are not what was written: changed, moved to another event, or under another key.
var ErrTampered = errors.New("the personal fields do not authenticate")

// UnknownTypeError says that no aggregate has an event of this stored name. Whoever reads the whole log skips and
// counts these: they are events of a newer version of the portal, or of somebody else.
type UnknownTypeError struct {
	Stream   string
	Revision int64
	Type     string
}

func (e *UnknownTypeError) Error() string {
	return fmt.Sprintf("event %d of stream %s has the unknown type %q", e.Revision, e.Stream, e.Type)
}

// DecodeError says that a stored event cannot be read. It names the event and never quotes it.
type DecodeError struct {
	Stream   string
	Revision int64
	Type     string
	Part     string // data, metadata, personal fields, upcast to …
	Err      error
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("decoding event %d of stream %s, %s: %s: %v", e.Revision, e.Stream, e.Type, e.Part, e.Err)
}

func (e *DecodeError) Unwrap() error { return e.Err }

// withoutData replaces an error that may quote what it was reading by one that does not.
func withoutData(err error) error {
	var syntax *jsontext.SyntacticError
	var mismatch *jsonv2.SemanticError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("not valid JSON at byte %d", syntax.ByteOffset)
	case errors.As(err, &mismatch) && mismatch.JSONPointer == "":
		return errors.New("not a JSON object")
	case errors.As(err, &mismatch) && mismatch.GoType != nil:
		return fmt.Errorf("member %q does not fit %s", strings.TrimPrefix(string(mismatch.JSONPointer), "/"), mismatch.GoType)
	case errors.Is(err, ErrNoKey), errors.Is(err, ErrKeyDestroyed), errors.Is(err, ErrTampered), errors.Is(err, ErrUnavailable),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	default:
		return fmt.Errorf("a member does not fit its type (%T)", err)
	}
}
