package commands

import (
	"context"
	"slices"
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/erasure"
	"services.example/portal/domain/retention"
	"services.example/portal/domain/signature"
	"services.example/portal/infra/eventstore"
)

// obstacles lists what stands against a person's erasure, from the streams themselves: applications that are under way
// (law 94-V, article 8: an obligation that is not fulfilled), evidence that is still being collected, and work for the
// portal or a provider that has not ended, or ended less than its term ago.
func (e *Erasures) obstacles(ctx context.Context, person string, after eventstore.Position) ([]erasure.Obstacle, error) {
	s, err := e.streams.accounts.state(ctx, person)
	if err != nil {
		return nil, err
	}
	var found []erasure.Obstacle
	schedule, err := e.schedule(ctx)
	if err != nil {
		return nil, err
	}
	if isStaff(s) && (!s.Blocked || e.deps.Now().Before(schedule.Until(retention.Staff, s.BlockedAt))) {
		found = append(found, erasure.Obstacle{Code: "staff-account"})
	}
	err = e.eachApplication(ctx, person, after, func(id string, s application.State) error {
		if s.Sent() && !s.Ended() {
			found = append(found, erasure.Obstacle{Code: "application-open", ApplicationID: id})
			return nil
		}
		return e.eachSigned(ctx, s, func(_ application.Document, signed signature.State) error {
			for _, proof := range signed.Proofs {
				if !proof.Complete && !proof.GivenUp {
					found = append(found, erasure.Obstacle{Code: "evidence-pending", ApplicationID: id})
					return nil
				}
			}
			return nil
		})
	})
	return found, err
}

func isStaff(s account.State) bool { return slices.ContainsFunc(s.Roles, account.Role.Staff) }

// schedule is the retention schedule in force.
func (e *Erasures) schedule(ctx context.Context) (retention.State, error) {
	return e.streams.schedule.state(ctx, retention.Stream)
}

// toHold lists the signed documents that are kept after their person was erased, each until its term in the schedule has
// passed. What has outlived it already is not kept.
func (e *Erasures) toHold(ctx context.Context, person string, after eventstore.Position) ([]erasure.Held, error) {
	schedule, err := e.schedule(ctx)
	if err != nil {
		return nil, err
	}
	now := e.deps.Now()
	var held []erasure.Held
	err = e.eachApplication(ctx, person, after, func(id string, s application.State) error {
		return e.eachSigned(ctx, s, func(d application.Document, signed signature.State) error {
			until := schedule.Until(retention.Kind(d.Kind), lastSigned(signed))
			if until.After(now) {
				held = append(held, erasure.Held{
					DocumentID: d.ID, ApplicationID: id, Kind: d.Kind, Files: filesOf(d, signed), Until: until,
				})
			}
			return nil
		})
	})
	return held, err
}

// eachApplication calls visit for every application of a person.
func (e *Erasures) eachApplication(
	ctx context.Context, person string, after eventstore.Position, visit func(id string, s application.State) error,
) error {
	if e.deps.Erasing == nil {
		return errErasing
	}
	ids, err := e.deps.Erasing.Applications(ctx, person, after)
	if err != nil {
		return err
	}
	for _, id := range ids {
		s, err := e.streams.applications.state(ctx, id)
		if err != nil {
			return err
		}
		if s.Applicant != person {
			continue
		}
		if err := visit(id, s); err != nil {
			return err
		}
	}
	return nil
}

// eachSigned calls visit for every document that somebody has signed.
func (e *Erasures) eachSigned(
	ctx context.Context, s application.State, visit func(application.Document, signature.State) error,
) error {
	for _, document := range s.Documents {
		signed, err := e.streams.signatures.state(ctx, document.ID)
		if err != nil {
			return err
		}
		if len(signed.Accepted) == 0 {
			continue
		}
		if err := visit(document, signed); err != nil {
			return err
		}
	}
	return nil
}

func lastSigned(s signature.State) time.Time { return s.Accepted[len(s.Accepted)-1].At }

// filesOf lists a document, its signatures and what proves them, each once.
func filesOf(d application.Document, signed signature.State) []string {
	files := []string{d.File.SHA256}
	add := func(sha256 string) {
		if sha256 != "" && !slices.Contains(files, sha256) {
			files = append(files, sha256)
		}
	}
	for _, accepted := range signed.Accepted {
		add(accepted.CMS)
	}
	for _, proof := range signed.Proofs {
		for _, piece := range proof.Evidence {
			add(piece.SHA256)
		}
	}
	return files
}
