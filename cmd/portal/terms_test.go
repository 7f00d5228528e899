package main

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/commands/reactors"
	"services.example/portal/domain/application"
	"services.example/portal/domain/calendar"
	"services.example/portal/domain/catalogue"
	"services.example/portal/domain/service"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
)

// TestTermsOverTheReadModel: what waits is found in the staff's read model, in pages, and is looked after by the reactors
// of a running portal. Everything happened long ago, or is due in a moment.
func TestTermsOverTheReadModel(t *testing.T) {
	t.Parallel()
	where := storage{Data: t.TempDir(), EventStore: embedded, ReadStore: embedded}
	p, err := open(t.Context(), where, options{messages: &outbox{}, terms: termsFlags{Every: time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	})
	const (
		applicant, provider, days = "6f1c9e52-2f0b-4d7c-9d57-0d3a5c5b0a01", "6f1c9e52-2f0b-4d7c-9d57-0d3a5c5b0a02", "6f1c9e52-2f0b-4d7c-9d57-0d3a5c5b0a03"
		advice                    = "6f1c9e52-2f0b-4d7c-9d57-0d3a5c5b0a04"
	)
	if err := p.keys.Create(t.Context(), applicant); err != nil {
		t.Fatal(err)
	}
	happened := func(stream, subject string, events ...any) {
		t.Helper()
		for _, event := range events {
			id := uuid.New()
			encoded, err := p.codec.Encode(t.Context(), stream, id, codec.Metadata{CommandID: id, Subject: subject}, event)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.events.Append(t.Context(), stream, eventstore.Any, encoded); err != nil {
				t.Fatal(err)
			}
		}
	}
	content := service.Content{Workflow: service.Workflow{
		ID: "advice", Questionnaire: []service.QuestionnaireItem{{ID: "overall", Kind: "score"}},
	}}
	content.Passport.ProviderID = provider
	happened("calendar-"+days, "", calendar.Defined{Version: 1})
	happened("provider-"+provider, "", catalogue.ProviderDescribed{CalendarID: days})
	happened("service-"+advice, "", service.Revised{Version: 1, Content: content}, service.Published{Version: 1})

	now := p.now()
	long := now.Add(-9 * 24 * time.Hour)
	sent := func(due time.Time, more ...any) string {
		id := uuid.NewString()
		happened("application-"+id, applicant, slices.Concat([]any{
			application.DraftStarted{Applicant: applicant, ServiceID: advice, ServiceVersion: 1, Number: "1-23-11-26", At: long},
			application.Submitted{
				ServiceID: advice, ProviderID: provider, Term: service.Term{Days: 15, Kind: service.WorkingDays}, DueAt: due, At: long,
			},
		}, more)...)
		return id
	}
	over, near, far := now.Add(-time.Hour), now.Add(time.Hour), now.Add(15*24*time.Hour)
	overdue := sent(over)
	due := sent(near, application.TakenIntoWork{At: long})
	quiet := []string{sent(far), sent(now.Add(-time.Hour), application.Withdrawn{At: long})}
	answered := sent(far, application.ResponseIssued{ServiceID: advice, SubmittedAt: long, DueAt: far, At: long})
	returned := sent(far, application.ReturnedForCompletion{ServiceID: advice, At: long})
	if err := p.project(t.Context()); err != nil {
		t.Fatal(err)
	}

	list, next, err := p.terms().Due(t.Context(), now.Add(16*24*time.Hour), "")
	want := []reactors.DueApplication{
		{ID: overdue, Provider: provider, DueAt: over}, {ID: due, Provider: provider, DueAt: near}, {ID: quiet[0], Provider: provider, DueAt: far},
	}
	if diff := cmp.Diff(want, list); diff != "" || next != "" || err != nil {
		t.Errorf("due %q, %v (-want +got):\n%s", next, err, diff)
	}
	waiting, next, err := p.terms().Waiting(t.Context(), application.ForQuestionnaire, now, "")
	if diff := cmp.Diff([]reactors.WaitingApplication{{ID: answered, Since: long}}, waiting); diff != "" || next != "" || err != nil {
		t.Errorf("waiting %q, %v (-want +got):\n%s", next, err, diff)
	}
	if early, _, err := p.terms().Waiting(t.Context(), application.ForQuestionnaire, long.Add(-1), ""); len(early) > 0 || err != nil {
		t.Errorf("waiting longer: %v, %v", early, err)
	}

	stop, err := p.startReactors(t.Context(), where, options{terms: termsFlags{Every: time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	for id, kind := range map[string]string{
		overdue: "application.overdue.v1", due: "application.due-soon.v1",
		answered: "application.reminded.v1", returned: "application.reminded.v1",
	} {
		awaitEvent(t, p, "application-"+id, kind)
	}
	if err := p.engine.CaughtUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, _, err = p.terms().Due(t.Context(), now.Add(16*24*time.Hour), "")
	want = []reactors.DueApplication{{ID: due, Provider: provider, DueAt: near, Near: true}, {ID: quiet[0], Provider: provider, DueAt: far}}
	if diff := cmp.Diff(want, list); diff != "" || err != nil {
		t.Errorf("due afterwards, %v (-want +got):\n%s", err, diff)
	}
}

// awaitEvent waits for an event of that type in a stream.
func awaitEvent(t *testing.T, p *portal, stream, kind string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	events, err := p.events.Subscribe(ctx, eventstore.Position{}, eventstore.Filter{Streams: []string{stream}})
	if err != nil {
		t.Fatal(err)
	}
	defer events.Close() //nolint:errcheck // the test ends
	for {
		delivery, err := events.Next(ctx, 100)
		if err != nil {
			t.Fatalf("waiting for %s in %s: %v", kind, stream, err)
		}
		if slices.ContainsFunc(delivery.Events, func(e eventstore.Recorded) bool { return e.Type == kind }) {
			return
		}
	}
}

func TestHowOftenTermsAreLookedAfter(t *testing.T) {
	t.Parallel()
	for every, want := range map[time.Duration]error{time.Second: nil, time.Hour: nil, 0: errTermsEvery, -1: errTermsEvery, time.Millisecond: errTermsEvery} {
		if err := (termsFlags{Every: every}).Validate(); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", every, err, want)
		}
	}
}
