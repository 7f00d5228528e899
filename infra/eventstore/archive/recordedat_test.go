package archive

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

func TestSimpleObjects(t *testing.T) {
	for object, want := range map[string]bool{
		`{"a":"b"}`:                   true,
		`{"a":"b","commandId":"1-2"}`: true,
		`{"":""}`:                     true,
		`{}`:                          false, // left to those who know JSON
		`{"a":1}`:                     false,
		`{"a":"b",}`:                  false,
		`{"a":"b"`:                    false,
		`{"a":"b"}}`:                  false,
		`{"a":"\n"}`:                  false,
		`{"a":"ә"}`:                   false,
		`{ "a":"b"}`:                  false,
		`{"a"}`:                       false,
		`["a"]`:                       false,
		``:                            false,
	} {
		if got := simple([]byte(object)); got != want {
			t.Errorf("%s: %t, want %t", object, got, want)
		}
	}
}

func TestWhatIsSimpleIsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		object := []byte(rapid.StringMatching(`\{("[a-z\\"]{0,3}":"[^a]{0,3}",?){0,3}\}?`).Draw(t, "object"))
		if simple(object) && !json.Valid(object) {
			t.Errorf("%q is no JSON", object)
		}
	})
}
