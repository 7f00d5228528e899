// Package myapplications is the read model behind "My applications" and the bell: one row an application, drafts among
// them, with what is new to its applicant.
//
// Document: the application's id. Streams: application-, correspondence-, reading-.
package myapplications

import (
	"time"

	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/service"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
	"services.example/portal/projections/envelope"
	"services.example/portal/projections/lifecycle"
)

// Name is what the directory knows the read model by.
const Name = "my_applications"

// Indexes. Newest number first: all, those within one status, those with something unread, and those that were refused,
// whose status says that they are completed.
const (
	ByApplicant          = "by_applicant"
	ByApplicantAndStatus = "by_applicant_and_status"
	ByUnread             = "by_unread"
	ByRefused            = "by_refused"
)

// Row is one application as its applicant's list shows it. Days left are counted when it is read.
type Row struct {
	Applicant          string `bson:"applicant"` // account id
	RunningNumber      int64  `bson:"runningNumber"`
	Number             string `bson:"number"`
	ServiceID          string `bson:"serviceId"`
	ServiceVersion     int    `bson:"serviceVersion"`
	lifecycle.Standing `bson:",inline"`
	StartedAt          time.Time        `bson:"startedAt"`
	TermKind           service.TermKind `bson:"termKind"`            // the days in which days left are counted; empty: not sent
	Unread             int              `bson:"unread"`              // items of the thread that are new to the applicant
	UnreadOf           string           `bson:"unreadOf,omitempty"`  // the applicant, while something is unread
	RefusedOf          string           `bson:"refusedOf,omitempty"` // the applicant, of what was refused
	News               envelope.News    `bson:"news"`                // which items those are
}

// Model is the projection.
var Model = projections.ReadModel[Row]{
	Name:    Name,
	Version: 2,
	Streams: envelope.Streams(),
	Ignores: []string{
		"application.step-saved.v1", "application.file-attached.v1", "application.file-removed.v1",
		"application.file-uploaded.v1", "application.due-soon.v1", "application.overdue.v1",
		"application-number.assigned.v1",
	},
	Indexes: []readstore.Index{
		{Name: ByApplicant, Covering: true, Fields: []readstore.Field{
			{Path: "applicant"}, {Path: "runningNumber", Desc: true},
		}},
		{Name: ByApplicantAndStatus, Covering: true, Fields: []readstore.Field{
			{Path: "applicant"}, {Path: "status"}, {Path: "runningNumber", Desc: true},
		}},
		{Name: ByUnread, Covering: true, Fields: []readstore.Field{
			{Path: "unreadOf"}, {Path: "runningNumber", Desc: true},
		}},
		{Name: ByRefused, Fields: []readstore.Field{{Path: "refusedOf"}, {Path: "runningNumber", Desc: true}}},
	},
	Keys: keys,
	Fold: fold,
}

func keys(event codec.Envelope) []string {
	switch event.Event.(type) {
	case application.DraftStarted, application.DraftDeleted:
	case correspondence.MessagePosted, correspondence.ThreadRead:
		if !envelope.IsNews(event) { // such as the applicant's own messages
			return nil
		}
	default:
		if !envelope.InThread(event.Event) {
			return nil
		}
	}
	return []string{envelope.ApplicationOf(event.Stream)}
}

func fold(row *Row, _ string, event codec.Envelope) *Row {
	if e, ok := event.Event.(application.DraftStarted); ok {
		return &Row{
			Applicant: e.Applicant, RunningNumber: e.RunningNumber, Number: e.Number,
			ServiceID: e.ServiceID, ServiceVersion: e.ServiceVersion, Standing: lifecycle.Draft(), StartedAt: e.At,
		}
	}
	if row == nil {
		return nil
	}
	switch e := event.Event.(type) {
	case application.DraftDeleted:
		return nil
	case correspondence.ThreadRead:
		if e.Reader != row.Applicant {
			return row
		}
	case application.Submitted:
		row.TermKind = e.Term.Kind
	}
	row.Apply(event.Event)
	row.RefusedOf = row.theirs(row.Refused())
	if row.News.Apply(event) {
		row.Unread = row.News.Count()
		row.UnreadOf = row.theirs(row.Unread > 0)
	}
	return row
}

// theirs is the applicant if a row is to be in an index, and nothing otherwise.
func (r *Row) theirs(indexed bool) string {
	if indexed {
		return r.Applicant
	}
	return ""
}
