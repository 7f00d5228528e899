package mongostore

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"services.example/portal/infra/readstore"
)

func TestErrorsOfTheDriverBecomeThoseOfThePort(t *testing.T) {
	const personal = "Айгүл" // servers quote documents
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancelLate := context.WithTimeout(t.Context(), 0)
	defer cancelLate()
	type kinds = [3]bool // unavailable, cancelled, invalid
	unavailable, cancelled, invalid, other := kinds{0: true}, kinds{1: true}, kinds{2: true}, kinds{}
	for name, test := range map[string]struct {
		ctx  context.Context
		err  error
		is   kinds
		text string
	}{
		"not primary":       {t.Context(), mongo.CommandError{Code: 10107, Message: personal}, unavailable, "doing: read store unavailable: MongoDB answered with error code 10107"},
		"network":           {t.Context(), mongo.CommandError{Labels: []string{"NetworkError"}, Message: personal, Wrapped: &net.OpError{Op: "read", Net: "tcp", Err: io.EOF}}, unavailable, "doing: read store unavailable: read tcp: EOF"},
		"may be tried anew": {t.Context(), mongo.CommandError{Code: 8000, Labels: []string{"RetryableWriteError"}}, unavailable, "doing: read store unavailable: MongoDB answered with error code 8000"},
		"write concern":     {t.Context(), mongo.WriteException{WriteConcernError: &mongo.WriteConcernError{Code: 64, Message: personal}}, unavailable, "doing: read store unavailable: MongoDB answered with error code 64"},
		"closed":            {t.Context(), mongo.ErrClientDisconnected, unavailable, "doing: read store unavailable: it is closed"},
		"too large":         {t.Context(), mongo.WriteException{WriteErrors: []mongo.WriteError{{Code: 10334, Message: personal}}}, invalid, "doing: invalid request to the read store: MongoDB answered with error code 10334"},
		"validation":        {t.Context(), mongo.BulkWriteException{WriteErrors: []mongo.BulkWriteError{{WriteError: mongo.WriteError{Code: 121, Message: personal}}}}, other, "doing: MongoDB answered with error code 121"},
		"not authorised":    {t.Context(), mongo.CommandError{Code: 13, Message: personal}, other, "doing: MongoDB answered with error code 13"},
		"something else":    {t.Context(), errors.New(personal), other, "doing: *errors.errorString"},
		"caller went away":  {ended, errors.New(personal), cancelled, "doing: context canceled"},
		"time is over":      {late, errors.New(personal), unavailable, "doing: read store unavailable: context deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			err := failure(test.ctx, "doing", test.err)
			var refused *readstore.InvalidError
			got := [...]bool{errors.Is(err, readstore.ErrUnavailable), errors.Is(err, context.Canceled), errors.As(err, &refused)}
			if got != test.is {
				t.Errorf("%v: got kinds %v, want %v", err, got, test.is)
			}
			if err.Error() != test.text || strings.Contains(err.Error(), personal) {
				t.Errorf("got %q, want %q", err, test.text)
			}
		})
	}
	if err := failure(ended, "doing", nil); err != nil {
		t.Errorf("got error %v for none", err)
	}
}

func TestOnlyTakenIDsAreNoFailureOfABulk(t *testing.T) {
	taken := mongo.BulkWriteError{WriteError: mongo.WriteError{Index: 3, Code: duplicateKey}}
	for name, test := range map[string]struct {
		err  error
		want []int
		ok   bool
	}{
		"none":                 {nil, nil, true},
		"taken":                {mongo.BulkWriteException{WriteErrors: []mongo.BulkWriteError{taken}}, []int{3}, true},
		"taken and refused":    {mongo.BulkWriteException{WriteErrors: []mongo.BulkWriteError{taken, {WriteError: mongo.WriteError{Code: 121}}}}, nil, false},
		"taken, not on a most": {mongo.BulkWriteException{WriteErrors: []mongo.BulkWriteError{taken}, WriteConcernError: &mongo.WriteConcernError{Code: 64}}, nil, false},
		"network":              {io.EOF, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := takenIDs(test.err)
			if (err == nil) != test.ok || len(got) != len(test.want) || len(got) == 1 && got[0] != test.want[0] {
				t.Fatalf("got %v and error %v", got, err)
			}
		})
	}
}
