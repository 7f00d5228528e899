// Package applicationpage is the read model of one application's page: everything that its applicant sees of it.
//
// Document: the application's id. Streams: application-, and account- for the erasure of its applicant.
package applicationpage

import (
	"slices"
	"strings"
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
)

// Name is what the directory knows the read model by.
const Name = "application_page"

// ByApplicant is the index of an applicant's pages, newest number first.
const ByApplicant = "by_applicant"

// Page is an application.
type Page struct {
	Applicant      string        `bson:"applicant"` // account id
	RunningNumber  int64         `bson:"runningNumber"`
	Number         string        `bson:"number"`
	ServiceID      string        `bson:"serviceId"`
	ServiceVersion int           `bson:"serviceVersion"`
	Status         string        `bson:"status"`
	Revision       int64         `bson:"revision"` // of the application's stream: its ETag
	Steps          []Step        `bson:"steps"`
	StartedAt      time.Time     `bson:"startedAt"`
	ChangedAt      time.Time     `bson:"changedAt"`
	SubmittedAt    *time.Time    `bson:"submittedAt"` // nil: not sent
	WithdrawnAt    *time.Time    `bson:"withdrawnAt"`
	DueAt          *time.Time    `bson:"dueAt"` // nil: not sent
	Term           *service.Term `bson:"term"`  // nil: not sent
	Executors      []string      `bson:"executors"`
	Timeline       []Entry       `bson:"timeline"` // oldest first, at most TimelineLines
	Earlier        int64         `bson:"earlier"`  // lines that are no longer in the timeline
}

// Step is a step of the form with what is in it.
type Step struct {
	ID       string           `bson:"id"`
	Kind     service.StepKind `bson:"kind"`
	Complete bool             `bson:"complete"`
	Data     string           `bson:"data"` // JSON, byte for byte as it was saved; empty: nothing yet
	Files    []File           `bson:"files"`
}

// File is a file of a document step.
type File struct {
	ID         string    `bson:"id"`
	Name       string    `bson:"name"`
	Size       int64     `bson:"size"` // bytes
	MIME       string    `bson:"mime"`
	SHA256     string    `bson:"sha256"`
	AttachedAt time.Time `bson:"attachedAt"`
}

// What happened, as a timeline entry says it.
const (
	DraftStarted = "draft-started"
	StepSaved    = "step-saved"
	FileAttached = "file-attached"
	FileRemoved  = "file-removed"
	Submitted    = "submitted"
	Withdrawn    = "withdrawn"
)

// TimelineLines is the most lines that a page keeps, so that its size and the cost of changing it do not grow with its
// history. Where there are more, the oldest changes of the draft are left out; the event log has them all.
const TimelineLines = 100

// Entry is a line of the timeline. Saving the same step several times in a row is one line with the latest time.
type Entry struct {
	At    time.Time `bson:"at"`
	Actor string    `bson:"actor"` // account id; empty: the system
	Role  string    `bson:"role"`
	What  string    `bson:"what"`
	Step  string    `bson:"step,omitempty"` // id of the step that it concerns
}

// Model is the projection.
var Model = projections.ReadModel[Page]{
	Name:    Name,
	Version: 2,
	Streams: []string{streams, accounts},
	Ignores: []string{ // of accounts all but their erasure, the most frequent ones at least
		"application-number.assigned.v1",
		"account.signed-in.v1", "account.sign-in-failed.v1", "account.signed-out.v1",
		"account.password-changed.v1", "account.password-reset-requested.v1", "account.password-reset.v1",
		"account.contact-change-requested.v1",
	},
	Indexes: []readstore.Index{{Name: ByApplicant, Fields: []readstore.Field{
		{Path: "applicant"}, {Path: "runningNumber", Desc: true},
	}}},
	Keys: keys,
	Fold: fold,
	Reach: func(event codec.Envelope) *projections.Selection {
		if _, ok := event.Event.(account.Erased); !ok {
			return nil
		}
		return &projections.Selection{Index: ByApplicant, Prefix: []any{strings.TrimPrefix(event.Stream, accounts)}}
	},
	Matches: func(page *Page, event codec.Envelope) bool {
		return page.Applicant == strings.TrimPrefix(event.Stream, accounts)
	},
}

const (
	streams  = "application-"
	accounts = "account-"
)

func keys(event codec.Envelope) []string {
	if _, ok := event.Event.(application.Event); !ok {
		return nil
	}
	return []string{strings.TrimPrefix(event.Stream, streams)}
}

func fold(page *Page, _ string, event codec.Envelope) *Page {
	if _, ok := event.Event.(account.Erased); ok {
		page.erase()
		return page
	}
	started, ok := event.Event.(application.DraftStarted)
	switch {
	case ok:
		page = start(started)
		page.note(event, started.At, DraftStarted, "")
	case page == nil:
		return nil
	default:
		if _, ok := event.Event.(application.DraftDeleted); ok {
			return nil
		}
		page.apply(event)
	}
	page.Revision = event.Revision
	return page
}

func start(e application.DraftStarted) *Page {
	page := &Page{
		Applicant: e.Applicant, RunningNumber: e.RunningNumber, Number: e.Number,
		ServiceID: e.ServiceID, ServiceVersion: e.ServiceVersion,
		Status: string(application.Draft), StartedAt: e.At,
		Steps: make([]Step, len(e.Steps)), Executors: []string{},
	}
	for i, step := range e.Steps {
		page.Steps[i] = Step{
			ID: step.ID, Kind: step.Kind, Complete: step.Complete, Data: string(e.Prefilled[step.ID]), Files: []File{},
		}
	}
	return page
}

func (p *Page) apply(event codec.Envelope) {
	switch e := event.Event.(type) {
	case application.StepSaved:
		if step := p.step(e.StepID); step != nil {
			step.Data, step.Complete = string(e.Data), e.Complete
		}
		p.note(event, e.At, StepSaved, e.StepID)
	case application.FileAttached:
		if step := p.step(e.StepID); step != nil {
			step.Complete = e.Complete
			step.Files = append(step.Files, File{
				ID: e.FileID, Name: e.Name, Size: e.Size, MIME: e.MIME, SHA256: e.SHA256, AttachedAt: e.At,
			})
		}
		p.note(event, e.At, FileAttached, e.StepID)
	case application.FileRemoved:
		if step := p.step(e.StepID); step != nil {
			step.Complete = e.Complete
			step.Files = slices.DeleteFunc(step.Files, func(f File) bool { return f.ID == e.FileID })
		}
		p.note(event, e.At, FileRemoved, e.StepID)
	case application.Submitted:
		p.Status = string(application.StatusSubmitted)
		p.SubmittedAt, p.DueAt, p.Term = &e.At, &e.DueAt, &e.Term
		p.note(event, e.At, Submitted, "")
	case application.Withdrawn:
		p.Status, p.WithdrawnAt = string(application.StatusWithdrawn), &e.At
		p.note(event, e.At, Withdrawn, "")
	}
}

// erase leaves what a page is that is built when the applicant's key is gone.
func (p *Page) erase() {
	for i := range p.Steps {
		p.Steps[i].Data = ""
		for j := range p.Steps[i].Files {
			p.Steps[i].Files[j].Name = ""
		}
	}
}

func (p *Page) step(id string) *Step {
	for i := range p.Steps {
		if p.Steps[i].ID == id {
			return &p.Steps[i]
		}
	}
	return nil
}

// note adds a line to the timeline, or moves the last one on when the same person saves the same step again.
func (p *Page) note(event codec.Envelope, at time.Time, what, step string) {
	p.ChangedAt = at
	entry := Entry{At: at, Actor: event.Meta.Actor, Role: event.Meta.Role, What: what, Step: step}
	if n := len(p.Timeline); n > 0 {
		last := p.Timeline[n-1]
		last.At = at
		if what == StepSaved && last == entry {
			p.Timeline[n-1] = last
			return
		}
		if last.Actor == entry.Actor {
			entry.Actor = last.Actor // the same memory: pages are kept there for long
		}
		if last.Role == entry.Role {
			entry.Role = last.Role
		}
	}
	p.Timeline = append(p.Timeline, entry)
	if len(p.Timeline) > TimelineLines {
		p.shorten()
	}
}

// shorten leaves out the oldest line that tells of a change of the draft; the oldest of all if none does.
func (p *Page) shorten() {
	oldest := max(0, slices.IndexFunc(p.Timeline, func(e Entry) bool {
		return e.What == StepSaved || e.What == FileAttached || e.What == FileRemoved
	}))
	p.Timeline = slices.Delete(p.Timeline, oldest, oldest+1)
	p.Earlier++
}
