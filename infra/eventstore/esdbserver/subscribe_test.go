package esdbserver_test

import (
	"math"
	"strconv"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	"services.example/portal/infra/eventstore/esdbserver"
)

// matching filters by an expression on the stream.
func matching(expression string) readOption {
	return func(o *streams.ReadReq_Options) {
		filtered(100, 1)(o)
		o.GetFilter().Filter = &streams.ReadReq_Options_FilterOptions_StreamIdentifier{
			StreamIdentifier: &streams.ReadReq_Options_FilterOptions_Expression{Regex: expression},
		}
	}
}

// typed filters by the type of events instead of their stream.
func typed(prefixes ...string) readOption {
	return func(o *streams.ReadReq_Options) {
		filtered(100, 1)(o)
		o.GetFilter().Filter = &streams.ReadReq_Options_FilterOptions_EventType{
			EventType: &streams.ReadReq_Options_FilterOptions_Expression{Prefix: prefixes},
		}
	}
}

// TestSubscriptions has a row for each rule of 3.6. s has the events a, b and c at 1, 2 and 4; other has x at 3. What is
// expected comes first; then the row's events are appended to s, and what they lead to is expected.
func TestSubscriptions(t *testing.T) {
	for _, row := range []struct {
		name    string
		options []readOption
		first   []string
		then    []string
		live    []string
	}{
		{
			"a stream from its start",
			[]readOption{ofStream("s")},
			[]string{"confirmed", "a", "b", "c", "caught up"},
			[]string{"d", "e"},
			[]string{"d", "e"},
		},
		{
			"a stream after a revision",
			[]readOption{ofStream("s"), fromRevision(1)},
			[]string{"confirmed", "c", "caught up"},
			[]string{"d"},
			[]string{"d"},
		},
		{
			"a stream from its end",
			[]readOption{ofStream("s"), fromEnd},
			[]string{"confirmed", "caught up"},
			[]string{"d"},
			[]string{"d"},
		},
		{
			"a stream after a revision to come",
			[]readOption{ofStream("s"), fromRevision(3)},
			[]string{"confirmed", "caught up"},
			[]string{"d", "e"},
			[]string{"e"},
		},
		{
			"everything from the start",
			[]readOption{ofAll},
			[]string{"confirmed", "a", "b", "x", "c", "caught up"},
			[]string{"d"},
			[]string{"d"},
		},
		{
			"everything after a position",
			[]readOption{ofAll, fromPosition(2, 2)},
			[]string{"confirmed", "x", "c", "caught up"},
			[]string{"d"},
			[]string{"d"},
		},
		{
			"everything after a position before an event's",
			[]readOption{ofAll, fromPosition(3, 0)},
			[]string{"confirmed", "x", "c", "caught up"},
			[]string{"d"},
			[]string{"d"},
		},
		{
			"everything from the end",
			[]readOption{ofAll, fromEnd},
			[]string{"confirmed", "caught up"},
			[]string{"d"},
			[]string{"d"},
		},
		{
			"everything from the end as a position",
			[]readOption{ofAll, fromPosition(math.MaxUint64, math.MaxUint64)},
			[]string{"confirmed", "caught up"},
			[]string{"d"},
			[]string{"d"},
		},
		{
			"everything after a position to come",
			[]readOption{ofAll, fromPosition(5, 5)},
			[]string{"confirmed", "caught up"},
			[]string{"d", "e"},
			[]string{"e"},
		},
		{
			"by stream, a checkpoint before caught up",
			[]readOption{ofAll, filtered(100, 1, "oth", "none")},
			[]string{"confirmed", "x", "checkpoint 4", "caught up"},
			nil, nil,
		},
		{
			"by stream, nothing matches",
			[]readOption{ofAll, filtered(100, 1, "none")},
			[]string{"confirmed", "checkpoint 4", "caught up"},
			nil, nil,
		},
		{
			"by no prefix at all",
			[]readOption{ofAll, filtered(100, 1)},
			[]string{"confirmed", "checkpoint 4", "caught up"},
			nil, nil,
		},
		{
			"by an expression, which is not anchored",
			[]readOption{ofAll, matching(`th`)},
			[]string{"confirmed", "x", "checkpoint 4", "caught up"},
			nil, nil,
		},
		{
			"by the expression of the official client",
			[]readOption{ofAll, matching(`^[^\$].*`)},
			[]string{"confirmed", "a", "b", "x", "c", "checkpoint 4", "caught up"},
			nil, nil,
		},
		{
			"by type",
			[]readOption{ofAll, typed("noted")},
			[]string{"confirmed", "a", "b", "x", "c", "checkpoint 4", "caught up"},
			nil, nil,
		},
		{
			"by another type",
			[]readOption{ofAll, typed("$metadata")},
			[]string{"confirmed", "checkpoint 4", "caught up"},
			nil, nil,
		},
		{
			"a checkpoint after every window",
			[]readOption{ofAll, filtered(2, 1, "other")},
			[]string{"confirmed", "checkpoint 2", "x", "checkpoint 4", "caught up"},
			[]string{"d", "e", "f"},
			[]string{"checkpoint 6"},
		},
		{
			"a checkpoint after so many windows",
			[]readOption{ofAll, filtered(1, 3, "s")},
			[]string{"confirmed", "a", "b", "checkpoint 3", "c", "checkpoint 4", "caught up"},
			[]string{"d", "e", "f"},
			[]string{"d", "e", "f", "checkpoint 7"},
		},
		{
			"filtered from the end",
			[]readOption{ofAll, fromEnd, filtered(2, 1, "s")},
			[]string{"confirmed", "checkpoint 4", "caught up"},
			[]string{"d", "e"},
			[]string{"d", "e", "checkpoint 6"},
		},
		{
			"filtered after the last position: no checkpoint twice",
			[]readOption{ofAll, fromPosition(4, 4), filtered(2, 1, "s")},
			[]string{"confirmed", "caught up"},
			[]string{"d", "e"},
			[]string{"d", "e", "checkpoint 6"},
		},
	} {
		t.Run("3.6 "+row.name, func(t *testing.T) {
			n := start(t, esdbserver.Options{})
			n.letters(t, "s", 2)
			n.mustAppend(t, "other", whatever, proposed("x"))
			n.mustAppend(t, "s", whatever, proposed("c"))
			subscription := n.follow(t, row.options...)
			if diff := cmp.Diff(row.first, next(t, subscription, len(row.first))); diff != "" {
				t.Fatalf("at first (-want +got):\n%s", diff)
			}
			for _, data := range row.then {
				n.mustAppend(t, "s", whatever, proposed(data))
			}
			if row.live != nil {
				if diff := cmp.Diff(row.live, next(t, subscription, len(row.live))); diff != "" {
					t.Errorf("then (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestAFilteredSubscriptionToAnEmptyLogGetsNoCheckpoint(t *testing.T) {
	n := start(t, esdbserver.Options{})
	subscription := n.follow(t, ofAll, filtered(1, 1, "s"))
	if diff := cmp.Diff([]string{"confirmed", "caught up"}, next(t, subscription, 2)); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestASubscriptionWaitsForAStreamThatIsNotThere(t *testing.T) {
	for name, given := range map[string]func(t *testing.T, n *node){
		"that never was":       func(*testing.T, *node) {},
		"that has metadata":    func(t *testing.T, n *node) { t.Helper(); n.describe(t, "s", `{}`) },
		"that was deleted":     func(t *testing.T, n *node) { t.Helper(); n.letters(t, "s", 2); n.delete(t, "s") },
		"that hides all of it": func(t *testing.T, n *node) { t.Helper(); n.letters(t, "s", 2); n.describe(t, "s", `{"$tb":9}`) },
	} {
		t.Run(name, func(t *testing.T) {
			n := start(t, esdbserver.Options{})
			given(t, n)
			subscription := n.follow(t, ofStream("s"))
			if diff := cmp.Diff([]string{"confirmed", "caught up"}, next(t, subscription, 2)); diff != "" {
				t.Fatalf("messages (-want +got):\n%s", diff)
			}
			n.mustAppend(t, "s", whatever, proposed("z"))
			if diff := cmp.Diff([]string{"z"}, next(t, subscription, 1)); diff != "" {
				t.Errorf("then (-want +got):\n%s", diff)
			}
		})
	}
}

func TestASubscriptionToATombstonedStreamFails(t *testing.T) {
	for name, options := range map[string][]readOption{
		"from its start": {ofStream("s")}, "from its end": {ofStream("s"), fromEnd},
		"from the highest revision": {ofStream("s"), fromRevision(math.MaxInt64)},
	} {
		t.Run(name, func(t *testing.T) {
			n := start(t, esdbserver.Options{})
			n.letters(t, "s", 1)
			n.tombstone(t, "s")
			subscription := n.follow(t, options...)
			if diff := cmp.Diff([]string{"confirmed"}, next(t, subscription, 1)); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
			_, err := subscription.Recv()
			wantStatus(t, err, codes.FailedPrecondition)
			wantTrailers(t, subscription.Trailer(), map[string]string{"exception": "stream-deleted", "stream-name": "s"})
		})
	}
}

func TestATombstoneEndsALiveSubscription(t *testing.T) {
	n := start(t, esdbserver.Options{})
	n.letters(t, "s", 1)
	subscription := n.follow(t, ofStream("s"))
	if diff := cmp.Diff([]string{"confirmed", "a", "caught up"}, next(t, subscription, 3)); diff != "" {
		t.Fatalf("messages (-want +got):\n%s", diff)
	}
	n.tombstone(t, "s")
	if diff := cmp.Diff([]string{"tombstone"}, next(t, subscription, 1)); diff != "" {
		t.Errorf("then (-want +got):\n%s", diff)
	}
	_, err := subscription.Recv()
	wantStatus(t, err, codes.FailedPrecondition)
	wantTrailers(t, subscription.Trailer(), map[string]string{"exception": "stream-deleted", "stream-name": "s"})
}

// TestALiveSubscriptionSeesWhatReadsHide: $maxCount applies to reads, not to what is committed while one follows.
func TestALiveSubscriptionSeesWhatReadsHide(t *testing.T) {
	n := start(t, esdbserver.Options{})
	n.describe(t, "s", `{"$maxCount":1}`)
	n.letters(t, "s", 2)
	subscription := n.follow(t, ofStream("s"))
	if diff := cmp.Diff([]string{"confirmed", "b", "caught up"}, next(t, subscription, 3)); diff != "" {
		t.Fatalf("messages (-want +got):\n%s", diff)
	}
	n.mustAppend(t, "s", whatever, proposed("c"), proposed("d"), proposed("e"))
	if diff := cmp.Diff([]string{"c", "d", "e"}, next(t, subscription, 3)); diff != "" {
		t.Errorf("then (-want +got):\n%s", diff)
	}
}

// TestASlowSubscriberLosesNothing: more is appended than is kept in memory and on the way to it.
func TestASlowSubscriberLosesNothing(t *testing.T) {
	n := start(t, esdbserver.Options{})
	subscription := n.follow(t, ofAll)
	next(t, subscription, 2)
	const appends, each = 120, 100
	batch := make([]*streams.AppendReq_ProposedMessage, each)
	for i := range appends {
		for j := range batch {
			batch[j] = proposed(strconv.Itoa(i*each + j))
		}
		n.mustAppend(t, "s", whatever, batch...)
	}
	again := 0
	for want := 0; want < appends*each; {
		switch got := next(t, subscription, 1)[0]; got {
		case "caught up":
			again++
		case strconv.Itoa(want):
			want++
		default:
			t.Fatalf("event %s, want %d", got, want)
		}
	}
	if again > 1 {
		t.Errorf("caught up %d times while it never was", again)
	}
}
