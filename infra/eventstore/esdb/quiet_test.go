package esdb_test

import (
	"syscall"
	"testing"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/esdb"
)

func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// Client and server are in this process. With nothing to deliver the server is asked now and then whether it is there,
// and that is all.
func TestAQuietSubscriptionCostsNothing(t *testing.T) {
	n := startNode(t, nil)
	store := open(t, esdb.Options{Connection: n.connection()})
	subscription, err := store.Subscribe(t.Context(), eventstore.Position{}, eventstore.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Append(t.Context(), "thing-1", eventstore.NoStream, made("thing-1", 0)); err != nil {
		t.Fatal(err)
	}
	if d, err := subscription.Next(t.Context(), 10); err != nil || len(d.Events) != 1 {
		t.Fatalf("%d events, error %v", len(d.Events), err)
	}
	waiting := make(chan error, 1)
	go func() {
		_, err := subscription.Next(t.Context(), 10)
		waiting <- err
	}()
	const watched = 2 * time.Second
	before := cpuTime(t)
	<-time.After(watched)
	used := cpuTime(t) - before
	if used > watched/100 {
		t.Errorf("%s of processor time in %s", used, watched)
	}
	t.Logf("%s of processor time in %s", used, watched)
	if err := subscription.Close(); err != nil {
		t.Fatal(err)
	}
	if <-waiting == nil {
		t.Error("a delivery came of nothing")
	}
}
