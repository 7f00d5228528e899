package readapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/account"
	"services.example/portal/domain/text"
	"services.example/portal/infra/httpapi"
	"services.example/portal/projections/applicationpage"
	"services.example/portal/projections/lifecycle"
)

// timelineEntry is one thing that happened, in the reader's language.
type timelineEntry struct {
	At    time.Time `json:"at"`
	Actor string    `json:"actor" doc:"Who did it; empty: the system"`
	Role  string    `json:"role"`
	What  string    `json:"what"`
	Text  string    `json:"text"`
	Step  string    `json:"step,omitempty"`
}

// forStaffOnly are the lines that applicants are not told: the provider's own haste, and files that may never be shown.
func forStaffOnly(entry *applicationpage.Entry) bool {
	switch entry.What {
	case lifecycle.DueSoon, lifecycle.Overdue:
		return true
	case lifecycle.FileUploaded:
		return entry.Role != string(account.Applicant)
	default:
		return false
	}
}

func (q *Queries) registerTimeline(api huma.API) {
	huma.Register(api, httpapi.Brief(httpapi.Private(operation("read-timeline", "/applications/{id}/timeline", "What happened to an application", applicationsTag))),
		q.timeline)
}

func (q *Queries) timeline(ctx context.Context, in *ApplicationInput) (*struct{ Body []timelineEntry }, error) {
	page, who, err := q.page(ctx, *in)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, entry := range page.Timeline {
		ids = append(ids, entry.Actor, entry.Person)
	}
	names, err := q.accountNames(ctx, distinct(ids))
	if err != nil {
		return nil, err
	}
	return &struct{ Body []timelineEntry }{linesOf(page, who, names, httpapi.LanguageOf(ctx))}, nil
}

// linesOf words the lines of a page's timeline that its reader is told.
func linesOf(page *applicationpage.Page, who reader, names map[string]string, l text.Language) []timelineEntry {
	lines := make([]timelineEntry, 0, len(page.Timeline))
	for i := range page.Timeline {
		entry := &page.Timeline[i]
		if !who.staff() && forStaffOnly(entry) {
			continue
		}
		lines = append(lines, timelineEntry{
			At: entry.At, Actor: names[entry.Actor], Role: entry.Role, What: entry.What, Step: entry.Step,
			Text: told(&entry.Line, names, l),
		})
	}
	return lines
}
