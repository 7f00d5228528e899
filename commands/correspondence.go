package commands

import (
	"context"

	"github.com/google/uuid"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/eventstore"
)

// Correspondence are the use cases of what applicant and provider write to each other about an application.
type Correspondence struct {
	deps    Deps
	streams *streams
	pace    *pace
}

// Threads tells what the numbers stand for that people see in an application's thread.
type Threads interface {
	// Place turns the number of an item, from 1, into how many messages lie up to it, and before which revision of the
	// application its own events do. Number 0 is before the first. Error: beyond-the-end.
	Place(ctx context.Context, applicationID string, number int) (messages, application int64, err error)
}

// Letter is what somebody writes.
type Letter struct {
	Text    string
	FileIDs []string // of files that their own side has uploaded to the application
}

// Sent is something that was written.
type Sent struct {
	ID       string
	Position eventstore.Position
}

// participant is for whom somebody takes part in an application's correspondence.
type participant struct {
	side        correspondence.Side
	application application.State
}

// participant finds out for whom the caller takes part. Whoever applied is the applicant, also among their own staff.
// Errors: application-not-found; not-submitted, for the applicant's own drafts.
func (c *Correspondence) participant(ctx context.Context, id string, by application.Staff) (participant, error) {
	if _, err := uuid.Parse(id); err != nil {
		return participant{}, notFound()
	}
	state, err := c.streams.applications.state(ctx, id)
	if err != nil {
		return participant{}, err
	}
	if state.Status == "" || state.Applicant != by.Account {
		_, _, err := c.streams.staffScope(ctx, state, by)
		return participant{side: correspondence.Staff, application: state}, err
	}
	switch state.Status {
	case application.Draft:
		return participant{}, problem.New(problem.WrongState, "not-submitted")
	case application.Deleted:
		return participant{}, notFound()
	default:
		return participant{side: correspondence.Applicant, application: state}, nil
	}
}

// staff admits those only who take part for the provider. Error: application-not-found.
func (c *Correspondence) staff(ctx context.Context, id string, by application.Staff) (participant, error) {
	p, err := c.participant(ctx, id, by)
	if problem.Has(err, "not-submitted") || err == nil && p.side != correspondence.Staff {
		return participant{}, notFound()
	}
	return p, err
}

// as gives the command in the role in which the participant takes part.
func (p participant) as(req Request) Request {
	if p.side == correspondence.Applicant {
		req.Role = string(account.Applicant)
	}
	return req
}

// uploads lists the files that the participant's side has uploaded.
func (p participant) uploads() []correspondence.File {
	var files []correspondence.File
	for _, u := range p.application.Uploads {
		if u.Staff == (p.side == correspondence.Staff) {
			files = append(files, correspondence.File{ID: u.ID, Name: u.Name, MIME: u.MIME, Size: u.Size, SHA256: u.SHA256})
		}
	}
	return files
}

// derivedID names what a command makes, so that a repeated command makes nothing else.
func (r Request) derivedID(what string) string {
	return uuid.NewSHA1(r.CommandID, []byte(what)).String()
}
