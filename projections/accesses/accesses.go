// Package accesses is the read model of who has read what of the history that is not theirs, for the next auditor.
//
// Document: the reading's id. Streams: access-, and account- for the erasure of a reader.
package accesses

import (
	"time"

	"services.example/portal/domain/access"
	"services.example/portal/domain/account"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
	"services.example/portal/projections/accounts"
)

// Name is what the directory knows the read model by.
const Name = "accesses"

// Indexes, each oldest first.
const (
	ByTime        = "by_time"
	ByReader      = "by_reader"      // those of one reader
	ByApplication = "by_application" // those of one case
)

// Access is one reading.
type Access struct {
	Reader      string    `bson:"reader"` // account id, or the id of a service account
	Role        string    `bson:"role"`
	What        string    `bson:"what"`
	Application string    `bson:"application"` // id of the case; empty: not of one case
	Streams     []string  `bson:"streams"`     // names or their beginnings; none: all
	Types       []string  `bson:"types"`
	From        string    `bson:"from"`
	To          string    `bson:"to"`
	Personal    bool      `bson:"personal"` // personal data was shown
	Reason      string    `bson:"reason"`   // empty: erased with its reader
	At          time.Time `bson:"at"`
}

// Model is the projection.
var Model = projections.ReadModel[Access]{
	Name:    Name,
	Version: 1,
	Streams: []string{access.Stream, accounts.Streams},
	Ignores: accounts.Ignored(),
	Indexes: []readstore.Index{
		{Name: ByTime, Fields: []readstore.Field{{Path: "at"}}},
		{Name: ByReader, Fields: []readstore.Field{{Path: "reader"}, {Path: "at"}}},
		{Name: ByApplication, Fields: []readstore.Field{{Path: "application"}, {Path: "at"}}},
	},
	Keys: func(event codec.Envelope) []string {
		if e, ok := event.Event.(access.Read); ok {
			return []string{e.ReadingID}
		}
		return nil
	},
	Fold:    fold,
	Reach:   accounts.Erased(ByReader),
	Matches: accounts.Owned(func(doc *Access) string { return doc.Reader }),
}

func fold(a *Access, _ string, event codec.Envelope) *Access {
	switch e := event.Event.(type) {
	case access.Read:
		return &Access{
			Reader: e.Reader, Role: event.Meta.Role, What: string(e.What), Application: e.Application, Streams: e.Streams, Types: e.Types,
			From: e.From, To: e.To, Personal: e.Personal, Reason: e.Reason, At: e.At,
		}
	case account.Erased:
		a.Reason = ""
	}
	return a
}
