// Package casefile tells a case from its records alone: for people to read, and for programs. The portal writes with it what
// goes into a bundle of the case; whoever checks the bundle makes the same again and compares.
package casefile

import (
	"slices"
	"strings"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
	"services.example/portal/infra/casebundle"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/transparency"
	"services.example/portal/projections"
	"services.example/portal/projections/applicationpage"
	"services.example/portal/projections/documents"
)

// Case is a case as its records tell it.
type Case struct {
	ID      string // of the application
	Log     string // public key of the log
	Signed  transparency.Checkpoint
	Context casebundle.Context

	events    []codec.Envelope
	page      *applicationpage.Page
	documents map[string]*documents.Document
	content   service.Content // in the version that the application keeps
	start     application.DraftStarted
}

// New folds the events of a case, in the order of the log, as the read models do.
func New(id, log string, signed transparency.Checkpoint, events []codec.Envelope, context casebundle.Context) *Case {
	c := &Case{ID: id, Log: log, Signed: signed, Context: context, events: events, documents: map[string]*documents.Document{}}
	pages := map[string]*applicationpage.Page{}
	for i := range events {
		fold(&applicationpage.Model, pages, events[i])
		fold(&documents.Model, c.documents, events[i])
		switch e := events[i].Event.(type) {
		case application.DraftStarted:
			c.start = e
		case service.Revised:
			c.content = e.Content
		}
	}
	c.page = pages[id]
	if c.page == nil { // a draft that was deleted
		c.page = &applicationpage.Page{Applicant: c.start.Applicant, Number: c.start.Number, ServiceID: c.start.ServiceID}
		c.page.Status = string(application.Deleted)
		c.page.StartedAt = c.start.At
	}
	return c
}

// Number is the application's.
func (c *Case) Number() string { return c.start.Number }

// fold does with one read model what its engine does.
func fold[D any](model *projections.ReadModel[D], into map[string]*D, event codec.Envelope) {
	if event.Event == nil || slices.Contains(model.Ignores, event.Type) ||
		!slices.ContainsFunc(model.Streams, func(prefix string) bool { return strings.HasPrefix(event.Stream, prefix) }) {
		return
	}
	for _, id := range model.Keys(event) {
		if after := model.Fold(into[id], id, event); after != nil {
			into[id] = after
		} else {
			delete(into, id)
		}
	}
}

// people lists everybody whom the events of a case name by their accounts.
func people(events []codec.Envelope) []string {
	named := map[string]bool{}
	for i := range events {
		named[events[i].Meta.Actor] = true
		for _, id := range namedBy(events[i].Event) {
			named[id] = true
		}
	}
	delete(named, "")
	list := make([]string, 0, len(named))
	for id := range named {
		list = append(list, id)
	}
	slices.Sort(list)
	return list
}

// People lists everybody whom the events of a case name by their accounts, in order.
func People(events []codec.Envelope) []string { return people(events) }
