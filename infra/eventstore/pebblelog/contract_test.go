package pebblelog_test

import (
	"testing"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/eventstoretest"
	"services.example/portal/infra/eventstore/pebblelog"
)

func TestContract(t *testing.T) {
	eventstoretest.Run(t, func(t *testing.T) eventstoretest.Harness {
		t.Helper()
		dir := t.TempDir()
		log := open(t, dir, pebblelog.Options{})
		return eventstoretest.Harness{
			Store: log,
			Reopen: func(t *testing.T) eventstore.Store {
				t.Helper()
				if err := log.Close(); err != nil {
					t.Fatalf("close: %v", err)
				}
				return open(t, dir, pebblelog.Options{})
			},
		}
	})
}

// open opens a log that is closed when the test ends.
func open(tb testing.TB, dir string, options pebblelog.Options) *pebblelog.Log {
	tb.Helper()
	log, err := pebblelog.Open(dir, options)
	if err != nil {
		tb.Fatalf("open: %v", err)
	}
	tb.Cleanup(func() {
		if err := log.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return log
}
