// Package mongokeys keeps the slots of a shared keyring in a MongoDB collection, one document each. It is not disposable
// as read models are: back it up, or its users' events can never be read again.
package mongokeys

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/keyring"
	"services.example/portal/infra/mongodb"
)

const (
	collection = "keyring"
	timeout    = 5 * time.Second // of calls whose context has no deadline, unless the URL has timeoutMS
)

// Slots is the collection. It is safe for use by many goroutines and processes.
type Slots struct {
	client *mongo.Client
	keys   *mongo.Collection
}

var _ keyring.Slots = (*Slots)(nil)

// Open makes it of a MongoDB URL, in the database that the URL names, or else in "portal". It does not need the server yet.
func Open(url string) (*Slots, error) {
	client, database, err := mongodb.Connect(url, timeout)
	if err != nil {
		return nil, err
	}
	return &Slots{client: client, keys: client.Database(database).Collection(collection)}, nil
}

// Close ends the connections.
func (s *Slots) Close() error { return mongodb.Disconnect(s.client) }

// document is a slot as it is stored.
type document struct {
	ID   string `bson:"_id"` // a UUID
	Slot []byte `bson:"slot"`
}

func name(id [16]byte) string { return uuid.UUID(id).String() }

// Find returns the slot under an id; nil if there is none.
func (s *Slots) Find(ctx context.Context, id [16]byte) ([]byte, error) {
	var found document
	err := s.keys.FindOne(ctx, bson.D{{Key: "_id", Value: name(id)}}).Decode(&found)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil, nil
	}
	return found.Slot, failure(ctx, "reading the keyring", err)
}

// Insert keeps a slot under an id that has none yet, and tells whether it had none.
func (s *Slots) Insert(ctx context.Context, id [16]byte, slot []byte) (bool, error) {
	_, err := s.keys.InsertOne(ctx, document{ID: name(id), Slot: slot})
	if mongo.IsDuplicateKeyError(err) {
		return false, nil
	}
	return err == nil, failure(ctx, "writing to the keyring", err)
}

// Replace puts a slot in the place of another, and tells whether that was there.
func (s *Slots) Replace(ctx context.Context, id [16]byte, old, slot []byte) (bool, error) {
	where := bson.D{{Key: "_id", Value: name(id)}, {Key: "slot", Value: old}}
	result, err := s.keys.UpdateOne(ctx, where, bson.D{{Key: "$set", Value: bson.D{{Key: "slot", Value: slot}}}})
	if err != nil {
		return false, failure(ctx, "writing to the keyring", err)
	}
	return result.MatchedCount == 1, nil
}

// All goes through all slots.
func (s *Slots) All(ctx context.Context) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		found, err := s.keys.Find(ctx, bson.D{})
		if err != nil {
			yield(nil, failure(ctx, "reading the keyring", err))
			return
		}
		defer func() { _ = found.Close(context.WithoutCancel(ctx)) }()
		for found.Next(ctx) {
			var one document
			if err := found.Decode(&one); err != nil {
				yield(nil, errors.New("reading the keyring: a document is not a slot"))
				return
			}
			if !yield(one.Slot, nil) {
				return
			}
		}
		if err := found.Err(); err != nil {
			yield(nil, failure(ctx, "reading the keyring", err))
		}
	}
}

// failure makes an error of the driver one of the port.
func failure(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w: %w", doing, codec.ErrUnavailable, ctx.Err())
	default:
		return fmt.Errorf("%s: %w: %s", doing, codec.ErrUnavailable, mongodb.Describe(err))
	}
}
