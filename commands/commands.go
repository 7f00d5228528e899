// Package commands is the write side: one use case a file, each of which loads a stream, decides and appends.
package commands

import (
	"context"
	"fmt"
	"io"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/calendar"
	"services.example/portal/domain/catalogue"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/notification"
	"services.example/portal/domain/service"
	"services.example/portal/domain/signature"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/session"
)

// Deps is what the commands need from outside.
type Deps struct {
	Events   eventstore.Store
	Codec    *codec.Codec
	Keys     codec.Keys
	Entries  readstore.Entries
	Sessions Sessions
	Files    Files
	Messages Messages
	Secrets  Secrets
	Limits   Limits
	Now      func() time.Time
	SiteURL  string // where people reach the portal: links in e-mails begin with it
}

// Sessions keeps who is signed in.
type Sessions interface {
	Start(ctx context.Context, account session.Account, stay bool) (session.Started, error)
	End(ctx context.Context, id string) error
	EndAll(ctx context.Context, account, except string) error
}

// Files keeps the bytes of attachments, encrypted with the key of the person they belong to.
type Files interface {
	// Put stores a file of at most limit bytes. Errors: problem.TooLarge.
	Put(ctx context.Context, subject string, r io.Reader, limit int64) (StoredFile, error)
}

// StoredFile is a file whose bytes are durable.
type StoredFile struct {
	SHA256 string
	MIME   string // found by content
	Size   int64  // bytes
}

// Messages carries words to a person outside the portal.
type Messages interface {
	SMS(ctx context.Context, phone, words string) error
	Email(ctx context.Context, address, subject, words string) error
}

// Secrets are the keys under which the write side hides what must be compared but not read.
type Secrets struct {
	Pepper []byte // turns an IIN or BIN into an account id
	Codes  []byte // hashes one-time codes and recovery tokens
}

// Limits are the bounds on how often something may be asked for.
type Limits struct {
	CodesPerHour int // one-time codes to one phone
}

// Commands lists everything that can be asked of the portal.
type Commands struct {
	Accounts     *Accounts
	Applications *Applications
	Catalogue    *Catalogue
}

// New wires the use cases.
func New(deps Deps) (*Commands, error) {
	streams, err := newStreams(deps)
	if err != nil {
		return nil, err
	}
	return &Commands{
		Accounts:     newAccounts(deps, streams),
		Applications: &Applications{deps: deps, streams: streams},
		Catalogue:    &Catalogue{deps: deps, streams: streams},
	}, nil
}

// streams are the aggregates that use cases load and append to.
type streams struct {
	accounts     *aggregate[account.State, account.Command, account.Event]
	services     *aggregate[service.State, service.Command, service.Event]
	applications *aggregate[application.State, application.Command, application.Event]
	calendars    *aggregate[calendar.State, calendar.Command, calendar.Event]
	categories   *aggregate[catalogue.Categories, catalogue.DefineCategories, catalogue.CategoryEvent]
	providers    *aggregate[catalogue.ProviderState, catalogue.DescribeProvider, catalogue.ProviderEvent]

	versions *lru.Cache[versionKey, compiled]
}

func newStreams(deps Deps) (*streams, error) {
	versions, err := lru.New[versionKey, compiled](cachedVersions)
	if err != nil {
		return nil, fmt.Errorf("making the cache of service versions: %w", err)
	}
	return &streams{
		accounts:     newAggregate(deps, "account-", account.Decide, account.Evolve, theAccount),
		services:     newAggregate(deps, "service-", service.Decide, service.Evolve, nobody[service.State, service.Command]),
		applications: newAggregate(deps, "application-", application.Decide, application.Evolve, theApplicant),
		calendars:    newAggregate(deps, "calendar-", calendar.Decide, calendar.Evolve, nobody[calendar.State, calendar.Command]),
		categories: newAggregate(deps, "", catalogue.DecideCategories, catalogue.EvolveCategories,
			nobody[catalogue.Categories, catalogue.DefineCategories]),
		providers: newAggregate(deps, "provider-", catalogue.DecideProvider, catalogue.EvolveProvider,
			nobody[catalogue.ProviderState, catalogue.DescribeProvider]),
		versions: versions,
	}, nil
}

// theAccount says that an account's events hold its own person's data.
func theAccount(id string, _ account.State, _ account.Command) string { return id }

// theApplicant says that an application's events hold its applicant's data.
func theApplicant(_ string, s application.State, c application.Command) string {
	if start, ok := c.(application.Start); ok {
		return start.Applicant
	}
	return s.Applicant
}

// nobody says that events hold no person's data.
func nobody[S, C any](string, S, C) string { return "" }

// cachedVersions is how many service versions are kept in memory with their compiled forms.
const cachedVersions = 256

// AggregateTypes is the storage format of every stream that the portal writes: the table of contents of its history.
func AggregateTypes() []codec.Aggregate {
	numbers := codec.Events("application-number", application.NumberEventTypes)
	numbers.Prefix = application.NumbersStream
	categories := codec.Events("catalogue", catalogue.CategoryEventTypes)
	categories.Prefix = catalogueStream
	return []codec.Aggregate{
		codec.Events("account", account.EventTypes),
		codec.Events("service", service.EventTypes),
		codec.Events("application", application.EventTypes,
			codec.Upcast{From: "application.submitted.v1", To: "application.submitted.v2", Do: application.SubmittedV2}),
		numbers,
		codec.Events("correspondence", correspondence.EventTypes),
		codec.Events("reading", correspondence.ReadingEventTypes),
		codec.Events("note", correspondence.NoteEventTypes),
		codec.Events("signature", signature.EventTypes),
		codec.Events("notification", notification.EventTypes),
		codec.Events("calendar", calendar.EventTypes),
		categories,
		codec.Events("provider", catalogue.ProviderEventTypes),
	}
}
