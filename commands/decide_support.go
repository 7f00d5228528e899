package commands

import (
	"context"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
)

// SupportDecision is what an executor decides on a support measure.
type SupportDecision struct {
	Outcome application.Outcome // approved or refused
	Reason  string              // of a refusal: one of application.RefusalReasons
	Text    string
	FileIDs []string // uploaded by staff before
}

// Decide approves or refuses a support measure; a refusal completes the application. Errors: invalid with every fault,
// not-an-executor, already-decided with the decision that stands, stale.
func (w *Work) Decide(
	ctx context.Context, req Request, by application.Staff, id string, decision SupportDecision,
) (Application, error) {
	return w.streams.forStaff(ctx, req, id, by,
		func(_ application.State, content service.Content, _ *service.Form) (application.Command, error) {
			return application.DecideSupport{
				By: by, Provider: content.Passport.ProviderID, Kind: content.Passport.Kind, Workflow: content.Workflow,
				Outcome: decision.Outcome, Reason: decision.Reason, Text: decision.Text, FileIDs: decision.FileIDs, At: w.deps.Now(),
			}, nil
		})
}
