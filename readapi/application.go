package readapi

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/applicationpage"
)

// applicationPage is everything that its applicant sees of an application.
type applicationPage struct {
	ID          string           `json:"id" format:"uuid"`
	Number      string           `json:"number"`
	Status      string           `json:"status"`
	Service     pageService      `json:"service"`
	Contacts    service.Contacts `json:"contacts" doc:"For advice on this service"`
	Steps       []pageStep       `json:"steps"`
	Files       []pageFile       `json:"files"`
	Documents   []string         `json:"documents" doc:"Documents to read or sign"`
	Executors   []string         `json:"executors" doc:"Names"`
	StartedAt   time.Time        `json:"startedAt"`
	SubmittedAt *time.Time       `json:"submittedAt"`
	WithdrawnAt *time.Time       `json:"withdrawnAt,omitempty"`
	DueAt       *time.Time       `json:"dueAt"`
	DaysLeft    *int             `json:"daysLeft"`
	Revision    int64            `json:"revision"`
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
	huma.Register(api, httpapi.Private(operation("read-application", "/applications/{id}", "The whole page of an application", applicationsTag)),
		q.application)
}

// page reads the application's page for whoever may see it; for anybody else it does not exist.
func (q *Queries) page(ctx context.Context, in ApplicationInput) (*applicationpage.Page, error) {
	caller, err := httpapi.Signed(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := uuid.Parse(in.ID); err != nil {
		return nil, applicationNotFound()
	}
	if err := q.await(ctx, in.Consistent, applicationpage.Name); err != nil {
		return nil, err
	}
	page, err := get[applicationpage.Page](ctx, q.deps, applicationpage.Name, in.ID)
	if errors.Is(err, readstore.ErrNotFound) || err == nil && page.Applicant != caller.AccountID {
		return nil, applicationNotFound()
	}
	return page, err
}

func applicationNotFound() error { return problem.New(problem.NotFound, "application-not-found") }

func (q *Queries) application(ctx context.Context, in *ApplicationInput) (*struct {
	ETag string `header:"ETag" doc:"The revision, for If-Match"`
	Body applicationPage
}, error,
) {
	page, err := q.page(ctx, *in)
	if err != nil {
		return nil, err
	}
	s, err := q.catalogue.now(ctx)
	if err != nil {
		return nil, err
	}
	content, err := q.versions.content(ctx, page.ServiceID, page.ServiceVersion)
	if err != nil {
		return nil, err
	}
	names, err := q.accountNames(ctx, page.Executors)
	if err != nil {
		return nil, err
	}
	body := applicationPage{
		ID: in.ID, Number: page.Number, Status: page.Status, Contacts: content.Passport.Contacts,
		Service: pageService{
			ID: page.ServiceID, Name: content.Passport.Name, Version: page.ServiceVersion, Kind: content.Passport.Kind,
		},
		Files: []pageFile{}, Documents: []string{}, Executors: named(page.Executors, names),
		StartedAt: page.StartedAt, SubmittedAt: page.SubmittedAt, WithdrawnAt: page.WithdrawnAt, DueAt: page.DueAt,
		Revision: page.Revision,
	}
	if page.Term != nil {
		body.DaysLeft = s.daysLeft(page.ServiceID, page.Term.Kind, q.deps.Now(), page.DueAt)
	}
	for _, step := range page.Steps {
		shown := pageStepOf(step, content.steps)
		body.Steps, body.Files = append(body.Steps, shown), append(body.Files, shown.Files...)
	}
	return &struct {
		ETag string `header:"ETag" doc:"The revision, for If-Match"`
		Body applicationPage
	}{ETag: httpapi.ETag(page.Revision), Body: body}, nil
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
