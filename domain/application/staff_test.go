package application_test

import (
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
)

const (
	qidi  = "qidi"  // the provider of the service
	other = "other" // another provider
	day   = 24 * time.Hour
)

// The people of the provider, and others.
var (
	serik   = staff("serik", qidi, account.Executor)
	aliya   = staff("aliya", qidi, account.Executor)
	ospan   = staff("ospan", qidi, account.Operator)
	madina  = staff("madina", qidi, account.ProviderAdmin)
	foreign = staff("foreign", other, account.Operator, account.Executor, account.ProviderAdmin)
)

func staff(name, provider string, roles ...account.Role) application.Staff {
	return application.Staff{Account: name, Roles: roles, Provider: provider}
}

func colleague(s application.Staff) application.Colleague {
	return application.Colleague{Account: s.Account, Roles: s.Roles, Provider: s.Provider, Active: true}
}

// The workflows of the two processes.
var (
	advice = service.Workflow{
		ID:            "advice",
		Signatures:    []service.SignatureRule{{Document: "act", Signers: []string{"provider", "applicant"}, By: "acceptance"}},
		Questionnaire: []service.QuestionnaireItem{{ID: "overall", Kind: "score"}, {ID: "speed", Kind: "score"}, {ID: "wishes", Kind: "text"}},
	}
	support = service.Workflow{
		ID:            "support",
		Signatures:    []service.SignatureRule{{Document: "agreement", Signers: []string{"applicant", "provider"}, By: "eds"}},
		Questionnaire: []service.QuestionnaireItem{{ID: "overall", Kind: "score"}},
	}
	plain = service.Workflow{ID: "plain"}
)

// The events of staff's work, as they follow from the commands below.
func assigned(to application.Staff) application.ExecutorAssigned {
	return application.ExecutorAssigned{Executor: to.Account, At: noon}
}

func taken(by application.Staff) application.TakenIntoWork {
	return application.TakenIntoWork{Executor: by.Account, At: noon}
}

func uploaded(id string, byStaff bool) application.FileUploaded {
	return application.FileUploaded{
		FileID: id, Staff: byStaff, Name: id + ".pdf", MIME: "application/pdf", Size: 1000, SHA256: "sum of " + id, At: noon,
	}
}

var (
	returned = application.ReturnedForCompletion{
		ServiceID: "advice", Executor: "serik", Reason: "documents-incomplete", Text: "Анықтама жоқ.", SubmittedAt: noon, First: true, At: noon,
	}
	resubmitted = application.Resubmitted{DueAt: later, At: noon}
	answered    = application.ResponseIssued{
		ServiceID: "advice", Executor: "serik", Text: "Жауап", FileIDs: []string{"s1"}, SubmittedAt: noon, DueAt: later, First: true, At: noon,
	}
	approved = application.DecidedPositive{
		ServiceID: "advice", Executor: "serik", Text: "Мақұлданды", FileIDs: []string{}, SubmittedAt: noon, DueAt: later, First: true, At: noon,
	}
	refusal = application.RefusalIssued{
		ServiceID: "advice", Executor: "serik", Reason: "budget-exhausted", Text: "Қаржы бітті", FileIDs: []string{}, SubmittedAt: noon,
		DueAt: later, First: true, At: noon,
	}
	answers = application.QuestionnaireAnswered{
		ServiceID: "advice", Scores: []application.QuestionScore{{Question: "overall", Score: 5}, {Question: "speed", Score: 4}},
		Words: []application.QuestionWords{{Question: "wishes", Text: "Рақмет"}}, At: noon,
	}
)

func completed(outcome application.Outcome, at time.Time) application.ApplicationCompleted {
	return application.ApplicationCompleted{ServiceID: "advice", Outcome: outcome, SubmittedAt: noon, At: at}
}

// issued is a document made of the upload s1.
func issued(id, kind string, version int, by, supersedes string, signers ...string) application.DocumentIssued {
	return application.DocumentIssued{
		DocumentID: id, Applicant: dana, ProviderID: qidi, Kind: kind, Version: version, FileID: "s1", Name: "s1.pdf", MIME: "application/pdf",
		Size: 1000, SHA256: "sum of s1", Signers: append([]string{}, signers...), By: by, Supersedes: supersedes, At: noon,
	}
}

func signed(id string) application.DocumentSigned {
	return application.DocumentSigned{DocumentID: id, At: noon}
}

// sent are the events of an application that was sent, with Serik on it, and a file of each side; more may follow.
func sent(more ...application.Event) []application.Event {
	return append(filled(submitted, assigned(serik), uploaded("s1", true), uploaded("a1", false)), more...)
}

// working are the events of an application in work by Serik; more may follow.
func working(more ...application.Event) []application.Event {
	return append(sent(taken(serik)), more...)
}

// histories lead to each status.
func histories() map[application.Status][]application.Event {
	act := issued("d1", "act", 1, "acceptance", "", "provider", "applicant")
	return map[application.Status][]application.Event{
		application.Draft:             filled(),
		application.StatusSubmitted:   sent(),
		application.InWork:            working(),
		application.Returned:          working(returned),
		application.Answered:          working(answered),
		application.Approved:          working(approved),
		application.AwaitingSignature: working(answered, act),
		application.Refused:           working(refusal),
		application.Completed:         working(refusal, completed(application.OutcomeRefused, noon)),
		application.StatusWithdrawn:   sent(application.Withdrawn{ServiceID: "advice", At: noon}),
		application.Deleted:           filled(application.DraftDeleted{ServiceID: "advice", At: noon}),
	}
}

// The commands of staff, as Serik gives them, of whoever is on it, and of the system.
func assign(by, whom application.Staff) application.AssignExecutor {
	return application.AssignExecutor{By: by, Provider: qidi, Executor: colleague(whom), At: noon}
}

func unassign(by, whom application.Staff) application.RemoveExecutor {
	return application.RemoveExecutor{By: by, Provider: qidi, Executor: whom.Account, At: noon}
}

func take(by application.Staff) application.TakeIntoWork {
	return application.TakeIntoWork{By: by, Provider: qidi, At: noon}
}

func giveBack(by application.Staff) application.ReturnForCompletion {
	return application.ReturnForCompletion{By: by, Provider: qidi, Reason: "documents-incomplete", Text: " Анықтама жоқ.\n", At: noon}
}

func respond(by application.Staff) application.IssueResponse {
	return application.IssueResponse{
		By: by, Provider: qidi, Kind: service.Consultation, Workflow: advice, Text: "Жауап", FileIDs: []string{"s1"}, At: noon,
	}
}

func approve(by application.Staff) application.DecideSupport {
	return application.DecideSupport{
		By: by, Provider: qidi, Kind: service.SupportMeasure, Workflow: support, Outcome: application.OutcomeApproved, Text: "Мақұлданды", At: noon,
	}
}

func refuse(by application.Staff) application.DecideSupport {
	c := approve(by)
	c.Outcome, c.Reason, c.Text = application.OutcomeRefused, "budget-exhausted", "Қаржы бітті"
	return c
}

func issue(by application.Staff, id, kind string, w service.Workflow) application.IssueDocument {
	return application.IssueDocument{By: by, Provider: qidi, Workflow: w, DocumentID: id, Kind: kind, FileID: "s1", At: noon}
}

func record(id string, w service.Workflow) application.RecordSigned {
	return application.RecordSigned{Workflow: w, DocumentID: id, At: noon}
}

func complete(by application.Staff, w service.Workflow) application.Complete {
	return application.Complete{By: by, Provider: qidi, Workflow: w, At: noon}
}

func move(by application.Staff, due time.Time) application.MoveDueDate {
	return application.MoveDueDate{By: by, Provider: qidi, DueAt: due, Reason: "Сараптама керек", At: noon}
}

func uploadByStaff(by application.Staff, id string) application.UploadFile {
	return application.UploadFile{By: by, Provider: qidi, Rules: rules, File: pdf(id), At: noon}
}

func uploadByDana(id string) application.UploadFile {
	return application.UploadFile{Applicant: dana, Rules: rules, File: pdf(id), At: noon}
}

func evaluate(w service.Workflow) application.AnswerQuestionnaire {
	given := map[string]any{}
	for _, question := range w.Questionnaire {
		given[question.ID] = map[string]any{"overall": 5.0, "speed": 4.0, "wishes": " Рақмет "}[question.ID]
	}
	return application.AnswerQuestionnaire{Applicant: dana, Workflow: w, Answers: given, At: noon}
}

func warn(daysLeft int, at time.Time) application.WarnOfDueDate {
	return application.WarnOfDueDate{DueAt: later, DaysLeft: daysLeft, At: at}
}

func remind(of application.WaitingFor, at time.Time) application.RemindApplicant {
	return application.RemindApplicant{Of: of, Workflow: advice, Turn: noon, At: at}
}

func closeWaiting(of application.WaitingFor, at time.Time) application.CloseWaiting {
	return application.CloseWaiting{For: of, Workflow: advice, Turn: noon, At: at}
}
