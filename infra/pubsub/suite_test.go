package pubsub_test

import (
	"io"
	stdlog "log"
	"log/slog"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"
	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
	"services.example/portal/infra/pubsub"
)

func TestMain(m *testing.M) {
	stdlog.SetOutput(io.Discard) // the suite of watermill is talkative
	// The suite leaves some goroutines of its own waiting for ever.
	const multiplier = "github.com/ThreeDotsLabs/watermill/internal/subscriber.(*multiplier).Subscribe."
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction(multiplier+"func2"), goleak.IgnoreAnyFunction(multiplier+"func3"),
	)
}

// features are what watermill's own suite may expect. There are no consumer groups: each subscription sees every event.
// Delivery is at least once: after an interruption a message that was acknowledged is not delivered again, one that was
// not is. The suite's test of reconnecting reads its list of messages while it is still being written, so outages have a
// test of our own: TestNothingIsLostWhileTheLogComesAndGoes.
func features() tests.Features {
	return tests.Features{
		ConsumerGroups:                   false,
		ExactlyOnceDelivery:              false,
		GuaranteedOrder:                  true,
		Persistent:                       true,
		NewSubscriberReceivesOldMessages: true,
	}
}

// over makes publishers and subscribers over one store. The stream of a topic ends in a slash, so that no topic is the
// beginning of another.
func over(store eventstore.Store) tests.PubSubConstructor {
	stream := func(topic string) string { return topic + "/" }
	return func(t *testing.T) (message.Publisher, message.Subscriber) {
		t.Helper()
		quick := pubsub.Backoff{Min: time.Millisecond, Max: 5 * time.Millisecond}
		subscriber, err := pubsub.NewSubscriber(store, pubsub.Config{
			Packing:    pubsub.OneByOne,
			Filter:     func(topic string) eventstore.Filter { return eventstore.Filter{Streams: []string{stream(topic)}} },
			Redelivery: quick, Reconnect: quick, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { // some tests of the suite close their subscribers before they subscribe
			if err := subscriber.Close(); err != nil {
				t.Error(err)
			}
		})
		return pubsub.NewPublisher(store, stream), subscriber
	}
}

func TestSuiteOfWatermillOverPebblelog(t *testing.T) {
	log, err := pebblelog.Open("log", pebblelog.Options{FS: vfs.NewMem(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	tests.TestPubSub(t, features(), over(log), nil)
}
