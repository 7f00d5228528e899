package projections_test

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/codec"
)

func bsonOf(t *testing.T, value any) bson.Raw {
	t.Helper()
	body, err := bson.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

type envelope = codec.Envelope
