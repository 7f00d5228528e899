// Package service is the catalogue's core: a service with its passport, its form and its workflow, in versions, of
// which one may be published.
package service

import (
	"encoding/json"
	"time"

	"services.example/portal/domain/text"
)

// Kind is the process that applications for a service follow.
type Kind string

// The two processes of the portal.
const (
	Consultation   Kind = "consultation"    // response, act, questionnaire
	SupportMeasure Kind = "support-measure" // decision, then result and agreement, or refusal
)

// TermKind says which days a term counts.
type TermKind string

// The kinds of terms.
const (
	WorkingDays  TermKind = "working"
	CalendarDays TermKind = "calendar"
)

// Term is the time within which the provider answers, in days from sending.
type Term struct {
	Days int      `json:"days" bson:"days" yaml:"days"`
	Kind TermKind `json:"kind" bson:"kind" yaml:"kind"`
}

// Passport is what a person reads about a service before applying.
type Passport struct {
	Name        text.Text           `json:"name" bson:"name" yaml:"name"`
	Description text.Text           `json:"description" bson:"description" yaml:"description"`
	Conditions  text.Text           `json:"conditions" bson:"conditions" yaml:"conditions"`
	Recipients  text.Text           `json:"recipients" bson:"recipients" yaml:"recipients"`
	Result      text.Text           `json:"result" bson:"result" yaml:"result"`
	Kind        Kind                `json:"kind" bson:"kind" yaml:"kind"`
	Term        Term                `json:"term" bson:"term" yaml:"term"`
	CategoryID  string              `json:"categoryId" bson:"categoryId" yaml:"-"`
	ProviderID  string              `json:"providerId" bson:"providerId" yaml:"-"`
	Contacts    Contacts            `json:"contacts" bson:"contacts" yaml:"contacts"` // for advice on this service
	Documents   []NormativeDocument `json:"documents" bson:"documents" yaml:"documents"`
	Logo        string              `json:"logo,omitempty" bson:"logo,omitempty" yaml:"logo"` // URL
}

// Contacts says how to reach somebody.
type Contacts struct {
	Phones  []string  `json:"phones,omitempty" bson:"phones,omitempty" yaml:"phones"`
	Email   string    `json:"email,omitempty" bson:"email,omitempty" yaml:"email"`
	Website string    `json:"website,omitempty" bson:"website,omitempty" yaml:"website"`
	Address text.Text `json:"address,omitzero" bson:"address,omitempty" yaml:"address"`
}

// NormativeDocument is a law or rule on which the service rests.
type NormativeDocument struct {
	Title text.Text `json:"title" bson:"title" yaml:"title"`
	URL   string    `json:"url,omitempty" bson:"url,omitempty" yaml:"url"`
}

// StepKind is what a step of a form asks for.
type StepKind string

// The kinds of steps.
const (
	FormStep     StepKind = "form"     // fields
	DocumentStep StepKind = "document" // one or more files
	QuestionStep StepKind = "question" // a question to the consultant, in words
)

// Step is one part of the application content. Schema is the JSON Schema 2020-12 of its data; for a document step it
// describes the data beside the files, usually an empty object.
type Step struct {
	ID       string          `json:"id"`
	Kind     StepKind        `json:"kind"`
	Title    text.Text       `json:"title"`
	Required bool            `json:"required"`
	Schema   json.RawMessage `json:"schema"`
}

// FileRules limits what may be attached to one application.
type FileRules struct {
	MaxFileBytes  int64    `json:"maxFileBytes" yaml:"maxFileBytes"`
	MaxTotalBytes int64    `json:"maxTotalBytes" yaml:"maxTotalBytes"`
	Types         []string `json:"types" yaml:"types"` // media types, found by content
}

// Content is one version of a service: everything that a provider may revise.
type Content struct {
	Passport Passport  `json:"passport"`
	Steps    []Step    `json:"steps"`
	Files    FileRules `json:"files"`
	Workflow Workflow  `json:"workflow"`
}

// Workflow says how an application ends: what is signed by whom, and what is asked afterwards.
type Workflow struct {
	ID            string              `json:"id"` // the workflow's name; many services share one
	Signatures    []SignatureRule     `json:"signatures"`
	Questionnaire []QuestionnaireItem `json:"questionnaire"`
}

// SignatureRule says who signs a kind of document, and how.
type SignatureRule struct {
	Document string   `json:"document" yaml:"document"` // act, agreement or result
	Signers  []string `json:"signers" yaml:"signers"`   // applicant, provider; in this order
	By       string   `json:"by" yaml:"by"`             // eds or acceptance
}

// QuestionnaireItem is one question on the quality of a service.
type QuestionnaireItem struct {
	ID    string    `json:"id" yaml:"id"`
	Kind  string    `json:"kind" yaml:"kind"` // score (1 to 5) or text
	Title text.Text `json:"title" yaml:"title"`
}

// Event is something that happened to a service.
type Event interface{ isServiceEvent() }

// EventTypes is the storage format: see the warning at application.EventTypes.
var EventTypes = map[string]Event{
	"service.revised.v1":   Revised{},
	"service.published.v1": Published{},
	"service.withdrawn.v1": Withdrawn{},
}

// Revised gives the service a new version. Versions count from 1.
type Revised struct {
	Version int       `json:"version"`
	Content Content   `json:"content"`
	At      time.Time `json:"at"`
}

// Published makes a version the one that people see and apply for.
type Published struct {
	Version int       `json:"version"`
	At      time.Time `json:"at"`
}

// Withdrawn takes the service out of the catalogue; applications that exist go on.
type Withdrawn struct {
	At time.Time `json:"at"`
}

func (Revised) isServiceEvent()   {}
func (Published) isServiceEvent() {}
func (Withdrawn) isServiceEvent() {}
