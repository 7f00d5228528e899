package eventstore_test

import (
	"testing"

	"pgregory.net/rapid"

	"services.example/portal/infra/eventstore"
)

func TestPositionsAreReadAsTheyAreWritten(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := eventstore.Position{Commit: rapid.Uint64().Draw(r, "commit"), Prepare: rapid.Uint64().Draw(r, "prepare")}
		got, err := eventstore.ParsePosition(p.String())
		if err != nil || got != p {
			r.Fatalf("%v was read as %v, error %v", p, got, err)
		}
	})
}

func TestPositionsAreOrderedByCommitThenPrepare(t *testing.T) {
	ordered := []eventstore.Position{
		{}, {Prepare: 1}, {Commit: 1}, {Commit: 1, Prepare: 1}, {Commit: 1, Prepare: 2}, {Commit: 2}, eventstore.EndPosition,
	}
	for i, p := range ordered {
		for j, q := range ordered {
			if got, want := p.Before(q), i < j; got != want {
				t.Errorf("%v before %v: %v, want %v", p, q, got, want)
			}
		}
		if p.IsZero() != (i == 0) {
			t.Errorf("%v is zero: %v", p, p.IsZero())
		}
	}
}

func FuzzParsePosition(f *testing.F) {
	for _, text := range []string{"0/0", "18446744073709551615/1", "", "/", "1", "01/1", "1/1/1", "+1/2", "1/18446744073709551616"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := eventstore.ParsePosition(text)
		if err == nil && p.String() != text {
			t.Errorf("%q was accepted and is written %q", text, p)
		}
	})
}
