package mongostore

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"

	"services.example/portal/infra/mongodb"
	"services.example/portal/infra/readstore"
)

// Store is a read store in one MongoDB database. It is safe for concurrent use, also by several processes.
type Store struct {
	options Options
	client  *mongo.Client
	db      *mongo.Database

	closed   atomic.Bool
	oneByOne atomic.Bool // the server stands no bulk of updates

	declaring sync.Mutex // one Declare or Drop at a time in this process
	catalog   catalog

	stopped  chan struct{} // closed by Close
	upkeep   sync.WaitGroup
	stopWork context.CancelFunc // ends the upkeep at work
}

var _ readstore.Store = (*Store)(nil)

// Open makes a store of a URL such as mongodb://user:password@one,two,three/portal?replicaSet=rs0&tls=true. It does not
// need the server yet: calls are unavailable until that answers. Errors: InvalidError, which does not quote the URL.
func Open(url string, o Options) (*Store, error) {
	o = o.withDefaults()
	client, database, err := mongodb.Connect(url, o.Timeout)
	if err != nil {
		return nil, &readstore.InvalidError{Reason: err.Error()}
	}
	o.Database = cmp.Or(o.Database, database)
	work, stopWork := context.WithCancel(context.Background())
	s := &Store{
		options: o, client: client, db: client.Database(o.Database), stopped: make(chan struct{}), stopWork: stopWork,
	}
	s.catalog.known = map[string]*collection{}
	s.startUpkeep(work)
	return s, nil
}

// begin begins a call.
func (s *Store) begin(ctx context.Context) error {
	if s.closed.Load() {
		return fmt.Errorf("%w: it is closed", readstore.ErrUnavailable)
	}
	return ctx.Err()
}

// Ping tells whether the primary answers. Errors: ErrUnavailable.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	return failure(ctx, "asking MongoDB for a sign of life", s.client.Ping(ctx, readpref.Primary()))
}

// Close ends the connections; calls at work have a few seconds to end. Closing again does nothing.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	close(s.stopped)
	s.stopWork()
	s.upkeep.Wait()
	return mongodb.Disconnect(s.client)
}
