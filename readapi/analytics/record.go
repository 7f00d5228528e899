package analytics

import (
	"time"

	"services.example/portal/domain/calendar"
	"services.example/portal/projections/cases"
)

// Record is a row of an export. Columns keep their names, types and meanings; new ones come at the end. Times are days in
// Almaty, and hours from sending: nobody is found again by the second in which they sent something.
type Record struct {
	Application      string `json:"application" parquet:"application"`
	Applicant        string `json:"applicant" parquet:"applicant"`
	Service          string `json:"service" parquet:"service,dict"`
	ServiceVersion   int32  `json:"service_version" parquet:"service_version"`
	Provider         string `json:"provider" parquet:"provider,dict"`
	Region           string `json:"region" parquet:"region,dict"`
	Status           string `json:"status" parquet:"status,dict"`
	SentOn           string `json:"sent_on" parquet:"sent_on,dict"`
	DueOn            string `json:"due_on" parquet:"due_on,dict"`
	TermDays         int32  `json:"term_days" parquet:"term_days"`
	TermKind         string `json:"term_kind" parquet:"term_kind,dict"`
	Returns          int32  `json:"returns" parquet:"returns"`
	FirstAnswerHours *int32 `json:"first_answer_hours" parquet:"first_answer_hours,optional"`
	DecisionHours    *int32 `json:"decision_hours" parquet:"decision_hours,optional"`
	Decision         string `json:"decision" parquet:"decision,dict"`
	Refusal          string `json:"refusal" parquet:"refusal,dict"`
	Overdue          bool   `json:"overdue" parquet:"overdue"`
	EndedHours       *int32 `json:"ended_hours" parquet:"ended_hours,optional"`
	Outcome          string `json:"outcome" parquet:"outcome,dict"`
	Score            *int32 `json:"score" parquet:"score,optional"`

	hours [3]int32 // what the hours point to
	score int32
}

// Column describes a column of exports.
type Column struct {
	Name, Type, Meaning string
}

// Columns are those of a Record, in their order.
var Columns = []Column{
	{"application", "text", "pseudonym of the application: 32 hexadecimal digits"},
	{"applicant", "text", "pseudonym of the applicant: the same in all their applications of this export; empty: erased"},
	{"service", "text", "id of the service"},
	{"service_version", "integer", "the version of the service that the application was started with"},
	{"provider", "text", "id of the provider; empty: not known"},
	{"region", "text", "ISO 3166-2 code of the region that the form names; empty: none, or shared by fewer than five applications or people for the service"},
	{"status", "text", "where the application stands"},
	{"sent_on", "text", "day on which it was sent for the first time, yyyy-mm-dd in Almaty"},
	{"due_on", "text", "day on which it is due, with the days for which the term stood still"},
	{"term_days", "integer", "the term, in days"},
	{"term_kind", "text", "working or calendar: which days the term counts"},
	{"returns", "integer", "how often it was returned for completion"},
	{"first_answer_hours", "integer or null", "whole hours from sending to the first return, response or decision"},
	{"decision_hours", "integer or null", "whole hours from sending to response or decision"},
	{"decision", "text", "answered, approved or refused; empty: none yet"},
	{"refusal", "text", "code of the reason of a refusal"},
	{"overdue", "true or false", "a due date passed before response or decision"},
	{"ended_hours", "integer or null", "whole hours from sending until it was completed or withdrawn"},
	{"outcome", "text", "of a completed one"},
	{"score", "integer or null", "mean of the scores of the questionnaire, rounded to 1 to 5"},
}

// Fill makes the record of an application that was sent, as it stands at a moment. The region is told if it may be.
func (r *Record) Fill(id string, c *cases.Case, names *Pseudonyms, days *Days, region bool, now time.Time) {
	*r = Record{
		Application: names.Application(id), Applicant: names.Applicant(c.Applicant), Service: c.ServiceID,
		ServiceVersion: int32(c.ServiceVersion), Provider: c.ProviderID, Status: c.Status, SentOn: days.Of(c.SentAt),
		DueOn: days.Of(c.DueAt), TermDays: int32(c.TermDays), TermKind: c.TermKind, Returns: int32(c.Returns),
		Decision: c.Decision, Refusal: c.Refusal, Overdue: c.OverdueAt(now), Outcome: c.Outcome,
	}
	if region {
		r.Region = string(c.Region)
	}
	r.FirstAnswerHours = hoursFrom(&r.hours[0], c.SentAt, c.FirstAnswerAt)
	r.DecisionHours = hoursFrom(&r.hours[1], c.SentAt, c.DecidedAt)
	r.EndedHours = hoursFrom(&r.hours[2], c.SentAt, c.EndedAt)
	r.Score = r.meanScore(c.Scores)
}

// hoursFrom keeps whole hours in a place of the record, so that a row needs no memory of its own.
func hoursFrom(place *int32, from, to *time.Time) *int32 {
	if from == nil || to == nil {
		return nil
	}
	*place = int32(max(0, to.Sub(*from)) / time.Hour)
	return place
}

func (r *Record) meanScore(scores []cases.Score) *int32 {
	if len(scores) == 0 {
		return nil
	}
	sum := 0
	for _, s := range scores {
		sum += s.Score
	}
	r.score = int32((2*sum + len(scores)) / (2 * len(scores)))
	return &r.score
}

// Days writes days, each once. It is for one goroutine.
type Days struct{ known map[int64]string }

// NewDays makes one.
func NewDays() *Days { return &Days{known: map[int64]string{}} }

// mostDaysKnown bounds the memory.
const mostDaysKnown = 10_000

// Of is the day of a moment in Almaty, yyyy-mm-dd; empty for none.
func (d *Days) Of(at *time.Time) string {
	if at == nil {
		return ""
	}
	hour := at.Unix() / int64(time.Hour/time.Second) // days begin with an hour
	text, found := d.known[hour]
	if !found {
		if len(d.known) >= mostDaysKnown {
			clear(d.known)
		}
		text = calendar.DateOf(*at).String()
		d.known[hour] = text
	}
	return text
}
