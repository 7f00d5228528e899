package esdbserver_test

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/esdbserver"
)

func TestAnAppendAnswersItsLastEvent(t *testing.T) {
	n := start(t, esdbserver.Options{})
	n.mustAppend(t, "other", whatever, proposed("x"))
	response, err := n.append(t, "s", noStream, numbered(3)...)
	if err != nil {
		t.Fatal(err)
	}
	want := &streams.AppendResp{Result: &streams.AppendResp_Success_{Success: &streams.AppendResp_Success{
		CurrentRevisionOption: &streams.AppendResp_Success_CurrentRevision{CurrentRevision: 2},
		PositionOption: &streams.AppendResp_Success_Position{Position: &streams.AppendResp_Position{
			CommitPosition: 4, PreparePosition: 4,
		}},
	}}}
	if diff := cmp.Diff(want, response, protocmp.Transform()); diff != "" {
		t.Errorf("response (-want +got):\n%s", diff)
	}
}

func TestAnAppendOfNothingAnswersTheEndOfTheLog(t *testing.T) {
	n := start(t, esdbserver.Options{})
	end := n.mustAppend(t, "other", whatever, proposed("x"))
	if got := n.mustAppend(t, "s", noStream); got != end {
		t.Errorf("position %d, want %d", got, end)
	}
	if got := n.data(t, ofAll); len(got) != 1 {
		t.Errorf("$all holds %q", got)
	}
}

// TestWhatAnAppendRefuses has a row for each rule of 3.1 and 3.2 about requests.
func TestWhatAnAppendRefuses(t *testing.T) {
	change := func(apply func(*streams.AppendReq_ProposedMessage)) *streams.AppendReq_ProposedMessage {
		event := proposed("x")
		apply(event)
		return event
	}
	missing := map[string]string{
		"exception": "missing-required-metadata-property", "required-metadata-properties": "type,content-type",
	}
	for _, row := range []struct {
		name     string
		stream   string
		expected expectation
		event    *streams.AppendReq_ProposedMessage
		code     codes.Code
		trailers map[string]string
	}{
		{"3.1 a stream without a name", "", whatever, proposed("x"), codes.InvalidArgument, nil},
		{"3.1 the metadata of no stream", "$$", whatever, proposed("x"), codes.InvalidArgument, nil},
		{"3.1 a name that is not text", "\xff", whatever, proposed("x"), codes.InvalidArgument, nil},
		{
			"3.1 the stream of everything", "$all", whatever, proposed("x"), codes.PermissionDenied,
			map[string]string{"exception": "access-denied"},
		},
		{"3.1 a revision between the highest and none", "s", revision(math.MaxInt64 + 1), proposed("x"), codes.InvalidArgument, nil},
		{"3.1 a revision one below none", "s", revision(math.MaxUint64 - 1), proposed("x"), codes.InvalidArgument, nil},
		{"3.1 an event with a nil id", "s", whatever, withID(uuid.Nil, "x"), codes.InvalidArgument, nil},
		{
			"3.1 an event without an id", "s", whatever,
			change(func(e *streams.AppendReq_ProposedMessage) { e.Id = nil }), codes.InvalidArgument, nil,
		},
		{
			"3.1 an id that is not a UUID", "s", whatever,
			change(func(e *streams.AppendReq_ProposedMessage) {
				e.Id = &shared.UUID{Value: &shared.UUID_String_{String_: "seven"}}
			}), codes.InvalidArgument, nil,
		},
		{
			"3.1 an event without a type", "s", whatever,
			change(func(e *streams.AppendReq_ProposedMessage) { delete(e.Metadata, "type") }), codes.InvalidArgument, missing,
		},
		{
			"3.1 an event with an empty type", "s", whatever,
			change(func(e *streams.AppendReq_ProposedMessage) { e.Metadata["type"] = "" }), codes.InvalidArgument, missing,
		},
		{
			"3.1 an event without a content type", "s", whatever,
			change(func(e *streams.AppendReq_ProposedMessage) { delete(e.Metadata, "content-type") }),
			codes.InvalidArgument, missing,
		},
		{"3.2 no expectation", "s", nil, proposed("x"), codes.InvalidArgument, nil},
		{
			"3.2 one byte too much", "s", whatever, proposed(strings.Repeat("x", 1<<20+1)), codes.InvalidArgument,
			map[string]string{"exception": "maximum-append-size-exceeded", "maximum-append-size": "1048576"},
		},
		{
			"3.2 a message larger than the protocol takes", "s", whatever,
			proposed(strings.Repeat("x", 16<<20-9_999)), codes.ResourceExhausted, nil,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			n := start(t, esdbserver.Options{})
			_, trailers, err := n.appendWithTrailer(t, row.stream, row.expected, row.event)
			wantStatus(t, err, row.code)
			wantTrailers(t, trailers, row.trailers)
			if got := n.data(t, ofAll); len(got) > 0 {
				t.Errorf("%d events were written", len(got))
			}
		})
	}
}

func TestARequestOutOfOrderIsRefused(t *testing.T) {
	n := start(t, esdbserver.Options{})
	options := &streams.AppendReq{Content: &streams.AppendReq_Options_{Options: &streams.AppendReq_Options{
		StreamIdentifier:       streamID("s"),
		ExpectedStreamRevision: &streams.AppendReq_Options_Any{Any: none},
	}}}
	event := &streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: proposed("x")}}
	for name, requests := range map[string][]*streams.AppendReq{
		"nothing at all":   {},
		"an event first":   {event, options},
		"options twice":    {options, options},
		"an empty message": {options, {}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := n.sendAppend(t, requests...)
			wantStatus(t, err, codes.InvalidArgument)
		})
	}
}

// TestARefusedAppendIsDrained: more than the windows of the connection is sent, and no send may fail.
func TestARefusedAppendIsDrained(t *testing.T) {
	n := start(t, esdbserver.Options{})
	events := make([]*streams.AppendReq_ProposedMessage, 80)
	for i := range events {
		events[i] = proposed(strings.Repeat("x", 100<<10))
	}
	for name, refused := range map[string]struct {
		stream   string
		expected expectation
		code     codes.Code
	}{
		"by its name":     {"$all", whatever, codes.PermissionDenied},
		"by its revision": {"s", revision(math.MaxUint64 - 1), codes.InvalidArgument},
		"by its size":     {"s", whatever, codes.InvalidArgument},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := n.append(t, refused.stream, refused.expected, events...)
			wantStatus(t, err, refused.code)
		})
	}
}

func TestOnlyDataCountsForTheSizeOfAnAppend(t *testing.T) {
	n := start(t, esdbserver.Options{})
	half := strings.Repeat("x", eventstore.MaxAppendSize/2)
	first, second := proposed(half), proposed(half)
	first.CustomMetadata = []byte(half)
	n.mustAppend(t, "s", noStream, first, second)
	if _, err := n.append(t, "s", whatever, proposed(half), proposed(half), proposed("x")); err == nil {
		t.Error("one byte more was taken")
	}
}

func TestTheSizeOfAnAppendCanBeLimited(t *testing.T) {
	n := start(t, esdbserver.Options{MaxAppendSize: 10})
	n.mustAppend(t, "s", whatever, proposed("0123456789"))
	_, trailers, err := n.appendWithTrailer(t, "s", whatever, proposed("01234"), proposed("56789a"))
	wantStatus(t, err, codes.InvalidArgument)
	wantTrailers(t, trailers, map[string]string{
		"exception": "maximum-append-size-exceeded", "maximum-append-size": "10",
	})
}

func TestWhatIsKeptOfAnEvent(t *testing.T) {
	id := uuid.New()
	structured := &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits:  int64(binary.BigEndian.Uint64(id[:8])),
		LeastSignificantBits: int64(binary.BigEndian.Uint64(id[8:])),
	}}}
	asNumbers := func(o *streams.ReadReq_Options) {
		o.UuidOption.Content = &streams.ReadReq_Options_UUIDOption_Structured{Structured: none}
	}
	asText := func(*streams.ReadReq_Options) {}
	for _, row := range []struct {
		name        string
		event       *streams.AppendReq_ProposedMessage
		as          readOption
		wantID      *shared.UUID
		wantContent string
	}{
		{
			"3.1 JSON, which is not validated; other metadata is dropped", &streams.AppendReq_ProposedMessage{
				Id: structured, Data: []byte("{no json"), CustomMetadata: []byte{0, 255},
				Metadata: map[string]string{"type": "noted.v1", "content-type": "application/json", "colour": "red"},
			}, asText, textID(id), "application/json",
		},
		{
			"3.1 another content type, an id asked for as numbers", &streams.AppendReq_ProposedMessage{
				Id: textID(id), Data: []byte{0, 1}, Metadata: map[string]string{"type": "noted.v1", "content-type": "text/plain"},
			}, asNumbers, structured, "application/octet-stream",
		},
		{
			"3.1 nothing in it, an empty content type", &streams.AppendReq_ProposedMessage{
				Id: textID(id), Metadata: map[string]string{"type": "noted.v1", "content-type": ""},
			}, asText, textID(id), "application/octet-stream",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			n := start(t, esdbserver.Options{})
			n.mustAppend(t, "тіркелім", noStream, row.event)
			messages, err := n.read(t, ofStream("тіркелім"), row.as)
			if err != nil || len(messages) != 1 {
				t.Fatalf("%d messages, error %v", len(messages), err)
			}
			got := messages[0].GetEvent()
			created := got.GetEvent().GetMetadata()["created"]
			if len(created) != 17 || strings.Trim(created, "0123456789") != "" {
				t.Errorf("created %q, want 17 digits of 100-ns ticks since 1970", created)
			}
			want := &streams.ReadResp_ReadEvent{
				Event: &streams.ReadResp_ReadEvent_RecordedEvent{
					Id: row.wantID, StreamIdentifier: streamID("тіркелім"), StreamRevision: 0,
					CommitPosition: 1, PreparePosition: 1,
					Metadata:       map[string]string{"type": "noted.v1", "content-type": row.wantContent, "created": created},
					CustomMetadata: row.event.GetCustomMetadata(), Data: row.event.GetData(),
				},
				Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: 1},
			}
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAConflictIsToldToOldAndNewClients(t *testing.T) {
	type wrong = streams.AppendResp_WrongExpectedVersion
	n := start(t, esdbserver.Options{})
	known := proposed("a")
	n.mustAppend(t, "s", noStream, known)
	at0 := wrong{
		CurrentRevisionOption:        &streams.AppendResp_WrongExpectedVersion_CurrentRevision{},
		CurrentRevisionOption_20_6_0: &streams.AppendResp_WrongExpectedVersion_CurrentRevision_20_6_0{},
	}
	absent := wrong{
		CurrentRevisionOption:        &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: none},
		CurrentRevisionOption_20_6_0: &streams.AppendResp_WrongExpectedVersion_NoStream_20_6_0{NoStream_20_6_0: none},
	}
	for _, row := range []struct {
		name     string
		stream   string
		expected expectation
		want     *wrong
	}{
		{"any", "s", whatever, &wrong{
			CurrentRevisionOption: at0.CurrentRevisionOption, CurrentRevisionOption_20_6_0: at0.CurrentRevisionOption_20_6_0,
			ExpectedRevisionOption:        &streams.AppendResp_WrongExpectedVersion_ExpectedAny{ExpectedAny: none},
			ExpectedRevisionOption_20_6_0: &streams.AppendResp_WrongExpectedVersion_Any_20_6_0{Any_20_6_0: none},
		}},
		{"stream exists", "absent", exists, &wrong{
			CurrentRevisionOption: absent.CurrentRevisionOption, CurrentRevisionOption_20_6_0: absent.CurrentRevisionOption_20_6_0,
			ExpectedRevisionOption:        &streams.AppendResp_WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: none},
			ExpectedRevisionOption_20_6_0: &streams.AppendResp_WrongExpectedVersion_StreamExists_20_6_0{StreamExists_20_6_0: none},
		}},
		{"no stream", "s", noStream, &wrong{
			CurrentRevisionOption: at0.CurrentRevisionOption, CurrentRevisionOption_20_6_0: at0.CurrentRevisionOption_20_6_0,
			ExpectedRevisionOption: &streams.AppendResp_WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: none},
			ExpectedRevisionOption_20_6_0: &streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0{
				ExpectedRevision_20_6_0: math.MaxUint64,
			},
		}},
		{"a revision", "absent", revision(7), &wrong{
			CurrentRevisionOption: absent.CurrentRevisionOption, CurrentRevisionOption_20_6_0: absent.CurrentRevisionOption_20_6_0,
			ExpectedRevisionOption: &streams.AppendResp_WrongExpectedVersion_ExpectedRevision{ExpectedRevision: 7},
			ExpectedRevisionOption_20_6_0: &streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0{
				ExpectedRevision_20_6_0: 7,
			},
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			events := []*streams.AppendReq_ProposedMessage{proposed("x")}
			if row.name == "any" { // which conflicts only with a half-known append
				events = []*streams.AppendReq_ProposedMessage{known, proposed("x")}
			}
			response, err := n.append(t, row.stream, row.expected, events...)
			if err != nil {
				t.Fatal(err)
			}
			want := &streams.AppendResp{Result: &streams.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: row.want}}
			if diff := cmp.Diff(want, response, protocmp.Transform()); diff != "" {
				t.Errorf("response (-want +got):\n%s", diff)
			}
		})
	}
}

func TestADeletedStreamIsNamedInTheTrailers(t *testing.T) {
	n := start(t, esdbserver.Options{})
	for stream, printed := range map[string]string{
		"account-1": "account-1", "тіл": "%D1%82%D1%96%D0%BB", "two\nlines": "two%0Alines",
	} {
		n.tombstone(t, stream)
		_, trailers, err := n.appendWithTrailer(t, stream, whatever, proposed("x"))
		wantStatus(t, err, codes.FailedPrecondition)
		wantTrailers(t, trailers, map[string]string{"exception": "stream-deleted", "stream-name": printed})
	}
}

func TestAWriteThatTakesTooLongIsAborted(t *testing.T) {
	n := start(t, esdbserver.Options{WriteTimeout: 1})
	_, err := n.append(t, "s", whatever, proposed("x"))
	wantStatus(t, err, codes.Aborted)
}

func TestAReadOnlyServerTakesNoWrites(t *testing.T) {
	n := start(t, esdbserver.Options{ReadOnly: true})
	denied := map[string]string{"exception": "access-denied"}
	_, trailers, err := n.appendWithTrailer(t, "s", whatever, proposed("x"))
	wantStatus(t, err, codes.PermissionDenied)
	wantTrailers(t, trailers, denied)
	_, err = n.Delete(t.Context(), &streams.DeleteReq{Options: &streams.DeleteReq_Options{
		StreamIdentifier: streamID("s"), ExpectedStreamRevision: &streams.DeleteReq_Options_Any{Any: none},
	}})
	wantStatus(t, err, codes.PermissionDenied)
	_, err = n.Tombstone(t.Context(), &streams.TombstoneReq{Options: &streams.TombstoneReq_Options{
		StreamIdentifier: streamID("s"), ExpectedStreamRevision: &streams.TombstoneReq_Options_Any{Any: none},
	}})
	wantStatus(t, err, codes.PermissionDenied)
	batch := n.batch(t)
	if err := batch.call.Send(batchReq("s", whatever, proposed("x"))); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err) // the end of the file is that of a call refused already
	}
	_, err = batch.call.Recv()
	wantStatus(t, err, codes.PermissionDenied)
	if got := n.data(t, ofAll); len(got) > 0 {
		t.Errorf("%d events were written", len(got))
	}
}
