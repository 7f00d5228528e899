package mongostore_test

import (
	"flag"
	"testing"
	"time"

	"services.example/portal/infra/readstore"
	"services.example/portal/infra/readstore/mongostore"
	"services.example/portal/infra/readstore/mongostore/mongotest"
	"services.example/portal/infra/readstore/readstoretest"
)

func TestContract(t *testing.T) {
	server := mongotest.Need(t)
	if server.Ferret { // each step of a random sequence takes milliseconds
		limitRapid(t, "12")
	}
	readstoretest.Run(t, func(t *testing.T) *readstoretest.Harness {
		t.Helper()
		// Ahead of the server's clock, which would otherwise remove what this clock still lets live.
		clock := readstoretest.NewClock(time.Now().UTC().Add(24 * time.Hour).Truncate(time.Millisecond))
		h := &readstoretest.Harness{Now: clock.Now, Advance: clock.Advance, Slow: server.Ferret}
		o := mongostore.Options{Now: clock.Now, FillBatch: 64, Database: mongotest.Database(t)}
		store := openIn(t, o)
		h.Store = store
		h.Reopen = func() readstore.Store {
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			store = openIn(t, o)
			h.Store = store
			return store
		}
		return h
	})
}

// limitRapid lets properties be tried fewer times until the end of the test, unless the command line says how often.
func limitRapid(t *testing.T, checks string) {
	t.Helper()
	const name = "rapid.checks"
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == name })
	if asked {
		return
	}
	usual := flag.Lookup(name).Value.String()
	noError(t, flag.Set(name, checks))
	t.Cleanup(func() { noError(t, flag.Set(name, usual)) })
}
