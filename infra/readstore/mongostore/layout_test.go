package mongostore_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"services.example/portal/infra/readstore"
	"services.example/portal/infra/readstore/mongostore"
	"services.example/portal/infra/readstore/mongostore/mongotest"
	"services.example/portal/infra/readstore/readstoretest"
)

func TestAnalystsFindTheFieldsOfADocumentAtItsTopLevel(t *testing.T) {
	o := mongostore.Options{Database: mongotest.Database(t)}
	store := openIn(t, o)
	ctx := t.Context()
	noError(t, store.Declare(ctx, readstore.Collection{Name: "my_applications@3", Indexes: []readstore.Index{
		{Name: "owner", Fields: []readstore.Field{{Path: "owner.id"}, {Path: "number", Desc: true}}},
		{Name: "tags", Fields: []readstore.Field{{Path: "tags"}}},
	}}))
	fields := bson.D{
		{Key: "owner", Value: bson.D{{Key: "id", Value: "a"}, {Key: "name", Value: "Айгүл"}}},
		{Key: "number", Value: int32(7)},
		{Key: "tags", Value: bson.A{"x", "y"}},
	}
	noError(t, store.Commit(ctx, readstore.Batch{Writes: []readstore.Write{put("my_applications@3", "one", 5, fields)}}))

	var stored bson.D
	collection := driver(t).Database(o.Database).Collection("my_applications@3")
	noError(t, collection.FindOne(ctx, bson.D{{Key: "owner.id", Value: "a"}}).Decode(&stored))
	const tags = "tags~4d145e02"
	equal(t, stored, append(bson.D{
		{Key: "_id", Value: "one"},
		{Key: "_seen", Value: bson.D{{Key: "commit", Value: int64(5)}, {Key: "prepare", Value: int64(5)}}},
		{Key: "_index", Value: bson.D{{Key: "owner~1e956c42", Value: "da\x01x3fe3ffffffffffffffffone"}, {Key: tags, Value: ""}}},
		{Key: "_several", Value: bson.A{tags + "\x01dx\x01one", tags + "\x01dy\x01one"}},
	}, fields...))
}

func TestWhatServersRefuseOrChangeIsKeptAsBinary(t *testing.T) {
	o := mongostore.Options{Database: mongotest.Database(t)}
	store := openIn(t, o)
	ctx := t.Context()
	noError(t, store.Declare(ctx, readstore.Collection{Name: "c", Indexes: byN}))
	odd := map[string]bson.D{
		"own id":         {{Key: "_id", Value: 1}},
		"own position":   {{Key: "_seen", Value: 1}},
		"a dot":          {{Key: "a", Value: bson.D{{Key: "b.c", Value: 1}}}},
		"a dollar":       {{Key: "a", Value: bson.A{bson.D{{Key: "$set", Value: 1}}}}},
		"no name":        {{Key: "", Value: 1}},
		"a name twice":   {{Key: "a", Value: 1}, {Key: "a", Value: 2}},
		"infinity":       {{Key: "n", Value: math.Inf(1)}},
		"negative zero":  {{Key: "n", Value: math.Copysign(0, -1)}},
		"not a number":   {{Key: "n", Value: math.NaN()}},
		"list in a list": {{Key: "a", Value: bson.A{bson.A{1}}}},
		"no UTF-8":       {{Key: "a", Value: "\xff"}},
		"a symbol":       {{Key: "a", Value: bson.Symbol("a")}},
	}
	for name, fields := range odd {
		t.Run(name, func(t *testing.T) {
			want := put("c", name, 1, fields)
			noError(t, store.Commit(t.Context(), readstore.Batch{Writes: []readstore.Write{want}}))
			got, err := store.Get(t.Context(), "c", name)
			noError(t, err)
			equal(t, got, readstore.Document{ID: name, Seen: position(1), Body: want.Body})
		})
	}
	count, err := driver(t).Database(o.Database).Collection("c").
		CountDocuments(ctx, bson.D{{Key: "_body", Value: bson.D{{Key: "$exists", Value: true}}}})
	noError(t, err)
	equal(t, count, int64(len(odd)))
}

func TestRequestsThatCanNeverSucceed(t *testing.T) {
	store := openStore(t, mongostore.Options{})
	ctx := t.Context()
	noError(t, store.Declare(ctx, readstore.Collection{Name: "c", Indexes: []readstore.Index{
		{Name: "n", Fields: []readstore.Field{{Path: "n"}, {Path: "m"}}},
	}}))
	late := put("c", "x", 1, bson.D{})
	late.Seen.Commit = math.MaxInt64 + 1
	for name, err := range map[string]error{
		"a name of the store's own":  store.Declare(ctx, readstore.Collection{Name: "_catalog"}),
		"a name of the server's own": store.Declare(ctx, readstore.Collection{Name: "system.users"}),
		"a document too large":       store.Commit(ctx, readstore.Batch{Writes: []readstore.Write{put("c", "x", 1, bson.D{{Key: "a", Value: strings.Repeat("a", 16<<20)}})}}),
		"a position too large":       store.Commit(ctx, readstore.Batch{Writes: []readstore.Write{late}}),
		"a checkpoint too large":     store.Commit(ctx, readstore.Batch{Advances: []readstore.Advance{{Projection: "p", To: late.Seen}}}),
		"an id that is no UTF-8":     store.Commit(ctx, readstore.Batch{Writes: []readstore.Write{put("c", "\xff", 1, bson.D{})}}),
		"two lists in an index": store.Commit(ctx, readstore.Batch{Writes: []readstore.Write{
			put("c", "x", 1, bson.D{{Key: "n", Value: bson.A{1, 2}}, {Key: "m", Value: bson.A{1, 2}}}),
		}}),
		"a document in an index": store.Commit(ctx, readstore.Batch{Writes: []readstore.Write{
			put("c", "x", 1, bson.D{{Key: "n", Value: bson.D{{Key: "a", Value: 1}}}}),
		}}),
	} {
		var invalid *readstore.InvalidError
		if !errors.As(err, &invalid) {
			t.Errorf("%s: got error %v, want an InvalidError", name, err)
		}
	}
}

func TestIndexesThatOthersMadeStay(t *testing.T) {
	o := mongostore.Options{Database: mongotest.Database(t)}
	store := openIn(t, o)
	ctx := t.Context()
	noError(t, store.Declare(ctx, readstore.Collection{Name: "c", Indexes: byN}))
	collection := driver(t).Database(o.Database).Collection("c")
	_, err := collection.Indexes().CreateOne(ctx, mongo.IndexModel{Keys: bson.D{{Key: "owner", Value: 1}}})
	noError(t, err)
	noError(t, store.Declare(ctx, readstore.Collection{Name: "c"}))

	equal(t, indexNames(t, collection), []string{"_gone", "_id_", "_several", "owner_1"})
}

// indexNames lists the indexes of a collection on the server in alphabetical order.
func indexNames(t *testing.T, collection *mongo.Collection) []string {
	t.Helper()
	specifications, err := collection.Indexes().ListSpecifications(t.Context())
	noError(t, err)
	var names []string
	for _, specification := range specifications {
		names = append(names, specification.Name)
	}
	slices.Sort(names)
	return names
}

func TestUpkeepIndexesWhatAProcessWithAnOlderDeclarationWrote(t *testing.T) {
	o := mongostore.Options{Database: mongotest.Database(t)}
	older, newer := openIn(t, o), openIn(t, o)
	ctx := t.Context()
	noError(t, older.Declare(ctx, readstore.Collection{Name: "c", Indexes: byN}))
	byM := append(slices.Clone(byN), readstore.Index{Name: "m", Fields: []readstore.Field{{Path: "m", Desc: true}}})
	noError(t, newer.Declare(ctx, readstore.Collection{Name: "c", Indexes: byM}))
	noError(t, older.Commit(ctx, readstore.Batch{Writes: []readstore.Write{
		put("c", "one", 1, bson.D{{Key: "n", Value: 1}, {Key: "m", Value: 1}}),
		put("c", "two", 1, bson.D{{Key: "n", Value: 2}, {Key: "m", Value: 2}}),
	}}))
	equal(t, idsBy(t, newer, "m"), []string{})
	noError(t, newer.Maintain(ctx))
	equal(t, idsBy(t, newer, "m"), []string{"two", "one"})

	noError(t, older.Maintain(ctx)) // and so the older process learns of the new index
	equal(t, idsBy(t, older, "m"), []string{"two", "one"})
}

// A process that only reads looks at the catalogue once; it may do so while another is declaring.
func TestAReaderLearnsOfAnIndexThatWasMadeReadySince(t *testing.T) {
	o := mongostore.Options{Database: mongotest.Database(t)}
	reader, writer := openIn(t, o), openIn(t, o)
	ctx := t.Context()
	noError(t, writer.Declare(ctx, readstore.Collection{Name: "c"}))
	_, err := reader.Get(ctx, "c", "one")
	if !errors.Is(err, readstore.ErrNotFound) {
		t.Fatalf("reading what is not there answered %v", err)
	}
	noError(t, writer.Declare(ctx, readstore.Collection{Name: "c", Indexes: byN}))
	noError(t, writer.Commit(ctx, readstore.Batch{Writes: []readstore.Write{put("c", "one", 1, bson.D{{Key: "n", Value: 1}})}}))
	equal(t, idsBy(t, reader, "n"), []string{"one"})
}

func TestExpiredEntriesAreRemoved(t *testing.T) {
	clock := readstoretest.NewClock(time.Now().UTC())
	o := mongostore.Options{Database: mongotest.Database(t), Now: clock.Now}
	store := openIn(t, o)
	ctx := t.Context()
	noError(t, store.Declare(ctx, readstore.Collection{Name: "codes", Expires: true}))
	for id, lifetime := range map[string]time.Duration{"short": time.Minute, "long": time.Hour} {
		entry := code()
		entry.ID, entry.Expires = id, clock.Now().Add(lifetime)
		_, err := store.PutEntry(ctx, "codes", entry)
		noError(t, err)
	}
	clock.Advance(time.Minute)
	noError(t, store.Maintain(ctx))

	collection := driver(t).Database(o.Database).Collection("codes")
	if !mongotest.Need(t).Ferret { // the server does it by itself
		specifications, err := collection.Indexes().ListSpecifications(ctx)
		noError(t, err)
		equal(t, *specifications[len(specifications)-1].ExpireAfterSeconds, int32(3600))
		return
	}
	equal(t, storedIDs(t, collection), []string{"long"})
}

func TestOfTwoProcessesOneWins(t *testing.T) {
	o := mongostore.Options{Database: mongotest.Database(t)}
	stores := []*mongostore.Store{openIn(t, o), openIn(t, o)}
	ctx := t.Context()
	noError(t, stores[0].Declare(ctx, readstore.Collection{Name: "codes", Expires: true}))
	for round := range 50 {
		var running sync.WaitGroup
		var moved, written atomic.Int32
		for _, store := range stores {
			running.Go(func() {
				if store.Commit(ctx, readstore.Batch{Advances: step(round, round+1).Advances}) == nil {
					moved.Add(1)
				}
				entry := code()
				entry.Version = int64(round)
				if _, err := store.PutEntry(ctx, "codes", entry); err == nil {
					written.Add(1)
				}
			})
		}
		running.Wait()
		equal(t, [...]int32{moved.Load(), written.Load()}, [...]int32{1, 1})
	}
}
