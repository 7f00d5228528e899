package lru_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/infra/lru"
)

func TestWhatWasNotUsedForLongestIsForgotten(t *testing.T) {
	t.Parallel()
	c := lru.New[string, int](2, 100)
	c.Put("one", 1, 10)
	c.Put("two", 2, 10)
	c.Get("one")
	c.Put("three", 3, 10)
	got := map[string]bool{}
	for _, key := range []string{"one", "two", "three"} {
		_, got[key] = c.Get(key)
	}
	if diff := cmp.Diff(map[string]bool{"one": true, "two": false, "three": true}, got); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}

func TestAValueLargerThanTheCacheIsNotKeptAndPushesNothingOut(t *testing.T) {
	t.Parallel()
	c := lru.New[string, int](2, 100)
	c.Put("one", 1, 10)
	c.Put("two", 2, 10)
	c.Put("two", 2, 101)
	if _, found := c.Get("two"); found || c.Len() != 1 || c.Bytes() != 10 {
		t.Errorf("two: %t, %d values of %d bytes", found, c.Len(), c.Bytes())
	}
}

// held is what the model of the cache knows of a key, in a list with the one used last at the end.
type held struct{ key, value, size int }

func TestTheCacheIsAListOfWhatWasUsedLast(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const most, mostBytes = 4, 20
		c := lru.New[int, int](most, mostBytes)
		var model []held
		at := func(key int) int { return slices.IndexFunc(model, func(h held) bool { return h.key == key }) }
		without := func(key int) { model = slices.DeleteFunc(model, func(h held) bool { return h.key == key }) }
		key := rapid.IntRange(0, 7)
		found := func(t *rapid.T, key int, value int, found bool) int {
			i := at(key)
			if found != (i >= 0) || found && model[i].value != value {
				t.Fatalf("key %d: value %d, %t; the model has %v", key, value, found, model)
			}
			return i
		}
		t.Repeat(map[string]func(*rapid.T){
			"get": func(t *rapid.T) {
				key := key.Draw(t, "key")
				value, ok := c.Get(key)
				if i := found(t, key, value, ok); i >= 0 {
					used := model[i]
					model = append(slices.Delete(model, i, i+1), used)
				}
			},
			"take": func(t *rapid.T) {
				key := key.Draw(t, "key")
				value, ok := c.Take(key)
				found(t, key, value, ok)
				without(key)
			},
			"put": func(t *rapid.T) {
				h := held{key.Draw(t, "key"), rapid.Int().Draw(t, "value"), rapid.IntRange(0, 25).Draw(t, "size")}
				c.Put(h.key, h.value, h.size)
				without(h.key)
				if h.size > mostBytes {
					return
				}
				model = append(model, h)
				for len(model) > most || bytes(model) > mostBytes {
					model = model[1:]
				}
			},
			"remove": func(t *rapid.T) {
				key := key.Draw(t, "key")
				c.Remove(key)
				without(key)
			},
			"remove all even": func(*rapid.T) {
				even := func(key int) bool { return key%2 == 0 }
				c.RemoveAll(even)
				model = slices.DeleteFunc(model, func(h held) bool { return even(h.key) })
			},
			"": func(t *rapid.T) {
				if c.Len() != len(model) || c.Bytes() != bytes(model) {
					t.Fatalf("%d values of %d bytes; the model has %v", c.Len(), c.Bytes(), model)
				}
			},
		})
	})
}

func bytes(model []held) int {
	total := 0
	for _, h := range model {
		total += h.size
	}
	return total
}
