package commands

import (
	"context"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
)

// AnswerQuestionnaire says what the applicant thinks of the service, once. Answers are whole numbers or words, by question
// id. Errors: invalid with every fault, those of application.AnswerQuestionnaire, stale.
func (w *Work) AnswerQuestionnaire(ctx context.Context, req Request, id string, answers map[string]any) (Application, error) {
	return w.streams.forApplicant(ctx, req, id,
		func(_ application.State, content service.Content, _ *service.Form) (application.Command, error) {
			return application.AnswerQuestionnaire{
				Applicant: req.Actor, Workflow: content.Workflow, Answers: answers, At: w.deps.Now(),
			}, nil
		})
}
