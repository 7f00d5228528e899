// Package cases is the read model behind analytics: what figures need to know of each application, and no more. It names
// nobody: neither number nor name, and the applicant only by account id, from which exports make pseudonyms.
//
// A draft that was deleted keeps its row: where people give up is one of the questions.
//
// Document: the application's id. Streams: application-, account- (for erasure).
package cases

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/calendar"
	"services.example/portal/domain/region"
	"services.example/portal/domain/service"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
	"services.example/portal/projections/accounts"
	"services.example/portal/projections/lifecycle"
)

// Name is what the directory knows the read model by.
const Name = "cases"

// Indexes.
const (
	ByStarted   = "by_started"   // by the month in which the draft was started: every row
	BySent      = "by_sent"      // by the month in which it was sent for the first time
	ByChange    = "by_change"    // by the time of the latest change
	ByApplicant = "by_applicant" // until the person is erased
)

// Statuses that no other read model has.
const (
	Deleted = "deleted" // a draft that was deleted
)

// Case is an application as analytics sees it.
type Case struct {
	Applicant      string      `bson:"applicant,omitempty"` // account id; empty: erased
	ServiceID      string      `bson:"serviceId"`
	ServiceVersion int         `bson:"serviceVersion"`
	ProviderID     string      `bson:"providerId,omitempty"` // empty: not sent, or sent when events did not name it
	Region         region.Code `bson:"region,omitempty"`     // that the applicant's form names
	Status         string      `bson:"status"`
	StartedMonth   string      `bson:"startedMonth"` // in Almaty, such as 2026-11
	SentMonth      string      `bson:"sentMonth,omitempty"`
	StartedAt      time.Time   `bson:"startedAt"`
	SentAt         *time.Time  `bson:"sentAt,omitempty"` // for the first time
	DueAt          *time.Time  `bson:"dueAt,omitempty"`
	TermDays       int         `bson:"termDays,omitempty"`
	TermKind       string      `bson:"termKind,omitempty"`
	ReturnedAt     *time.Time  `bson:"returnedAt,omitempty"` // while it is returned
	Returns        int         `bson:"returns,omitempty"`
	FirstAnswerAt  *time.Time  `bson:"firstAnswerAt,omitempty"` // first return, response or decision
	DecidedAt      *time.Time  `bson:"decidedAt,omitempty"`
	Decision       string      `bson:"decision,omitempty"` // answered, approved or refused
	Refusal        string      `bson:"refusal,omitempty"`  // the reason's code
	Unsigned       []string    `bson:"unsigned,omitempty"` // ids of the documents that wait for a signature
	Overdue        bool        `bson:"overdue,omitempty"`  // a due date passed while the provider's term ran
	EndedAt        *time.Time  `bson:"endedAt,omitempty"`  // completed, withdrawn or deleted
	Outcome        string      `bson:"outcome,omitempty"`  // of a completed one
	Steps          []Step      `bson:"steps,omitempty"`    // of the form, in their order
	Scores         []Score     `bson:"scores,omitempty"`   // of the questionnaire
	ChangedAt      time.Time   `bson:"changedAt"`
}

// Step is how far the applicant came in a step of the form.
type Step struct {
	ID       string `bson:"id"`
	Touched  bool   `bson:"touched,omitempty"`  // saved, or a file was attached
	Complete bool   `bson:"complete,omitempty"` // it sufficed for sending
}

// Score is the answer to a question of the questionnaire.
type Score struct {
	Question string `bson:"question"`
	Score    int    `bson:"score"` // 1 to 5
}

// Rules are what can be asked "what if" about. The zero value is what happened.
type Rules struct {
	TermDays int                // 0: as it was
	TermKind service.TermKind   // empty: as it was
	Calendar *calendar.Calendar // nil: due dates as they were
}

// changed tells whether due dates are to be counted anew.
func (r Rules) changed() bool { return r.Calendar != nil }

// Model is the projection.
var Model = With(Rules{})

// With is the projection under other rules, for a store of its own: due dates are counted anew and the moves of due dates
// by hand, which belonged to the old ones, are left out.
func With(rules Rules) projections.ReadModel[Case] {
	return projections.ReadModel[Case]{
		Name:    Name,
		Version: 2,
		Streams: []string{applications, accounts.Streams},
		Ignores: accounts.Ignored(
			"application.file-uploaded.v1", "application.executor-assigned.v1", "application.executor-removed.v1",
			"application.due-soon.v1", "application.reminded.v1",
			"application-number.assigned.v1",
		),
		Indexes: []readstore.Index{
			{Name: ByStarted, Fields: []readstore.Field{{Path: "startedMonth"}}},
			{Name: BySent, Fields: []readstore.Field{{Path: "sentMonth"}}, Covering: true}, // exports read all of it
			{Name: ByChange, Fields: []readstore.Field{{Path: "changedAt"}}},
			{Name: ByApplicant, Fields: []readstore.Field{{Path: "applicant"}}},
		},
		Keys:    keys,
		Fold:    rules.fold,
		Changes: (*Case).changed,
		Reach:   accounts.Erased(ByApplicant),
		Matches: accounts.Owned(func(doc *Case) string { return doc.Applicant }),
	}
}

const applications = "application-"

func keys(event codec.Envelope) []string {
	switch event.Event.(type) {
	case application.DraftStarted, application.StepSaved, application.FileAttached, application.FileRemoved,
		application.Submitted, application.Withdrawn, application.DraftDeleted, application.TakenIntoWork,
		application.ReturnedForCompletion, application.Resubmitted, application.ResponseIssued, application.DecidedPositive,
		application.RefusalIssued, application.DocumentIssued, application.DocumentSigned, application.QuestionnaireAnswered,
		application.ApplicationCompleted, application.DueDateMoved, application.Overdue:
		return []string{strings.TrimPrefix(event.Stream, applications)}
	default:
		return nil
	}
}

// MonthOf is the month of a moment in Almaty, as cases name it.
func MonthOf(at time.Time) string { return calendar.DateOf(at).String()[:len("2026-11")] }

func (r Rules) fold(c *Case, _ string, event codec.Envelope) *Case {
	if e, ok := event.Event.(application.DraftStarted); ok {
		c = started(e)
	}
	if c == nil || !c.changed(event) {
		return c
	}
	c.ChangedAt = event.Created
	switch e := event.Event.(type) {
	case account.Erased: // counts and times stay; whose they were, and where that was, does not
		c.Applicant, c.Region = "", region.Unknown
	case application.StepSaved:
		c.step(e.StepID, e.Complete)
		c.locate(e.Data)
	case application.FileAttached:
		c.step(e.StepID, e.Complete)
	case application.FileRemoved:
		c.step(e.StepID, e.Complete)
	case application.DraftDeleted:
		c.Status, c.EndedAt = Deleted, &e.At
	case application.Withdrawn:
		c.stop(e.At)
		c.Status, c.EndedAt = string(application.StatusWithdrawn), &e.At
	case application.QuestionnaireAnswered:
		c.Scores = make([]Score, 0, len(e.Scores))
		for _, given := range e.Scores {
			c.Scores = append(c.Scores, Score{Question: given.Question, Score: given.Score})
		}
	case application.ApplicationCompleted:
		c.Status, c.Outcome, c.EndedAt = string(application.Completed), string(e.Outcome), &e.At
	default:
		r.work(c, event.Event)
	}
	return c
}

func started(e application.DraftStarted) *Case {
	c := &Case{
		Applicant: e.Applicant, ServiceID: e.ServiceID, ServiceVersion: e.ServiceVersion, Status: string(application.Draft),
		StartedMonth: MonthOf(e.At), StartedAt: e.At, Steps: make([]Step, len(e.Steps)),
	}
	for i, step := range e.Steps {
		c.Steps[i] = Step{ID: step.ID, Complete: step.Complete}
		c.locate(e.Prefilled[step.ID])
	}
	return c
}

// work takes in what happens between sending and deciding.
func (r Rules) work(c *Case, event any) {
	switch e := event.(type) {
	case application.Submitted:
		c.Status, c.SentAt, c.SentMonth, c.ProviderID = string(application.StatusSubmitted), &e.At, MonthOf(e.At), e.ProviderID
		r.send(c, e)
	case application.TakenIntoWork:
		c.Status = string(application.InWork)
	case application.ReturnedForCompletion:
		c.stop(e.At)
		c.answered(e.First, e.At)
		c.Status, c.ReturnedAt = string(application.Returned), &e.At
		c.Returns++
	case application.Resubmitted:
		r.resume(c, e)
	case application.DueDateMoved:
		if !r.changed() {
			c.DueAt = &e.DueAt
		}
	case application.Overdue:
		if !r.changed() {
			c.Overdue = true
		}
	default:
		c.decide(event)
	}
}

func (c *Case) decide(event any) {
	switch e := event.(type) {
	case application.ResponseIssued:
		c.decided(application.Answered, e.First, e.At)
	case application.DecidedPositive:
		c.decided(application.Approved, e.First, e.At)
	case application.RefusalIssued:
		c.decided(application.Refused, e.First, e.At)
		c.Refusal = e.Reason
	case application.DocumentIssued, application.DocumentSigned:
		s := lifecycle.Standing{Status: c.Status, Decided: c.Decision, Unsigned: c.Unsigned}
		s.Apply(event)
		c.Status, c.Unsigned = s.Status, s.Unsigned
	}
}

func (r Rules) send(c *Case, e application.Submitted) {
	term := e.Term
	if r.TermDays > 0 {
		term.Days = r.TermDays
	}
	if r.TermKind != "" {
		term.Kind = r.TermKind
	}
	c.TermDays, c.TermKind, c.DueAt = term.Days, string(term.Kind), &e.DueAt
	if !r.changed() {
		return
	}
	if due, err := r.Calendar.Due(e.At, term); err == nil { // a term that cannot be counted is as it was
		c.DueAt = &due
	}
}

func (r Rules) resume(c *Case, e application.Resubmitted) {
	due := e.DueAt
	if r.changed() && c.DueAt != nil && c.ReturnedAt != nil {
		if again, err := r.Calendar.Resume(service.TermKind(c.TermKind), *c.DueAt, *c.ReturnedAt, e.At); err == nil {
			due = again
		}
	}
	c.Status, c.DueAt, c.ReturnedAt = string(application.StatusSubmitted), &due, nil
}

// stop looks, where the provider's term stops running, whether it was over.
func (c *Case) stop(at time.Time) {
	if c.Running() && c.DueAt != nil && at.After(*c.DueAt) {
		c.Overdue = true
	}
}

// Running tells whether the provider's term runs.
func (c *Case) Running() bool {
	return c.Status == string(application.StatusSubmitted) || c.Status == string(application.InWork)
}

// OverdueAt tells whether a due date had passed, undecided, by a moment.
func (c *Case) OverdueAt(now time.Time) bool {
	return c.Overdue || c.Running() && c.DueAt != nil && now.After(*c.DueAt)
}

func (c *Case) answered(first bool, at time.Time) {
	if first && c.FirstAnswerAt == nil {
		c.FirstAnswerAt = &at
	}
}

func (c *Case) decided(status application.Status, first bool, at time.Time) {
	c.stop(at)
	c.answered(first, at)
	c.Status, c.Decision, c.DecidedAt = string(status), string(status), &at
}

// changed tells whether an event makes any difference: people save the same step again and again, of which all that counts
// here is whether it is complete, and what region it names.
func (c *Case) changed(event codec.Envelope) bool {
	switch e := event.Event.(type) {
	case application.StepSaved:
		return c.stepDiffers(e.StepID, e.Complete) || c.regionDiffers(e.Data)
	case application.FileAttached:
		return c.stepDiffers(e.StepID, e.Complete)
	case application.FileRemoved:
		return c.stepDiffers(e.StepID, e.Complete)
	default:
		return true
	}
}

func (c *Case) stepDiffers(id string, complete bool) bool {
	step := c.find(id)
	return step != nil && *step != Step{ID: id, Touched: true, Complete: complete}
}

func (c *Case) regionDiffers(data json.RawMessage) bool {
	code := located(data)
	return code != region.Unknown && code != c.Region
}

func (c *Case) step(id string, complete bool) {
	if step := c.find(id); step != nil {
		step.Touched, step.Complete = true, complete
	}
}

func (c *Case) find(id string) *Step {
	for i := range c.Steps {
		if c.Steps[i].ID == id {
			return &c.Steps[i]
		}
	}
	return nil
}

// locate takes over the region that the data of a step names. What names none leaves the one that is known.
func (c *Case) locate(data json.RawMessage) {
	if code := located(data); code != region.Unknown {
		c.Region = code
	}
}

// regionField is what forms call the region of an applicant.
var regionField = []byte(`"region"`)

// located is the region that the data of a step names.
func located(data json.RawMessage) region.Code {
	if !bytes.Contains(data, regionField) {
		return region.Unknown
	}
	var fields struct {
		Region jsontext.Value `json:"region"`
	}
	if jsonv2.Unmarshal(data, &fields) != nil || fields.Region.Kind() != '"' {
		return region.Unknown
	}
	written, err := jsontext.AppendUnquote(nil, fields.Region)
	if err != nil {
		return region.Unknown
	}
	return region.Parse(string(written))
}
