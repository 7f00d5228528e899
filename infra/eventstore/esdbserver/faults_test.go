package esdbserver_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	"services.example/portal/infra/eventstore/esdbserver"
	"services.example/portal/infra/eventstore/esdbserver/faults"
)

func once(op faults.Op, fault faults.Fault) esdbserver.Options {
	return esdbserver.Options{Faults: faults.Script(faults.Step{Op: op, Call: 1, Fault: fault})}
}

func TestFaultsOfAnAppend(t *testing.T) {
	for _, row := range []struct {
		fault    faults.Fault
		code     codes.Code
		written  bool
		trailers map[string]string
	}{
		{faults.Fault{Kind: faults.UnavailableBefore}, codes.Unavailable, false, nil},
		{faults.Fault{Kind: faults.UnavailableAfter}, codes.Unavailable, true, nil},
		{faults.Fault{Kind: faults.Cut}, codes.Unavailable, true, nil},
		{faults.Fault{Kind: faults.Delay, For: time.Millisecond}, codes.OK, true, nil},
		{faults.Fault{Kind: faults.NotLeader}, codes.Unknown, false, map[string]string{"exception": "not-leader"}},
		{
			faults.Fault{Kind: faults.NotLeaderAt, Leader: "events.example:2113"}, codes.NotFound, false, map[string]string{
				"exception": "not-leader", "leader-endpoint-host": "events.example", "leader-endpoint-port": "2113",
			},
		},
	} {
		t.Run(string(row.fault.Kind), func(t *testing.T) {
			n := start(t, once(faults.Append, row.fault))
			event := proposed("a")
			_, trailers, err := n.appendWithTrailer(t, "s", noStream, event)
			wantStatus(t, err, row.code)
			wantTrailers(t, trailers, row.trailers)
			if written := n.log.End().Commit == 1; written != row.written {
				t.Errorf("written: %t, want %t", written, row.written)
			}
			if at := n.mustAppend(t, "s", noStream, event); at != 1 {
				t.Errorf("the append repeated is at %d, want 1", at)
			}
		})
	}
}

func TestFaultsOfASubscription(t *testing.T) {
	for _, row := range []struct {
		fault faults.Fault
		want  []string
		code  codes.Code // codes.OK: it goes on
	}{
		{faults.Fault{Kind: faults.UnavailableBefore}, nil, codes.Unavailable},
		{faults.Fault{Kind: faults.Drop, After: 0}, nil, codes.Unavailable},
		{faults.Fault{Kind: faults.Drop, After: 2}, []string{"confirmed", "a"}, codes.Unavailable},
		{faults.Fault{Kind: faults.Delay, For: time.Millisecond}, []string{"confirmed", "a", "b", "caught up"}, codes.OK},
		{faults.Fault{Kind: faults.CheckpointZero, After: 2}, []string{"confirmed", "a", "checkpoint 1/0", "b", "caught up"}, codes.OK},
		{faults.Fault{Kind: faults.CheckpointZero, After: 0}, []string{"confirmed", "checkpoint 0", "a", "b", "caught up"}, codes.OK},
		{
			faults.Fault{Kind: faults.CheckpointEnd, After: 3},
			[]string{"confirmed", "a", "b", "checkpoint 18446744073709551615", "caught up"},
			codes.OK,
		},
		{faults.Fault{Kind: faults.CaughtUpAgain, After: 1}, []string{"confirmed", "caught up", "a", "b", "caught up"}, codes.OK},
	} {
		t.Run(row.fault.String(), func(t *testing.T) {
			n := start(t, once(faults.Subscribe, row.fault))
			n.letters(t, "s", 2)
			subscription := n.follow(t, ofAll)
			if diff := cmp.Diff(append([]string{}, row.want...), next(t, subscription, len(row.want))); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
			if row.code != codes.OK {
				_, err := subscription.Recv()
				wantStatus(t, err, row.code)
				return
			}
			n.mustAppend(t, "s", whatever, proposed("c"))
			if diff := cmp.Diff([]string{"c"}, next(t, subscription, 1)); diff != "" {
				t.Errorf("then (-want +got):\n%s", diff)
			}
		})
	}
}

func TestACutEndsEveryCallAndTheServerStays(t *testing.T) {
	n := start(t, esdbserver.Options{})
	subscription := n.follow(t, ofAll)
	next(t, subscription, 2)
	n.server.Cut()
	_, err := subscription.Recv()
	wantStatus(t, err, codes.Unavailable)
	again := &node{StreamsClient: n.StreamsClient, log: n.log}
	for { // gRPC needs a moment to notice
		if _, err := again.append(t, "s", whatever, proposed("a")); err == nil {
			break
		}
	}
	if got := n.data(t, ofStream("s")); len(got) == 0 || got[len(got)-1] != "a" {
		t.Errorf("stream %q", got)
	}
}
