package esdb_test

import (
	"flag"
	"os"
	"strconv"
	"testing"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/esdb"
	"services.example/portal/infra/eventstore/esdbserver/faults"
	"services.example/portal/infra/eventstore/eventstoretest"
)

func TestContract(t *testing.T) {
	eventstoretest.Run(t, func(t *testing.T) eventstoretest.Harness {
		t.Helper()
		return harness(t, startNode(t, nil))
	})
}

// TestContractUnderFaults runs the whole contract while one call in eight goes wrong, in every way that the server has.
// ESDB_FAULT_SEED chooses other faults; a failure prints the seed and what was done.
func TestContractUnderFaults(t *testing.T) {
	seed := uint64(1)
	if text := os.Getenv("ESDB_FAULT_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("ESDB_FAULT_SEED: %v", err)
		}
	}
	setChecks(t, "20") // every call costs a connection now and then
	eventstoretest.Run(t, func(t *testing.T) eventstoretest.Harness {
		t.Helper()
		plan := faults.Seeded(seed, faults.Rates{One: 8, Leader: nobody})
		t.Cleanup(func() {
			if t.Failed() {
				t.Log(plan)
			}
		})
		return harness(t, startNode(t, plan))
	})
}

// setChecks changes how often properties are checked.
func setChecks(t *testing.T, count string) {
	t.Helper()
	const name = "rapid.checks"
	before := flag.Lookup(name).Value.String()
	if err := flag.Set(name, count); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := flag.Set(name, before); err != nil {
			t.Error(err)
		}
	})
}

// nobody listens there.
const nobody = "127.0.0.1:1"

func harness(t *testing.T, n *node) eventstoretest.Harness {
	t.Helper()
	store := open(t, esdb.Options{Connection: n.connection()})
	return eventstoretest.Harness{
		Store: store,
		Reopen: func(t *testing.T) eventstore.Store {
			t.Helper()
			if err := store.Close(); err != nil {
				t.Fatalf("close: %v", err)
			}
			n.restart(t)
			return open(t, esdb.Options{Connection: n.connection()})
		},
	}
}
