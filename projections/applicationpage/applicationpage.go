// Package applicationpage is the read model of one application's page: everything that its applicant, or the provider's
// staff, sees of it.
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
	"services.example/portal/projections/accounts"
	"services.example/portal/projections/lifecycle"
)

// Name is what the directory knows the read model by.
const Name = "application_page"

// ByApplicant is the index of an applicant's pages, newest number first.
const ByApplicant = "by_applicant"

// Page is an application.
type Page struct {
	Applicant          string `bson:"applicant"` // account id
	RunningNumber      int64  `bson:"runningNumber"`
	Number             string `bson:"number"`
	ServiceID          string `bson:"serviceId"`
	ServiceVersion     int    `bson:"serviceVersion"`
	lifecycle.Standing `bson:",inline"`
	Revision           int64         `bson:"revision"` // of the application's stream: its ETag
	Steps              []Step        `bson:"steps"`
	StartedAt          time.Time     `bson:"startedAt"`
	ChangedAt          time.Time     `bson:"changedAt"`
	WithdrawnAt        *time.Time    `bson:"withdrawnAt"`
	Term               *service.Term `bson:"term"`     // nil: not sent
	Timeline           []Entry       `bson:"timeline"` // oldest first, at most TimelineLines
	Earlier            int64         `bson:"earlier"`  // lines that are no longer in the timeline

	// What there is only once the provider works on it.
	ProviderID    string         `bson:"providerId,omitempty"` // whose staff may see it; empty: not sent, or the service says it
	CompletedAt   *time.Time     `bson:"completedAt,omitempty"`
	Returned      *Return        `bson:"returned,omitempty"` // for completion, the last time
	Uploads       []Upload       `bson:"uploads,omitempty"`  // files that belong to no step, oldest first
	Decision      *Decision      `bson:"decision,omitempty"`
	Documents     []Document     `bson:"documents,omitempty"` // oldest first
	Questionnaire *Questionnaire `bson:"questionnaire,omitempty"`
}

// Step is a step of the form with what is in it.
type Step struct {
	ID       string           `bson:"id"`
	Kind     service.StepKind `bson:"kind"`
	Complete bool             `bson:"complete"`
	Data     string           `bson:"data"` // JSON, byte for byte as it was saved; empty: nothing yet
	Files    []File           `bson:"files"`
}

// File is a file of a document step, or of no step.
type File struct {
	ID         string    `bson:"id"`
	Name       string    `bson:"name"`
	Size       int64     `bson:"size"` // bytes
	MIME       string    `bson:"mime"`
	SHA256     string    `bson:"sha256"`
	AttachedAt time.Time `bson:"attachedAt"`
}

// Upload is a file that belongs to no step.
type Upload struct {
	File  `bson:",inline"`
	Staff bool `bson:"staff"` // uploaded by the provider's staff
}

// Return is why the applicant has to complete the application.
type Return struct {
	At       time.Time `bson:"at"`
	Executor string    `bson:"executor"` // account id
	Reason   string    `bson:"reason"`   // one of application.ReturnReasons
	Text     string    `bson:"text"`
}

// Decision is what an executor answered: the response to a consultation, or the decision on a support measure.
type Decision struct {
	Outcome  string    `bson:"outcome"` // answered, approved or refused
	At       time.Time `bson:"at"`
	Executor string    `bson:"executor"`         // account id
	Reason   string    `bson:"reason,omitempty"` // of a refusal: one of application.RefusalReasons
	Text     string    `bson:"text"`
	Files    []string  `bson:"files,omitempty"` // ids of uploads
}

// Document is something to read or to sign.
type Document struct {
	ID         string     `bson:"id"`
	Kind       string     `bson:"kind"`    // act, agreement or result
	Version    int        `bson:"version"` // counts from 1 within the kind
	FileID     string     `bson:"fileId"`
	Name       string     `bson:"name"`
	Size       int64      `bson:"size"` // bytes
	MIME       string     `bson:"mime"`
	SHA256     string     `bson:"sha256"`
	Signers    []string   `bson:"signers,omitempty"` // applicant, provider: in the order in which they sign
	By         string     `bson:"by"`                // eds or acceptance
	IssuedAt   time.Time  `bson:"issuedAt"`
	SignedAt   *time.Time `bson:"signedAt,omitempty"`   // by everybody
	Superseded bool       `bson:"superseded,omitempty"` // replaced by a later one of its kind
}

// Questionnaire is what the applicant said of the service.
type Questionnaire struct {
	At     time.Time `bson:"at"`
	Scores []Score   `bson:"scores,omitempty"`
	Words  []Words   `bson:"words,omitempty"`
}

// Score is the answer to a question that asks for a score.
type Score struct {
	Question string `bson:"question"`
	Score    int    `bson:"score"` // 1 to 5
}

// Words is the answer to a question that asks for words.
type Words struct {
	Question string `bson:"question"`
	Text     string `bson:"text"`
}

// TimelineLines is the most lines that a page keeps, so that its size and the cost of changing it do not grow with its
// history. Where there are more, the oldest changes of the draft are left out; the event log has them all.
const TimelineLines = 100

// Entry is a line of the timeline. Saving the same step several times in a row is one line with the latest time.
type Entry struct {
	At             time.Time `bson:"at"`
	Actor          string    `bson:"actor"` // account id; empty: the system
	Role           string    `bson:"role"`
	lifecycle.Line `bson:",inline"`
}

// Model is the projection.
var Model = projections.ReadModel[Page]{
	Name:    Name,
	Version: 3,
	Streams: []string{streams, accounts.Streams},
	Ignores: accounts.Ignored("application-number.assigned.v1"),
	Indexes: []readstore.Index{{Name: ByApplicant, Fields: []readstore.Field{
		{Path: "applicant"}, {Path: "runningNumber", Desc: true},
	}}},
	Keys:    keys,
	Fold:    fold,
	Reach:   accounts.Erased(ByApplicant),
	Matches: accounts.Owned(func(doc *Page) string { return doc.Applicant }),
}

const streams = "application-"

func keys(event codec.Envelope) []string {
	if _, ok := event.Event.(application.Event); !ok {
		return nil
	}
	return []string{strings.TrimPrefix(event.Stream, streams)}
}

func fold(page *Page, _ string, event codec.Envelope) *Page {
	switch e := event.Event.(type) {
	case account.Erased:
		page.erase()
		return page
	case application.DraftDeleted:
		return nil
	case application.DraftStarted:
		page = start(e)
	default:
		if page == nil {
			return nil
		}
		page.Apply(event.Event)
		page.apply(event.Event)
	}
	page.note(event)
	page.Revision = event.Revision
	return page
}

func start(e application.DraftStarted) *Page {
	page := &Page{
		Applicant: e.Applicant, RunningNumber: e.RunningNumber, Number: e.Number,
		ServiceID: e.ServiceID, ServiceVersion: e.ServiceVersion,
		Standing: lifecycle.Draft(), StartedAt: e.At, Steps: make([]Step, len(e.Steps)),
	}
	for i, step := range e.Steps {
		page.Steps[i] = Step{
			ID: step.ID, Kind: step.Kind, Complete: step.Complete, Data: string(e.Prefilled[step.ID]), Files: []File{},
		}
	}
	return page
}

func (p *Page) apply(event any) {
	switch e := event.(type) {
	case application.StepSaved:
		if step := p.step(e.StepID); step != nil {
			step.Data, step.Complete = string(e.Data), e.Complete
		}
	case application.FileAttached:
		if step := p.step(e.StepID); step != nil {
			step.Complete = e.Complete
			step.Files = append(step.Files, File{
				ID: e.FileID, Name: e.Name, Size: e.Size, MIME: e.MIME, SHA256: e.SHA256, AttachedAt: e.At,
			})
		}
	case application.FileRemoved:
		if step := p.step(e.StepID); step != nil {
			step.Complete = e.Complete
			step.Files = slices.DeleteFunc(step.Files, func(f File) bool { return f.ID == e.FileID })
		}
	case application.Submitted:
		p.ProviderID, p.Term = e.ProviderID, &e.Term
	case application.Withdrawn:
		p.WithdrawnAt = &e.At
	case application.FileUploaded:
		file := File{ID: e.FileID, Name: e.Name, Size: e.Size, MIME: e.MIME, SHA256: e.SHA256, AttachedAt: e.At}
		p.Uploads = append(p.Uploads, Upload{File: file, Staff: e.Staff})
	case application.ReturnedForCompletion:
		p.Returned = &Return{At: e.At, Executor: e.Executor, Reason: e.Reason, Text: e.Text}
	default:
		p.applyEnd(event)
	}
}

// applyEnd takes in what happens from the decision on.
func (p *Page) applyEnd(event any) {
	switch e := event.(type) {
	case application.ResponseIssued:
		p.Decision = &Decision{
			Outcome: string(application.OutcomeAnswered), At: e.At, Executor: e.Executor, Text: e.Text, Files: e.FileIDs,
		}
	case application.DecidedPositive:
		p.Decision = &Decision{
			Outcome: string(application.OutcomeApproved), At: e.At, Executor: e.Executor, Text: e.Text, Files: e.FileIDs,
		}
	case application.RefusalIssued:
		p.Decision = &Decision{
			Outcome: string(application.OutcomeRefused), At: e.At, Executor: e.Executor, Reason: e.Reason, Text: e.Text, Files: e.FileIDs,
		}
	case application.DocumentIssued:
		for i := range p.Documents {
			if p.Documents[i].ID == e.Supersedes {
				p.Documents[i].Superseded = true
			}
		}
		p.Documents = append(p.Documents, Document{
			ID: e.DocumentID, Kind: e.Kind, Version: e.Version, FileID: e.FileID, Name: e.Name, Size: e.Size, MIME: e.MIME,
			SHA256: e.SHA256, Signers: e.Signers, By: e.By, IssuedAt: e.At,
		})
	case application.DocumentSigned:
		for i := range p.Documents {
			if p.Documents[i].ID == e.DocumentID {
				p.Documents[i].SignedAt = &e.At
			}
		}
	case application.QuestionnaireAnswered:
		p.Questionnaire = &Questionnaire{At: e.At}
		for _, answer := range e.Scores {
			p.Questionnaire.Scores = append(p.Questionnaire.Scores, Score(answer))
		}
		for _, answer := range e.Words {
			p.Questionnaire.Words = append(p.Questionnaire.Words, Words(answer))
		}
	case application.ApplicationCompleted:
		p.CompletedAt = &e.At
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
	for i := range p.Uploads {
		p.Uploads[i].Name = ""
	}
	for i := range p.Documents {
		p.Documents[i].Name = ""
	}
	if p.Returned != nil {
		p.Returned.Text = ""
	}
	if p.Decision != nil {
		p.Decision.Text = ""
	}
	if p.Questionnaire != nil {
		p.Questionnaire.Words = nil
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

// Shown tells whether the applicant is to see an upload: their own, and those that a decision or a document names.
func (p *Page) Shown(upload *Upload) bool {
	return !upload.Staff || p.Decision != nil && slices.Contains(p.Decision.Files, upload.ID) ||
		slices.ContainsFunc(p.Documents, func(d Document) bool { return d.FileID == upload.ID })
}

// note adds a line to the timeline, or moves the last one on when the same person saves the same step again.
func (p *Page) note(event codec.Envelope) {
	line, at := lifecycle.Tell(event.Event)
	if line == nil {
		return
	}
	p.ChangedAt = at
	if line.What == lifecycle.DocumentSigned {
		line.Detail = p.kindOf(line.Document)
	}
	entry := Entry{At: at, Actor: event.Meta.Actor, Role: event.Meta.Role, Line: *line}
	if n := len(p.Timeline); n > 0 {
		last := p.Timeline[n-1]
		last.At = at
		if line.What == lifecycle.StepSaved && last == entry {
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

// kindOf finds what kind of document this is.
func (p *Page) kindOf(document string) string {
	for i := range p.Documents {
		if p.Documents[i].ID == document {
			return p.Documents[i].Kind
		}
	}
	return ""
}

// shorten leaves out the oldest line that tells of a change of the draft; the oldest of all if none does.
func (p *Page) shorten() {
	oldest := max(0, slices.IndexFunc(p.Timeline, func(e Entry) bool {
		switch e.What {
		case lifecycle.StepSaved, lifecycle.FileAttached, lifecycle.FileRemoved, lifecycle.FileUploaded:
			return true
		default:
			return false
		}
	}))
	p.Timeline = slices.Delete(p.Timeline, oldest, oldest+1)
	p.Earlier++
}
