package esdbserver_test

import (
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/persistent"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/projections"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	"services.example/portal/infra/eventstore/esdbserver"
	"services.example/portal/infra/eventstore/pebblelog"
)

func features(t *testing.T, n *node) []string {
	t.Helper()
	got, err := serverfeatures.NewServerFeaturesClient(n.conn).GetSupportedMethods(t.Context(), none)
	if err != nil {
		t.Fatal(err)
	}
	if got.GetEventStoreServerVersion() != "24.6.0.servicesportal" {
		t.Errorf("version %q", got.GetEventStoreServerVersion())
	}
	var told []string
	for _, method := range got.GetMethods() {
		name := strings.TrimPrefix(method.GetServiceName(), "event_store.client.") + "/" + method.GetMethodName()
		told = append(told, strings.Join(append([]string{name}, method.GetFeatures()...), " "))
	}
	return told
}

func TestTheServerTellsWhatItServes(t *testing.T) {
	always := []string{"gossip.gossip/read", "server_features.serverfeatures/getsupportedmethods"}
	all := append([]string{
		"streams.streams/read", "streams.streams/append", "streams.streams/delete", "streams.streams/tombstone",
		"streams.streams/batchappend deadline_duration",
	}, always...)
	if diff := cmp.Diff(all, features(t, start(t, esdbserver.Options{}))); diff != "" {
		t.Errorf("methods (-want +got):\n%s", diff)
	}
	reading := append([]string{"streams.streams/read"}, always...)
	if diff := cmp.Diff(reading, features(t, start(t, esdbserver.Options{ReadOnly: true}))); diff != "" {
		t.Errorf("methods of a read-only server (-want +got):\n%s", diff)
	}
}

func TestGossipIsOfOneLeader(t *testing.T) {
	log := openLog(t, t.TempDir(), pebblelog.Options{Logger: quiet})
	server := serve(t, log, "127.0.0.1:0", esdbserver.Options{})
	_, port, err := net.SplitHostPort(server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	advertised := serve(t, log, socket(t), esdbserver.Options{Advertise: "events.example:2113"})
	for address, want := range map[string]string{
		server.Addr(): "127.0.0.1:" + port, advertised.Addr(): "events.example:2113",
	} {
		info, err := gossip.NewGossipClient(dial(t, address)).Read(t.Context(), none)
		if err != nil {
			t.Fatal(err)
		}
		if len(info.GetMembers()) != 1 {
			t.Fatalf("members %v", info.GetMembers())
		}
		member := info.GetMembers()[0]
		at := member.GetHttpEndPoint()
		if got := at.GetAddress() + ":" + strconv.Itoa(int(at.GetPort())); got != want {
			t.Errorf("at %s, want %s", got, want)
		}
		if !member.GetIsAlive() || member.GetState() != gossip.MemberInfo_Leader {
			t.Errorf("member %v", member)
		}
	}
}

func TestOtherServicesAreNotImplemented(t *testing.T) {
	n := start(t, esdbserver.Options{})
	_, err := persistent.NewPersistentSubscriptionsClient(n.conn).List(t.Context(), &persistent.ListReq{})
	wantStatus(t, err, codes.Unimplemented)
	_, err = projections.NewProjectionsClient(n.conn).Create(t.Context(), &projections.CreateReq{})
	wantStatus(t, err, codes.Unimplemented)
}
