package mongodb

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
)

// Codes of server errors that a repetition can cure: no primary, a primary that steps down, a node that starts or ends,
// a network in trouble, a write concern not met in time.
// See https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
var passingCodes = []int{
	6, 7, 43, 50, 63, 64, 89, 91, 100, 112, 133, 150, 175, 189, 202, 234, 262, 290, 317, 358, 365,
	9001, 10058, 10107, 11600, 11602, 13388, 13435, 13436, 46841,
}

// Passing tells whether a repetition may cure an error: the network, no primary or one that steps down, time that is over.
func Passing(err error) bool {
	var selection topology.ServerSelectionError
	var connection topology.ConnectionError
	var waiting topology.WaitQueueTimeoutError
	var network net.Error
	var labeled mongo.LabeledError
	return mongo.IsNetworkError(err) || mongo.IsTimeout(err) || HasCode(err, passingCodes...) ||
		errors.Is(err, mongo.ErrClientDisconnected) || errors.Is(err, context.Canceled) ||
		errors.As(err, &selection) || errors.As(err, &connection) || errors.As(err, &waiting) || errors.As(err, &network) ||
		errors.As(err, &labeled) && (labeled.HasErrorLabel("RetryableWriteError") || labeled.HasErrorLabel("TransientTransactionError"))
}

// HasCode tells whether the server answered with one of these codes.
func HasCode(err error, codes ...int) bool {
	var server mongo.ServerError
	return errors.As(err, &server) && slices.ContainsFunc(server.ErrorCodes(), func(code int) bool { return slices.Contains(codes, code) })
}

// Describe tells of an error what quotes no document and no URL: servers and driver quote both.
func Describe(err error) string {
	var network *net.OpError
	answered := answer(err)
	switch {
	case errors.As(err, &network):
		return network.Error()
	case answered != "":
		return "MongoDB answered with error code " + answered
	case mongo.IsTimeout(err):
		return "no answer in time"
	case mongo.IsNetworkError(err):
		return "the connection ended"
	case errors.Is(err, mongo.ErrClientDisconnected):
		return "it is closed"
	case errors.Is(err, driver.ErrDocumentTooLarge):
		return "a document is larger than MongoDB takes"
	default:
		return fmt.Sprintf("%T", rootOf(err))
	}
}

// answer lists the codes with which the server answered. What the driver makes of a network error has the code 0.
func answer(err error) string {
	var server mongo.ServerError
	if !errors.As(err, &server) {
		return ""
	}
	var texts []string
	for _, code := range slices.Compact(slices.Sorted(slices.Values(server.ErrorCodes()))) {
		if code != 0 {
			texts = append(texts, strconv.Itoa(code))
		}
	}
	return strings.Join(texts, ", ")
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
