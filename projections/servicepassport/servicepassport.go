// Package servicepassport is the read model of service passports with their forms: one document for every version, as
// applications keep the version that they were started with, and one that tells which version is published.
//
// Documents: VersionID(service, version), and the service's id. Streams: service-.
package servicepassport

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
)

// Name is what the directory knows the read model by.
const Name = "service_passport"

// ByService is the index of a service's documents: the one that tells what is published, then the versions.
const ByService = "by_service"

// Document is one of two: with Content it is a version; without, it tells which version is published.
type Document struct {
	ServiceID   string     `bson:"serviceId"`
	Version     int        `bson:"version"`             // without Content: the version published last
	Published   bool       `bson:"published"`           // without Content: whether it still is
	PublishedAt *time.Time `bson:"publishedAt"`         // without Content
	Content     *Content   `bson:"content,omitempty"`   // of a version
	RevisedAt   *time.Time `bson:"revisedAt,omitempty"` // of a version
}

// Content is one version of a service.
type Content struct {
	Passport service.Passport `bson:"passport"`
	Steps    string           `bson:"steps"` // JSON of a list of service.Step
	Files    Files            `bson:"files"`
	Workflow Workflow         `bson:"workflow"`
}

// Files limits what may be attached to one application: service.FileRules as it is stored here.
type Files struct {
	MaxFileBytes  int64    `bson:"maxFileBytes"`
	MaxTotalBytes int64    `bson:"maxTotalBytes"`
	Types         []string `bson:"types"`
}

// Workflow says how an application ends: service.Workflow as it is stored here.
type Workflow struct {
	ID            string      `bson:"id"`
	Signatures    []Signature `bson:"signatures"`
	Questionnaire []Question  `bson:"questionnaire"`
}

// Signature says who signs a kind of document, and how.
type Signature struct {
	Document string   `bson:"document"`
	Signers  []string `bson:"signers"`
	By       string   `bson:"by"`
}

// Question is one question on the quality of a service.
type Question struct {
	ID    string    `bson:"id"`
	Kind  string    `bson:"kind"`
	Title text.Text `bson:"title"`
}

// FileRules gives the rules as the domain has them.
func (c Content) FileRules() service.FileRules { return service.FileRules(c.Files) }

// FormSteps reads the steps.
func (c Content) FormSteps() ([]service.Step, error) {
	var steps []service.Step
	err := json.Unmarshal([]byte(c.Steps), &steps)
	return steps, err
}

// VersionID is the id of the document of one version.
func VersionID(serviceID string, version int) string { return serviceID + "@" + strconv.Itoa(version) }

// Model is the projection.
var Model = projections.ReadModel[Document]{
	Name:    Name,
	Version: 1,
	Streams: []string{streams},
	Indexes: []readstore.Index{{Name: ByService, Fields: []readstore.Field{{Path: "serviceId"}}}},
	Keys:    keys,
	Fold:    fold,
}

const streams = "service-"

func keys(event codec.Envelope) []string {
	id := strings.TrimPrefix(event.Stream, streams)
	switch e := event.Event.(type) {
	case service.Revised:
		return []string{VersionID(id, e.Version)}
	case service.Published, service.Withdrawn:
		return []string{id}
	default:
		return nil
	}
}

func fold(doc *Document, _ string, event codec.Envelope) *Document {
	id := strings.TrimPrefix(event.Stream, streams)
	switch e := event.Event.(type) {
	case service.Revised:
		return &Document{ServiceID: id, Version: e.Version, Content: content(e.Content), RevisedAt: &e.At}
	case service.Published:
		return &Document{ServiceID: id, Version: e.Version, Published: true, PublishedAt: &e.At}
	case service.Withdrawn:
		if doc != nil {
			doc.Published = false
		}
	}
	return doc
}

func content(c service.Content) *Content {
	steps, err := json.Marshal(c.Steps)
	if err != nil { // a schema that is not JSON cannot have come out of an event
		steps = []byte("[]")
	}
	stored := &Content{Passport: c.Passport, Steps: string(steps), Files: Files(c.Files)}
	stored.Workflow.ID = c.Workflow.ID
	for _, s := range c.Workflow.Signatures {
		stored.Workflow.Signatures = append(stored.Workflow.Signatures, Signature(s))
	}
	for _, q := range c.Workflow.Questionnaire {
		stored.Workflow.Questionnaire = append(stored.Workflow.Questionnaire, Question(q))
	}
	return stored
}
