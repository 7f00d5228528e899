package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"services.example/portal/cmd/portal/catalogue"
	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/calendar"
	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/session"
)

const (
	loaders      = 64   // appends at once while loading
	numbersChunk = 1000 // numbers handed out in one append while loading
	benchUsers   = 1000 // people with a session
)

// Loaded is a folder with invented people and applications.
type Loaded struct {
	Data         string `json:"-"` // its data folder
	Applications int
	Users        []User
}

// User is somebody with a session.
type User struct {
	Token   string
	Account string
	Draft   string // an application that can still be saved
	Step    string // a step of it
	Data    json.RawMessage
	Sent    string // an application that was sent
}

// Load makes a data folder of that name in a folder, unless an earlier run left it, and gives some people sessions.
func Load(ctx context.Context, host Host, folder, name string, applications, people int) (_ *Loaded, err error) {
	l := &Loaded{Data: filepath.Join(folder, name), Applications: applications}
	mark := filepath.Join(folder, name+".json")
	p, err := host.Open(ctx, l.Data, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	if kept, err := os.ReadFile(mark); err == nil {
		if err := json.Unmarshal(kept, l); err != nil {
			return nil, fmt.Errorf("reading %s: %w", mark, err)
		}
		if l.Applications != applications {
			return nil, fmt.Errorf("%s holds %d applications; use another --folder for %d", l.Data, l.Applications, applications)
		}
		return l, l.signIn(ctx, p)
	}
	started := time.Now()
	if err := p.Seed(ctx); err != nil {
		return nil, err
	}
	if err := l.fill(ctx, p, applications, people); err != nil {
		return nil, err
	}
	slog.InfoContext(ctx, "loaded", "applications", applications, "people", people, "took", time.Since(started).Round(time.Second))
	started = time.Now()
	if err := p.Project(ctx); err != nil {
		return nil, err
	}
	slog.InfoContext(ctx, "projected", "took", time.Since(started).Round(time.Second))
	if err := l.signIn(ctx, p); err != nil {
		return nil, err
	}
	kept, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", mark, err)
	}
	return l, os.WriteFile(mark, kept, 0o600)
}

// signIn gives the users sessions.
func (l *Loaded) signIn(ctx context.Context, p *Portal) error {
	for i := range l.Users {
		u := &l.Users[i]
		started, err := p.Sessions.Start(ctx, session.Account{ID: u.Account, Roles: []string{string(account.Applicant)}}, true)
		if err != nil {
			return err
		}
		u.Token = started.Token
	}
	return nil
}

// filler writes events as the commands would, without their checks.
type filler struct {
	portal   *Portal
	services []catalogue.ServiceFile
	data     [][]json.RawMessage // of each service's steps, from the examples in their schemas
	people   int
	start    time.Time
}

func (l *Loaded) fill(ctx context.Context, p *Portal, applications, people int) error {
	found, err := catalogue.Load(catalogue.Embedded())
	if err != nil {
		return err
	}
	f := &filler{portal: p, services: found.Services, people: people, start: time.Now().UTC().Truncate(time.Millisecond).Add(-60 * 24 * time.Hour)}
	for _, s := range f.services {
		var steps []json.RawMessage
		for _, step := range s.Content.Steps {
			steps = append(steps, exampleData(step))
		}
		f.data = append(f.data, steps)
	}
	if err := parallel(ctx, people, f.person); err != nil {
		return err
	}
	if err := f.numbers(ctx, applications); err != nil {
		return err
	}
	if err := parallel(ctx, applications, f.application); err != nil {
		return err
	}
	for i := range min(f.holders(), benchUsers) {
		l.Users = append(l.Users, f.user(i, applications))
	}
	return nil
}

// parallel calls work for 0 to n-1, many at once.
func parallel(ctx context.Context, n int, work func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for k := range loaders {
		group.Go(func() error {
			for i := k; i < n; i += loaders {
				if err := work(ctx, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// exampleData fills a step from the examples in its schema.
func exampleData(step service.Step) json.RawMessage {
	var schema struct {
		Properties map[string]struct {
			Examples []json.RawMessage `json:"examples"`
		} `json:"properties"`
	}
	data := map[string]json.RawMessage{}
	if err := json.Unmarshal(step.Schema, &schema); err == nil {
		for name, property := range schema.Properties {
			if len(property.Examples) > 0 {
				data[name] = property.Examples[0]
			}
		}
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return json.RawMessage("{}")
	}
	return raw
}

func (f *filler) accountOf(person int) string {
	return f.portal.AccountID(identitytest.IIN(2_000_000 + person))
}

// holders is how many people have applications: half of them, so that each has twice the average, and a full page.
func (f *filler) holders() int { return max(1, f.people/2) }

// person enrols the i-th person.
func (f *filler) person(ctx context.Context, i int) error {
	id := f.accountOf(i)
	if err := f.portal.Keys.Create(ctx, id); err != nil {
		return err
	}
	registration := uuid.NewSHA1(uuid.Nil, []byte(id)).String()
	return f.append(ctx, "account-"+id, id,
		account.RegistrationStarted{ //nolint:gosec // nobody has this password
			RegistrationID: registration, Kind: account.Individual, Number: identitytest.IIN(2_000_000 + i),
			LastName: "Ойдантегі", FirstName: "Адам", Email: fmt.Sprintf("person%d@bench.example", i),
			Phone: identitytest.Phone(i), PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$AAAA$AAAA",
			NotifyBy: []account.Channel{account.SMS}, Language: text.Kazakh, ExpiresAt: f.start.Add(time.Hour), At: f.start,
		},
		account.RegistrationConfirmed{RegistrationID: registration, At: f.start},
	)
}

// numbers hands out as many numbers as there are applications.
func (f *filler) numbers(ctx context.Context, applications int) error {
	for from := 0; from < applications; from += numbersChunk {
		var events []any
		for i := from; i < min(from+numbersChunk, applications); i++ {
			events = append(events, application.NumberAssigned{ApplicationID: applicationID(i), At: f.start})
		}
		if err := f.append(ctx, application.NumbersStream, "", events...); err != nil {
			return err
		}
	}
	return nil
}

func applicationID(i int) string {
	return uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "application %d", i)).String()
}

// application writes the i-th application: most are sent, every tenth is a draft, some are withdrawn.
func (f *filler) application(ctx context.Context, i int) error {
	applicant, s := f.accountOf(i%f.holders()), i%len(f.services)
	offered := f.services[s]
	at := f.start.Add(time.Duration(i%80_000) * time.Minute / 2)
	number := application.RunningNumber(int64(i))
	draft := application.DraftStarted{
		Applicant: applicant, ServiceID: offered.ID, ServiceVersion: 1, RunningNumber: number,
		Number: application.FormatNumber(number, calendar.Suffix(at)), At: at,
	}
	events := []any{&draft}
	for k, step := range offered.Content.Steps {
		draft.Steps = append(draft.Steps, application.StepState{ID: step.ID, Kind: step.Kind})
		if step.Kind != service.DocumentStep && k < 3 {
			events = append(events, application.StepSaved{StepID: step.ID, Data: f.data[s][k], Complete: true, At: at})
		}
	}
	events[0] = draft
	if !f.draft(i) {
		events = append(events, application.Submitted{
			ServiceID: offered.ID, ProviderID: offered.Content.Passport.ProviderID, Term: offered.Content.Passport.Term,
			DueAt: at.AddDate(1, 0, 0), At: at, // far ahead: no portal has as many warnings to give at once
		})
		if i%50 == 1 {
			events = append(events, application.Withdrawn{ServiceID: offered.ID, At: at})
		}
	}
	return f.append(ctx, "application-"+applicationID(i), applicant, events...)
}

// draft tells which applications stay drafts: every tenth, spread over the people.
func (f *filler) draft(i int) bool { return (i+i/f.holders())%10 == 0 }

// user describes the i-th person to the load: with a draft of theirs and with an application that they sent, if they have
// them.
func (f *filler) user(i, applications int) User {
	u := User{Account: f.accountOf(i)}
	for k := i; k < applications; k += f.holders() {
		if !f.draft(k) {
			u.Sent = applicationID(k)
			continue
		}
		if u.Draft != "" {
			continue
		}
		s := k % len(f.services)
		for n, step := range f.services[s].Content.Steps {
			if step.Kind != service.DocumentStep {
				u.Draft, u.Step, u.Data = applicationID(k), step.ID, f.data[s][n]
				break
			}
		}
	}
	return u
}

func (f *filler) append(ctx context.Context, stream, subject string, events ...any) error {
	command := uuid.Must(uuid.NewV7())
	meta := codec.Metadata{
		CommandID: command, CausationID: command, CorrelationID: command, Actor: subject,
		Role: string(account.Applicant), Subject: subject, Client: "0123456789abcdef",
	}
	encoded := make([]eventstore.Event, len(events))
	for i, event := range events {
		var err error
		id := uuid.NewSHA1(command, []byte{byte(i >> 8), byte(i)})
		if encoded[i], err = f.portal.Codec.Encode(ctx, stream, id, meta, event); err != nil {
			return fmt.Errorf("loading %s: %w", stream, err)
		}
	}
	if _, err := f.portal.Events.Append(ctx, stream, eventstore.Any, encoded...); err != nil {
		return fmt.Errorf("loading %s: %w", stream, err)
	}
	return nil
}
