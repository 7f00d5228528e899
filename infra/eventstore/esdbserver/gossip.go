package esdbserver

import (
	"context"
	"net"
	"strconv"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/google/uuid"

	"services.example/portal/infra/eventstore/esdbserver/faults"
)

// gossipService implements the service event_store.client.gossip.Gossip for a cluster of one.
type gossipService struct {
	gossip.UnimplementedGossipServer
	server *Server
	id     uuid.UUID
	at     *gossip.EndPoint
}

// newGossipService advertises where the server listens, unless told otherwise; on a Unix socket, its path without a port.
func newGossipService(s *Server) *gossipService {
	address := s.address
	if s.options.Advertise != "" {
		address = s.options.Advertise
	}
	at := &gossip.EndPoint{Address: address}
	if host, port, err := net.SplitHostPort(address); err == nil {
		if number, err := strconv.ParseUint(port, 10, 16); err == nil {
			at = &gossip.EndPoint{Address: host, Port: uint32(number)}
		}
	}
	return &gossipService{server: s, id: uuid.New(), at: at}
}

// Read implements gossip.GossipServer.
func (g *gossipService) Read(ctx context.Context, _ *shared.Empty) (*gossip.ClusterInfo, error) {
	flaw, err := g.server.strike(ctx, faults.Gossip)
	if err != nil {
		return nil, err
	}
	return &gossip.ClusterInfo{Members: []*gossip.MemberInfo{{
		InstanceId:   &shared.UUID{Value: &shared.UUID_String_{String_: g.id.String()}},
		TimeStamp:    time.Now().UnixNano() / 100,
		State:        gossip.MemberInfo_Leader,
		IsAlive:      true,
		HttpEndPoint: g.at,
	}}}, flaw.after()
}
