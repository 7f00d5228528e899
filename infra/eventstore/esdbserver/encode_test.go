package esdbserver

import (
	"encoding/binary"
	"math"
	"strconv"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
)

// generated builds with the generated code what the encoder writes by hand.
func generated(v *pebblelog.View, form idForm) *streams.ReadResp_ReadEvent_RecordedEvent {
	id := &shared.UUID{Value: &shared.UUID_String_{String_: v.ID.String()}}
	if form == idStructured {
		id.Value = &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
			MostSignificantBits:  int64(binary.BigEndian.Uint64(v.ID[:8])),
			LeastSignificantBits: int64(binary.BigEndian.Uint64(v.ID[8:])),
		}}
	}
	content := "application/octet-stream"
	if v.JSON {
		content = "application/json"
	}
	return &streams.ReadResp_ReadEvent_RecordedEvent{
		Id: id, StreamIdentifier: &shared.StreamIdentifier{StreamName: v.Stream},
		StreamRevision: uint64(v.Revision), CommitPosition: v.Position.Commit, PreparePosition: v.Position.Prepare,
		Metadata: map[string]string{
			"type": string(v.Type), "created": strconv.FormatInt(v.Created, 10), "content-type": content,
		},
		CustomMetadata: v.Metadata, Data: v.Data,
	}
}

func drawView(t *rapid.T) *pebblelog.View {
	bytes := rapid.SliceOfN(rapid.Byte(), 0, 200)
	return &pebblelog.View{
		ID:       uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")),
		Stream:   []byte(rapid.StringN(1, 40, 200).Draw(t, "stream")),
		Type:     []byte(rapid.StringN(1, 40, 200).Draw(t, "type")),
		JSON:     rapid.Bool().Draw(t, "json"),
		Data:     bytes.Draw(t, "data"),
		Metadata: bytes.Draw(t, "metadata"),
		Revision: rapid.Int64Range(0, math.MaxInt64).Draw(t, "revision"),
		Position: eventstore.Position{
			Commit: rapid.Uint64().Draw(t, "commit"), Prepare: rapid.Uint64().Draw(t, "prepare"),
		},
		Created: rapid.Int64Range(0, math.MaxInt64).Draw(t, "created"),
	}
}

func TestEventsAreEncodedAsTheGeneratedCodeDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		form := rapid.SampledFrom([]idForm{idStructured, idText}).Draw(t, "form")
		event := drawView(t)
		want := &streams.ReadResp_ReadEvent{
			Event:    generated(event, form),
			Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: event.Position.Commit},
		}
		var link *pebblelog.View
		if rapid.Bool().Draw(t, "linked") {
			link = drawView(t)
			want.Link = generated(link, form)
			want.Position = &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: link.Position.Commit}
			if rapid.Bool().Draw(t, "dangling") {
				event, want.Event = nil, nil
			}
		}
		encoder := eventEncoder{form: form}
		encoded := encoder.append([]byte("before"), event, link)[len("before"):]
		decodesTo(t, encoded, &streams.ReadResp{Content: &streams.ReadResp_Event{Event: want}})
	})
}

func TestOtherMessagesAreEncodedAsTheGeneratedCodeDoes(t *testing.T) {
	checkpoint := func(commit, prepare uint64) *streams.ReadResp {
		return &streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{Checkpoint: &streams.ReadResp_Checkpoint{
			CommitPosition: commit, PreparePosition: prepare,
		}}}
	}
	for name, message := range map[string]struct {
		encoded []byte
		want    *streams.ReadResp
	}{
		"confirmation": {
			appendConfirmation(nil, "an id"),
			&streams.ReadResp{Content: &streams.ReadResp_Confirmation{
				Confirmation: &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: "an id"},
			}},
		},
		"checkpoint":         {appendCheckpoint(nil, eventstore.Position{Commit: 300, Prepare: 299}), checkpoint(300, 299)},
		"checkpoint at zero": {appendCheckpoint(nil, eventstore.Position{}), checkpoint(0, 0)},
		"checkpoint at the end": {
			appendCheckpoint(nil, eventstore.EndPosition), checkpoint(math.MaxUint64, math.MaxUint64),
		},
		"caught up": {
			appendCaughtUp(nil),
			&streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: &streams.ReadResp_CaughtUp{}}},
		},
		"first revision": {
			revisionMessage(fieldFirst, 0),
			&streams.ReadResp{Content: &streams.ReadResp_FirstStreamPosition{}},
		},
		"last revision": {
			revisionMessage(fieldLast, 1000),
			&streams.ReadResp{Content: &streams.ReadResp_LastStreamPosition{LastStreamPosition: 1000}},
		},
	} {
		t.Run(name, func(t *testing.T) { decodesTo(t, message.encoded, message.want) })
	}
}

func decodesTo(t rapid.TB, encoded []byte, want *streams.ReadResp) {
	t.Helper()
	var got streams.ReadResp
	if err := proto.Unmarshal(encoded, &got); err != nil {
		t.Fatalf("decode: %v", err)
	}
	if diff := cmp.Diff(want, &got, protocmp.Transform()); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
	if size := proto.Size(want); size != len(encoded) {
		t.Errorf("%d bytes, the generated code writes %d", len(encoded), size)
	}
}
