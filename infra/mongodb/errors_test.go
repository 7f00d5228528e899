package mongodb_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver"

	"services.example/portal/infra/mongodb"
)

func TestErrorsAreDescribedWithoutWhatTheyQuote(t *testing.T) {
	const personal = "Айгүл" // servers quote documents
	for name, test := range map[string]struct {
		err     error
		text    string
		passing bool
	}{
		"not primary":    {mongo.CommandError{Code: 10107, Message: personal}, "MongoDB answered with error code 10107", true},
		"several codes":  {mongo.BulkWriteException{WriteErrors: []mongo.BulkWriteError{refusal(121, personal), refusal(17, personal), refusal(121, personal)}}, "MongoDB answered with error code 17, 121", false},
		"not authorised": {mongo.CommandError{Code: 13, Message: personal}, "MongoDB answered with error code 13", false},
		"network":        {fmt.Errorf("%s: %w", personal, &net.OpError{Op: "read", Net: "tcp", Err: io.EOF}), "read tcp: EOF", true},
		"time over":      {mongo.CommandError{Labels: []string{"NetworkTimeoutError"}, Message: personal}, "no answer in time", true},
		"cut off":        {mongo.CommandError{Labels: []string{"NetworkError"}, Message: personal, Wrapped: io.EOF}, "the connection ended", true},
		"disconnected":   {mongo.ErrClientDisconnected, "it is closed", true},
		"too large":      {driver.ErrDocumentTooLarge, "a document is larger than MongoDB takes", false},
		"something else": {fmt.Errorf("outside: %w", errors.New(personal)), "*errors.errorString", false},
	} {
		t.Run(name, func(t *testing.T) {
			if text := mongodb.Describe(test.err); text != test.text {
				t.Errorf("got %q, want %q", text, test.text)
			}
			if passing := mongodb.Passing(test.err); passing != test.passing {
				t.Errorf("passing: got %t, want %t", passing, test.passing)
			}
		})
	}
}

func refusal(code int, message string) mongo.BulkWriteError {
	return mongo.BulkWriteError{WriteError: mongo.WriteError{Code: code, Message: message}}
}

func TestTheURLNamesTheDatabase(t *testing.T) {
	for url, want := range map[string]string{
		"mongodb://127.0.0.1:1/office?replicaSet=rs0": "office",
		"mongodb://127.0.0.1:1/?replicaSet=rs0":       "portal",
	} {
		client, database, err := mongodb.Connect(url, 0)
		if err != nil {
			t.Fatal(err)
		}
		if database != want {
			t.Errorf("%s: got database %q, want %q", url, database, want)
		}
		if err := mongodb.Disconnect(client); err != nil {
			t.Error(err)
		}
	}
}
