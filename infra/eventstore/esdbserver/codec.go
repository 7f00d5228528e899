package esdbserver

import (
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that ours is based on
	"google.golang.org/grpc/mem"
)

// frame is a message that is encoded already.
type frame struct {
	data    []byte
	buffers [1]mem.Buffer
}

// ignored is a message to be received and not looked at.
type ignored struct{}

// codec is that of protocol buffers, which also takes frames and ignored messages.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2("proto")} }

// Marshal implements encoding.CodecV2. A frame must not be changed afterwards: it is sent later.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	f, ok := v.(*frame)
	if !ok {
		return c.CodecV2.Marshal(v)
	}
	f.buffers[0] = mem.SliceBuffer(f.data)
	return f.buffers[:], nil
}

// Unmarshal implements encoding.CodecV2.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	if _, ok := v.(*ignored); ok {
		return nil
	}
	return c.CodecV2.Unmarshal(data, v)
}
