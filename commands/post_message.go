package commands

import (
	"context"

	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
)

// PostMessage writes to the other side of an application's correspondence: as its applicant, or as any of the provider's
// staff. Errors: invalid, with what is wrong with text and files; too-many-messages; application-not-found; not-submitted.
func (c *Correspondence) PostMessage(
	ctx context.Context, req Request, id string, by application.Staff, letter Letter,
) (Sent, error) {
	if err := c.pace.admit(by.Account, c.deps.Now()); err != nil {
		return Sent{}, err
	}
	author, err := c.participant(ctx, id, by)
	if err != nil {
		return Sent{}, err
	}
	return c.post(ctx, author.as(req), id, author, letter, false)
}

// post adds a message to the thread.
func (c *Correspondence) post(
	ctx context.Context, req Request, id string, author participant, letter Letter, notice bool,
) (Sent, error) {
	sent := Sent{ID: req.derivedID("message")}
	outcome, err := c.streams.messages.executeAny(ctx, req, id, func(correspondence.State) (correspondence.Post, error) {
		return correspondence.Post{
			MessageID: sent.ID, Applicant: author.application.Applicant, Author: req.Actor, Side: author.side, Notice: notice,
			Text: letter.Text, FileIDs: letter.FileIDs, Uploads: author.uploads(),
			PerMinute: c.deps.Limits.MessagesPerMinute, At: c.deps.Now(),
		}, nil
	})
	sent.Position = outcome.Position
	return sent, err
}
