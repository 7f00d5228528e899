package application

import (
	"bytes"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
)

// applicantCommand is a command that only the application's applicant may give.
type applicantCommand interface {
	Command
	applicant() string // account id of whoever gives it
}

func (c SaveStep) applicant() string            { return c.Applicant }
func (c AttachFile) applicant() string          { return c.Applicant }
func (c RemoveFile) applicant() string          { return c.Applicant }
func (c Submit) applicant() string              { return c.Applicant }
func (c Withdraw) applicant() string            { return c.Applicant }
func (c DeleteDraft) applicant() string         { return c.Applicant }
func (c AnswerQuestionnaire) applicant() string { return c.Applicant }

func decideForApplicant(s State, command applicantCommand) ([]Event, error) {
	if _, deletes := command.(DeleteDraft); deletes && s.Status == Deleted && s.Applicant == command.applicant() {
		return nil, nil
	}
	if !s.isOf(command.applicant()) {
		return nil, notFound()
	}
	switch c := command.(type) {
	case SaveStep:
		return decideSaveStep(s, c)
	case AttachFile:
		return decideAttachFile(s, c)
	case RemoveFile:
		return decideRemoveFile(s, c)
	case Submit:
		return decideSubmit(s, c)
	case Withdraw:
		return decideWithdraw(s, c)
	case DeleteDraft:
		return decideDeleteDraft(s, c)
	case AnswerQuestionnaire:
		return decideAnswerQuestionnaire(s, c)
	default:
		return nil, unknownCommand()
	}
}

// isOf tells whether the application exists for that applicant.
func (s State) isOf(applicant string) bool {
	return s.Status != "" && s.Status != Deleted && s.Applicant == applicant
}

func decideSaveStep(s State, c SaveStep) ([]Event, error) {
	step, err := s.editableStep(c.StepID)
	if err != nil {
		return nil, err
	}
	faults, err := c.Form.Check(c.StepID, c.Data, len(step.Files))
	if err != nil {
		return nil, err
	}
	complete := len(faults) == 0
	if bytes.Equal(step.Data, c.Data) && step.Complete == complete {
		return nil, nil
	}
	return []Event{StepSaved{StepID: c.StepID, Data: c.Data, Complete: complete, At: c.At}}, nil
}

func decideAttachFile(s State, c AttachFile) ([]Event, error) {
	if _, _, attached := s.File(c.File.ID); attached {
		return nil, nil
	}
	if err := s.AcceptsFile(c.StepID); err != nil {
		return nil, err
	}
	step, _ := s.Step(c.StepID)
	if err := admit(c.File, c.Rules, len(s.stepFiles()), s.bytesHeld(false)); err != nil {
		return nil, err
	}
	faults, err := c.Form.Check(c.StepID, step.Data, len(step.Files)+1)
	if err != nil {
		return nil, err
	}
	return []Event{FileAttached{
		FileID: c.File.ID, StepID: c.StepID, Name: cleanFileName(c.File.Name), MIME: c.File.MIME,
		Size: c.File.Size, SHA256: c.File.SHA256, Complete: len(faults) == 0, At: c.At,
	}}, nil
}

// AcceptsFile tells whether files can be added to a step now.
func (s State) AcceptsFile(stepID string) error {
	step, err := s.editableStep(stepID)
	if err != nil {
		return err
	}
	if step.Kind != service.DocumentStep {
		return problem.Input(problem.Field{Location: "step", Code: "not-a-document-step"})
	}
	return nil
}

func decideRemoveFile(s State, c RemoveFile) ([]Event, error) {
	file, stepID, found := s.File(c.FileID)
	if !found {
		return nil, problem.New(problem.NotFound, "file-not-found")
	}
	step, err := s.editableStep(stepID)
	if err != nil {
		return nil, err
	}
	faults, err := c.Form.Check(stepID, step.Data, len(step.Files)-1)
	if err != nil {
		return nil, err
	}
	return []Event{FileRemoved{FileID: file.ID, StepID: stepID, Complete: len(faults) == 0, At: c.At}}, nil
}

func decideSubmit(s State, c Submit) ([]Event, error) {
	if s.Status == StatusSubmitted {
		return nil, nil
	}
	if !s.Editable() {
		return nil, s.notEditable()
	}
	var missing []problem.Field
	for _, step := range s.Steps {
		faults, err := c.Form.Check(step.ID, step.Data, len(step.Files))
		if err != nil {
			return nil, err
		}
		missing = append(missing, faults...)
	}
	if len(missing) > 0 {
		return nil, &problem.Problem{Kind: problem.Invalid, Code: "incomplete", Fields: missing}
	}
	if s.Status == Returned {
		return []Event{Resubmitted{DueAt: c.DueAt, At: c.At}}, nil
	}
	return []Event{Submitted{ServiceID: s.ServiceID, ProviderID: c.Provider, Term: c.Term, DueAt: c.DueAt, At: c.At}}, nil
}

func decideWithdraw(s State, c Withdraw) ([]Event, error) {
	switch s.Status {
	case StatusWithdrawn:
		return nil, nil
	case StatusSubmitted, InWork, Returned:
		return []Event{Withdrawn{ServiceID: s.ServiceID, At: c.At}}, nil
	case Draft:
		return nil, problem.New(problem.WrongState, "not-submitted")
	default:
		return nil, problem.New(problem.WrongState, "already-decided")
	}
}

func decideDeleteDraft(s State, c DeleteDraft) ([]Event, error) {
	if s.Status != Draft {
		return nil, problem.New(problem.WrongState, "not-a-draft")
	}
	return []Event{DraftDeleted{ServiceID: s.ServiceID, At: c.At}}, nil
}

// editableStep returns a step that may be changed now.
func (s State) editableStep(id string) (Step, error) {
	if !s.Editable() {
		return Step{}, s.notEditable()
	}
	step, found := s.Step(id)
	if !found {
		return Step{}, problem.New(problem.NotFound, "unknown-step")
	}
	return step, nil
}

func (s State) notEditable() error {
	if s.Status == Deleted {
		return notFound()
	}
	return problem.New(problem.WrongState, "not-editable")
}
