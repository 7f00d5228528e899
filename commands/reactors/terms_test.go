package reactors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/commands"
	"services.example/portal/domain/application"
	"services.example/portal/domain/calendar"
	"services.example/portal/domain/catalogue"
	"services.example/portal/domain/service"
	"services.example/portal/domain/signature"
	"services.example/portal/domain/text"
	"services.example/portal/infra/eventstore"
)

const (
	chamberID = "4d1f5d5a-3a52-4c39-8a4b-0d8a4c1e0f01" // a provider
	daysID    = "4d1f5d5a-3a52-4c39-8a4b-0d8a4c1e0f02" // its calendar
	adviceID  = "4d1f5d5a-3a52-4c39-8a4b-0d8a4c1e0f03" // its service: act by acceptance, then a questionnaire
	actID     = "4d1f5d5a-3a52-4c39-8a4b-0d8a4c1e0f04"
)

// office is a world with a provider whose terms are looked after. Its index is what the log says.
type office struct {
	*world
	terms    *terms
	late     bool // the index still says what it said before reminders and warnings
	perPage  int  // of the index
	applying []string
}

// newOffice opens it on noon, Monday 23 November; Friday 27 is a holiday.
func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{world: newWorld(t), perPage: 2}
	o.happened("calendar-"+daysID, "", calendar.Defined{Version: 1, Holidays: []string{"2026-11-27"}})
	o.happened("provider-"+chamberID, "", catalogue.ProviderDescribed{CalendarID: daysID})
	content := service.Content{Workflow: service.Workflow{
		ID:            "advice",
		Signatures:    []service.SignatureRule{{Document: "act", Signers: []string{"provider", "applicant"}, By: "acceptance"}},
		Questionnaire: []service.QuestionnaireItem{{ID: "overall", Kind: "score"}},
	}}
	content.Passport.Name = text.Text{KK: "Кеңес беру", RU: "Консультация", EN: "Advice"}
	content.Passport.ProviderID = chamberID
	o.happened("service-"+adviceID, "", service.Revised{Version: 1, Content: content}, service.Published{Version: 1})
	o.open()
	return o
}

// open starts the write side anew, with nothing in its memory.
func (o *office) open() {
	o.t.Helper()
	c, err := commands.New(o.deps)
	done(o.t, err)
	o.terms = &terms{use: c.Terms, index: o, now: o.clock.Now, every: time.Hour}
}

// sent gives the office an application that is due then.
func (o *office) sent(due time.Time, more ...any) string {
	o.t.Helper()
	id := uuid.NewString()
	o.applying = append(o.applying, id)
	o.happened("application-"+id, nurai,
		application.DraftStarted{Applicant: nurai, ServiceID: adviceID, ServiceVersion: 1, Number: "2066-23-11-26"},
		application.Submitted{ServiceID: adviceID, ProviderID: chamberID, DueAt: due, At: noon})
	o.also(id, more...)
	return id
}

func (o *office) also(id string, more ...any) {
	o.t.Helper()
	if len(more) > 0 {
		o.happened("application-"+id, nurai, more...)
	}
}

// state reads an application in the log.
func (o *office) state(ctx context.Context, id string) (application.State, error) {
	var s application.State
	for recorded, err := range o.log.ReadStream(ctx, "application-"+id, eventstore.StreamRead{}) {
		if err != nil {
			return s, err
		}
		envelope, err := o.codec.Decode(ctx, recorded)
		if err != nil {
			return s, err
		}
		if event, ok := envelope.Event.(application.Event); ok {
			s = application.Evolve(s, event)
		}
	}
	return s, nil
}

// events are the latest events of an application, from the n-th on.
func (o *office) events(id string, from int) []any {
	o.t.Helper()
	var list []any
	for recorded, err := range o.log.ReadStream(o.t.Context(), "application-"+id, eventstore.StreamRead{From: int64(from)}) {
		var missing *eventstore.NotFoundError
		if errors.As(err, &missing) {
			break
		}
		done(o.t, err)
		envelope, err := o.codec.Decode(o.t.Context(), recorded)
		done(o.t, err)
		list = append(list, envelope.Event)
	}
	return list
}

// Due is what the read model would say, in pages.
func (o *office) Due(ctx context.Context, until time.Time, after string) ([]DueApplication, string, error) {
	var list []DueApplication
	for _, id := range o.applying {
		s, err := o.state(ctx, id)
		if err != nil {
			return nil, "", err
		}
		runs := s.Status == application.StatusSubmitted || s.Status == application.InWork
		if !runs || s.DueAt.After(until) || !o.late && s.OverdueFor.Equal(s.DueAt) {
			continue
		}
		list = append(list, DueApplication{ID: id, Provider: s.ProviderID, DueAt: s.DueAt, Near: !o.late && s.DueSoonFor.Equal(s.DueAt)})
	}
	page, next := paged(list, o.perPage, after)
	return page, next, nil
}

// Waiting is what the read model would say, in pages: of a signature, since the document was issued.
func (o *office) Waiting(
	ctx context.Context, waitingFor application.WaitingFor, since time.Time, after string,
) ([]WaitingApplication, string, error) {
	var list []WaitingApplication
	for _, id := range o.applying {
		s, err := o.state(ctx, id)
		if err != nil {
			return nil, "", err
		}
		one := WaitingApplication{ID: id, Reminded: !o.late && slices.Contains(s.RemindedOf, string(waitingFor))}
		switch {
		case waitingFor == application.ForSignature && s.Status == application.AwaitingSignature:
			one.Since = s.Documents[len(s.Documents)-1].IssuedAt
		case waitingFor == application.ForQuestionnaire && s.Status == application.Answered:
			one.Since = s.Decision.At
		case waitingFor == application.ForCompletion && s.Status == application.Returned:
			one.Since = s.ReturnedAt
		default:
			continue
		}
		if !one.Since.After(since) {
			list = append(list, one)
		}
	}
	page, next := paged(list, o.perPage, after)
	return page, next, nil
}

// paged cuts a list into pages; after is how many came before.
func paged[T any](list []T, perPage int, after string) ([]T, string) {
	from := len(after)
	if from >= len(list) {
		return nil, ""
	}
	if from+perPage < len(list) {
		return list[from : from+perPage], after + strings.Repeat("x", perPage)
	}
	return list[from:], ""
}

// pass looks after all terms, each time as often as after crashes: with and without what was in memory, and by an index
// that is behind.
func (o *office) pass() {
	o.t.Helper()
	for _, late := range []bool{false, true, false} {
		o.late = late
		o.open()
		done(o.t, o.terms.pass(o.t.Context()))
		done(o.t, o.terms.pass(o.t.Context()))
	}
}

// at sets the clock.
func (o *office) at(instant time.Time) { o.clock.pass(instant.Sub(o.clock.Now())) }

func almaty(day string) time.Time {
	end, err := time.Parse(time.RFC3339, day+"T23:59:59+05:00")
	if err != nil {
		panic(err)
	}
	return end.UTC()
}

// TestDueDatesThatComeNearAndPass: due on Tuesday, so that Wednesday to Monday hold two working days, because Friday is a
// holiday. Of many applications none is left out, whatever the pages.
func TestDueDatesThatComeNearAndPass(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	due := almaty("2026-12-01")
	ids := []string{o.sent(due), o.sent(due), o.sent(almaty("2026-12-20")), o.sent(due, application.TakenIntoWork{Executor: dauren}), o.sent(due)}
	given := map[string]int{ids[0]: 2, ids[1]: 2, ids[3]: 3, ids[4]: 2}

	o.at(almaty("2026-11-25").Add(time.Second)) // Thursday begins: Monday and Tuesday are left
	near := o.clock.Now()
	o.pass()
	o.at(due)
	o.pass()
	o.at(due.Add(time.Second))
	over := o.clock.Now()
	o.pass()
	o.at(due.Add(72 * time.Hour))
	o.pass()

	want := []any{application.DueSoon{DueAt: due, At: near}, application.Overdue{ServiceID: adviceID, DueAt: due, At: over}}
	for id, n := range given {
		if diff := cmp.Diff(want, o.events(id, n)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	}
	if got := o.events(ids[2], 2); got != nil {
		t.Errorf("of what is due in weeks: %v", got)
	}
}

// TestBeforeItIsNear: a day earlier three working days are left.
func TestBeforeItIsNear(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.sent(almaty("2026-12-01"))
	o.at(almaty("2026-11-25"))
	o.pass()
	if got := o.events(id, 2); got != nil {
		t.Errorf("events %v", got)
	}
}

// TestAnApplicationWithoutAProviderInItsEvents was sent when events did not name it: its service does.
func TestAnApplicationWithoutAProviderInItsEvents(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := uuid.NewString()
	o.applying = []string{id}
	due := almaty("2026-11-24")
	o.happened("application-"+id, nurai,
		application.DraftStarted{Applicant: nurai, ServiceID: adviceID, ServiceVersion: 1, Number: "2066-23-11-26"},
		application.Submitted{ServiceID: adviceID, DueAt: due, At: noon})
	o.pass()
	if diff := cmp.Diff([]any{application.DueSoon{DueAt: due, At: noon}}, o.events(id, 2)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// TestACalendarThatChanges changes no due date that is set, and warns by its new days.
func TestACalendarThatChanges(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	due := almaty("2026-12-01")
	id := o.sent(due)
	o.at(almaty("2026-11-25"))
	o.pass()
	o.happened("calendar-"+daysID, "", calendar.Defined{Version: 2, Holidays: []string{"2026-11-26", "2026-11-27"}})
	if got := o.events(id, 2); got != nil {
		t.Fatalf("a new calendar changed the history: %v", got)
	}
	o.pass()
	want := []any{application.DueSoon{DueAt: due, At: o.clock.Now()}}
	if diff := cmp.Diff(want, o.events(id, 2)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if s, err := o.state(t.Context(), id); err != nil || !s.DueAt.Equal(due) {
		t.Errorf("due %s, %v", s.DueAt, err)
	}
}

// responded are the events of a consultation with its act to be signed, by the provider first.
func responded() []any {
	return []any{
		application.ResponseIssued{ServiceID: adviceID, Executor: dauren, At: noon},
		application.DocumentIssued{DocumentID: actID, Kind: "act", Version: 1, Signers: []string{"provider", "applicant"}, By: "acceptance", At: noon},
	}
}

func prepared() signature.Prepared {
	return signature.Prepared{
		ApplicationID: "x", Applicant: nurai, ProviderID: chamberID, Kind: "act", Version: 1,
		Signers: []signature.Signer{signature.Provider, signature.Applicant}, By: signature.Acceptance, At: noon,
	}
}

const day = 24 * time.Hour

// TestAnActThatIsNeverSigned: the applicant's time begins when the provider has signed, on the third day.
func TestAnActThatIsNeverSigned(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.sent(almaty("2026-12-01"), responded()...)
	o.happened("signature-"+actID, nurai, prepared())
	o.at(noon.Add(99 * day))
	o.pass()
	if got := o.events(id, 4); got != nil {
		t.Fatalf("while it is the provider's turn: %v", got)
	}
	turn := noon.Add(99 * day)
	o.happened("signature-"+actID, nurai, signature.Accepted{Signer: signature.Provider, Account: dauren, Method: signature.Acceptance, At: turn})
	for _, after := range []time.Duration{5*day - time.Second, 5 * day, 6 * day, 30*day - time.Second, 30 * day, 60 * day} {
		o.at(turn.Add(after))
		o.pass()
	}
	want := []any{
		application.ApplicantReminded{Of: "signature", At: turn.Add(5 * day)},
		application.ApplicationCompleted{ServiceID: adviceID, Outcome: application.OutcomeNotSigned, SubmittedAt: noon, At: turn.Add(30 * day)},
	}
	if diff := cmp.Diff(want, o.events(id, 4)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestAQuestionnaireThatIsNeverAnswered(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	signed := noon.Add(10 * day)
	id := o.sent(almaty("2026-12-01"), append(responded(), application.DocumentSigned{DocumentID: actID, At: signed})...)
	for _, after := range []time.Duration{5*day - time.Second, 5 * day, 14*day - time.Second, 14 * day, 60 * day} {
		o.at(signed.Add(after))
		o.pass()
	}
	want := []any{
		application.ApplicantReminded{Of: "questionnaire", At: signed.Add(5 * day)},
		application.ApplicationCompleted{ServiceID: adviceID, Outcome: application.OutcomeAnswered, SubmittedAt: noon, At: signed.Add(14 * day)},
	}
	if diff := cmp.Diff(want, o.events(id, 5)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// TestWhatWasReturned is reminded of, and never ended; after another return once more.
func TestWhatWasReturned(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	due := almaty("2026-12-01")
	id := o.sent(due, application.ReturnedForCompletion{ServiceID: adviceID, Executor: dauren, At: noon})
	o.at(noon.Add(5 * day))
	o.pass()
	o.at(noon.Add(400 * day))
	o.pass()
	second := o.clock.Now()
	resubmitted := application.Resubmitted{DueAt: second.Add(day), At: second}
	again := application.ReturnedForCompletion{ServiceID: adviceID, Executor: dauren, At: second}
	o.also(id, resubmitted, again)
	o.at(second.Add(5 * day))
	o.pass()
	want := []any{
		application.ApplicantReminded{Of: "completion", At: noon.Add(5 * day)},
		resubmitted, again,
		application.ApplicantReminded{Of: "completion", At: second.Add(5 * day)},
	}
	if diff := cmp.Diff(want, o.events(id, 3)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// TestAnApplicationThatFails holds up no other, and is said.
func TestAnApplicationThatFails(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	due := almaty("2026-11-24")
	var ids []string
	for range 2 * (maxFaults + 2) {
		ids = append(ids, o.sent(due))
	}
	o.log.set(func(stream string) error {
		if i := slices.Index(ids, strings.TrimPrefix(stream, "application-")); i%2 == 0 {
			return fmt.Errorf("%w: as the test wants", eventstore.ErrUnavailable)
		}
		return nil
	}, nil)
	err := o.terms.pass(t.Context())
	if !errors.Is(err, eventstore.ErrUnavailable) || !strings.Contains(err.Error(), "and 2 more") {
		t.Errorf("the pass ended with %v", err)
	}
	o.log.set(nil, nil)
	for i, id := range ids {
		want := []any{application.DueSoon{DueAt: due, At: noon}}
		if i%2 == 0 {
			want = nil
		}
		if diff := cmp.Diff(want, o.events(id, 2)); diff != "" {
			t.Errorf("application %d (-want +got):\n%s", i, diff)
		}
	}
	done(t, o.terms.pass(t.Context()))
	if diff := cmp.Diff([]any{application.DueSoon{DueAt: due, At: noon}}, o.events(ids[0], 2)); diff != "" {
		t.Errorf("the next pass (-want +got):\n%s", diff)
	}
}

// TestTermsAreLookedAfterUntilTheEnd: a pass follows a pass, and the end of the context ends them.
func TestTermsAreLookedAfterUntilTheEnd(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	passes := make(chan struct{})
	index := &counted{office: o, passes: passes}
	c, err := commands.New(o.deps)
	done(t, err)
	task := Terms(c.Terms, index, o.clock.Now, time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- task.Run(ctx, always) }()
	<-passes
	<-passes
	cancel()
	for {
		select {
		case <-passes:
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
			return
		}
	}
}

// counted says when a pass begins.
type counted struct {
	*office
	passes chan struct{}
}

func (c *counted) Due(ctx context.Context, until time.Time, after string) ([]DueApplication, string, error) {
	c.passes <- struct{}{}
	return c.office.Due(ctx, until, after)
}
