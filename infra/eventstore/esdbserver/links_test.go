package esdbserver_test

import (
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/go-cmp/cmp"

	"services.example/portal/infra/eventstore/esdbserver"
)

func linkTo(target string) *streams.AppendReq_ProposedMessage {
	event := proposed(target)
	event.Metadata["type"] = "$>"
	return event
}

// TestLinks has a row for each rule of 3.5.
func TestLinks(t *testing.T) {
	for _, row := range []struct {
		name  string
		given func(*testing.T, *node)
		link  string
		want  string
	}{
		{"a link to an event", nil, "1@target", "b by 1@target"},
		{"a target whose name has an @", nil, "0@an@target", "x by 0@an@target"},
		{"a revision that is not there", nil, "7@target", "dangling 7@target"},
		{"a stream that is not there", nil, "0@absent", "dangling 0@absent"},
		{
			"a hidden target", func(t *testing.T, n *node) { t.Helper(); n.describe(t, "target", `{"$tb":2}`) },
			"1@target", "dangling 1@target",
		},
		{
			"a soft-deleted target", func(t *testing.T, n *node) { t.Helper(); n.delete(t, "target") },
			"1@target", "dangling 1@target",
		},
		{
			"a tombstoned target", func(t *testing.T, n *node) { t.Helper(); n.tombstone(t, "target") },
			"1@target", "dangling 1@target",
		},
		{"no number", nil, "one@target", "one@target"},
		{"no stream", nil, "1@", "1@"},
		{"no @", nil, "1", "1"},
		{"nothing", nil, "", ""},
	} {
		t.Run("3.5 "+row.name, func(t *testing.T) {
			n := start(t, esdbserver.Options{})
			n.letters(t, "target", 3)
			n.mustAppend(t, "an@target", whatever, proposed("x"))
			n.mustAppend(t, "links", whatever, linkTo(row.link), proposed("plain"))
			if row.given != nil {
				row.given(t, n)
			}
			want := []string{row.want, "plain"}
			if diff := cmp.Diff(want, n.tell(t, ofStream("links"), resolving)); diff != "" {
				t.Errorf("resolved (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{row.link, "plain"}, n.tell(t, ofStream("links"))); diff != "" {
				t.Errorf("not resolved (-want +got):\n%s", diff)
			}
			all := n.follow(t, ofAll, resolving, filtered(100, 1, "links"))
			if diff := cmp.Diff(append([]string{"confirmed"}, want...), next(t, all, 3)); diff != "" {
				t.Errorf("followed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestALinksOwnPositionCounts(t *testing.T) {
	n := start(t, esdbserver.Options{})
	n.letters(t, "target", 3)
	at := n.mustAppend(t, "links", whatever, linkTo("1@target"))
	messages, err := n.read(t, ofStream("links"), resolving)
	if err != nil || len(messages) != 1 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	got := messages[0].GetEvent()
	if got.GetCommitPosition() != at || got.GetLink().GetCommitPosition() != at || got.GetEvent().GetCommitPosition() != 2 {
		t.Errorf("positions: read %d, link %d, event %d; want %d, %d, 2",
			got.GetCommitPosition(), got.GetLink().GetCommitPosition(), got.GetEvent().GetCommitPosition(), at, at)
	}
}
