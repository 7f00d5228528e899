package mongostore

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/x/mongo/driver"

	"services.example/portal/infra/mongodb"
	"services.example/portal/infra/readstore"
)

// Codes of server errors that say that a request can never succeed: a document that is too large or too deep.
var invalidCodes = []int{15, 10334, 17280, 17419, 17420}

// failure turns an error of the driver into one of the port: the end of the context, unavailable, or invalid. The text of
// the driver is left out, because it quotes documents.
func failure(ctx context.Context, doing string, err error) error {
	var invalid *readstore.InvalidError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, readstore.ErrUnavailable) || errors.As(err, &invalid): // it is one of the port
		return fmt.Errorf("%s: %w", doing, err)
	}
	switch ended := ctx.Err(); {
	case errors.Is(ended, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w: %w", doing, readstore.ErrUnavailable, ended)
	case ended != nil:
		return fmt.Errorf("%s: %w", doing, ended)
	case mongodb.Passing(err):
		return fmt.Errorf("%s: %w: %s", doing, readstore.ErrUnavailable, mongodb.Describe(err))
	case mongodb.HasCode(err, invalidCodes...) || errors.Is(err, driver.ErrDocumentTooLarge):
		return fmt.Errorf("%s: %w", doing, &readstore.InvalidError{Reason: mongodb.Describe(err)})
	default:
		return fmt.Errorf("%s: %s", doing, mongodb.Describe(err))
	}
}
