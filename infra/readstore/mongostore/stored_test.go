package mongostore

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

var fuzzIndexes = []*index{
	newIndex(readstore.Index{Name: "a, b down", Fields: []readstore.Field{{Path: "a"}, {Path: "b", Desc: true}}}, true),
	newIndex(readstore.Index{Name: "nested", Fields: []readstore.Field{{Path: "a.b.c"}}}, true),
}

func FuzzWhatIsStoredIsReadBack(f *testing.F) {
	for _, fields := range []bson.D{
		{},
		{{Key: "a", Value: bson.A{1, "x", nil}}, {Key: "b", Value: math.Inf(1)}},
		{{Key: "_id", Value: 1}},
		{{Key: "a", Value: bson.D{{Key: "b", Value: bson.A{bson.D{{Key: "c", Value: time.Unix(1, 0)}}}}}}},
	} {
		body, err := bson.Marshal(fields)
		if err != nil {
			f.Fatal(err)
		}
		f.Add("id", uint64(1), uint64(2), body)
	}
	f.Fuzz(func(t *testing.T, id string, commit, prepare uint64, body []byte) {
		r := record{id: id, seen: eventstore.Position{Commit: commit, Prepare: prepare}, body: body}
		stored, err := r.encode(fuzzIndexes)
		if err != nil {
			return
		}
		got, err := parseRecord(stored)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r.document(), got.document()); diff != "" {
			t.Fatalf("differs (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(r.places, got.places); diff != "" {
			t.Fatalf("places differ (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(r.several, got.several); diff != "" {
			t.Fatalf("several places differ (-want +got):\n%s", diff)
		}
	})
}

func FuzzAnythingThatIsStoredIsReadOrRefused(f *testing.F) {
	f.Add([]byte{5, 0, 0, 0, 0})
	f.Fuzz(func(_ *testing.T, stored []byte) {
		_, _ = parseRecord(stored)
	})
}

func FuzzACursorIsItsOwnOrRefused(f *testing.F) {
	p := &plan{collection: &collection{name: "c"}, index: fuzzIndexes[0], prefix: "da\x01"}
	f.Add(p.cursor("da\x01x3fone"))
	f.Add("x")
	f.Fuzz(func(t *testing.T, cursor string) {
		place, err := p.resume(cursor)
		if err != nil {
			return
		}
		if again := p.cursor(place); again != cursor || !strings.HasPrefix(place, p.prefix) {
			t.Fatalf("cursor %q stands for %q, whose cursor is %q", cursor, place, again)
		}
	})
}

func TestWritesOfOneDocumentComeToOneOutcome(t *testing.T) {
	at := func(n int) eventstore.Position { return eventstore.Position{Commit: uint64(n), Prepare: uint64(n)} }
	put := func(n int) readstore.Write {
		return readstore.Write{ID: "x", Seen: at(n), Body: bson.Raw{5, 0, 0, 0, 0}}
	}
	remove := func(n int) readstore.Write { return readstore.Write{ID: "x", Seen: at(n)} }
	const none = 0
	for name, test := range map[string]struct {
		stored  int // position; none: nothing
		writes  []readstore.Write
		seen    int
		gone    bool
		nothing bool
	}{
		"new":                            {none, []readstore.Write{put(1)}, 1, false, false},
		"newer":                          {1, []readstore.Write{put(2)}, 2, false, false},
		"as new":                         {2, []readstore.Write{put(2)}, 0, false, true},
		"older":                          {3, []readstore.Write{put(2), remove(1)}, 0, false, true},
		"the last counts":                {1, []readstore.Write{put(2), put(4), put(3)}, 4, false, false},
		"removed":                        {1, []readstore.Write{put(2), remove(3)}, 3, true, false},
		"removed, never there":           {none, []readstore.Write{remove(3)}, 3, true, false},
		"come and gone":                  {none, []readstore.Write{put(1), remove(2)}, 2, true, false},
		"gone and come again":            {1, []readstore.Write{remove(2), put(3)}, 3, false, false},
		"removed and put by older write": {1, []readstore.Write{remove(5), put(3)}, 5, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
			o, err := resolve(&collection{name: "c"}, at(test.stored), test.stored != none, test.writes, now)
			if err != nil {
				t.Fatal(err)
			}
			if test.nothing {
				if o != nil {
					t.Fatalf("got %+v, want nothing", o)
				}
				return
			}
			got, err := parseRecord(o.wanted)
			if err != nil {
				t.Fatal(err)
			}
			want := []eventstore.Position{at(test.seen), at(test.seen)}
			if diff := cmp.Diff(want, []eventstore.Position{o.seen, got.seen}); diff != "" {
				t.Fatalf("differs (-want +got):\n%s", diff)
			}
			if test.gone != got.gone.Equal(now) || test.gone == got.gone.IsZero() {
				t.Fatalf("gone at %s, want gone %t", got.gone, test.gone)
			}
		})
	}
}
