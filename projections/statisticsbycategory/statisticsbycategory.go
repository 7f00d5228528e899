// Package statisticsbycategory is the read model behind the statistics: per service, what its category needs to know.
// Sums over the tree of categories are made when it is read, as the tree may change.
//
// Document: the service's id. Streams: service-, application-.
package statisticsbycategory

import (
	"strings"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
)

// Name is what the directory knows the read model by.
const Name = "statistics_by_category"

// Indexes.
const (
	ByService  = "by_service"
	ByCategory = "by_category"
)

// Figures are those of one service.
type Figures struct {
	ServiceID  string    `bson:"serviceId"`
	CategoryID string    `bson:"categoryId"` // of the version published last; empty: never published
	Published  bool      `bson:"published"`
	Drafts     int64     `bson:"drafts"`    // started, neither sent nor deleted
	Sent       int64     `bson:"sent"`      // ever sent
	Withdrawn  int64     `bson:"withdrawn"` // of those sent
	Versions   []Version `bson:"versions"`
}

// Version is the category of one version of the service.
type Version struct {
	Version    int    `bson:"version"`
	CategoryID string `bson:"categoryId"`
}

// Model is the projection.
var Model = projections.ReadModel[Figures]{
	Name:    Name,
	Version: 1,
	Streams: []string{applications, services},
	Ignores: []string{
		"application.step-saved.v1", "application.file-attached.v1", "application.file-removed.v1",
		"application-number.assigned.v1",
	},
	Indexes: []readstore.Index{
		{Name: ByService, Fields: []readstore.Field{{Path: "serviceId"}}},
		{Name: ByCategory, Fields: []readstore.Field{{Path: "categoryId"}}},
	},
	Keys: keys,
	Fold: fold,
}

const (
	applications = "application-"
	services     = "service-"
)

func keys(event codec.Envelope) []string {
	id := ""
	switch e := event.Event.(type) {
	case service.Revised, service.Published, service.Withdrawn:
		id = strings.TrimPrefix(event.Stream, services)
	case application.DraftStarted:
		id = e.ServiceID
	case application.DraftDeleted:
		id = e.ServiceID
	case application.Submitted:
		id = e.ServiceID
	case application.Withdrawn:
		id = e.ServiceID
	}
	if id == "" {
		return nil
	}
	return []string{id}
}

func fold(f *Figures, id string, event codec.Envelope) *Figures {
	if f == nil {
		f = &Figures{ServiceID: id}
	}
	switch e := event.Event.(type) {
	case service.Revised:
		f.Versions = append(f.Versions, Version{Version: e.Version, CategoryID: e.Content.Passport.CategoryID})
	case service.Published:
		for _, v := range f.Versions {
			if v.Version == e.Version {
				f.Published, f.CategoryID = true, v.CategoryID
			}
		}
	case service.Withdrawn:
		f.Published = false
	case application.DraftStarted:
		f.Drafts++
	case application.DraftDeleted:
		f.Drafts--
	case application.Submitted:
		f.Drafts--
		f.Sent++
	case application.Withdrawn:
		f.Withdrawn++
	}
	return f
}
