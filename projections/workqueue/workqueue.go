// Package workqueue is the read model behind the lists of a provider's staff, and behind whatever has to happen when a
// term ends: one row an application, with the envelope of its thread. Rows are of applications that were sent; a draft
// has one without a provider, which is in no list.
//
// An application that was sent when events did not name the provider has none either: it is in nobody's list, but its
// term ends like any other.
//
// Document: the application's id. Streams: application-, correspondence-, reading-.
package workqueue

import (
	"slices"
	"time"

	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/service"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
	"services.example/portal/projections/envelope"
	"services.example/portal/projections/lifecycle"
)

// Name is what the directory knows the read model by.
const Name = "work_queue"

// Indexes. Lists of people begin with whose they are; those of the system hold every provider's applications.
const (
	ByNumber             = "by_number"               // everything
	ByProvider           = "by_provider"             // newest number first
	ByProviderAndService = "by_provider_and_service" // newest number first
	ByNew                = "by_new"                  // of a provider: sent, nobody is on it; oldest first
	ByTerm               = "by_term"                 // of a provider: the term runs; by due date
	ByExecutor           = "by_executor"             // of an executor: not ended; by due date, what waits for others last
	ByUnread             = "by_unread"               // of an executor: something is unread; newest number first
	ByDueDate            = "by_due_date"             // all whose term runs and was not said to be over; by due date
	ByWaiting            = "by_waiting"              // all that wait for their applicant; by what they wait for, longest first
)

// never comes after every due date.
var never = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)

// Row is one application as its provider's staff sees it in a list. Days left are counted when it is read.
type Row struct {
	RunningNumber      int64  `bson:"runningNumber"`
	Number             string `bson:"number"`
	Applicant          string `bson:"applicant"` // account id
	ServiceID          string `bson:"serviceId"`
	ServiceVersion     int    `bson:"serviceVersion"`
	ProviderID         string `bson:"providerId,omitempty"` // empty: not sent
	lifecycle.Standing `bson:",inline"`
	TermKind           service.TermKind `bson:"termKind"`             // the days in which days left are counted; empty: not sent
	DueSoonFor         *time.Time       `bson:"dueSoonFor,omitempty"` // the due date that was said to be near
	OverdueFor         *time.Time       `bson:"overdueFor,omitempty"` // the due date that was said to have passed
	Waiting            `bson:",inline"`
	RemindedOf         []string          `bson:"remindedOf,omitempty"` // of what the applicant was reminded
	Rated              bool              `bson:"rated,omitempty"`      // the questionnaire was answered
	Envelope           envelope.Envelope `bson:"envelope"`             // with the marks of all readers: the thread's order is this one
	Places             Places            `bson:"places"`
}

// Waiting says that it is the applicant's turn. Events say nothing of the service's workflow: a consultation waits for a
// questionnaire here also if it has none, or if an act is still to come.
type Waiting struct {
	For   application.WaitingFor `bson:"waitingFor,omitempty"`
	Since *time.Time             `bson:"waitingSince,omitempty"` // of a signature: since the latest document to sign
}

// Places are where a row is in the indexes. They follow from the rest of the row.
type Places struct {
	New    string     `bson:"new,omitempty"`    // the provider, of what nobody is on
	Term   string     `bson:"term,omitempty"`   // the provider, while the term runs
	Mine   []string   `bson:"mine,omitempty"`   // the executors, until it has ended
	Turn   *time.Time `bson:"turn,omitempty"`   // the due date while the term runs, then long after every due date
	Unread []string   `bson:"unread,omitempty"` // the executors who have something to read
	Due    *time.Time `bson:"due,omitempty"`    // the due date, while the term runs and was not said to be over
}

// Model is the projection.
var Model = projections.ReadModel[Row]{
	Name:    Name,
	Version: 2,
	Streams: envelope.Streams(),
	Ignores: []string{
		"application.step-saved.v1", "application.file-attached.v1", "application.file-removed.v1",
		"application.file-uploaded.v1", "application-number.assigned.v1",
	},
	Indexes: []readstore.Index{
		{Name: ByNumber, Fields: []readstore.Field{{Path: "runningNumber", Desc: true}}},
		{Name: ByProvider, Fields: []readstore.Field{{Path: "providerId"}, {Path: "runningNumber", Desc: true}}},
		{Name: ByProviderAndService, Fields: []readstore.Field{
			{Path: "providerId"}, {Path: "serviceId"}, {Path: "runningNumber", Desc: true},
		}},
		{Name: ByNew, Fields: []readstore.Field{{Path: "places.new"}, {Path: "submittedAt"}, {Path: "runningNumber"}}},
		{Name: ByTerm, Fields: []readstore.Field{{Path: "places.term"}, {Path: "places.turn"}, {Path: "runningNumber"}}},
		{Name: ByExecutor, Fields: []readstore.Field{{Path: "places.mine"}, {Path: "places.turn"}, {Path: "runningNumber"}}},
		{Name: ByUnread, Fields: []readstore.Field{{Path: "places.unread"}, {Path: "runningNumber", Desc: true}}},
		{Name: ByDueDate, Fields: []readstore.Field{{Path: "places.due"}}},
		{Name: ByWaiting, Fields: []readstore.Field{{Path: "waitingFor"}, {Path: "waitingSince"}}},
	},
	Keys: keys,
	Fold: fold,
}

func keys(event codec.Envelope) []string {
	switch event.Event.(type) {
	case application.DraftStarted, application.DraftDeleted, application.DueSoon, application.Overdue,
		correspondence.MessagePosted, correspondence.ThreadRead:
	default:
		if !envelope.InThread(event.Event) {
			return nil
		}
	}
	return []string{envelope.ApplicationOf(event.Stream)}
}

func fold(row *Row, _ string, event codec.Envelope) *Row {
	if e, ok := event.Event.(application.DraftStarted); ok {
		return &Row{
			RunningNumber: e.RunningNumber, Number: e.Number, Applicant: e.Applicant,
			ServiceID: e.ServiceID, ServiceVersion: e.ServiceVersion, Standing: lifecycle.Draft(),
		}
	}
	if row == nil {
		return nil
	}
	switch e := event.Event.(type) {
	case application.DraftDeleted:
		return nil
	case application.Submitted:
		row.ProviderID, row.TermKind = e.ProviderID, e.Term.Kind
	case application.DueSoon:
		row.DueSoonFor = &e.DueAt
	case application.Overdue:
		row.OverdueFor = &e.DueAt
	case application.QuestionnaireAnswered:
		row.Rated = true
	case application.ReturnedForCompletion: // of each return the applicant is reminded anew
		row.RemindedOf = slices.DeleteFunc(row.RemindedOf, func(of string) bool { return of == string(application.ForCompletion) })
	case application.ApplicantReminded:
		if !slices.Contains(row.RemindedOf, e.Of) {
			row.RemindedOf = append(row.RemindedOf, e.Of)
		}
	}
	row.Apply(event.Event)
	if row.Sent() { // before, there is no thread
		row.Envelope.Apply(event)
	}
	row.wait(event.Event)
	row.place()
	return row
}

// wait finds out for what the application waits after the event, and since when.
func (r *Row) wait(event any) {
	waitingFor := application.ForNothing
	switch application.Status(r.Status) { //nolint:exhaustive // in all others it is the provider's turn, or nobody's
	case application.Returned:
		waitingFor = application.ForCompletion
	case application.AwaitingSignature:
		waitingFor = application.ForSignature
	case application.Answered:
		if !r.Rated {
			waitingFor = application.ForQuestionnaire
		}
	}
	document, issued := event.(application.DocumentIssued)
	anew := issued && len(document.Signers) > 0 && waitingFor == application.ForSignature
	if waitingFor == r.For && !anew {
		return
	}
	r.Waiting = Waiting{For: waitingFor}
	if waitingFor != application.ForNothing {
		_, at := lifecycle.Tell(event)
		r.Since = &at
	}
}

// place puts the row where the indexes find it.
func (r *Row) place() {
	p := Places{}
	if r.Status == string(application.StatusSubmitted) && len(r.Executors) == 0 {
		p.New = r.ProviderID
	}
	if !r.Ended() {
		p.Mine, p.Turn = r.Executors, &never
	}
	if due := r.Due(); due != nil {
		p.Term, p.Turn = r.ProviderID, due
		if r.OverdueFor == nil || !r.OverdueFor.Equal(*due) {
			p.Due = due
		}
	}
	for _, executor := range r.Executors {
		if r.Unread(executor) > 0 {
			p.Unread = append(p.Unread, executor)
		}
	}
	r.Places = p
}

// Due is the due date while the provider's term runs; nil while it stands still and when it is over.
func (r *Row) Due() *time.Time {
	if !r.TermRuns() {
		return nil
	}
	return r.DueAt
}

// Sent tells whether the provider's staff may know of the application.
func (r *Row) Sent() bool { return r.SubmittedAt != nil }

// Ended tells whether nothing more is to be done.
func (r *Row) Ended() bool {
	return r.Status == string(application.Completed) || r.Status == string(application.StatusWithdrawn)
}

// Unread counts what of the thread is new to somebody of the staff.
func (r *Row) Unread(reader string) int { return r.Envelope.Unread(reader, correspondence.Staff) }
