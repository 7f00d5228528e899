package mongostore_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"services.example/portal/infra/readstore"
	"services.example/portal/infra/readstore/mongostore"
	"services.example/portal/infra/readstore/mongostore/mongotest"
	"services.example/portal/infra/readstore/readstoretest"
)

// A projector looks, is frozen before it writes, and wakes after its successor has removed the document.
func TestWhatASuccessorRemovedStaysRemovedWhenAFrozenProjectorWakes(t *testing.T) {
	for name, stored := range map[string]int{"it was stored": 5, "it was new": 0} {
		t.Run(name, func(t *testing.T) {
			database := mongotest.Database(t)
			successor := openIn(t, mongostore.Options{Database: database})
			p, frozen := openThroughIn(t, database)
			ctx := t.Context()
			before := readstore.Batch{Advances: []readstore.Advance{{Projection: "p", To: position(5)}}}
			if stored != 0 {
				before.Writes = []readstore.Write{put("c", "x", stored, bson.D{{Key: "n", Value: stored}})}
			}
			noError(t, successor.Commit(ctx, before))

			p.set(holding)
			late := make(chan error, 1)
			go func() {
				late <- frozen.Commit(ctx, readstore.Batch{
					Writes:   []readstore.Write{put("c", "x", 6, bson.D{{Key: "n", Value: 6}})},
					Advances: []readstore.Advance{{Projection: "p", From: position(5), To: position(6)}},
				})
			}()
			select {
			case <-p.held:
			case err := <-late:
				t.Fatalf("it wrote without being held back, error %v", err)
			}
			noError(t, successor.Commit(ctx, readstore.Batch{
				Writes:   []readstore.Write{removal("x", 9)},
				Advances: []readstore.Advance{{Projection: "p", From: position(5), To: position(9)}},
			}))
			p.release()

			var elsewhere *readstore.CheckpointError
			if err := <-late; !errors.As(err, &elsewhere) || elsewhere.Stored != position(9) {
				t.Fatalf("got error %v, want a CheckpointError with %s", err, position(9))
			}
			wantGone(t, successor, "x")

			again := put("c", "x", 10, bson.D{{Key: "n", Value: 10}})
			noError(t, successor.Commit(ctx, readstore.Batch{Writes: []readstore.Write{again}}))
			equal(t, idsIn(t, successor), []string{"x"})
		})
	}
}

func TestAnalystsSeeThatADocumentIsGone(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	o := mongostore.Options{Database: mongotest.Database(t), Now: func() time.Time { return now }, MaintainEvery: -1}
	store := openIn(t, o)
	ctx := t.Context()
	noError(t, store.Declare(ctx, readstore.Collection{Name: "c", Indexes: byN}))
	noError(t, store.Commit(ctx, readstore.Batch{Writes: []readstore.Write{put("c", "x", 1, bson.D{{Key: "n", Value: 1}})}}))
	noError(t, store.Commit(ctx, readstore.Batch{Writes: []readstore.Write{removal("x", 2)}}))

	var stored bson.D
	noError(t, driver(t).Database(o.Database).Collection("c").FindOne(ctx, bson.D{}).Decode(&stored))
	equal(t, stored, bson.D{
		{Key: "_id", Value: "x"},
		{Key: "_seen", Value: bson.D{{Key: "commit", Value: int64(2)}, {Key: "prepare", Value: int64(2)}}},
		{Key: "_gone", Value: bson.NewDateTimeFromTime(now)},
		{Key: "_index", Value: bson.D{{Key: "n~fd2a2a98", Value: ""}}},
	})
}

func TestMarksOfRemovalAreSweptAfterADay(t *testing.T) {
	clock := readstoretest.NewClock(time.Now().UTC())
	o := mongostore.Options{Database: mongotest.Database(t), Now: clock.Now, MaintainEvery: -1}
	store := openIn(t, o)
	ctx := t.Context()
	noError(t, store.Declare(ctx, readstore.Collection{Name: "c", Indexes: byN}))
	collection := driver(t).Database(o.Database).Collection("c")
	if !mongotest.Need(t).Ferret { // the server does it by itself
		specifications, err := collection.Indexes().ListSpecifications(ctx)
		noError(t, err)
		at := slices.IndexFunc(specifications, func(s mongo.IndexSpecification) bool { return s.Name == "_gone" })
		equal(t, *specifications[at].ExpireAfterSeconds, int32(24*3600))
		return
	}
	noError(t, store.Commit(ctx, readstore.Batch{Writes: []readstore.Write{put("c", "there", 1, bson.D{}), removal("first", 1)}}))
	clock.Advance(time.Hour)
	noError(t, store.Commit(ctx, readstore.Batch{Writes: []readstore.Write{removal("second", 2)}}))
	for _, step := range []struct {
		after time.Duration
		left  []string
	}{
		{23*time.Hour - time.Millisecond, []string{"first", "second", "there"}},
		{time.Millisecond, []string{"second", "there"}},
		{time.Hour, []string{"there"}},
	} {
		clock.Advance(step.after)
		noError(t, store.Maintain(ctx))
		equal(t, storedIDs(t, collection), step.left)
	}
}

// A collection that was declared before there were marks of removal gets the index to sweep them by.
func TestACollectionDeclaredBeforeIsMadeReadyForMarksOfRemoval(t *testing.T) {
	o := mongostore.Options{Database: mongotest.Database(t)}
	ctx := t.Context()
	declared := readstore.Collection{Name: "c", Indexes: byN}
	noError(t, openIn(t, o).Declare(ctx, declared))
	db := driver(t).Database(o.Database)
	_, err := db.Collection("_catalog").UpdateByID(ctx, "c", bson.D{{Key: "$unset", Value: bson.D{{Key: "sweeper", Value: ""}}}})
	noError(t, err)
	noError(t, db.Collection("c").Indexes().DropOne(ctx, "_gone"))

	noError(t, openIn(t, o).Declare(ctx, declared))
	equal(t, indexNames(t, db.Collection("c")), []string{"_gone", "_id_", "_index.n~fd2a2a98", "_several"})
}

// removal is the removal of a document from collection c.
func removal(id string, seen int) readstore.Write {
	return readstore.Write{Collection: "c", ID: id, Seen: position(seen)}
}

// storedIDs are the ids of all that lies in a collection.
func storedIDs(t *testing.T, collection *mongo.Collection) []string {
	t.Helper()
	cursor, err := collection.Find(t.Context(), bson.D{}, options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}))
	noError(t, err)
	var stored []struct {
		ID string `bson:"_id"`
	}
	noError(t, cursor.All(t.Context(), &stored))
	ids := []string{}
	for _, one := range stored {
		ids = append(ids, one.ID)
	}
	return ids
}

// wantGone checks that no document of collection c is found under an id.
func wantGone(t *testing.T, store *mongostore.Store, id string) {
	t.Helper()
	if document, err := store.Get(t.Context(), "c", id); !errors.Is(err, readstore.ErrNotFound) {
		t.Errorf("got document %+v and error %v, want %v", document, err, readstore.ErrNotFound)
	}
	if listed := idsIn(t, store); slices.Contains(listed, id) {
		t.Errorf("%q is listed: %q", id, listed)
	}
}
