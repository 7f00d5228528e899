package pubsub_test

import (
	"testing"
	"testing/synctest"
	"time"

	"services.example/portal/infra/pubsub"
	"services.example/portal/infra/pubsub/pubsubtest"
)

func TestWhatComesWhileTheConsumerWorksGathersInOneMessage(t *testing.T) {
	log := pubsubtest.NewLog()
	write(t, log, "a-1", "one")
	messages, _ := subscribe(t, log, pubsub.Config{}, "a-")
	first := next(t, messages)
	write(t, log, "a-1", "two")
	write(t, log, "a-1", "three")
	first.Ack()
	expect(t, messages, batch{Data: []string{"two", "three"}, Through: 3, Live: true})
}

func TestBehindTheEndOfTheLogAPaceDelaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := pubsubtest.NewLog()
		write(t, log, "a-1", "one", "two", "three")
		messages, _ := subscribe(t, log, pubsub.Config{Batch: 1, Pace: pubsub.Pace{Each: time.Second, Most: time.Second}}, "a-")
		begun := time.Now()
		expect(t, messages, batch{Data: []string{"one"}, Through: 1})
		expect(t, messages, batch{Data: []string{"two"}, Through: 2})
		expect(t, messages, batch{Data: []string{"three"}, Through: 3, Live: true})
		if took := time.Since(begun); took != 0 {
			t.Errorf("three events that were there took %s", took)
		}
	})
}

func TestAtTheEndOfTheLogEventsThatComeOneByOneComeAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := pubsubtest.NewLog()
		messages, _ := subscribe(t, log, pubsub.Config{Pace: pubsub.Pace{Each: time.Second, Most: time.Second}}, "a-")
		begun := time.Now()
		write(t, log, "a-1", "one")
		expect(t, messages, batch{Data: []string{"one"}, Through: 1, Live: true})
		write(t, log, "a-1", "two")
		expect(t, messages, batch{Data: []string{"two"}, Through: 2, Live: true})
		if waited := time.Since(begun); waited != 0 {
			t.Errorf("two events, one after the other, took %s", waited)
		}
	})
}

func TestAtTheEndOfTheLogAPaceLetsEventsGatherThatComeInNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := pubsubtest.NewLog()
		write(t, log, "a-1", "one", "two")
		messages, _ := subscribe(t, log, pubsub.Config{Pace: pubsub.Pace{Each: time.Second, Most: time.Second}}, "a-")
		begun := time.Now()
		expect(t, messages, batch{Data: []string{"one", "two"}, Through: 2, Live: true})
		write(t, log, "a-1", "three")
		time.AfterFunc(time.Second/2, func() { write(t, log, "a-1", "four") })
		expect(t, messages, batch{Data: []string{"three", "four"}, Through: 4, Live: true})
		if waited := time.Since(begun); waited != time.Second {
			t.Errorf("the next message came %s after the one before, want 1 s", waited)
		}
	})
}

func TestThePaceGrowsWithTheEventsUpToItsMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := pubsubtest.NewLog()
		write(t, log, "a-1", "one", "two")
		messages, _ := subscribe(t, log, pubsub.Config{Pace: pubsub.Pace{Each: time.Second, Most: 3 * time.Second}}, "a-")
		begun := time.Now()
		expect(t, messages, batch{Data: []string{"one", "two"}, Through: 2, Live: true})
		write(t, log, "a-1", "three", "four", "five", "six")
		expect(t, messages, batch{Data: []string{"three", "four", "five", "six"}, Through: 6, Live: true})
		if waited := time.Since(begun); waited != 2*time.Second {
			t.Errorf("after two events the next message came %s later, want 2 s", waited)
		}
		write(t, log, "a-1", "seven")
		expect(t, messages, batch{Data: []string{"seven"}, Through: 7, Live: true})
		if waited := time.Since(begun); waited != 5*time.Second {
			t.Errorf("after four more events the next message came after %s in all, want 5 s", waited)
		}
	})
}
