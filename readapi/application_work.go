package readapi

import (
	"context"
	"encoding/json"
	"time"

	"services.example/portal/domain/application"
	"services.example/portal/domain/text"
	"services.example/portal/projections/applicationpage"
	"services.example/portal/projections/documents"
	"services.example/portal/projections/servicepassport"
)

// What a page shows of the provider's work: decision, documents, files and questionnaire.

type pagePerson struct {
	ID   string `json:"id" format:"uuid"`
	Name string `json:"name"`
}

type pageUpload struct {
	ID         string    `json:"id" format:"uuid"`
	Name       string    `json:"name"`
	Size       int64     `json:"size" doc:"Bytes"`
	MIME       string    `json:"mime"`
	SHA256     string    `json:"sha256"`
	AttachedAt time.Time `json:"attachedAt"`
	Staff      bool      `json:"staff" doc:"Uploaded by the provider's staff"`
}

type pageDocument struct {
	ID         string              `json:"id" format:"uuid"`
	Kind       string              `json:"kind" doc:"act, agreement or result"`
	Version    int                 `json:"version" doc:"Counts from 1 within the kind"`
	FileID     string              `json:"fileId" format:"uuid"`
	Name       string              `json:"name"`
	Size       int64               `json:"size" doc:"Bytes"`
	MIME       string              `json:"mime"`
	SHA256     string              `json:"sha256"`
	Signers    []string            `json:"signers" doc:"applicant, provider: in the order in which they sign"`
	By         string              `json:"by,omitempty" doc:"eds or acceptance"`
	Signatures []documentSignature `json:"signatures" doc:"One of each signer, in their order"`
	Signed     bool                `json:"signed" doc:"By everybody"`
	Superseded bool                `json:"superseded" doc:"Replaced by a later one of its kind"`
	IssuedAt   time.Time           `json:"issuedAt"`
	SignedAt   *time.Time          `json:"signedAt,omitempty"`
}

type pageDecision struct {
	Outcome    string    `json:"outcome" doc:"answered, approved or refused"`
	Reason     string    `json:"reason,omitempty" doc:"Of a refusal: its code"`
	ReasonText string    `json:"reasonText,omitempty" doc:"The reason in the reader's language"`
	Text       string    `json:"text"`
	Files      []string  `json:"files" doc:"Ids among the uploads"`
	At         time.Time `json:"at"`
	Executor   string    `json:"executor" doc:"Name"`
}

type pageReturn struct {
	At         time.Time `json:"at"`
	Reason     string    `json:"reason" doc:"Its code"`
	ReasonText string    `json:"reasonText" doc:"The reason in the reader's language"`
	Text       string    `json:"text"`
	Executor   string    `json:"executor" doc:"Name"`
}

type pageQuestionnaire struct {
	Open       bool           `json:"open" doc:"The applicant may answer it now"`
	Answered   bool           `json:"answered"`
	AnsweredAt *time.Time     `json:"answeredAt,omitempty"`
	Questions  []pageQuestion `json:"questions"`
}

type pageQuestion struct {
	ID     string          `json:"id"`
	Kind   string          `json:"kind" doc:"score (1 to 5) or text"`
	Title  text.Text       `json:"title"`
	Answer json.RawMessage `json:"answer,omitempty" doc:"A number or words, once answered"`
}

// peopleOf lists everybody whose name a page shows.
func peopleOf(page *applicationpage.Page, signed map[string]*documents.Document, who reader) []string {
	ids := append([]string{}, page.Executors...)
	if page.Decision != nil {
		ids = append(ids, page.Decision.Executor)
	}
	if page.Returned != nil {
		ids = append(ids, page.Returned.Executor)
	}
	if who.staff() {
		ids = append(ids, page.Applicant)
	}
	for _, document := range signed {
		for i := range document.Signatures {
			ids = append(ids, document.Signatures[i].Account)
		}
	}
	return distinct(ids)
}

func uploadsOf(page *applicationpage.Page, who reader) []pageUpload {
	list := []pageUpload{}
	for i := range page.Uploads {
		u := &page.Uploads[i]
		if who.staff() || page.Shown(u) {
			list = append(list, pageUpload{
				ID: u.ID, Name: u.Name, Size: u.Size, MIME: u.MIME, SHA256: u.SHA256, AttachedAt: u.AttachedAt, Staff: u.Staff,
			})
		}
	}
	return list
}

// signaturesOf reads how far the signatures under a page's documents are.
func (q *Queries) signaturesOf(ctx context.Context, in Consistent, page *applicationpage.Page) (map[string]*documents.Document, error) {
	var ids []string
	for i := range page.Documents {
		if len(page.Documents[i].Signers) > 0 {
			ids = append(ids, page.Documents[i].ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	if err := q.await(ctx, in, documents.Name); err != nil {
		return nil, err
	}
	return getMany[documents.Document](ctx, q.deps, documents.Name, ids)
}

func documentsOf(page *applicationpage.Page, signed map[string]*documents.Document, names map[string]string) []pageDocument {
	list := []pageDocument{}
	for _, d := range page.Documents {
		shown := pageDocument{
			ID: d.ID, Kind: d.Kind, Version: d.Version, FileID: d.FileID, Name: d.Name, Size: d.Size, MIME: d.MIME, SHA256: d.SHA256,
			Signers: orEmpty(d.Signers), By: d.By, Signed: d.SignedAt != nil, Superseded: d.Superseded,
			IssuedAt: d.IssuedAt, SignedAt: d.SignedAt, Signatures: []documentSignature{},
		}
		if document := signed[d.ID]; document != nil {
			shown.Signatures = signaturesShown(document, names)
		}
		list = append(list, shown)
	}
	return list
}

func decisionOf(page *applicationpage.Page, names map[string]string, l text.Language) *pageDecision {
	d := page.Decision
	if d == nil {
		return nil
	}
	return &pageDecision{
		Outcome: d.Outcome, Reason: d.Reason, ReasonText: details[d.Reason].In(l), Text: d.Text, Files: orEmpty(d.Files),
		At: d.At, Executor: names[d.Executor],
	}
}

func returnOf(page *applicationpage.Page, names map[string]string, l text.Language) *pageReturn {
	r := page.Returned
	if r == nil {
		return nil
	}
	return &pageReturn{At: r.At, Reason: r.Reason, ReasonText: details[r.Reason].In(l), Text: r.Text, Executor: names[r.Executor]}
}

// questionnaireOf shows the questions of the service, if it has any, with the answers that were given.
func questionnaireOf(page *applicationpage.Page, questions []servicepassport.Question, now time.Time) *pageQuestionnaire {
	if len(questions) == 0 || page.SubmittedAt == nil {
		return nil
	}
	shown := &pageQuestionnaire{Open: questionnaireOpen(page, now), Questions: make([]pageQuestion, len(questions))}
	for i, question := range questions {
		shown.Questions[i] = pageQuestion{ID: question.ID, Kind: question.Kind, Title: question.Title}
	}
	if page.Questionnaire != nil {
		shown.Answered, shown.AnsweredAt = true, &page.Questionnaire.At
		for i := range shown.Questions {
			shown.Questions[i].Answer = answerTo(page.Questionnaire, shown.Questions[i].ID)
		}
	}
	return shown
}

func questionnaireOpen(page *applicationpage.Page, now time.Time) bool {
	if page.Questionnaire != nil {
		return false
	}
	switch application.Status(page.Status) {
	case application.Answered, application.Approved, application.AwaitingSignature:
		return true
	case application.Completed:
		return page.CompletedAt != nil && !now.After(page.CompletedAt.Add(application.QuestionnaireOpen))
	default:
		return false
	}
}

// answerTo gives the answer to a question as JSON; nil if there is none.
func answerTo(answers *applicationpage.Questionnaire, question string) json.RawMessage {
	for _, answer := range answers.Scores {
		if answer.Question == question {
			return asJSON(answer.Score)
		}
	}
	for _, answer := range answers.Words {
		if answer.Question == question {
			return asJSON(answer.Text)
		}
	}
	return nil
}

func asJSON(value any) json.RawMessage {
	raw, err := json.Marshal(value)
	if err != nil { // a number or a string: there is nothing that json cannot write
		return nil
	}
	return raw
}
