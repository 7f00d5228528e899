package mongostore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"services.example/portal/infra/readstore"
)

// Codes of server errors that a repetition can cure: no primary, a primary that steps down, a node that starts or ends,
// a network in trouble, a write concern not met in time.
// See https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
var passingCodes = []int{
	6, 7, 43, 50, 63, 64, 89, 91, 100, 112, 133, 150, 175, 189, 202, 234, 262, 290, 317, 358, 365,
	9001, 10058, 10107, 11600, 11602, 13388, 13435, 13436, 46841,
}

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
	case passing(err):
		return fmt.Errorf("%s: %w: %s", doing, readstore.ErrUnavailable, describe(err))
	case hasCode(err, invalidCodes...) || errors.Is(err, driver.ErrDocumentTooLarge):
		return fmt.Errorf("%s: %w", doing, &readstore.InvalidError{Reason: describe(err)})
	default:
		return fmt.Errorf("%s: %s", doing, describe(err))
	}
}

func passing(err error) bool {
	var selection topology.ServerSelectionError
	var connection topology.ConnectionError
	var waiting topology.WaitQueueTimeoutError
	var network net.Error
	var labeled mongo.LabeledError
	return mongo.IsNetworkError(err) || mongo.IsTimeout(err) || hasCode(err, passingCodes...) ||
		errors.Is(err, mongo.ErrClientDisconnected) || errors.Is(err, context.Canceled) ||
		errors.As(err, &selection) || errors.As(err, &connection) || errors.As(err, &waiting) || errors.As(err, &network) ||
		errors.As(err, &labeled) && (labeled.HasErrorLabel("RetryableWriteError") || labeled.HasErrorLabel("TransientTransactionError"))
}

func hasCode(err error, codes ...int) bool {
	var server mongo.ServerError
	return errors.As(err, &server) && slices.ContainsFunc(server.ErrorCodes(), func(code int) bool { return slices.Contains(codes, code) })
}

// describe tells of an error what quotes no document.
func describe(err error) string {
	var server mongo.ServerError
	var network *net.OpError
	switch {
	case errors.As(err, &network):
		return network.Error()
	case errors.As(err, &server) && len(server.ErrorCodes()) > 0:
		return "MongoDB answered with " + codes(server.ErrorCodes())
	case mongo.IsTimeout(err):
		return "no answer in time"
	case errors.Is(err, mongo.ErrClientDisconnected):
		return "it is closed"
	case errors.Is(err, driver.ErrDocumentTooLarge):
		return "a document is larger than MongoDB takes"
	default:
		return fmt.Sprintf("%T", rootOf(err))
	}
}

func codes(all []int) string {
	all = slices.Compact(slices.Sorted(slices.Values(all)))
	texts := make([]string, len(all))
	for i, code := range all {
		texts[i] = strconv.Itoa(code)
	}
	return "error code " + strings.Join(texts, ", ")
}

func rootOf(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
