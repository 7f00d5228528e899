package readstoretest

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/readstore"
)

// fillNasty stores documents with every nasty value, some under nasty ids, some without the field, and gives the same
// as a model.
func fillNasty(t *testing.T, store readstore.Store, collection string) model {
	t.Helper()
	known := model{}
	var batch readstore.Batch
	add := func(id string, fields bson.M) {
		known.write(id, at(1), fields)
		batch.Writes = append(batch.Writes, put(t, collection, id, 1, fields))
	}
	for i, group := range nastyValues() {
		for j, value := range group {
			add(fmt.Sprintf("value %d %d", i, j), bson.M{"value": value, "group": i % 3})
		}
	}
	for i, id := range nastyIDs {
		add(id, bson.M{"value": "the same", "group": nastyStrings[i%len(nastyStrings)]})
	}
	add("without group", bson.M{"value": 1})
	add("null group", bson.M{"value": 1, "group": nil})
	add("without value", bson.M{"group": 1})
	add("without anything", bson.M{})
	noError(t, store.Commit(t.Context(), batch))
	return known
}

var nastyIndexes = []readstore.Index{
	by("value", "value"),
	covering(by("value covering", "value")),
	covering(by("value down", "-value")),
	by("group, value", "group", "value"),
	covering(by("group, value down", "group", "-value")),
	by("group down, value", "-group", "value"),
}

func testOrder(t *testing.T, h *Harness) {
	declare(t, h.Store, "nasty", nastyIndexes...)
	known := fillNasty(t, h.Store, "nasty")
	for _, index := range nastyIndexes {
		for _, reverse := range []bool{false, true} {
			for _, limit := range []int{h.few(1, 11), 7, readstore.MaxLimit} {
				t.Run(fmt.Sprintf("%s, reverse %t, %d a page", index.Name, reverse, limit), func(t *testing.T) {
					query := readstore.Query{Index: index.Name, Reverse: reverse, Limit: limit}
					equal(t, walk(t.Context(), t, h.Store, "nasty", query), known.list(index, query))
				})
			}
		}
	}
}

func testSeenOnly(t *testing.T, h *Harness) {
	declare(t, h.Store, "nasty", nastyIndexes...)
	fillNasty(t, h.Store, "nasty")
	for _, index := range nastyIndexes {
		query := readstore.Query{Index: index.Name, Limit: 7}
		want, err := h.Store.List(t.Context(), "nasty", query)
		noError(t, err)
		for i := range want.Documents {
			want.Documents[i].Body = nil
		}
		query.SeenOnly = true
		got, err := h.Store.List(t.Context(), "nasty", query)
		noError(t, err)
		equal(t, got, want)
	}
}

func testNumbers(t *testing.T, h *Harness) {
	declare(t, h.Store, "numbers", by("n", "n"), covering(by("n down", "-n")))
	var inOrder []string
	for i, group := range nastyNumbers {
		for j, value := range group {
			id := fmt.Sprintf("%02d %d", i, j)
			inOrder = append(inOrder, id)
			commit(t, h.Store, put(t, "numbers", id, 1, bson.D{{Key: "n", Value: value}}))
		}
	}
	equal(t, list(t, h.Store, "numbers", readstore.Query{Index: "n"}), inOrder)
	for i, group := range nastyNumbers { // whichever type asks, all equal ones answer
		var want []string
		for j := range group {
			want = append(want, fmt.Sprintf("%02d %d", i, j))
		}
		for _, value := range group {
			equal(t, list(t, h.Store, "numbers", readstore.Query{Index: "n", Prefix: []any{value}}), want)
			equal(t, list(t, h.Store, "numbers", readstore.Query{Index: "n down", Prefix: []any{value}}), want)
			equal(t, list(t, h.Store, "numbers", readstore.Query{Index: "n", From: value, To: value}), want)
		}
	}
	// Not-a-number comes before all numbers, but not before null.
	commit(t, h.Store, put(t, "numbers", "nan", 1, bson.D{{Key: "n", Value: math.NaN()}}), put(t, "numbers", "null", 1, bson.D{{Key: "n", Value: nil}}))
	equal(t, list(t, h.Store, "numbers", readstore.Query{Index: "n"}), append([]string{"null", "nan"}, inOrder...))
}

func testPrefix(t *testing.T, h *Harness) {
	declare(t, h.Store, "nasty", nastyIndexes...)
	known := fillNasty(t, h.Store, "nasty")
	values := nastyValues()
	for _, index := range nastyIndexes {
		for i := 0; i < len(values); i += h.few(1, 3) {
			group := values[i]
			query := readstore.Query{Index: index.Name, Prefix: group[:1], Limit: 5}
			equal(t, walk(t.Context(), t, h.Store, "nasty", query), known.list(index, query))
			if len(index.Fields) > 1 {
				query.Prefix = []any{1, group[0]}
				equal(t, walk(t.Context(), t, h.Store, "nasty", query), known.list(index, query))
			}
		}
	}
	type named string // a value of a query is what it would be in a document
	equal(t,
		list(t, h.Store, "nasty", readstore.Query{Index: "value", Prefix: []any{named("the same")}}),
		list(t, h.Store, "nasty", readstore.Query{Index: "value", Prefix: []any{"the same"}}))
}

func testRange(t *testing.T, h *Harness) {
	declare(t, h.Store, "nasty", nastyIndexes...)
	known := fillNasty(t, h.Store, "nasty")
	bounds := []any{nil, 1.5, "a", "қазақ", false, nastyTimes[4], int32(-1), int64(1 << 53), "", "\uffff", true, nastyTimes[1]}
	bounds = bounds[:h.few(len(bounds), 6)]
	for _, index := range nastyIndexes {
		var prefix []any
		if len(index.Fields) > 1 {
			prefix = []any{1}
		}
		for _, from := range bounds {
			for _, to := range bounds {
				for _, reverse := range []bool{false, true} {
					query := readstore.Query{Index: index.Name, Prefix: prefix, From: from, To: to, Reverse: reverse, Limit: 9}
					got, want := walk(t.Context(), t, h.Store, "nasty", query), known.list(index, query)
					if !slices.Equal(got, want) {
						t.Fatalf("%s from %v to %v, reverse %t:\n got %q\nwant %q", index.Name, from, to, reverse, got, want)
					}
				}
			}
		}
	}

	declare(t, h.Store, "due", covering(by("due", "due")), by("newest", "-due"))
	day := func(n int) time.Time { return time.Date(2026, 3, n, 12, 0, 0, 0, time.UTC) }
	for n := 1; n <= 5; n++ {
		commit(t, h.Store, put(t, "due", strconv.Itoa(n), 1, bson.D{{Key: "due", Value: day(n)}}))
	}
	commit(t, h.Store, put(t, "due", "none", 1, bson.D{{Key: "due", Value: nil}}))
	equal(t, list(t, h.Store, "due", readstore.Query{Index: "due", From: day(2), To: day(4)}), []string{"2", "3", "4"})
	equal(t, list(t, h.Store, "due", readstore.Query{Index: "due", To: day(2)}), []string{"1", "2"})
	equal(t, list(t, h.Store, "due", readstore.Query{Index: "due", From: day(4)}), []string{"4", "5"})
	equal(t, list(t, h.Store, "due", readstore.Query{Index: "due", From: day(4), To: day(2)}), []string{})
	equal(t, list(t, h.Store, "due", readstore.Query{Index: "newest", From: day(4), To: day(2)}), []string{"4", "3", "2"})
	equal(t, list(t, h.Store, "due", readstore.Query{Index: "newest", From: day(4)}), []string{"4", "3", "2", "1"})
	equal(t, list(t, h.Store, "due", readstore.Query{Index: "newest", To: day(4)}), []string{"5", "4"})
	equal(t, list(t, h.Store, "due", readstore.Query{Index: "newest", From: day(4), Reverse: true}), []string{"1", "2", "3", "4"})
}

func testStringPrefix(t *testing.T, h *Harness) {
	declare(t, h.Store, "words", by("word", "word"))
	for _, word := range []string{"заң", "заңгер", "заңды", "заңды қызметтер", "зат", "қаржы", "law", "lawyer", "Law"} {
		commit(t, h.Store, put(t, "words", word, 1, bson.D{{Key: "word", Value: word}}))
	}
	for _, search := range []struct {
		begin string
		want  []string
	}{
		{"", []string{"Law", "law", "lawyer", "зат", "заң", "заңгер", "заңды", "заңды қызметтер", "қаржы"}}, // bytewise, not the alphabet
		{"заң", []string{"заң", "заңгер", "заңды", "заңды қызметтер"}},
		{"заңды", []string{"заңды", "заңды қызметтер"}},
		{"заңды ", []string{"заңды қызметтер"}},
		{"law", []string{"law", "lawyer"}},
		{"х", []string{}},
	} {
		query := readstore.Query{Index: "word", From: search.begin, To: search.begin + "\uffff"}
		equal(t, list(t, h.Store, "words", query), search.want)
	}
}

func testArrays(t *testing.T, h *Harness) {
	indexes := []readstore.Index{
		by("tags", "tags"),
		covering(by("tags, n down", "tags", "-n")),
		by("n, tags", "n", "tags"),
		covering(by("nested", "step.name")),
		by("nested list", "steps.name", "n"),
	}
	declare(t, h.Store, "c", indexes...)
	known := model{}
	for id, fields := range map[string]bson.M{
		"several": {"tags": bson.A{"b", "a", "c"}, "n": 1},
		"same":    {"tags": bson.A{"a", "a"}, "n": 2},
		"mixed":   {"tags": bson.A{1, "a", nil, 1.0, time.Unix(0, 0).UTC()}, "n": 3},
		"one":     {"tags": bson.A{"b"}, "n": 2},
		"scalar":  {"tags": "b", "n": 2},
		"empty":   {"tags": bson.A{}, "n": 2},
		"null":    {"tags": nil, "n": 2},
		"none":    {"n": 2},
		"step":    {"step": bson.M{"name": "x"}, "steps": bson.A{bson.M{"name": "x"}, bson.M{"name": "y"}}, "n": 1},
		"steps":   {"step": bson.A{bson.M{"name": "y"}, bson.M{"other": 1}, 7}, "steps": bson.M{"name": bson.A{"y", "z"}}, "n": 2},
		"flat":    {"step": "x", "steps": 1},
		"dotted":  {"step.name": "x"},
	} {
		known.write(id, at(1), fields)
		commit(t, h.Store, put(t, "c", id, 1, fields))
	}
	queries := []readstore.Query{
		{},
		{Reverse: true},
		{Prefix: []any{"a"}},
		{Prefix: []any{"b"}},
		{Prefix: []any{1}},
		{Prefix: []any{nil}},
		{Prefix: []any{2}},
		{Prefix: []any{"x"}},
		{From: "a", To: "b"},
		{From: "a", To: "b", Reverse: true},
		{From: "b", To: "c"},
		{From: "x"},
		{To: "y", Reverse: true},
	}
	for _, index := range indexes {
		for _, query := range queries {
			query.Index = index.Name
			for _, query.Limit = range []int{1, 2, 100} {
				got, want := walk(t.Context(), t, h.Store, "c", query), known.list(index, query)
				if !slices.Equal(got, want) {
					t.Fatalf("query %+v:\n got %q\nwant %q", query, got, want)
				}
			}
		}
	}
	// Fewer elements, then none: no entry stays behind.
	commit(t, h.Store, put(t, "c", "several", 2, bson.D{{Key: "tags", Value: bson.A{"c"}}}))
	equal(t, list(t, h.Store, "c", readstore.Query{Index: "tags", Prefix: []any{"b"}}), []string{"one", "scalar"})
	equal(t, list(t, h.Store, "c", readstore.Query{Index: "tags", Prefix: []any{"c"}}), []string{"several"})
	commit(t, h.Store, put(t, "c", "several", 3, bson.D{}))
	equal(t, list(t, h.Store, "c", readstore.Query{Index: "tags", Prefix: []any{"c"}}), []string{})
}

func testReplacedEntries(t *testing.T, h *Harness) {
	indexes := []readstore.Index{by("n", "n"), covering(by("n covering", "n", "m"))}
	declare(t, h.Store, "c", indexes...)
	for round, fields := range []bson.D{
		{{Key: "n", Value: 1}, {Key: "m", Value: 1}, {Key: "text", Value: "first"}},
		{{Key: "n", Value: 1}, {Key: "m", Value: 1}, {Key: "text", Value: "same place, other text"}},
		{{Key: "n", Value: 2}, {Key: "m", Value: 1}},
		{{Key: "n", Value: bson.A{1, 2}}},
		{{Key: "n", Value: int64(2)}},
		{{Key: "m", Value: 1}},
		{{Key: "n", Value: "2"}},
	} {
		want := put(t, "c", "x", round+1, fields)
		commit(t, h.Store, want)
		known := model{}
		var stored bson.M
		noError(t, bson.Unmarshal(want.Body, &stored))
		known.write("x", want.Seen, stored)
		for _, index := range indexes {
			for _, prefix := range [][]any{nil, {1}, {2}, {"2"}} {
				query := readstore.Query{Index: index.Name, Prefix: prefix, Limit: 10}
				page, err := h.Store.List(t.Context(), "c", query)
				noError(t, err)
				equal(t, idsOf(page), known.list(index, query))
				for _, document := range page.Documents {
					equal(t, document, readstore.Document{ID: "x", Seen: want.Seen, Body: want.Body})
				}
			}
		}
	}
}

// testPaging walks through a list while others change it: what stays in its place comes exactly once.
func testPaging(t *testing.T, h *Harness) {
	for _, index := range []readstore.Index{by("n", "n"), covering(by("n covering", "n")), covering(by("n down", "-n", "m")), by("list", "list")} {
		for _, reverse := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, reverse %t", index.Name, reverse), func(t *testing.T) {
				testPagingOf(t, h.Store, index, reverse, h.few(60, 20))
			})
		}
	}
}

func testPagingOf(t *testing.T, store readstore.Store, index readstore.Index, reverse bool, stable int) {
	ctx := t.Context()
	noError(t, store.Drop(ctx, "c"))
	declare(t, store, "c", index)
	document := func(id string, n, seen int) readstore.Write {
		return put(t, "c", id, seen, bson.D{{Key: "n", Value: n}, {Key: "list", Value: bson.A{n, n + 1}}})
	}
	var batch readstore.Batch
	known := model{}
	for i := range stable {
		known.write(fmt.Sprintf("stable %02d", i), at(1), bson.M{"n": i / 4 * 10, "list": bson.A{i / 4 * 10, i/4*10 + 1}})
		batch.Writes = append(batch.Writes, document(fmt.Sprintf("stable %02d", i), i/4*10, 1), document(fmt.Sprintf("fickle %02d", i), i/4*10+i%2, 1))
	}
	noError(t, store.Commit(ctx, batch))

	query := readstore.Query{Index: index.Name, Reverse: reverse, Limit: 3}
	came := map[string]int{}
	var stayed []string
	for round := 2; ; round++ {
		page, err := store.List(ctx, "c", query)
		noError(t, err)
		for _, document := range page.Documents {
			came[document.ID]++
			if document.ID[0] == 's' {
				stayed = append(stayed, document.ID)
			}
		}
		if page.Next == "" {
			break
		}
		query.After = page.Next
		last := page.Documents[len(page.Documents)-1].ID
		commit(t, store, // the very document that the cursor points at goes, too, unless it is a stable one
			document(fmt.Sprintf("new %02d", round), round*3%150, round),
			remove("c", fmt.Sprintf("fickle %02d", round*7%stable), round),
			remove("c", "fickle"+last[len(last)-3:], round),
		)
	}
	equal(t, stayed, known.list(index, readstore.Query{Reverse: reverse}))
	for id, times := range came {
		if times != 1 {
			t.Fatalf("%s came %d times", id, times)
		}
	}
}

func testCursors(t *testing.T, h *Harness) {
	ctx := t.Context()
	indexes := []readstore.Index{by("group, n", "group", "n"), by("group, n down", "group", "-n")}
	declare(t, h.Store, "c", indexes...)
	declare(t, h.Store, "d", indexes...)
	for i := range 20 {
		fields := bson.D{{Key: "group", Value: i % 2}, {Key: "n", Value: i}}
		commit(t, h.Store, put(t, "c", strconv.Itoa(i), 1, fields), put(t, "d", strconv.Itoa(i), 1, fields))
	}
	query := readstore.Query{Index: "group, n", Prefix: []any{1}, Limit: 3}
	page, err := h.Store.List(ctx, "c", query)
	noError(t, err)
	equal(t, idsOf(page), []string{"1", "3", "5"})

	query.After = page.Next
	query.Limit = 4 // a page may have another size
	equal(t, list(t, h.Store, "c", query), []string{"7", "9", "11", "13"})

	for name, foreign := range map[string]struct {
		collection string
		query      readstore.Query
	}{
		"other collection": {"d", readstore.Query{Index: "group, n", Prefix: []any{1}}},
		"other index":      {"c", readstore.Query{Index: "group, n down", Prefix: []any{1}}},
		"other prefix":     {"c", readstore.Query{Index: "group, n", Prefix: []any{0}}},
		"no prefix":        {"c", readstore.Query{Index: "group, n"}},
		"other direction":  {"c", readstore.Query{Index: "group, n", Prefix: []any{1}, Reverse: true}},
	} {
		t.Run(name, func(t *testing.T) {
			foreign.query.Limit, foreign.query.After = 3, page.Next
			_, err := h.Store.List(t.Context(), foreign.collection, foreign.query)
			isError(t, err, readstore.ErrCursor)
		})
	}
	damaged := []string{"x", "=", "AAAA", "қ", page.Next + "A", page.Next[1:], page.Next[:len(page.Next)-1], " " + page.Next, page.Next + "\n"}
	for i := range page.Next {
		changed := []byte(page.Next)
		changed[i] = 'A' + (changed[i]-'A'+1)%26
		if string(changed) != page.Next {
			damaged = append(damaged, string(changed))
		}
	}
	for _, cursor := range damaged {
		query.After = cursor
		_, err := h.Store.List(ctx, "c", query)
		isError(t, err, readstore.ErrCursor)
	}
	for _, character := range page.Next { // it can stand in an address as it is
		if (character < 'a' || character > 'z') && (character < 'A' || character > 'Z') && (character < '0' || character > '9') && character != '-' && character != '_' {
			t.Fatalf("cursor %q has the character %q", page.Next, character)
		}
	}
	// A collection that was built anew goes on where the old one was left.
	noError(t, h.Store.Drop(ctx, "c"))
	declare(t, h.Store, "c", indexes...)
	for i := range 20 {
		commit(t, h.Store, put(t, "c", strconv.Itoa(i), 1, bson.D{{Key: "group", Value: i % 2}, {Key: "n", Value: i}}))
	}
	query.After = page.Next
	equal(t, list(t, h.Store, "c", query), []string{"7", "9", "11", "13"})
}
