package readapi

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"services.example/portal/domain/account"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/applicationpage"
)

// reader is somebody who may see an application: its applicant, or one of the provider's staff.
type reader struct {
	accountID  string
	side       correspondence.Side
	everything bool // an auditor: both sides and what is nobody's
}

func (r reader) staff() bool { return r.side == correspondence.Staff }

// belonging is whose an application is.
type belonging struct {
	applicant string
	provider  string // empty: its service says it
	service   string // its id
	sent      bool   // before, it is the applicant's alone
}

// readerOf finds out in which capacity a caller may see an application. Error: application-not-found, for everybody who
// may not.
func (q *Queries) readerOf(ctx context.Context, caller *httpapi.Caller, of belonging) (reader, error) {
	if caller.AccountID == of.applicant {
		return reader{accountID: caller.AccountID, side: correspondence.Applicant}, nil
	}
	if !of.sent || !ofProvider(caller) {
		return reader{}, applicationNotFound()
	}
	provider, err := q.providerOf(ctx, of.provider, of.service)
	if err != nil {
		return reader{}, err
	}
	if provider != caller.Provider {
		return reader{}, applicationNotFound()
	}
	return reader{accountID: caller.AccountID, side: correspondence.Staff}, nil
}

// providerOf is who works on an application: whom it names, or its service's provider if it was sent before applications
// named one.
func (q *Queries) providerOf(ctx context.Context, named, service string) (string, error) {
	if named != "" {
		return named, nil
	}
	s, err := q.catalogue.now(ctx)
	if err != nil {
		return "", err
	}
	if o, found := s.services[service]; found {
		return o.ProviderID, nil
	}
	return "", nil
}

// ofProvider tells whether a caller is of a provider's staff.
func ofProvider(caller *httpapi.Caller) bool {
	return caller.Provider != "" && slices.ContainsFunc(caller.Roles, func(role string) bool { return account.Role(role).OfProvider() })
}

// page reads the application's page for whoever may see it; for anybody else it does not exist.
func (q *Queries) page(ctx context.Context, in ApplicationInput) (*applicationpage.Page, reader, error) {
	caller, err := httpapi.Signed(ctx)
	if err != nil {
		return nil, reader{}, err
	}
	if _, err := uuid.Parse(in.ID); err != nil {
		return nil, reader{}, applicationNotFound()
	}
	if err := q.await(ctx, in.Consistent, applicationpage.Name); err != nil {
		return nil, reader{}, err
	}
	page, err := get[applicationpage.Page](ctx, q.deps, applicationpage.Name, in.ID)
	if errors.Is(err, readstore.ErrNotFound) {
		return nil, reader{}, applicationNotFound()
	}
	if err != nil {
		return nil, reader{}, err
	}
	who, err := q.readerOf(ctx, &caller, belonging{
		applicant: page.Applicant, provider: page.ProviderID, service: page.ServiceID, sent: page.SubmittedAt != nil,
	})
	return page, who, err
}

func applicationNotFound() error { return problem.New(problem.NotFound, "application-not-found") }
