package commands

import (
	"context"

	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
)

// WriteNote adds an internal note to an application: for the provider's staff, never for its applicant. Errors: invalid,
// with what is wrong with the text; too-many-messages; application-not-found, for the applicant, too.
func (c *Correspondence) WriteNote(
	ctx context.Context, req Request, id string, by application.Staff, words string,
) (Sent, error) {
	if err := c.pace.admit(by.Account, c.deps.Now()); err != nil {
		return Sent{}, err
	}
	author, err := c.staff(ctx, id, by)
	if err != nil {
		return Sent{}, err
	}
	sent := Sent{ID: req.derivedID("note")}
	outcome, err := c.streams.notes.executeAny(ctx, req, id, func(correspondence.Notes) (correspondence.WriteNote, error) {
		return correspondence.WriteNote{
			NoteID: sent.ID, Applicant: author.application.Applicant, Author: req.Actor, Text: words, At: c.deps.Now(),
		}, nil
	})
	sent.Position = outcome.Position
	return sent, err
}
