// Package thread is the read model of an application's correspondence: the messages of both sides, and what happened to
// the application. In which order they come, and how far they have been read, is the envelope of the application's row in
// the work queue: it changes with every message, and is written once.
//
// Documents: the application's id, for what happened; MessageID(application, n), for a message. Streams: application-,
// correspondence-, and account- for the erasure of an applicant.
package thread

import (
	"slices"
	"strconv"
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
	"services.example/portal/projections/accounts"
	"services.example/portal/projections/envelope"
	"services.example/portal/projections/lifecycle"
)

// Name is what the directory knows the read model by.
const Name = "thread"

// ByApplicant is the index of an applicant's threads. Messages are in no index, which would be written with each of them.
const ByApplicant = "by_applicant"

// Document is one of two: with a Head it is the thread, which exists from when the application was sent; without, it is a
// message. Messages are documents of their own, because what is written with every message must not grow with the thread:
// with eight to a document, a message cost an eighth more of the portal's time than it does so.
type Document struct {
	Applicant string   `bson:"applicant,omitempty"` // account id; of a thread, not of a message
	Head      *Head    `bson:"head,omitempty"`
	Message   *Message `bson:"message,omitempty"`
}

// Head is the thread without its messages.
type Head struct {
	ProviderID string   `bson:"providerId,omitempty"` // whose staff may read it; empty: the service says it
	ServiceID  string   `bson:"serviceId"`
	Statuses   []Status `bson:"statuses"`        // the items that are events of the application, in order
	Files      []string `bson:"files,omitempty"` // ids of the files of all messages
}

// Status is an item of the thread that is an event of the application.
type Status struct {
	At             time.Time `bson:"at"`
	Actor          string    `bson:"actor,omitempty"` // account id; empty: the system
	lifecycle.Line `bson:",inline"`
}

// Message is an item of the thread that somebody wrote.
type Message struct {
	Applicant string              `bson:"applicant"` // account id, in whose thread it is
	ID        string              `bson:"id"`
	At        time.Time           `bson:"at"`
	Author    string              `bson:"author"` // account id
	Side      correspondence.Side `bson:"side"`
	Notice    bool                `bson:"notice,omitempty"` // the manager's own notice
	Text      string              `bson:"text"`             // empty: erased
	Files     []File              `bson:"files,omitempty"`
}

// File is an attachment of a message.
type File struct {
	ID     string `bson:"id"`
	Name   string `bson:"name"`
	MIME   string `bson:"mime"`
	Size   int64  `bson:"size"` // bytes
	SHA256 string `bson:"sha256"`
}

// MessageID is the id of the document of a message, which is the event of that revision in the correspondence.
func MessageID(applicationID string, revision int64) string {
	return applicationID + "/" + strconv.FormatInt(revision, 10)
}

// Model is the projection.
var Model = projections.ReadModel[Document]{
	Name:    Name,
	Version: 4,
	Streams: []string{envelope.Applications, envelope.Correspondence, accounts.Streams},
	Ignores: accounts.Ignored(
		"application.draft-started.v1", "application.draft-deleted.v1",
		"application.step-saved.v1", "application.file-attached.v1", "application.file-removed.v1",
		"application.file-uploaded.v1", "application.due-soon.v1", "application.overdue.v1",
		"application-number.assigned.v1",
	),
	Indexes: []readstore.Index{{Name: ByApplicant, Fields: []readstore.Field{{Path: "applicant"}}}},
	Keys:    keys,
	Fold:    fold,
	MadeOnce: func(event codec.Envelope, id string) bool {
		_, posted := event.Event.(correspondence.MessagePosted)
		return posted && id != envelope.ApplicationOf(event.Stream)
	},
	Reach: func(event codec.Envelope) *projections.Selection {
		threads := accounts.Erased(ByApplicant)(event)
		if threads != nil {
			threads.Parts = true
		}
		return threads
	},
	Matches: accounts.Owned(func(doc *Document) string {
		if doc.Message != nil {
			return doc.Message.Applicant
		}
		return doc.Applicant
	}),
}

func keys(event codec.Envelope) []string {
	id := envelope.ApplicationOf(event.Stream)
	if message, ok := event.Event.(correspondence.MessagePosted); ok {
		if len(message.Files) > 0 {
			return []string{id, MessageID(id, event.Revision)}
		}
		return []string{MessageID(id, event.Revision)}
	}
	if envelope.InThread(event.Event) {
		return []string{id}
	}
	return nil
}

func fold(doc *Document, id string, event codec.Envelope) *Document {
	switch e := event.Event.(type) {
	case account.Erased:
		doc.erase()
		return doc
	case application.Submitted:
		if doc == nil {
			doc = &Document{
				Applicant: event.Meta.Subject,
				Head:      &Head{ProviderID: e.ProviderID, ServiceID: e.ServiceID, Statuses: []Status{}},
			}
		}
	case correspondence.MessagePosted:
		if id != envelope.ApplicationOf(event.Stream) {
			return &Document{Message: messageOf(e)}
		}
		if doc != nil {
			for _, file := range e.Files {
				doc.Head.Files = append(doc.Head.Files, file.ID)
			}
		}
	}
	if doc != nil {
		doc.Head.apply(event)
	}
	return doc
}

func (h *Head) apply(event codec.Envelope) {
	if !envelope.InThread(event.Event) {
		return
	}
	line, at := lifecycle.Tell(event.Event)
	if line.What == lifecycle.DocumentSigned {
		line.Detail = h.kindOf(line.Document)
	}
	h.Statuses = append(h.Statuses, Status{At: at, Actor: event.Meta.Actor, Line: *line})
}

// kindOf finds what kind of document was issued.
func (h *Head) kindOf(document string) string {
	for _, status := range h.Statuses {
		if status.What == lifecycle.DocumentIssued && status.Document == document {
			return status.Detail
		}
	}
	return ""
}

func messageOf(e correspondence.MessagePosted) *Message {
	message := &Message{
		Applicant: e.Applicant, ID: e.MessageID, At: e.At, Author: e.Author, Side: e.Side, Notice: e.Notice, Text: e.Text,
	}
	for _, file := range e.Files {
		message.Files = append(message.Files, File(file))
	}
	return message
}

// erase leaves what a document is that is built when the applicant's key is gone.
func (d *Document) erase() {
	if d.Head != nil {
		d.Head.Files = nil
	}
	if d.Message != nil {
		d.Message.Text, d.Message.Files = "", nil
	}
}

// Shows tells whether a message of the thread has a file.
func (h *Head) Shows(file string) bool { return slices.Contains(h.Files, file) }
