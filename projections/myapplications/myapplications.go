// Package myapplications is the read model behind "My applications": one row an application, drafts among them.
//
// Document: the application's id. Streams: application-.
package myapplications

import (
	"strings"
	"time"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
)

// Name is what the directory knows the read model by.
const Name = "my_applications"

// Indexes. Newest number first; the second within one status.
const (
	ByApplicant          = "by_applicant"
	ByApplicantAndStatus = "by_applicant_and_status"
)

// Row is one application as its applicant's list shows it. Days left are counted when it is read.
type Row struct {
	Applicant      string           `bson:"applicant"` // account id
	RunningNumber  int64            `bson:"runningNumber"`
	Number         string           `bson:"number"`
	ServiceID      string           `bson:"serviceId"`
	ServiceVersion int              `bson:"serviceVersion"`
	Status         string           `bson:"status"`
	StartedAt      time.Time        `bson:"startedAt"`
	SubmittedAt    *time.Time       `bson:"submittedAt"` // nil: not sent
	DueAt          *time.Time       `bson:"dueAt"`       // nil: not sent
	TermKind       service.TermKind `bson:"termKind"`    // the days in which days left are counted; empty: not sent
	Executors      []string         `bson:"executors"`   // account ids
}

// Model is the projection.
var Model = projections.ReadModel[Row]{
	Name:    Name,
	Version: 1,
	Streams: []string{streams},
	Ignores: []string{
		"application.step-saved.v1", "application.file-attached.v1", "application.file-removed.v1",
		"application-number.assigned.v1",
	},
	Indexes: []readstore.Index{
		{Name: ByApplicant, Covering: true, Fields: []readstore.Field{
			{Path: "applicant"}, {Path: "runningNumber", Desc: true},
		}},
		{Name: ByApplicantAndStatus, Covering: true, Fields: []readstore.Field{
			{Path: "applicant"}, {Path: "status"}, {Path: "runningNumber", Desc: true},
		}},
	},
	Keys: keys,
	Fold: fold,
}

const streams = "application-"

func keys(event codec.Envelope) []string {
	switch event.Event.(type) {
	case application.DraftStarted, application.Submitted, application.Withdrawn, application.DraftDeleted:
		return []string{strings.TrimPrefix(event.Stream, streams)}
	default:
		return nil
	}
}

func fold(row *Row, _ string, event codec.Envelope) *Row {
	if e, ok := event.Event.(application.DraftStarted); ok {
		return &Row{
			Applicant: e.Applicant, RunningNumber: e.RunningNumber, Number: e.Number,
			ServiceID: e.ServiceID, ServiceVersion: e.ServiceVersion,
			Status: string(application.Draft), StartedAt: e.At, Executors: []string{},
		}
	}
	if row == nil {
		return nil
	}
	switch e := event.Event.(type) {
	case application.Submitted:
		row.Status = string(application.StatusSubmitted)
		row.SubmittedAt, row.DueAt, row.TermKind = &e.At, &e.DueAt, e.Term.Kind
	case application.Withdrawn:
		row.Status = string(application.StatusWithdrawn)
	case application.DraftDeleted:
		return nil
	}
	return row
}
