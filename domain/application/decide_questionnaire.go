package application

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
)

const (
	// QuestionnaireOpen is for how long after the end the questionnaire may be answered.
	QuestionnaireOpen = 30 * 24 * time.Hour
	// MaxAnswer is the longest answer in words, in characters.
	MaxAnswer = 2000

	bestScore = 5
)

func decideAnswerQuestionnaire(s State, c AnswerQuestionnaire) ([]Event, error) {
	if len(c.Workflow.Questionnaire) == 0 {
		return nil, problem.New(problem.WrongState, "no-questionnaire")
	}
	answers, faults := readAnswers(c.Workflow.Questionnaire, c.Answers)
	switch {
	case s.Questionnaire != nil && len(faults) == 0 && s.Questionnaire.same(answers):
		return nil, nil
	case s.Questionnaire != nil:
		return nil, problem.New(problem.WrongState, "questionnaire-answered")
	case s.Status == Completed && c.At.After(s.CompletedAt.Add(QuestionnaireOpen)):
		return nil, problem.New(problem.Gone, "questionnaire-closed")
	case s.Status != Completed && !s.afterDecision():
		return nil, problem.New(problem.WrongState, "questionnaire-not-open")
	}
	if err := problem.Input(faults...); err != nil {
		return nil, err
	}
	return s.orEnd(c.Workflow, c.At, QuestionnaireAnswered{
		ServiceID: s.ServiceID, Scores: answers.Scores, Words: answers.Words, At: c.At,
	}), nil
}

func (a Answers) same(other Answers) bool {
	return slices.Equal(a.Scores, other.Scores) && slices.Equal(a.Words, other.Words)
}

// readAnswers reads the answers in the order of the questions: a score of 1 to 5 for each that asks for one, and words,
// which may be left out. Locations are answers.<question id>.
func readAnswers(questions []service.QuestionnaireItem, given map[string]any) (Answers, []problem.Field) {
	var faults []problem.Field
	fail := func(question, code string) {
		faults = append(faults, problem.Field{Location: "answers." + question, Code: code})
	}
	answers := Answers{Scores: []QuestionScore{}, Words: []QuestionWords{}}
	known := map[string]bool{}
	for _, question := range questions {
		known[question.ID] = true
		answer := given[question.ID]
		if question.Kind == "score" {
			score, whole := wholeNumber(answer)
			switch {
			case answer == nil:
				fail(question.ID, "required")
			case !whole || score < 1 || score > bestScore:
				fail(question.ID, "score-invalid")
			default:
				answers.Scores = append(answers.Scores, QuestionScore{Question: question.ID, Score: score})
			}
			continue
		}
		raw, is := answer.(string)
		switch {
		case answer != nil && !is:
			fail(question.ID, "not-text")
		case strings.TrimSpace(raw) != "":
			words, wrong := text.Written("answers."+question.ID, raw, MaxAnswer)
			faults = append(faults, wrong...)
			answers.Words = append(answers.Words, QuestionWords{Question: question.ID, Text: words})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(given)) {
		if !known[id] {
			fail(id, "unknown-field")
		}
	}
	return answers, faults
}

// wholeNumber reads a number as the readers of JSON give it.
func wholeNumber(value any) (int, bool) {
	switch n := value.(type) {
	case int:
		return n, true
	case float64:
		return int(n), n == math.Trunc(n) && math.Abs(n) <= math.MaxInt32
	case json.Number:
		whole, err := n.Int64()
		return int(whole), err == nil && whole >= math.MinInt32 && whole <= math.MaxInt32
	default:
		return 0, false
	}
}
