package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// serverGrace is how long after its time the server keeps an entry: more than the clocks of two machines may differ. The
// store itself never returns an entry whose time has passed by its own clock.
const serverGrace = time.Hour

// goneGrace is how long a removed document leaves the mark of its position behind: longer than a writer that has looked
// at what is stored can be frozen before it writes.
const goneGrace = 24 * time.Hour

// sweepBy is the field with a time, and how long after that time the server removes what has it.
func (c *collection) sweepBy() (field string, after time.Duration) {
	if c.expires {
		return fieldExpires, serverGrace
	}
	return fieldGone, goneGrace
}

// sweep removes what the server does not: entries that have expired by this clock, and marks of removal that are old.
func (s *Store) sweep(ctx context.Context, c *collection) error {
	due := s.expired()
	if !c.expires {
		long := bson.NewDateTimeFromTime(s.options.Now().Add(-goneGrace))
		due = bson.E{Key: fieldGone, Value: bson.D{{Key: "$lte", Value: long}}}
	}
	_, err := s.db.Collection(c.name).DeleteMany(ctx, bson.D{due})
	return failure(ctx, "removing what is old from collection "+c.name, err)
}
