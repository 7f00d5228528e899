package esdb

import (
	"strconv"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
)

// The client ends the whole process (log.Fatal) when an event has no time of creation that it can read. There is no
// place between gRPC and the client's decoder but gRPC's codec, and that is one for the process: so it is wrapped, and
// leaves every other message as it is.
func init() {
	encoding.RegisterCodecV2(codec{encoding.GetCodecV2(proto.Name)})
}

type codec struct{ encoding.CodecV2 }

// Unmarshal gives an event without a time the beginning of time instead. What is read is made monotonic afterwards, so
// that the event appears with the time of the one before it.
func (c codec) Unmarshal(data mem.BufferSlice, message any) error {
	if err := c.CodecV2.Unmarshal(data, message); err != nil {
		return err
	}
	if response, ok := message.(*streams.ReadResp); ok {
		mendCreated(response.GetEvent().GetEvent())
		mendCreated(response.GetEvent().GetLink())
	}
	return nil
}

const createdKey = "created"

func mendCreated(event *streams.ReadResp_ReadEvent_RecordedEvent) {
	if event == nil {
		return
	}
	if _, err := strconv.ParseInt(event.GetMetadata()[createdKey], 10, 64); err == nil {
		return
	}
	if event.Metadata == nil {
		event.Metadata = map[string]string{}
	}
	event.Metadata[createdKey] = "0"
}
