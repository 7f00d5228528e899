package readapi

import (
	"reflect"
	"strconv"
	"sync"

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
