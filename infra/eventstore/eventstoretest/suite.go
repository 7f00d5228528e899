// Package eventstoretest is the contract of the eventstore port: every adapter passes Run.
package eventstoretest

import (
	"maps"
	"slices"
	"testing"

	"services.example/portal/infra/eventstore"
)

// Harness is a store under test, empty but for system events. Its maker closes it when the test ends.
type Harness struct {
	Store eventstore.Store
	// Reopen closes the store and opens it again on what it has kept. Nil for a store that cannot be restarted;
	// the tests that need it are skipped then.
	Reopen func(t *testing.T) eventstore.Store
}

// Open makes a new store for a test.
type Open func(t *testing.T) Harness

// Run checks everything that the port promises.
func Run(t *testing.T, open Open) {
	t.Helper()
	for _, group := range []struct {
		name  string
		tests map[string]func(t *testing.T, h Harness)
	}{
		{"append", appendTests},
		{"repeated append", repeatTests},
		{"race", raceTests},
		{"read stream", readStreamTests},
		{"read all", readAllTests},
		{"delete", deleteTests},
		{"metadata", metadataTests},
		{"subscribe", subscribeTests},
		{"close", closeTests},
		{"model", modelTests},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, name := range slices.Sorted(maps.Keys(group.tests)) {
				t.Run(name, func(t *testing.T) { group.tests[name](t, open(t)) })
			}
		})
	}
	t.Run("expectations", func(t *testing.T) { testExpectations(t, open) })
}
