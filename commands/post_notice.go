package commands

import (
	"context"

	"services.example/portal/domain/application"
)

// PostNotice writes to the applicant on the staff's own initiative: a message that is also sent by SMS or e-mail. Errors
// as of PostMessage; application-not-found for the applicant, too.
func (c *Correspondence) PostNotice(
	ctx context.Context, req Request, id string, by application.Staff, words string,
) (Sent, error) {
	if err := c.pace.admit(by.Account, c.deps.Now()); err != nil {
		return Sent{}, err
	}
	author, err := c.staff(ctx, id, by)
	if err != nil {
		return Sent{}, err
	}
	return c.post(ctx, req, id, author, Letter{Text: words}, true)
}
