package readapi

import (
	"context"
	"slices"
	"strings"
	"time"

	"services.example/portal/domain/correspondence"
	"services.example/portal/infra/codec"
	"services.example/portal/projections"
	"services.example/portal/projections/applicationpage"
	"services.example/portal/projections/documents"
	"services.example/portal/projections/notes"
	"services.example/portal/projections/notifications"
	"services.example/portal/projections/thread"
	"services.example/portal/projections/workqueue"
)

// docs are the documents of one read model, by id.
type docs[D any] map[string]*D

// standing is what the read models hold of a case at a moment. It comes about by their own functions, so it can never say
// anything else than they did.
type standing struct {
	pages     docs[applicationpage.Page]
	threads   docs[thread.Document]
	rows      docs[workqueue.Row]
	documents docs[documents.Document]
	notices   docs[notifications.Notice]
	notes     docs[notes.Note]
	readAt    map[string]time.Time // when each reader read last, by account id

	events   int            // that were folded
	last     codec.Envelope // of them
	revision int64          // of the application's last event
}

func newStanding() *standing {
	return &standing{
		pages: docs[applicationpage.Page]{}, threads: docs[thread.Document]{}, rows: docs[workqueue.Row]{}, documents: docs[documents.Document]{},
		notices: docs[notifications.Notice]{}, notes: docs[notes.Note]{}, readAt: map[string]time.Time{},
	}
}

// standingOf folds a history.
func standingOf(ctx context.Context, h *history) (*standing, error) {
	s := newStanding()
	for event, err := range h.events(ctx) {
		if err != nil {
			return nil, err
		}
		s.fold(event)
	}
	return s, nil
}

// fold takes one more event in.
func (s *standing) fold(event codec.Envelope) {
	foldInto(&applicationpage.Model, s.pages, event)
	foldInto(&thread.Model, s.threads, event)
	foldInto(&workqueue.Model, s.rows, event)
	foldInto(&documents.Model, s.documents, event)
	foldInto(&notifications.Model, s.notices, event)
	foldInto(&notes.Model, s.notes, event)
	if e, ok := event.Event.(correspondence.ThreadRead); ok {
		s.readAt[e.Reader] = e.At
	}
	s.events++
	s.last = event
	if strings.HasPrefix(event.Stream, "application-") {
		s.revision = event.Revision
	}
}

// foldInto does with one read model what the engine does.
func foldInto[D any](model *projections.ReadModel[D], into docs[D], event codec.Envelope) {
	for _, id := range keysOf(model, event) {
		if after := model.Fold(into[id], id, event); after != nil {
			into[id] = after
		} else {
			delete(into, id)
		}
	}
}

// keysOf names the documents of a read model that an event changes.
func keysOf[D any](model *projections.ReadModel[D], event codec.Envelope) []string {
	for _, prefix := range model.Streams {
		if strings.HasPrefix(event.Stream, prefix) {
			if slices.Contains(model.Ignores, event.Type) {
				return nil
			}
			return model.Keys(event)
		}
	}
	return nil
}
