// Package providers is the read model of the organisations that provide services.
//
// Document: the provider's id. Streams: provider-.
package providers

import (
	"strings"

	"services.example/portal/domain/catalogue"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
)

// Name is what the directory knows the read model by.
const Name = "providers"

// ByProvider is the only index.
const ByProvider = "by_provider"

// Provider is an organisation.
type Provider struct {
	ProviderID         string `bson:"providerId"`
	catalogue.Provider `bson:",inline"`
}

// Model is the projection.
var Model = projections.ReadModel[Provider]{
	Name:    Name,
	Version: 1,
	Streams: []string{streams},
	Indexes: []readstore.Index{{Name: ByProvider, Fields: []readstore.Field{{Path: "providerId"}}}},
	Keys: func(event codec.Envelope) []string {
		if _, ok := event.Event.(catalogue.ProviderDescribed); !ok {
			return nil
		}
		return []string{strings.TrimPrefix(event.Stream, streams)}
	},
	Fold: func(provider *Provider, id string, event codec.Envelope) *Provider {
		if e, ok := event.Event.(catalogue.ProviderDescribed); ok {
			return &Provider{ProviderID: id, Provider: e.Provider()}
		}
		return provider
	},
}

const streams = "provider-"
