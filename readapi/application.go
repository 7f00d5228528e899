package readapi

import (
	"context"
	"encoding/json"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
	"services.example/portal/infra/httpapi"
	"services.example/portal/projections/applicationpage"
	"services.example/portal/projections/documents"
	"services.example/portal/projections/servicepassport"
)

// applicationPage is everything that its applicant, or the provider's staff, sees of an application.
type applicationPage struct {
	ID            string             `json:"id" format:"uuid"`
	Number        string             `json:"number"`
	Status        string             `json:"status"`
	Outcome       string             `json:"outcome,omitempty" doc:"Of a completed one: answered, approved, refused or not-signed"`
	Service       pageService        `json:"service"`
	Contacts      service.Contacts   `json:"contacts" doc:"For advice on this service"`
	Applicant     *pagePerson        `json:"applicant,omitempty" doc:"For staff"`
	Steps         []pageStep         `json:"steps"`
	Files         []pageFile         `json:"files" doc:"Of the steps"`
	Uploads       []pageUpload       `json:"uploads" doc:"Files that belong to no step; the applicant sees their own, and those of the decision and the documents"`
	Documents     []pageDocument     `json:"documents" doc:"To read or to sign"`
	Decision      *pageDecision      `json:"decision,omitempty" doc:"The response, or the decision"`
	Returned      *pageReturn        `json:"returned,omitempty" doc:"Why it had to be completed, the last time"`
	Questionnaire *pageQuestionnaire `json:"questionnaire,omitempty" doc:"If the service has one"`
	Executors     []string           `json:"executors" doc:"Names"`
	Assigned      []pagePerson       `json:"assigned,omitempty" doc:"The executors, for staff"`
	StartedAt     time.Time          `json:"startedAt"`
	SubmittedAt   *time.Time         `json:"submittedAt"`
	WithdrawnAt   *time.Time         `json:"withdrawnAt,omitempty"`
	CompletedAt   *time.Time         `json:"completedAt,omitempty"`
	DueAt         *time.Time         `json:"dueAt"`
	DaysLeft      *int               `json:"daysLeft" doc:"Until the due date, below 0 overdue; null while the provider's time does not run"`
	Revision      int64              `json:"revision"`
}

type pageService struct {
	ID      string       `json:"id" format:"uuid"`
	Name    text.Text    `json:"name"`
	Version int          `json:"version"`
	Kind    service.Kind `json:"kind"`
}

type pageStep struct {
	ID       string           `json:"id"`
	Kind     service.StepKind `json:"kind"`
	Title    text.Text        `json:"title"`
	Required bool             `json:"required"`
	Complete bool             `json:"complete"`
	Data     json.RawMessage  `json:"data"`
	Files    []pageFile       `json:"files"`
	Schema   json.RawMessage  `json:"schema"`
}

type pageFile struct {
	ID         string    `json:"id" format:"uuid"`
	Step       string    `json:"step"`
	Name       string    `json:"name"`
	Size       int64     `json:"size" doc:"Bytes"`
	MIME       string    `json:"mime"`
	SHA256     string    `json:"sha256"`
	AttachedAt time.Time `json:"attachedAt"`
}

// ApplicationInput names an application.
type ApplicationInput struct {
	Consistent
	ID string `path:"id"`
}

func (q *Queries) registerApplication(api huma.API) {
	huma.Register(api, httpapi.Brief(httpapi.Private(operation("read-application", "/applications/{id}", "The whole page of an application", applicationsTag))),
		q.application)
}

func (q *Queries) application(ctx context.Context, in *ApplicationInput) (*struct {
	ETag string `header:"ETag" doc:"The revision, for If-Match"`
	Body applicationPage
}, error,
) {
	page, who, err := q.page(ctx, *in)
	if err != nil {
		return nil, err
	}
	s, err := q.catalogue.now(ctx)
	if err != nil {
		return nil, err
	}
	content, err := q.contentOf(ctx, in.Consistent, page)
	if err != nil {
		return nil, err
	}
	signed, err := q.signaturesOf(ctx, in.Consistent, page)
	if err != nil {
		return nil, err
	}
	names, err := q.accountNames(ctx, peopleOf(page, signed, who))
	if err != nil {
		return nil, err
	}
	body := pageBody(&pageParts{
		id: in.ID, page: page, content: content, signed: signed, names: names, who: who, language: httpapi.LanguageOf(ctx), now: q.deps.Now(),
	})
	if page.Term != nil && page.TermRuns() {
		body.DaysLeft = s.daysLeft(page.ServiceID, page.Term.Kind, q.deps.Now(), page.DueAt)
	}
	return &struct {
		ETag string `header:"ETag" doc:"The revision, for If-Match"`
		Body applicationPage
	}{ETag: httpapi.ETag(page.Revision), Body: body}, nil
}

// contentOf returns the version of the service that an application is for. There is one, but the read model that has it may
// be behind the application's, such as after a start. Error: read-model-behind.
func (q *Queries) contentOf(ctx context.Context, in Consistent, page *applicationpage.Page) (*version, error) {
	content, err := q.versions.content(ctx, page.ServiceID, page.ServiceVersion)
	if !problem.Has(err, "service-not-found") {
		return content, err
	}
	if err := q.await(ctx, in, servicepassport.Name); err != nil {
		return nil, err
	}
	content, err = q.versions.content(ctx, page.ServiceID, page.ServiceVersion)
	if problem.Has(err, "service-not-found") {
		return nil, behind()
	}
	return content, err
}

// pageParts is what the page of an application is made of.
type pageParts struct {
	id       string
	page     *applicationpage.Page
	content  *version // of the service
	signed   map[string]*documents.Document
	names    map[string]string
	who      reader
	language text.Language
	now      time.Time
}

// pageBody shows a page to its reader, without the days that are left.
func pageBody(p *pageParts) applicationPage {
	page, passport := p.page, &p.content.Passport
	body := applicationPage{
		ID: p.id, Number: page.Number, Status: page.Status, Contacts: passport.Contacts,
		Service: pageService{ID: page.ServiceID, Name: passport.Name, Version: page.ServiceVersion, Kind: passport.Kind},
		Outcome: page.Outcome, Files: []pageFile{}, Uploads: uploadsOf(page, p.who), Documents: documentsOf(page, p.signed, p.names),
		Decision: decisionOf(page, p.names, p.language), Returned: returnOf(page, p.names, p.language),
		Questionnaire: questionnaireOf(page, p.content.Workflow.Questionnaire, p.now),
		Executors:     named(page.Executors, p.names), StartedAt: page.StartedAt, SubmittedAt: page.SubmittedAt,
		WithdrawnAt: page.WithdrawnAt, CompletedAt: page.CompletedAt, DueAt: page.DueAt, Revision: page.Revision,
	}
	if p.who.staff() {
		body.Applicant = &pagePerson{ID: page.Applicant, Name: p.names[page.Applicant]}
		for _, id := range page.Executors {
			body.Assigned = append(body.Assigned, pagePerson{ID: id, Name: p.names[id]})
		}
	}
	for _, step := range page.Steps {
		shown := pageStepOf(step, p.content.steps)
		body.Steps, body.Files = append(body.Steps, shown), append(body.Files, shown.Files...)
	}
	return body
}

func pageStepOf(step applicationpage.Step, form []service.Step) pageStep {
	shown := pageStep{ID: step.ID, Kind: step.Kind, Complete: step.Complete, Data: json.RawMessage("{}"), Files: []pageFile{}}
	if step.Data != "" {
		shown.Data = json.RawMessage(step.Data)
	}
	for _, described := range form {
		if described.ID == step.ID {
			shown.Title, shown.Required, shown.Schema = described.Title, described.Required, described.Schema
		}
	}
	for _, f := range step.Files {
		shown.Files = append(shown.Files, pageFile{
			ID: f.ID, Step: step.ID, Name: f.Name, Size: f.Size, MIME: f.MIME, SHA256: f.SHA256, AttachedAt: f.AttachedAt,
		})
	}
	return shown
}
