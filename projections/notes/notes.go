// Package notes is the read model of the notes that a provider's staff write on an application for each other. It alone
// folds them, so that nothing an applicant reads can hold one.
//
// Document: the note's id. Streams: note-, and account- for the erasure of an applicant.
package notes

import (
	"strings"
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/domain/correspondence"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
	"services.example/portal/projections/accounts"
)

// Name is what the directory knows the read model by.
const Name = "notes"

// Indexes.
const (
	ByApplication = "by_application" // oldest first
	ByApplicant   = "by_applicant"   // all notes on an applicant's applications
)

// Note is one note.
type Note struct {
	Application string    `bson:"application"` // its id
	Applicant   string    `bson:"applicant"`   // account id
	Revision    int64     `bson:"revision"`    // its place among the application's notes, from 0
	Author      string    `bson:"author"`      // account id
	Text        string    `bson:"text"`        // empty: erased
	At          time.Time `bson:"at"`
}

// Model is the projection.
var Model = projections.ReadModel[Note]{
	Name:    Name,
	Version: 1,
	Streams: []string{streams, accounts.Streams},
	Ignores: accounts.Ignored(),
	Indexes: []readstore.Index{
		{Name: ByApplication, Fields: []readstore.Field{{Path: "application"}, {Path: "revision"}}},
		{Name: ByApplicant, Fields: []readstore.Field{{Path: "applicant"}}},
	},
	Keys: func(event codec.Envelope) []string {
		if e, ok := event.Event.(correspondence.NoteWritten); ok {
			return []string{e.NoteID}
		}
		return nil
	},
	Fold:    fold,
	Reach:   accounts.Erased(ByApplicant),
	Matches: accounts.Owned(func(doc *Note) string { return doc.Applicant }),
}

const streams = "note-"

func fold(note *Note, _ string, event codec.Envelope) *Note {
	switch e := event.Event.(type) {
	case correspondence.NoteWritten:
		return &Note{
			Application: strings.TrimPrefix(event.Stream, streams), Applicant: event.Meta.Subject, Revision: event.Revision,
			Author: e.Author, Text: e.Text, At: e.At,
		}
	case account.Erased:
		note.Text = ""
	}
	return note
}
