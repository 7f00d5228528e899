// Package commands is the write side: one use case a file, each of which loads a stream, decides and appends.
package commands

import (
	"context"
	"fmt"
	"io"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"services.example/portal/domain/access"
	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/calendar"
	"services.example/portal/domain/catalogue"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/erasure"
	"services.example/portal/domain/machine"
	"services.example/portal/domain/notification"
	"services.example/portal/domain/retention"
	"services.example/portal/domain/service"
	"services.example/portal/domain/signature"
	"services.example/portal/domain/webhook"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/feed"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/session"
)

// Deps is what the commands need from outside.
type Deps struct {
	Events    eventstore.Store
	Codec     *codec.Codec
	Keys      codec.Keys
	Entries   readstore.Entries
	Sessions  Sessions
	Files     Files
	Messages  Messages
	Secrets   Secrets
	Limits    Limits
	Now       func() time.Time
	SiteURL   string // where people reach the portal: links in e-mails begin with it
	Threads   Threads
	Verifier  eds.Verifier  // nil: no digital signature can be taken
	Evidences eds.Evidences // nil: nobody is asked for evidence of signatures
	Notified  Notified      // nil: notices are found by their own ids alone

	Feed          *feed.Feed // nil: there are no webhooks
	PlainWebhooks bool       // may have addresses without TLS

	Erasing      Erasing       // nil: nobody can be erased
	ErasurePause time.Duration // between the order to erase somebody and the first thing that cannot be undone
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
	// Open reads a file by the hash of its content. Errors: problem.Gone once the subject was erased.
	Open(ctx context.Context, subject, sha256 string) (io.ReadCloser, error)
}

// StoredFile is a file whose bytes are durable.
type StoredFile struct {
	SHA256 string
	MIME   string // found by content
	Size   int64  // bytes
}

// Messages carries words to a person outside the portal. The id names a message that may have to be given again, because
// nobody knows whether the gateway has it: a good gateway passes on only one of the same id. A message without an id is given
// once. Ref is by what the gateway will report on the message; empty: it will not. Errors: GatewayFault where the gateway
// has answered.
type Messages interface {
	SMS(ctx context.Context, id, phone, words string) (ref string, err error)
	Email(ctx context.Context, id, address, subject, words string) (ref string, err error)
}

// Secrets are the keys under which the write side hides what must be compared but not read.
type Secrets struct {
	Pepper []byte // turns an IIN or BIN into an account id
	Codes  []byte // hashes one-time codes and recovery tokens
}

// Limits are the bounds on how often something may be asked for.
type Limits struct {
	CodesPerHour      int // one-time codes to one phone
	MessagesPerMinute int // of one author in one application, at most correspondence.MaxPerWindow; 0: any number
	WritingPerMinute  int // messages, notices and notes of one account in one process; 0: any number
}

// Commands lists everything that can be asked of the portal.
type Commands struct {
	Accounts     *Accounts
	Applications *Applications
	Work         *Work
	Catalogue    *Catalogue
	Notices      *Notices

	Correspondence *Correspondence
	Documents      *Documents
	Terms          *Terms
	Erasures       *Erasures

	Access   *Access
	Machines *Machines
	Webhooks *Webhooks
}

// New wires the use cases.
func New(deps Deps) (*Commands, error) {
	streams, err := newStreams(deps)
	if err != nil {
		return nil, err
	}
	writing, err := newPace(deps.Limits.WritingPerMinute)
	if err != nil {
		return nil, err
	}
	accounts := newAccounts(deps, streams)
	return &Commands{
		Accounts:     accounts,
		Applications: &Applications{deps: deps, streams: streams},
		Work:         &Work{deps: deps, streams: streams},
		Catalogue:    &Catalogue{deps: deps, streams: streams},
		Notices:      &Notices{deps: deps, streams: streams},

		Correspondence: &Correspondence{deps: deps, streams: streams, pace: writing},
		Documents:      newDocuments(deps, streams),
		Terms:          &Terms{deps: deps, streams: streams},
		Erasures:       &Erasures{deps: deps, streams: streams, accounts: accounts},

		Access:   &Access{deps: deps, streams: streams},
		Machines: newMachines(deps, streams),
		Webhooks: &Webhooks{deps: deps, streams: streams},
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

	notifications *aggregate[notification.State, notification.Command, notification.Event]

	messages *aggregate[correspondence.State, correspondence.Post, correspondence.Event]
	readings *aggregate[correspondence.Readings, correspondence.MarkRead, correspondence.ReadingEvent]
	notes    *aggregate[correspondence.Notes, correspondence.WriteNote, correspondence.NoteEvent]

	signatures *aggregate[signature.State, signature.Command, signature.Event]

	accesses *aggregate[access.State, access.Command, access.Event]
	machines *aggregate[machine.State, machine.Command, machine.Event]
	webhooks *aggregate[webhook.State, webhook.Command, webhook.Event]

	erasures *aggregate[erasure.State, erasure.Command, erasure.Event]
	schedule *aggregate[retention.State, retention.Schedule, retention.Event]

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
		notifications: newAggregate(deps, noticeStreams, notification.Decide, notification.Evolve, theRecipient),

		messages: newAggregate(deps, "correspondence-", correspondence.Decide, correspondence.Evolve,
			func(_ string, _ correspondence.State, c correspondence.Post) string { return c.Applicant }),
		readings: newAggregate(deps, "reading-", correspondence.DecideReading, correspondence.EvolveReading,
			func(_ string, _ correspondence.Readings, c correspondence.MarkRead) string { return c.Applicant }),
		notes: newAggregate(deps, "note-", correspondence.DecideNote, correspondence.EvolveNote,
			func(_ string, _ correspondence.Notes, c correspondence.WriteNote) string { return c.Applicant }),

		signatures: newAggregate(deps, "signature-", signature.Decide, signature.Evolve, theSigningApplicant),

		accesses: newAggregate(deps, access.Stream, access.Decide, access.Evolve, theReader),
		machines: newAggregate(deps, "", machine.Decide, machine.Evolve, theMachine),
		webhooks: newAggregate(deps, "", webhook.Decide, webhook.Evolve, theWebhook),

		erasures: newAggregate(deps, "erasure-", erasure.Decide, erasure.Evolve,
			func(person string, _ erasure.State, _ erasure.Command) string { return person }),
		schedule: newAggregate(deps, "", retention.Decide, retention.Evolve, nobody[retention.State, retention.Schedule]),

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
