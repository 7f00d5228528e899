package trust

import "testing"

func FuzzParse(f *testing.F) {
	l, err := Embedded()
	if err != nil {
		f.Fatal(err)
	}
	text, err := l.Text()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"version":1,"issued":"2026-11-22T00:00:00Z","authorities":[{"certificate":"MAA="}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := Parse(text)
		if err != nil {
			return
		}
		again, err := l.Text()
		if err != nil {
			t.Fatal(err)
		}
		if same, err := Parse(again); err != nil || same.Version() != l.Version() {
			t.Fatalf("written and read again: %v, error %v", same, err)
		}
	})
}
