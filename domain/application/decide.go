// Package application decides what may happen to an application, from its draft to its end.
package application

import (
	"bytes"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
)

const (
	// MaxFiles is how many files one application may hold.
	MaxFiles = 100
	// MaxFileName is the longest file name, in characters.
	MaxFileName = 255
)

// Decide answers a command with the events that carry it out. A command that is already in effect gives none.
func Decide(s State, command Command) ([]Event, error) {
	if start, ok := command.(Start); ok {
		return decideStart(s, start)
	}
	_, deletes := command.(DeleteDraft)
	if s.Status == "" || s.Applicant != applicantOf(command) || s.Status == Deleted && !deletes {
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
	default:
		return nil, problem.New(problem.WrongState, "unknown-command")
	}
}

func notFound() error { return problem.New(problem.NotFound, "application-not-found") }

// applicantOf names the account that gives a command: only the applicant's own commands are decided here.
func applicantOf(command Command) string {
	switch c := command.(type) {
	case SaveStep:
		return c.Applicant
	case AttachFile:
		return c.Applicant
	case RemoveFile:
		return c.Applicant
	case Submit:
		return c.Applicant
	case Withdraw:
		return c.Applicant
	case DeleteDraft:
		return c.Applicant
	default:
		return ""
	}
}

func decideStart(s State, c Start) ([]Event, error) {
	if s.Status != "" {
		return nil, nil
	}
	return []Event{DraftStarted(c)}, nil
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
	if err := s.roomFor(c.File, c.Rules); err != nil {
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

// roomFor applies the service's rules to one more file.
func (s State) roomFor(file File, rules service.FileRules) error {
	if !slices.Contains(rules.Types, file.MIME) {
		return fileProblem(problem.WrongType, "file-type-not-allowed", "allowed", strings.Join(rules.Types, ", "))
	}
	if file.Size > rules.MaxFileBytes {
		return fileProblem(problem.TooLarge, "file-too-large", "max", megabytes(rules.MaxFileBytes))
	}
	count, total := 1, file.Size
	for _, step := range s.Steps {
		for _, f := range step.Files {
			count, total = count+1, total+f.Size
		}
	}
	if total > rules.MaxTotalBytes {
		return fileProblem(problem.TooLarge, "files-too-large", "max", megabytes(rules.MaxTotalBytes))
	}
	if count > MaxFiles {
		return fileProblem(problem.TooLarge, "too-many-files", "max", strconv.Itoa(MaxFiles))
	}
	return nil
}

func fileProblem(kind problem.Kind, code, param, value string) error {
	field := problem.Field{Location: "file", Code: code, Params: map[string]string{param: value}}
	return &problem.Problem{Kind: kind, Code: code, Fields: []problem.Field{field}}
}

func megabytes(n int64) string { return strconv.FormatInt(n>>20, 10) }

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
	switch {
	case s.Status == Deleted:
		return nil, nil
	case s.Status != Draft:
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

// cleanFileName keeps the last element of a path, without characters that nobody sees, at most MaxFileName characters
// long. The ending stays: by it people's computers know what to open the file with.
func cleanFileName(name string) string {
	name = strings.ToValidUTF8(name, "")
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.TrimSpace(strings.Map(visible, name))
	if runes := []rune(name); len(runes) > MaxFileName {
		ending := []rune(path.Ext(name))
		if len(ending) > maxEnding {
			ending = nil
		}
		name = strings.TrimSpace(string(runes[:MaxFileName-len(ending)]) + string(ending))
	}
	if name == "" || name == "." || name == ".." {
		return "file"
	}
	return name
}

// maxEnding is the longest ending of a file name that is kept when the name is too long, in characters with the dot.
const maxEnding = 12

// visible drops control characters, line and paragraph separators, and format characters: among them those that turn the
// direction of text, by which a program can look like a document. The joiners stay: some scripts are not written without.
func visible(r rune) rune {
	const nonJoiner, joiner = '\u200c', '\u200d'
	if r != nonJoiner && r != joiner && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
		return -1
	}
	return r
}
