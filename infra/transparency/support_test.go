package transparency_test

import (
	"crypto/ed25519"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/transparency"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// record is the n-th of a log: three streams take turns.
func record(n int) eventstore.Recorded {
	return eventstore.Recorded{
		Event: eventstore.Event{
			ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, n)), Type: "application.step-saved.v1", JSON: true,
			Data: fmt.Appendf(nil, `{"n":%d}`, n), Metadata: fmt.Appendf(nil, `{"actor":"a-%d"}`, n),
		},
		Stream: fmt.Sprintf("application-%d", n%3), Revision: int64(n / 3),
		Position: eventstore.Position{Commit: uint64(n + 1), Prepare: uint64(n + 1)}, Created: noon.Add(time.Duration(n) * time.Millisecond),
	}
}

func records(n int) []eventstore.Recorded {
	list := make([]eventstore.Recorded, n)
	for i := range list {
		list[i] = record(i)
	}
	return list
}

func yielding[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, one := range list {
			if !yield(one, nil) {
				return
			}
		}
	}
}

func leavesOf(list []eventstore.Recorded) []transparency.Hash {
	leaves := make([]transparency.Hash, len(list))
	for i := range list {
		leaves[i] = transparency.Leaf(list[i])
	}
	return leaves
}

func rootOf(list []eventstore.Recorded) transparency.Hash {
	var tree transparency.Frontier
	for _, leaf := range leavesOf(list) {
		tree.Append(leaf)
	}
	return tree.Root()
}

func signer(tb testing.TB, seed byte) *transparency.Signer {
	tb.Helper()
	raw := make([]byte, ed25519.SeedSize)
	raw[0] = seed
	s, err := transparency.NewSigner(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func sign(tb testing.TB, s *transparency.Signer, list []eventstore.Recorded) transparency.Signed {
	tb.Helper()
	signed, err := s.Sign(uint64(len(list)), rootOf(list), noon)
	if err != nil {
		tb.Fatal(err)
	}
	return signed
}
