package readapi

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// writes describes an operation whose answer is written by hand, because it is asked for most: T is what encoding/json
// would write.
func writes[T any](api huma.API, op huma.Operation, name string) huma.Operation {
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, name)
	op.Responses = map[string]*huma.Response{"200": {
		Description: "A page", Content: map[string]*huma.MediaType{"application/json": {Schema: schema}},
	}}
	return op
}

// written answers with JSON that is appended to a buffer, which answers share.
func written(write func(b []byte) []byte) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		buffer, _ := buffers.Get().(*[]byte)
		defer buffers.Put(buffer)
		*buffer = write((*buffer)[:0])
		ctx.SetHeader("Content-Type", "application/json")
		ctx.SetHeader("Content-Length", strconv.Itoa(len(*buffer)))
		_, _ = ctx.BodyWriter().Write(*buffer) // the reader may have gone
	}}
}

var buffers = sync.Pool{New: func() any { return new([]byte) }}

func appendTime(b []byte, t *time.Time) []byte {
	if t == nil {
		return append(b, "null"...)
	}
	b = t.AppendFormat(append(b, '"'), time.RFC3339Nano)
	return append(b, '"')
}

// appendString writes a JSON string. Text without anything to escape is copied as it is.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c == 0x7f || c == 0xe2 && separates(s[i:]) {
			return escaped(b, s)
		}
	}
	if !utf8.ValidString(s) {
		return escaped(b, s)
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// separates tells whether a text begins with one of the line separators, which encoding/json escapes.
func separates(s string) bool {
	return strings.HasPrefix(s, "\u2028") || strings.HasPrefix(s, "\u2029")
}

func escaped(b []byte, s string) []byte {
	encoded, err := appendJSON(b, s)
	if err != nil { // a string always has a JSON form
		return append(b, `""`...)
	}
	return encoded
}

// appendJSON encodes as the rest of the API does: without escaping HTML, which no JSON reader needs.
func appendJSON(b []byte, value any) ([]byte, error) {
	into := &appender{b: b}
	encoder := json.NewEncoder(into)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return b, err
	}
	return into.b[:len(into.b)-1], nil // without Encode's newline
}

// appender is a writer onto a slice.
type appender struct{ b []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}
