package bench

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPercentiles(t *testing.T) {
	t.Parallel()
	var took []time.Duration
	for ms := 200; ms > 0; ms-- {
		took = append(took, time.Duration(ms)*time.Millisecond)
	}
	for p, want := range map[float64]int{0: 1, 50: 101, 99: 199, 100: 200} {
		if got := percentile(took, p); got != time.Duration(want)*time.Millisecond {
			t.Errorf("%v: %s, want %d ms", p, got, want)
		}
	}
	if got := percentile(nil, 99); got != 0 {
		t.Errorf("of nothing: %s", got)
	}
}

// A step that is saved as it is gives no event: it would not be measured.
func TestEverySaveDiffersFromTheOneBefore(t *testing.T) {
	t.Parallel()
	u := User{Data: json.RawMessage(`{"email":"a@bench.example","iin":"600104500003","idea":"Жылыжай","topics":["plan"]}`)}
	read := func(n int) map[string]any {
		var body struct{ Data map[string]any }
		if err := json.Unmarshal(u.Save(n), &body); err != nil {
			t.Fatal(err)
		}
		return body.Data
	}
	for n, idea := range map[int]string{1: "Жылыжай1", 2: "Жылыжай2"} {
		want := map[string]any{"email": "a@bench.example", "iin": "600104500003", "idea": idea, "topics": []any{"plan"}}
		if diff := cmp.Diff(want, read(n)); diff != "" {
			t.Errorf("the save number %d (-want +got):\n%s", n, diff)
		}
	}
}
