package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/readstore"
)

// record is a lease as it is stored. It is never removed, so that its tokens only grow.
type record struct {
	Holder  string   `bson:"holder"`  // empty: nobody
	Token   int64    `bson:"token"`   // of the latest holder
	Needs   []string `bson:"needs"`   // what the holder lacks to do its work
	Claimed string   `bson:"claimed"` // who asked for the lease
}

// never is when leases expire in the store: what ends them is that nobody renews them, not anybody's calendar.
var never = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// read returns a lease and its version; version 0: there is none yet.
func read(ctx context.Context, entries readstore.Entries, name string) (version int64, found record, err error) {
	entry, err := entries.Entry(ctx, Collection.Name, name)
	if errors.Is(err, readstore.ErrNotFound) {
		return 0, record{}, nil
	}
	if err == nil {
		err = entry.Decode(&found)
	}
	if err != nil {
		return 0, record{}, fmt.Errorf("reading the lease %s: %w", name, err)
	}
	return entry.Version, found, nil
}

// write replaces a lease that stands at a version. Errors: readstore.ErrChanged.
func write(ctx context.Context, entries readstore.Entries, name string, version int64, r record) (int64, error) {
	body, err := bson.Marshal(r)
	if err == nil {
		entry := readstore.Entry{ID: name, Version: version, Expires: never, Body: body}
		version, err = entries.PutEntry(ctx, Collection.Name, entry)
	}
	if err != nil {
		return 0, fmt.Errorf("writing the lease %s: %w", name, err)
	}
	return version, nil
}
