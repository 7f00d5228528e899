package commands

import (
	"errors"
	"fmt"
	"time"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/codec"
)

// upgradeTime is after what time a command may be repeated that this binary is too old for: another process of a rolling
// upgrade may answer it then.
const upgradeTime = 5 * time.Second

// leftToNewer turns the error of an event that this binary does not know into the problem newer-version. Only a newer
// version of the portal writes such events to an aggregate's stream, and nothing may be decided without them.
func leftToNewer(err error) error {
	var newer *codec.NewerVersionError
	var unknown *codec.UnknownTypeError
	if !errors.As(err, &newer) && !errors.As(err, &unknown) {
		return err
	}
	refusal := &problem.Problem{Kind: problem.Unavailable, Code: "newer-version", RetryAfter: upgradeTime}
	return fmt.Errorf("%w: %w", refusal, err)
}
