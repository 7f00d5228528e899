package esdbserver

import (
	"context"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"

	"services.example/portal/infra/eventstore/esdbserver/faults"
)

// featureService implements the service event_store.client.server_features.ServerFeatures.
type featureService struct {
	serverfeatures.UnimplementedServerFeaturesServer
	server *Server
}

// GetSupportedMethods implements serverfeatures.ServerFeaturesServer. Names are in lower case, as clients expect them.
func (f *featureService) GetSupportedMethods(ctx context.Context, _ *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	flaw, err := f.server.strike(ctx, faults.Features)
	if err != nil {
		return nil, err
	}
	const streamsService = "event_store.client.streams.streams"
	methods := []*serverfeatures.SupportedMethod{
		{ServiceName: streamsService, MethodName: "read"},
		{ServiceName: streamsService, MethodName: "append"},
		{ServiceName: streamsService, MethodName: "delete"},
		{ServiceName: streamsService, MethodName: "tombstone"},
		{ServiceName: streamsService, MethodName: "batchappend", Features: []string{"deadline_duration"}},
		{ServiceName: "event_store.client.gossip.gossip", MethodName: "read"},
		{ServiceName: "event_store.client.server_features.serverfeatures", MethodName: "getsupportedmethods"},
	}
	if f.server.options.ReadOnly {
		methods = append(methods[:1:1], methods[5:]...)
	}
	return &serverfeatures.SupportedMethods{Methods: methods, EventStoreServerVersion: Version}, flaw.after()
}
