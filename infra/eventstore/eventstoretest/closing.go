package eventstoretest

import (
	"testing"

	"services.example/portal/infra/eventstore"
)

var closeTests = map[string]func(t *testing.T, h Harness){
	"makes every call unavailable": testClosed,
	"ends subscriptions":           testCloseEndsSubscriptions,
}

func testClosed(t *testing.T, h Harness) {
	write(t, h.Store, "thing-1", eventstore.NoStream, made(1)...)
	if err := h.Store.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	ctx := t.Context()
	_, err := h.Store.Append(ctx, "thing-1", eventstore.Any, made(1)...)
	wantIs(t, err, eventstore.ErrUnavailable)
	_, err = collect(h.Store.ReadStream(ctx, "thing-1", eventstore.StreamRead{}))
	wantIs(t, err, eventstore.ErrUnavailable)
	_, err = collect(h.Store.ReadAll(ctx, eventstore.AllRead{}))
	wantIs(t, err, eventstore.ErrUnavailable)
	_, err = h.Store.Subscribe(ctx, eventstore.Position{}, eventstore.Filter{})
	wantIs(t, err, eventstore.ErrUnavailable)
	_, err = h.Store.EventsAfter(ctx, eventstore.Position{}, 1)
	wantIs(t, err, eventstore.ErrUnavailable)
	_, err = h.Store.Delete(ctx, "thing-1", eventstore.Any)
	wantIs(t, err, eventstore.ErrUnavailable)
	_, err = h.Store.Tombstone(ctx, "thing-1", eventstore.Any)
	wantIs(t, err, eventstore.ErrUnavailable)
	_, err = eventstore.Head(ctx, h.Store)
	wantIs(t, err, eventstore.ErrUnavailable)
	if err := h.Store.Close(); err != nil {
		t.Fatalf("close again: %v", err)
	}
}

func testCloseEndsSubscriptions(t *testing.T, h Harness) {
	subscription := subscribe(t, h.Store, eventstore.EndPosition, eventstore.Filter{})
	ended := make(chan error, 1)
	go func() {
		for {
			if _, err := subscription.Next(t.Context(), 10); err != nil {
				ended <- err
				return
			}
		}
	}()
	if err := h.Store.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	wantIs(t, <-ended, eventstore.ErrUnavailable)
	_, err := subscription.Next(t.Context(), 10)
	wantIs(t, err, eventstore.ErrUnavailable)
}
