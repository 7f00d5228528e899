package pubsub_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/pubsub"
	"services.example/portal/infra/pubsub/pubsubtest"
)

const patience = 20 * time.Second

// write appends events with these data to a stream.
func write(t *testing.T, log *pubsubtest.Log, stream string, data ...string) {
	t.Helper()
	for _, d := range data {
		event := eventstore.Event{ID: uuid.New(), Type: "test.written.v1", Data: []byte(d), Metadata: []byte("{}")}
		if _, err := log.Append(t.Context(), stream, eventstore.Any, event); err != nil {
			t.Fatal(err)
		}
	}
}

func subscribe(t *testing.T, store eventstore.Store, config pubsub.Config, topic string) (<-chan *message.Message, *pubsub.Subscriber) {
	t.Helper()
	config.Logger = slog.New(slog.DiscardHandler)
	config.Redelivery = pubsub.Backoff{Min: time.Millisecond, Max: 2 * time.Millisecond}
	config.Reconnect = config.Redelivery
	subscriber, err := pubsub.NewSubscriber(store, config)
	if err != nil {
		t.Fatal(err)
	}
	messages, err := subscriber.Subscribe(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := subscriber.Close(); err != nil {
			t.Error(err)
		}
	})
	return messages, subscriber
}

func next(t *testing.T, messages <-chan *message.Message) *message.Message {
	t.Helper()
	select {
	case msg, open := <-messages:
		if !open {
			t.Fatal("the subscription ended")
		}
		return msg
	case <-time.After(patience):
		t.Fatal("no message came")
	}
	return nil
}

// batch is a message as these tests compare it.
type batch struct {
	Data    []string
	Through uint64
	Live    bool
}

func unpacked(t *testing.T, msg *message.Message) batch {
	t.Helper()
	events, through, live, err := pubsub.Unpack(msg)
	if err != nil {
		t.Fatal(err)
	}
	b := batch{Through: through.Commit, Live: live}
	for _, event := range events {
		b.Data = append(b.Data, string(event.Data))
	}
	return b
}

// expect receives one message, compares it and acknowledges it.
func expect(t *testing.T, messages <-chan *message.Message, want batch) {
	t.Helper()
	msg := next(t, messages)
	if diff := cmp.Diff(want, unpacked(t, msg)); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
	msg.Ack()
}

func TestConsecutiveEventsThatAreThereComeInOneMessage(t *testing.T) {
	log := pubsubtest.NewLog()
	write(t, log, "a-1", "one", "two", "three", "four", "five")
	messages, _ := subscribe(t, log, pubsub.Config{Batch: 2}, "a-")
	expect(t, messages, batch{Data: []string{"one", "two"}, Through: 2})
	expect(t, messages, batch{Data: []string{"three", "four"}, Through: 4})
	expect(t, messages, batch{Data: []string{"five"}, Through: 5, Live: true})
	write(t, log, "a-1", "six")
	expect(t, messages, batch{Data: []string{"six"}, Through: 6, Live: true})
}

func TestAMessageWithoutEventsTellsHowFarTheLogHasCome(t *testing.T) {
	log := pubsubtest.NewLog()
	write(t, log, "b-1", "other", "other")
	messages, _ := subscribe(t, log, pubsub.Config{}, "a-")
	expect(t, messages, batch{Through: 2, Live: true})
}

func TestASubscriptionStartsWhereTheConsumerSays(t *testing.T) {
	log := pubsubtest.NewLog()
	write(t, log, "a-1", "one", "two", "three")
	var asked atomic.Int32
	from := func(context.Context, string) (eventstore.Position, error) {
		if asked.Add(1) < 3 {
			return eventstore.Position{}, errors.New("the checkpoint cannot be read now")
		}
		return eventstore.Position{Commit: 2, Prepare: 2}, nil
	}
	messages, _ := subscribe(t, log, pubsub.Config{From: from}, "a-")
	expect(t, messages, batch{Data: []string{"three"}, Through: 3, Live: true})
}

func TestAfterNackAFreshCopyComes(t *testing.T) {
	log := pubsubtest.NewLog()
	write(t, log, "a-1", "one")
	messages, _ := subscribe(t, log, pubsub.Config{}, "a-")
	first := next(t, messages)
	first.Nack()
	second := next(t, messages)
	if first == second || !bytes.Equal(first.Payload, second.Payload) {
		t.Error("the second delivery is not a fresh copy of the first")
	}
	second.Ack()
	write(t, log, "a-1", "two")
	expect(t, messages, batch{Data: []string{"two"}, Through: 2, Live: true})
}

func TestAfterAnOutageDeliveryGoesOnAfterTheLastAck(t *testing.T) {
	log := pubsubtest.NewLog()
	messages, _ := subscribe(t, log, pubsub.Config{}, "a-")
	write(t, log, "a-1", "one")
	expect(t, messages, batch{Data: []string{"one"}, Through: 1, Live: true})
	write(t, log, "a-1", "two")
	held := next(t, messages)
	log.SetDown(true)
	held.Ack() // while the log is away: this Ack counts
	log.SetDown(false)
	write(t, log, "a-1", "three")
	expect(t, messages, batch{Data: []string{"three"}, Through: 3, Live: true})
}

func TestCloseEndsSubscriptionsAndRefusesNewOnes(t *testing.T) {
	log := pubsubtest.NewLog()
	write(t, log, "a-1", "one")
	messages, subscriber := subscribe(t, log, pubsub.Config{}, "a-")
	msg := next(t, messages)
	if err := subscriber.Close(); err != nil {
		t.Fatal(err)
	}
	if _, open := <-messages; open {
		t.Error("the channel is still open")
	}
	if msg.Context().Err() == nil {
		t.Error("the context of the message goes on")
	}
	if _, err := subscriber.Subscribe(t.Context(), "a-"); err == nil {
		t.Error("a closed subscriber took a subscription")
	}
}

func TestAPublishedMessageComesBackAsItWas(t *testing.T) {
	log := pubsubtest.NewLog()
	publisher := pubsub.NewPublisher(log, nil)
	sent := message.NewMessage("no UUID, and yet an id", []byte("payload"))
	sent.Metadata.Set("key", "value")
	if err := publisher.Publish("topic", sent); err != nil {
		t.Fatal(err)
	}
	messages, _ := subscribe(t, log, pubsub.Config{Packing: pubsub.OneByOne}, "topic")
	got := next(t, messages)
	want := message.Metadata{
		"key": "value", pubsub.StreamKey: "topic", pubsub.RevisionKey: "0", pubsub.PositionKey: "1/1",
		pubsub.TypeKey: pubsub.MessageType,
	}
	if got.UUID != sent.UUID || !bytes.Equal(got.Payload, sent.Payload) {
		t.Errorf("got message %s with payload %q", got.UUID, got.Payload)
	}
	if diff := cmp.Diff(want, got.Metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	got.Ack()
}

func TestANegativeBatchIsRefused(t *testing.T) {
	if _, err := pubsub.NewSubscriber(pubsubtest.NewLog(), pubsub.Config{Batch: -1}); err == nil {
		t.Error("a subscriber took a negative batch")
	}
}

// Whatever is written, however it is read, refused and interrupted: what is acknowledged is the log, in order, once.
func TestWhatIsAcknowledgedIsTheLog(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		log := pubsubtest.NewLog()
		streams := rapid.SliceOfN(rapid.SampledFrom([]string{"a-1", "a-2", "b-1"}), 0, 60).Draw(rt, "streams")
		var want []string
		for i, stream := range streams {
			data := stream + "/" + string(rune('A'+i))
			write(t, log, stream, data)
			if stream != "b-1" {
				want = append(want, data)
			}
		}
		config := pubsub.Config{Batch: rapid.IntRange(1, 20).Draw(rt, "batch")}
		messages, subscriber := subscribe(t, log, config, "a-")
		var got []string
		through := eventstore.Position{}
		for int(through.Commit) < len(streams) {
			msg := next(t, messages)
			switch rapid.IntRange(0, 5).Draw(rt, "answer") {
			case 0:
				msg.Nack()
				continue
			case 1:
				log.SetDown(true)
				log.SetDown(false)
			}
			events, reached, _, err := pubsub.Unpack(msg)
			if err != nil {
				rt.Fatal(err)
			}
			for _, event := range events {
				got = append(got, string(event.Data))
			}
			through = reached
			msg.Ack()
		}
		if err := subscriber.Close(); err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Errorf("acknowledged (-want +got):\n%s", diff)
		}
	})
}

func TestNothingIsLostWhileTheLogComesAndGoes(t *testing.T) {
	const count = 5000
	log := pubsubtest.NewLog()
	publisher := pubsub.NewPublisher(log, nil)
	messages, _ := subscribe(t, log, pubsub.Config{Packing: pubsub.OneByOne}, "topic")
	sent := make(chan []string)
	go func() {
		var ids []string
		for i := range count {
			msg := message.NewMessage(uuid.NewString(), []byte("x"))
			for publisher.Publish("topic", msg) != nil {
				log.SetDown(false)
			}
			if i%500 == 250 {
				log.SetDown(true)
			}
			ids = append(ids, msg.UUID)
		}
		sent <- ids
	}()
	var received []string
	for range count {
		msg := next(t, messages)
		received = append(received, msg.UUID)
		msg.Ack()
	}
	if diff := cmp.Diff(<-sent, received); diff != "" {
		t.Errorf("messages (-sent +received):\n%s", diff)
	}
}
