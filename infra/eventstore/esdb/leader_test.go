package esdb_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/esdb"
	"services.example/portal/infra/eventstore/esdbserver"
	"services.example/portal/infra/eventstore/esdbserver/faults"
)

// member is what a member of a cluster does with calls, which changes.
type member struct{ role atomic.Value }

// The roles. A follower names the leader as it knows it: by address, or not at all.
type role struct {
	leads  bool
	leader string // of a follower that knows it
}

func newMember(r role) *member {
	m := &member{}
	m.role.Store(r)
	return m
}

// Fault implements faults.Injector.
func (m *member) Fault(op faults.Op) faults.Fault {
	r := m.role.Load().(role)
	switch {
	case r.leads || op == faults.Features:
		return faults.Fault{}
	case op == faults.Gossip:
		return faults.Fault{Kind: faults.UnavailableBefore} // it would say that it leads
	case r.leader != "":
		return faults.Fault{Kind: faults.NotLeaderAt, Leader: r.leader}
	default:
		return faults.Fault{Kind: faults.NotLeader}
	}
}

// startMember starts another server over the log of a node, on a port.
func startMember(t *testing.T, n *node, m *member) *esdbserver.Server {
	t.Helper()
	server, err := esdbserver.Listen(t.Context(), n.log, "127.0.0.1:0", esdbserver.Options{Logger: quiet, Faults: m})
	if err != nil {
		t.Fatalf("start a member: %v", err)
	}
	serving := make(chan error, 1)
	go func() { serving <- server.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Second)
		defer cancel()
		server.Stop(ctx)
		if err := <-serving; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return server
}

func TestAnotherLeaderIsFollowed(t *testing.T) {
	for name, row := range map[string]struct {
		knows      func(leader string) string // what the old leader says of the new one
		connection func(addresses ...string) string
	}{
		"named by the old one, which alone was known": {
			func(leader string) string { return leader },
			func(addresses ...string) string { return "esdb://" + addresses[0] + "?tls=false" },
		},
		"named by the old one, in a cluster": {
			func(leader string) string { return leader },
			func(addresses ...string) string { return "esdb://" + strings.Join(addresses, ",") + "?tls=false" },
		},
		"not named, and found by asking": {
			func(string) string { return "" },
			func(addresses ...string) string { return "esdb://" + strings.Join(addresses, ",") + "?tls=false" },
		},
		"named wrongly, and found by asking": {
			func(string) string { return nobody },
			func(addresses ...string) string { return "esdb://" + strings.Join(addresses, ",") + "?tls=false" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := startNode(t, nil)
			a, b := newMember(role{leads: true}), newMember(role{})
			first, second := startMember(t, n, a), startMember(t, n, b)
			store := open(t, esdb.Options{Connection: row.connection(first.Addr(), second.Addr())})
			f := startTail(t, store, eventstore.Filter{})
			l := startLoad(t, store)
			l.healed(t, time.Now())

			b.role.Store(role{leads: true})
			changed := time.Now()
			a.role.Store(role{leader: row.knows(second.Addr())})
			first.Cut()

			if took := l.healed(t, changed.Add(20*time.Millisecond)); took > healing {
				t.Errorf("the first append was acknowledged %s after the change", took)
			}
			l.stop(t)
			f.check(t, l.check(t, store))
		})
	}
}

func TestASeedThatIsGoneCostsNoTime(t *testing.T) {
	n := startNode(t, nil)
	server := startMember(t, n, newMember(role{leads: true}))
	// The address is for documentation: nobody answers, not even to refuse.
	store := open(t, esdb.Options{Connection: "esdb://192.0.2.1:2113," + server.Addr() + "," + nobody + "?tls=false"})
	began := time.Now()
	if _, err := store.Append(t.Context(), "thing-1", eventstore.NoStream, made("thing-1", 0)); err != nil {
		t.Fatalf("append: %v", err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("finding the leader took %s", took)
	}
}
