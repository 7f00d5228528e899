package httpapi

import (
	"errors"
	"testing"
)

func TestBodiesAreReadStrictly(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]error{
		`{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}`: nil,
		`{"a:b":"c:d","e\":":"\\","f":"\""}`:        nil,
		`[]`:                                        nil,
		`":"`:                                       nil,
		`{"a":1,"a":1}`:                             errDuplicateMember,
		`{"a":{"b":1,"b":null}}`:                    errDuplicateMember,
		`[{"a":1},{"a":1,"\u0061":2}]`:              errDuplicateMember,
		"{\"a\":\"\xff\"}":                          errNotUTF8,
		`{"a":"\ud83d\ude00","a\u0301":"\\ud800"}`: nil,
		`{"a":"\ud800"}`:       errNotUTF8,
		`{"a":"\ude00\ud83d"}`: errNotUTF8,
	} {
		var whole any
		if err := unmarshalStrict([]byte(body), &whole); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", body, err, want)
		}
	}
	var whole any
	for _, body := range []string{``, `{`, `{"a":1}{}`, `{"a":01}`, "{\"a\":\"\x01\"}"} {
		if unmarshalStrict([]byte(body), &whole) == nil {
			t.Errorf("%q was read as JSON", body)
		}
	}
}
