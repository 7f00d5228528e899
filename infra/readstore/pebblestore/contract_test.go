package pebblestore_test

import (
	"testing"
	"time"

	"services.example/portal/infra/readstore"
	"services.example/portal/infra/readstore/pebblestore"
	"services.example/portal/infra/readstore/readstoretest"
)

func TestContract(t *testing.T) {
	readstoretest.Run(t, func(t *testing.T) *readstoretest.Harness {
		t.Helper()
		dir := t.TempDir()
		clock := readstoretest.NewClock(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
		h := &readstoretest.Harness{Now: clock.Now, Advance: clock.Advance, Atomic: true}
		open := func() readstore.Store {
			store, err := pebblestore.Open(dir, pebblestore.Options{Now: clock.Now})
			if err != nil {
				t.Fatal(err)
			}
			h.Store = store
			return store
		}
		h.Reopen = func() readstore.Store {
			if err := h.Store.Close(); err != nil {
				t.Fatal(err)
			}
			return open()
		}
		open()
		t.Cleanup(func() {
			if err := h.Store.Close(); err != nil {
				t.Error(err)
			}
		})
		return h
	})
}
