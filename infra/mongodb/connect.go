// Package mongodb is what all adapters over MongoDB share: how they connect, and what they say of the driver's errors.
package mongodb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"
)

const (
	defaultDatabase = "portal"
	// connectTimeout is how long a server may take to accept a connection or to answer a heartbeat, unless the URL says
	// otherwise: it bounds how long a dead connection is believed in.
	connectTimeout = 2 * time.Second
	// closeTimeout is how long calls at work have to end before their connections are cut.
	closeTimeout = 5 * time.Second
)

var (
	errURL     = errors.New("the URL of MongoDB cannot be understood") // the cause may quote a password
	errOptions = errors.New("the URL of MongoDB has options that do not fit together")
)

// Connect makes a client of a URL such as mongodb://user:password@one,two,three/portal?replicaSet=rs0&tls=true, and tells
// which database it names, or else "portal". It does not need the server yet. Reads and writes are of the majority and go
// to the primary, whatever the URL says; timeout bounds calls whose context has no deadline, unless the URL has timeoutMS.
// An error says that the URL is wrong, and does not quote it.
func Connect(url string, timeout time.Duration) (client *mongo.Client, database string, err error) {
	parsed, err := connstring.ParseAndValidate(url)
	if err != nil {
		return nil, "", errURL
	}
	settings := options.Client().ApplyURI(url).
		SetAppName("portal").
		SetWriteConcern(writeconcern.Majority()).
		SetReadConcern(readconcern.Majority()).
		SetReadPreference(readpref.Primary()).
		SetRetryWrites(true).
		SetRetryReads(true)
	if settings.Timeout == nil {
		settings.SetTimeout(timeout)
	}
	if settings.ConnectTimeout == nil {
		settings.SetConnectTimeout(connectTimeout)
	}
	if client, err = mongo.Connect(settings); err != nil {
		return nil, "", errOptions
	}
	return client, cmp.Or(parsed.Database, defaultDatabase), nil
}

// Disconnect ends a client's connections. Calls at work have five seconds to end.
func Disconnect(client *mongo.Client) error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := client.Disconnect(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("closing the connections to MongoDB: %s", Describe(err))
	}
	return nil
}
