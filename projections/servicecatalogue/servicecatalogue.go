// Package servicecatalogue is the read model of the catalogue: what the lists, the search and the cards show of each
// service. It is small: queries keep a copy of it in memory, and see by ByChange whether that is still fresh.
//
// Document: the service's id. Streams: service-.
package servicecatalogue

import (
	"strings"
	"time"

	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
)

// Name is what the directory knows the read model by.
const Name = "service_catalogue"

// Indexes.
const (
	ByService  = "by_service"
	ByCategory = "by_category" // published, then category
	ByChange   = "by_change"   // the latest visible change first
)

// Service is a service. What is not published stays, so that its going is seen.
type Service struct {
	ServiceID   string     `bson:"serviceId"`
	Published   bool       `bson:"published"`
	PublishedAt *time.Time `bson:"publishedAt"` // nil: never published
	Changed     int64      `bson:"changed"`     // grows with every change that people can see; 0: never published
	Card        `bson:",inline"`

	Versions []Card `bson:"versions"` // every version, as any of them may be published
}

// Card is what the catalogue shows of one version of a service.
type Card struct {
	Version     int          `bson:"version"` // 0: never published
	Name        text.Text    `bson:"name"`
	Description text.Text    `bson:"description"`
	CategoryID  string       `bson:"categoryId"`
	ProviderID  string       `bson:"providerId"`
	Kind        service.Kind `bson:"kind"`
	Term        service.Term `bson:"term"`
	Logo        string       `bson:"logo"`
	Search      string       `bson:"search"` // name and description in every language, as Fold leaves them, in lines
}

// Model is the projection.
var Model = projections.ReadModel[Service]{
	Name:    Name,
	Version: 1,
	Streams: []string{streams},
	Indexes: []readstore.Index{
		{Name: ByService, Fields: []readstore.Field{{Path: "serviceId"}}},
		{Name: ByCategory, Fields: []readstore.Field{{Path: "published"}, {Path: "categoryId"}}},
		{Name: ByChange, Fields: []readstore.Field{{Path: "changed", Desc: true}}},
	},
	Keys: keys,
	Fold: fold,
}

const streams = "service-"

func keys(event codec.Envelope) []string {
	if _, ok := event.Event.(service.Event); !ok {
		return nil
	}
	return []string{strings.TrimPrefix(event.Stream, streams)}
}

func fold(s *Service, id string, event codec.Envelope) *Service {
	switch e := event.Event.(type) {
	case service.Revised:
		if s == nil {
			s = &Service{ServiceID: id}
		}
		s.Versions = append(s.Versions, card(e))
	case service.Published:
		if s == nil {
			return nil
		}
		for _, version := range s.Versions {
			if version.Version == e.Version {
				s.Card, s.Published, s.PublishedAt = version, true, &e.At
				s.Changed = changed(event)
			}
		}
	case service.Withdrawn:
		if s == nil {
			return nil
		}
		s.Published, s.Changed = false, changed(event)
	}
	return s
}

// changed is where the log stood: enough to tell later from earlier, within one store.
func changed(event codec.Envelope) int64 {
	return int64(event.Position.Commit)
}

func card(e service.Revised) Card {
	p := e.Content.Passport
	return Card{
		Version: e.Version, Name: p.Name, Description: p.Description,
		CategoryID: p.CategoryID, ProviderID: p.ProviderID, Kind: p.Kind, Term: p.Term, Logo: p.Logo,
		Search: searchText(p.Name, p.Description),
	}
}

func searchText(texts ...text.Text) string {
	var lines []string
	for _, t := range texts {
		lines = append(lines, t.KK, t.RU, t.EN)
	}
	return Fold(strings.Join(lines, "\n"))
}
