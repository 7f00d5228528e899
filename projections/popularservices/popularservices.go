// Package popularservices is the read model of how often each service is used: which services are popular is found
// from real applications.
//
// Document: the service's id. Streams: application-.
package popularservices

import (
	"services.example/portal/domain/application"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
)

// Name is what the directory knows the read model by.
const Name = "popular_services"

// Indexes.
const (
	ByService = "by_service"
	ByUse     = "by_use" // most used first, then by id
)

// Use is how often a service was used. An application that was sent counts, also when it is withdrawn later: the person
// wanted the service, and a list that people see should not go back. Drafts do not count.
type Use struct {
	ServiceID string `bson:"serviceId"`
	Sent      int64  `bson:"sent"`
}

// Model is the projection.
var Model = projections.ReadModel[Use]{
	Name:    Name,
	Version: 1,
	Streams: []string{"application-"},
	Ignores: []string{
		"application.step-saved.v1", "application.file-attached.v1", "application.file-removed.v1",
		"application-number.assigned.v1",
	},
	Indexes: []readstore.Index{
		{Name: ByService, Fields: []readstore.Field{{Path: "serviceId"}}},
		{Name: ByUse, Fields: []readstore.Field{{Path: "sent", Desc: true}}},
	},
	Keys: keys,
	Fold: fold,
}

func keys(event codec.Envelope) []string {
	if e, ok := event.Event.(application.Submitted); ok && e.ServiceID != "" {
		return []string{e.ServiceID}
	}
	return nil
}

func fold(use *Use, id string, _ codec.Envelope) *Use {
	if use == nil {
		use = &Use{ServiceID: id}
	}
	use.Sent++
	return use
}
