package notifications_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/domain/notification"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/readstore/pebblestore"
	"services.example/portal/projections/notifications"
)

// stored puts notices into a read store.
func stored(t *testing.T, notices map[string]notifications.Notice) *pebblestore.Store {
	t.Helper()
	store, err := pebblestore.Open("reads", pebblestore.Options{InMemory: true, SweepEvery: -1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	collection := readstore.Collection{Name: notifications.Name, Indexes: notifications.Model.Indexes}
	if err := store.Declare(t.Context(), collection); err != nil {
		t.Fatal(err)
	}
	for id, n := range notices {
		body, err := bson.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		write := readstore.Write{Collection: collection.Name, ID: id, Seen: eventstore.Position{Commit: 1, Prepare: 1}, Body: body}
		if err := store.Commit(t.Context(), readstore.Batch{Writes: []readstore.Write{write}}); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

func listed(t *testing.T, store readstore.Store, query readstore.Query) []string {
	t.Helper()
	page, err := store.List(t.Context(), notifications.Name, query)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, len(page.Documents))
	for i, document := range page.Documents {
		ids[i] = document.ID
	}
	return ids
}

func TestWhatIsDue(t *testing.T) {
	t.Parallel()
	due := func(channel notification.Channel, tried bool, in time.Duration) notifications.Notice {
		return notifications.Notice{Channel: channel, Due: &notifications.Due{Channel: channel, Tried: tried, At: noon.Add(in)}}
	}
	store := stored(t, map[string]notifications.Notice{
		"fresh":                            due(notification.SMS, false, 0),
		"fresh, and the clock was set":     due(notification.SMS, false, 24*time.Hour),
		"fresh, an e-mail":                 due(notification.Email, false, 0),
		"waited":                           due(notification.SMS, true, -time.Minute),
		"waited longest":                   due(notification.SMS, true, -time.Hour),
		"its turn is now":                  due(notification.SMS, true, 0),
		"waits":                            due(notification.SMS, true, time.Second),
		"waits for long":                   due(notification.SMS, true, notification.LongestWait),
		"waits since before the clock was": due(notification.SMS, true, notification.LongestWait+time.Minute),
		"waited, an e-mail":                due(notification.Email, true, -time.Minute),
		"sent":                             {Channel: notification.SMS, Status: notification.StatusSent, Ref: "r"},
	})
	var got [][]string
	for _, query := range notifications.DueQueries(notification.SMS, noon, 10) {
		got = append(got, listed(t, store, query))
	}
	want := [][]string{
		{"fresh", "fresh, and the clock was set"},
		{"waited longest", "waited", "its turn is now"},
		{"waits since before the clock was"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("due (-want +got):\n%s", diff)
	}
}

func TestAReferenceThatIsUsedAgainMeansTheLatest(t *testing.T) {
	t.Parallel()
	store := stored(t, map[string]notifications.Notice{
		"earlier": {Ref: "17", SentAt: at(1)}, "latest": {Ref: "17", SentAt: at(3)}, "middle": {Ref: "17", SentAt: at(2)},
		"other": {Ref: "18", SentAt: at(4)},
	})
	got := listed(t, store, readstore.Query{Index: notifications.ByRef, Prefix: []any{"17"}, Limit: 1})
	if diff := cmp.Diff([]string{"latest"}, got); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}
