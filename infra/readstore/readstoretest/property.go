package readstoretest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// testModel drives a store and a model with the same random calls and compares what they answer.
func testModel(t *testing.T, h *Harness) {
	var run atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		m := &machine{
			ctx: t.Context(), harness: h, name: fmt.Sprintf("model %d", run.Add(1)),
			known: model{}, indexes: map[string]readstore.Index{},
		}
		m.redeclare(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"commit":    m.commit,
			"list":      m.list,
			"in order":  m.inOrder,
			"get":       m.get,
			"redeclare": m.redeclare,
			"drop":      m.drop,
			"":          m.checkpoint,
		})
		noError(rt, h.Store.Drop(m.ctx, m.name))
	})
}

type machine struct {
	ctx     context.Context // the test's, for all calls of one run
	harness *Harness
	name    string // of the collection and of the projection
	known   model
	indexes map[string]readstore.Index
	reached eventstore.Position
}

var someIDs = rapid.SampledFrom(append(slices.Clone(nastyIDs), "x", "y", "z"))

var somePaths = rapid.SampledFrom([]string{"a", "b", "nested.a"})

var someIndex = rapid.Custom(func(t *rapid.T) readstore.Index {
	index := readstore.Index{Covering: rapid.Bool().Draw(t, "covering")}
	for _, path := range rapid.SliceOfNDistinct(somePaths, 1, 3, rapid.ID[string]).Draw(t, "paths") {
		index.Fields = append(index.Fields, readstore.Field{Path: path, Desc: rapid.Bool().Draw(t, "descending")})
	}
	return index
})

var someValue = rapid.OneOf(
	rapid.Just[any](nil),
	rapid.SampledFrom([]any{int32(0), int64(1), 1.0, 0.5, "a", "b", "aa", "a\x01", true}),
	rapid.SampledFrom(nastyStrings).AsAny(),
	rapid.String().Filter(func(s string) bool { return !slices.Contains([]byte(s), 0) }).AsAny(),
	rapid.Int64().AsAny(),
	rapid.Int32().AsAny(),
	rapid.Float64().Filter(func(f float64) bool { return !math.IsNaN(f) }).AsAny(),
	rapid.Bool().AsAny(),
	rapid.Map(rapid.Int64Range(-1e13, 1e13), func(n int64) any { return time.UnixMilli(n).UTC() }),
)

// someFields is a document; only one of its fields may be an array, since two of them cannot be in one index.
var someFields = rapid.Custom(func(t *rapid.T) bson.M {
	fields := bson.M{}
	list := rapid.SampledFrom([]string{"", "", "", "a", "b", "nested"}).Draw(t, "array")
	for _, name := range []string{"a", "b", "nested"} {
		if rapid.IntRange(0, 5).Draw(t, "missing") == 0 {
			continue
		}
		var value any
		if name == list {
			value = bson.A(rapid.SliceOfN(someValue, 0, 4).Draw(t, "values"))
		} else {
			value = someValue.Draw(t, "value")
		}
		if name == "nested" {
			value = bson.M{"a": value}
		}
		fields[name] = value
	}
	return fields
})

func (m *machine) redeclare(t *rapid.T) {
	m.indexes = map[string]readstore.Index{}
	declared := readstore.Collection{Name: m.name}
	for i, index := range rapid.SliceOfN(someIndex, 1, 3).Draw(t, "indexes") {
		index.Name = fmt.Sprintf("i%d", i)
		m.indexes[index.Name] = index
		declared.Indexes = append(declared.Indexes, index)
	}
	noError(t, m.harness.Store.Declare(m.ctx, declared))
}

func (m *machine) drop(t *rapid.T) {
	noError(t, m.harness.Store.Drop(m.ctx, m.name))
	noError(t, m.harness.Store.ForgetCheckpoint(m.ctx, m.name))
	m.known, m.reached = model{}, eventstore.Position{}
	m.redeclare(t)
}

func (m *machine) commit(t *rapid.T) {
	var batch readstore.Batch
	next := model{}
	for id, document := range m.known {
		next[id] = document
	}
	for range rapid.IntRange(0, 8).Draw(t, "writes") {
		id := someIDs.Draw(t, "id")
		seen := at(rapid.IntRange(1, 20).Draw(t, "seen"))
		write := readstore.Write{Collection: m.name, ID: id, Seen: seen}
		var fields bson.M
		if rapid.IntRange(0, 3).Draw(t, "remove") > 0 {
			fields = someFields.Draw(t, "fields")
			write.Body = raw(t, fields)
		}
		next.write(id, seen, fields)
		if m.harness.Atomic {
			next.forget()
		}
		batch.Writes = append(batch.Writes, write)
	}
	step := readstore.Advance{Projection: m.name, From: m.reached, To: at(rapid.IntRange(1, 5).Draw(t, "to"))}
	if m.harness.Atomic && rapid.IntRange(0, 4).Draw(t, "elsewhere") == 0 {
		step.From = at(77)
	}
	batch.Advances = []readstore.Advance{step}
	batch.Sync = rapid.Bool().Draw(t, "sync")

	err := m.harness.Store.Commit(m.ctx, batch)
	var refused *readstore.CheckpointError
	if step.From != m.reached {
		if !errors.As(err, &refused) || refused.Stored != m.reached {
			t.Fatalf("got error %v, want a CheckpointError with %s", err, m.reached)
		}
		return
	}
	noError(t, err)
	m.known, m.reached = next, step.To
}

func (m *machine) list(t *rapid.T) {
	index := m.indexes[rapid.SampledFrom(slices.Sorted(keys(m.indexes))).Draw(t, "index")]
	query := readstore.Query{
		Index:   index.Name,
		Reverse: rapid.Bool().Draw(t, "reverse"),
		Limit:   rapid.SampledFrom([]int{1, 2, 3, 10, readstore.MaxLimit}).Draw(t, "limit"),
	}
	for range rapid.IntRange(0, len(index.Fields)).Draw(t, "prefix") {
		query.Prefix = append(query.Prefix, someValue.Draw(t, "exact"))
	}
	if len(query.Prefix) < len(index.Fields) {
		query.From = rapid.OneOf(rapid.Just[any](nil), someValue).Draw(t, "from")
		query.To = rapid.OneOf(rapid.Just[any](nil), someValue).Draw(t, "to")
	}
	equal(t, walk(m.ctx, t, m.harness.Store, m.name, query), m.known.list(index, query))
}

func keys[V any](values map[string]V) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for key := range values {
			if !yield(key) {
				return
			}
		}
	}
}

func (m *machine) inOrder(t *rapid.T) {
	ids := readstore.IDs{Limit: rapid.IntRange(1, 5).Draw(t, "limit")}
	if rapid.Bool().Draw(t, "bounded") {
		ids.After, ids.Before = someIDs.Draw(t, "after"), someIDs.Draw(t, "before")
	}
	var want []string
	for id, document := range m.known {
		if document.fields != nil && id > ids.After && (ids.Before == "" || id < ids.Before) {
			want = append(want, id)
		}
	}
	slices.Sort(want)
	documents, err := m.harness.Store.InOrder(m.ctx, m.name, ids)
	noError(t, err)
	equal(t, append([]string{}, idsOf(readstore.Page{Documents: documents})...), append([]string{}, want[:min(len(want), ids.Limit)]...))
}

func (m *machine) get(t *rapid.T) {
	ids := rapid.SliceOf(someIDs).Draw(t, "ids")
	many, err := m.harness.Store.GetMany(m.ctx, m.name, ids)
	noError(t, err)
	for _, id := range ids {
		want := m.known[id]
		single, err := m.harness.Store.Get(m.ctx, m.name, id)
		if want.fields == nil {
			isError(t, err, readstore.ErrNotFound)
			if _, found := many[id]; found {
				t.Fatalf("%q was removed", id)
			}
			continue
		}
		noError(t, err)
		equal(t, many[id], single)
		equal(t, single.Seen, want.seen)
		var fields bson.M
		noError(t, single.Decode(&fields))
		equal(t, len(fields), len(want.fields))
	}
}

func (m *machine) checkpoint(t *rapid.T) {
	stored, err := m.harness.Store.Checkpoint(m.ctx, m.name)
	noError(t, err)
	equal(t, stored, m.reached)
}
